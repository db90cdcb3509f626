//! One reply of the language model, from request to the machine's inputs. Whoever generates it, a voice is given only what
//! may be spoken.

use std::sync::Arc;
use std::time::Duration;

use conversation::{Act, Input, Stage, TurnId};
use inference::proto::GenerateRequest;
use inference::proto::message::Role;
use inference::{GenerationAct, GenerationEvent};
use reply_filter::{Acts, Filter, Grounds, Unspoken};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::pre_response;
use crate::metrics;
use crate::speech::{Generation, Speech};

/// A reply being generated. Dropping it cancels.
pub struct Reply {
    pub turn: TurnId,
    task: JoinHandle<()>,
}

impl Reply {
    /// Starts to generate for a voice that speaks `language`; what comes goes to `report`.
    pub fn start(
        speech: Arc<Speech>,
        turn: TurnId,
        request: GenerateRequest,
        language: String,
        report: impl Fn(Input) + Send + Sync + 'static,
    ) -> Reply {
        let task = tokio::spawn(async move {
            for _attempt in 0..2 {
                match generate(&speech, turn, request.clone(), &language, &report).await {
                    Ok(()) => return,
                    Err(reason) => tracing::warn!(turn = turn.0, reason, "reply failed"),
                }
            }
            report(Input::WorkerFailed { stage: Stage::Llm, utterance: None, turn: Some(turn) });
        });
        Reply { turn, task }
    }

