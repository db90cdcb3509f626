//! One reply of the language model, from request to the machine's inputs. Whoever generates it, a voice is given only what
//! may be spoken.

use std::sync::Arc;

use conversation::{Act, Input, Stage, TurnId};
use inference::proto::GenerateRequest;
use inference::proto::message::Role;
use inference::{GenerationAct, GenerationEvent};
use reply_filter::{Acts, Filter, Grounds, Unspoken};

use super::pre_response;
use super::task::Task;
use crate::metrics;
use crate::speech::{Generation, RequestError, Speech};

/// A reply being generated. Dropping it cancels.
pub struct Reply {
    pub turn: TurnId,
    _task: Task,
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
        let task = Task::spawn(async move {
            if speech.asks_rules_first() && by_rules(&speech, turn, &request, &report).await {
                return;
            }
            if let Err(error) = by_model(&speech, turn, &request, &language, &report).await {
                tracing::warn!(turn = turn.0, reason = %error, "reply failed");
                report(Input::WorkerFailed { stage: Stage::Llm, utterance: None, turn: Some(turn) });
            }
        });
        Reply { turn, _task: task }
    }

    /// Asks the small model for the first clause of a reply.
    pub fn start_pre_response(
        speech: Arc<Speech>,
        turn: TurnId,
        request: GenerateRequest,
        language: String,
        report: impl Fn(Input) + Send + Sync + 'static,
    ) -> Reply {
        Reply { turn, _task: Task::spawn(pre_response::ask(speech, turn, request, language, report)) }
    }
}

/// A prompt that is computed while the caller still speaks. Dropping it cancels.
pub struct Reading {
    _task: Task,
}

impl Reading {
    /// Starts to compute the prompt of `request`.
    pub fn start(speech: Arc<Speech>, request: GenerateRequest) -> Reading {
        Reading { _task: Task::spawn(async move { speech.read_ahead(request).await }) }
    }
}

/// The model's reply, begun again as long as nothing of it was said and there is an attempt left.
async fn by_model(
    speech: &Speech,
    turn: TurnId,
    request: &GenerateRequest,
    language: &str,
    report: &impl Fn(Input),
) -> Result<(), RequestError> {
    let mut generation = speech.generate(request.clone()).await?;
    while let Err(error) = pass_on(&mut generation, speech, turn, request, language, report).await {
        generation.begin_again(error)?;
    }
    Ok(())
}

/// Fails only while nothing was said: text that was spoken cannot be taken back, so a reply that breaks off is ended here
/// and not begun again.
async fn pass_on(
    generation: &mut Generation,
    speech: &Speech,
    turn: TurnId,
    request: &GenerateRequest,
    language: &str,
    report: &impl Fn(Input),
) -> Result<(), RequestError> {
    let fallback = &request.fallback;
    let mut filter = filter_for(speech, request, language);
    let mut act = None;
    let mut said = Said::Nothing;
    let say = |text: String, said: &mut Said| {
        said.hears(&text);
        if !text.is_empty() {
            report(Input::ReplyDelta { turn, text: text.into() });
        }
    };
    while !filter.is_over() {
        match generation.next().await {
            Ok(Some(GenerationEvent::Delta(text))) if speech.is_written_by_operator() => say(text, &mut said),
            Ok(Some(GenerationEvent::Delta(text))) => say(filter.push(&text), &mut said),
            Ok(Some(GenerationEvent::Act(asked))) => act = Some(asked),
            Ok(Some(GenerationEvent::Done { .. }) | None) => break,
            Err(error) if said == Said::Nothing => return Err(error),
            Err(error) => {
                tracing::warn!(turn = turn.0, reason = %error, "a reply broke off");
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
    report(Input::ReplyDelta { turn, text: text.into() });
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

fn marked(act: Act) -> GenerationAct {
    match act {
        Act::Transfer => GenerationAct::Transfer,
        Act::HangUp => GenerationAct::HangUp,
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

    #[tokio::test]
    async fn a_reply_that_nobody_gives_is_a_failure_of_its_turn_and_told_once() {
        let (report, mut inputs) = tokio::sync::mpsc::unbounded_channel();
        let report = move |input| _ = report.send(input);
        let request = GenerateRequest::default();
        let _reply = Reply::start(Speech::without_workers(), TurnId(7), request, "en".into(), report);
        let failed = Input::WorkerFailed { stage: Stage::Llm, utterance: None, turn: Some(TurnId(7)) };
        assert_eq!((inputs.recv().await, inputs.recv().await), (Some(failed), None));
    }
}