    /// Asks the small model for the first clause of a reply.
    pub fn start_pre_response(
        speech: Arc<Speech>,
        turn: TurnId,
        request: GenerateRequest,
        language: String,
        report: impl Fn(Input) + Send + Sync + 'static,
    ) -> Reply {
        Reply { turn, task: pre_response::ask(speech, turn, request, language, report) }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A prompt that is computed while the caller still speaks. Dropping it cancels.
pub struct Reading(JoinHandle<()>);

impl Reading {
    /// Starts to compute the prompt of `request`.
    pub fn start(speech: Arc<Speech>, request: GenerateRequest) -> Reading {
        Reading(tokio::spawn(async move { speech.read_ahead(request).await }))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Fails only while nothing was said: text that was spoken cannot be taken back, so a reply that breaks off is ended here
/// and not begun again.
async fn generate(
    speech: &Speech,
    turn: TurnId,
    request: GenerateRequest,
    language: &str,
    report: &impl Fn(Input),
) -> Result<(), String> {
    if speech.asks_rules_first() && by_rules(speech, turn, &request, report).await {
        return Ok(());
    }
    let fallback = request.fallback.clone();
    let mut filter = filter_for(speech, &request, language);
    let mut generation = speech.generate(request).await.map_err(|error| error.to_string())?;
    let mut act = None;
    let mut said = Said::Nothing;
    let say = |text: String, said: &mut Said| {
        said.hears(&text);
        if !text.is_empty() {
            report(Input::ReplyDelta { turn, text });
        }
    };
    let mut is_done = false;
    while !is_done && !filter.is_over() {
        match next(&mut generation, said).await {
            Ok(GenerationEvent::Delta(text)) if speech.is_written_by_operator() => say(text, &mut said),
            Ok(GenerationEvent::Delta(text)) => say(filter.push(&text), &mut said),
            Ok(GenerationEvent::Act(asked)) => act = Some(asked),
            Ok(GenerationEvent::Done { .. }) => is_done = true,
            Err(reason) if said == Said::Nothing => return Err(reason),
            Err(reason) => {
                tracing::warn!(turn = turn.0, reason, "a reply broke off");
                // What the filter still holds back is half a clause.
                if said == Said::Part {
                    say(format!(" {fallback}"), &mut said);
                }
                finish(turn, act, report);
                return Ok(());
            }
        }
    }
    say(filter.finish(), &mut said);
    filter.unspoken().for_each(|kind| metrics::text_unspoken(kind.as_str()));
    let act = act.or_else(|| filter.act().map(marked));
    // All that came was something else, or it went on to invent: the operator's own words.
    let was_invented = filter.unspoken().any(|kind| kind == Unspoken::Unfounded);
    let is_silent = said == Said::Nothing;
    if act.is_none() && (was_invented || (is_silent && filter.unspoken().next().is_some())) {
        say(format!(" {fallback}"), &mut said);
    }
    finish(turn, act, report);
    Ok(())
}

/// How much of a reply was passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    /// The last words end within a sentence.
    Part,
    /// The last words end a sentence, and so may be the reply's last.
    Sentence,
}

impl Said {
    fn hears(&mut self, text: &str) {
        match text.trim_end().chars().next_back() {
            Some('.' | '?' | '!' | '…' | '।' | '。') => *self = Said::Sentence,
            Some(_) => *self = Said::Part,
            None => {}
        }
    }
}

/// A worker that has begun to answer and gives nothing more for so long gives up less than a caller does.
const LONGEST_STALL: Duration = Duration::from_secs(3);

/// The next event. Of a reply that has begun, nothing for [`LONGEST_STALL`] is an error as well; before that, whoever made
/// the request bounds the wait.
async fn next(generation: &mut Generation, said: Said) -> Result<GenerationEvent, String> {
    let event = if said == Said::Nothing {
        generation.next().await
    } else {
        let stalled = |_| format!("nothing more came of it for {LONGEST_STALL:?}");
        timeout(LONGEST_STALL, generation.next()).await.map_err(stalled)?
    };
    event.map_err(|error| error.to_string())?.ok_or_else(|| "the stream ended before the reply was done".to_owned())
}

/// The agent's own answer, if one of its rules fits; what the operator wrote is spoken as it is.
async fn by_rules(speech: &Speech, turn: TurnId, request: &GenerateRequest, report: &impl Fn(Input)) -> bool {
    let mut generation = match speech.ask_rules(request.clone()).await {
        Ok(generation) => generation,
        Err(reason) => {
            tracing::warn!(turn = turn.0, %reason, "the rules do not answer; the model is asked");
            return false;
        }
    };
    // The whole of it comes within a millisecond: nothing is said before it is known to be whole.
    let (mut text, mut act) = (String::new(), None);
    loop {
        match generation.next().await {
            Ok(Some(GenerationEvent::Delta(more))) => text.push_str(&more),
            Ok(Some(GenerationEvent::Act(asked))) => act = Some(asked),
            Ok(Some(GenerationEvent::Done { .. })) => break,
            Ok(None) | Err(_) => return false,
        }
    }
    // A question that is asked again, since nothing fitted: the model may know better.
    let asks_again = act.is_none() && is_the_open_question(request, &text);
    if (text.trim().is_empty() && act.is_none()) || asks_again {
        return false;
    }
    report(Input::ReplyDelta { turn, text });
    finish(turn, act, report);
    true
}

fn is_the_open_question(request: &GenerateRequest, text: &str) -> bool {
    let agent = request.messages.iter().rev().find(|message| message.role() == Role::Agent);
    let is_a_question = request.rules.iter().any(|rule| !rule.ask.is_empty() && rule.ask.trim() == text.trim());
    is_a_question && agent.is_some_and(|message| message.text.trim().ends_with(text.trim()))
}

fn finish(turn: TurnId, act: Option<GenerationAct>, report: &impl Fn(Input)) {
    if let Some(act) = act {
        let act = match act {
            GenerationAct::Transfer => Act::Transfer,
            GenerationAct::HangUp => Act::HangUp,
        };
        report(Input::ReplyAct { turn, act });
    }
    report(Input::ReplyDone { turn });
}

/// What the model was told, what the operator wrote, and what the caller said. Of the agent's own words only the first, the
/// greeting: an invention is no source of the next.
fn grounds_of(request: &GenerateRequest, language: &str) -> Grounds {
    let greeting = request.messages.iter().find(|message| message.role() == Role::Agent);
    let told = request.messages.iter().filter(|message| message.role() != Role::Agent).chain(greeting);
    let written = request.rules.iter().flat_map(|rule| [&*rule.say, &*rule.ask]);
    Grounds::new(language, told.map(|message| &*message.text).chain(written).chain([&*request.fallback]))
}

fn marked(act: reply_filter::Act) -> GenerationAct {
    match act {
        reply_filter::Act::Transfer => GenerationAct::Transfer,
        reply_filter::Act::HangUp => GenerationAct::HangUp,
    }
}

/// What may be spoken of the answer to `request`; beside rules a model is held to what it was told.
pub(super) fn filter_for(speech: &Speech, request: &GenerateRequest, language: &str) -> Filter {
    let filter = Filter::new(language, acts_of(request));
    if speech.asks_rules_first() { filter.held_to(grounds_of(request, language)) } else { filter }
}

/// What the agent's rules allow a model to do.
fn acts_of(request: &GenerateRequest) -> Acts {
    Acts {
        transfer: request.rules.iter().any(|rule| rule.transfer),
        hang_up: request.rules.iter().any(|rule| rule.hangup && !rule.transfer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_may_end_after_a_sentence_and_breaks_off_within_one() {
        let after = |pieces: &[&str]| {
            let mut said = Said::Nothing;
            pieces.iter().for_each(|piece| said.hears(piece));
            said
        };
        assert_eq!(after(&[]), Said::Nothing);
        assert_eq!(after(&["", "  "]), Said::Nothing);
        assert_eq!(after(&["We open at nine. ", ""]), Said::Sentence);
        assert_eq!(after(&["We open at nine.", " On Saturday,"]), Said::Part);
        assert_eq!(after(&["Really?"]), Said::Sentence);
    }
}
