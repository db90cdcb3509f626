//! Keyword and slot rules: the embedded default until a model is installed, and the fallback ever after.
//!
//! Pure: the reply is a function of the request. The worker needs no state from turn to turn; a question that
//! is still open is read off the conversation itself.
//!
//! **Which rule answers.** The first rule in the agent's file of which a phrase occurs in what the caller said, as
//! whole words, without regard to case or punctuation. One exception: a later rule wins when its phrase covers the
//! earlier rule's phrase and more, so "opening hours on saturday" beats "opening hours" wherever it stands.

mod digits;
mod words;

use inference::GenerationAct;

use super::{Engine, Event, Message, Replies, ReplyError, Request, Role, Rule, Usage};

/// The engine `rules`.
pub struct Rules;

/// Rules are answered in microseconds; the bound only describes the worker.
const CAPACITY: u32 = 256;

impl Engine for Rules {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn model(&self) -> String {
        "the agent's own rules".to_owned()
    }

    fn capacity(&self) -> u32 {
        CAPACITY
    }

    fn reply(&self, request: Request, replies: Replies) {
        let events = match reply(&request) {
            // Rules have nothing to compute.
            Ok(_) if request.reads_ahead => vec![Ok(Event::Done(Usage::default()))],
            Ok(reply) => reply.into_events().into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        for event in events {
            if replies.send(event).is_err() {
                return;
            }
        }
    }
}

/// A whole reply.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// What is said.
    pub text: String,
    /// What is done after it.
    pub act: Option<GenerationAct>,
}

impl Reply {
    /// The reply as the stream has it: word by word, so that a clause can be spoken before the last word is there.
    pub fn into_events(self) -> Vec<Event> {
        let mut events: Vec<Event> = self.text.split_inclusive(' ').map(|word| Event::Delta(word.to_owned())).collect();
        let usage = Usage { generated_tokens: u32::try_from(events.len()).unwrap_or(u32::MAX), ..Usage::default() };
        events.extend(self.act.map(Event::Act));
        events.push(Event::Done(usage));
        events
    }
}

/// The reply to the last caller message of `request`.
///
/// # Errors
///
/// [`ReplyError::Invalid`] when a rule has a slot other than `digits`, or JSON is asked for.
pub fn reply(request: &Request) -> Result<Reply, ReplyError> {
    if !request.json_schema.is_empty() {
        return Err(ReplyError::Invalid("the engine `rules` answers in words, not in JSON".to_owned()));
    }
    if let Some(rule) = request.rules.iter().find(|rule| !matches!(rule.slot.as_str(), "" | "digits")) {
        return Err(ReplyError::Invalid(format!("slot {:?} is unknown; allowed: \"digits\" or none", rule.slot)));
    }
    let heard = Heard::new(&request.messages);
    let open = heard.open_question(&request.rules);

    if let Some(rule) = open
        && let Some(number) = digits::find(&heard.last, true)
    {
        return Ok(answer(rule, &number));
    }
    for said in [&heard.last, &heard.since_agent] {
        if let Some(rule) = choose(&request.rules, said) {
            return Ok(follow(rule, said, &request.fallback));
        }
    }
    let text = open.map_or(&request.fallback, |rule| &rule.ask);
    Ok(Reply { text: text.clone(), act: None })
}

/// What the caller said, and to which words of the agent.
struct Heard {
    /// Words of the last caller message.
    last: Vec<String>,
    /// Words of all caller messages since the agent was last heard: a sentence may come in two utterances.
    since_agent: Vec<String>,
    /// Words of the agent's last message before them.
    agent: Vec<String>,
}

impl Heard {
    fn new(messages: &[Message]) -> Self {
        let spoken: Vec<&Message> =
            messages.iter().filter(|message| message.role != Role::System && !message.text.trim().is_empty()).collect();
        let start = spoken.iter().rposition(|message| message.role == Role::Agent).map_or(0, |at| at + 1);
        let caller = &spoken[start..];
        Self {
            last: caller.last().map(|message| words::words(&message.text)).unwrap_or_default(),
            since_agent: caller.iter().flat_map(|message| words::words(&message.text)).collect(),
            agent: start.checked_sub(1).map(|at| words::words(&spoken[at].text)).unwrap_or_default(),
        }
    }

    /// The rule whose `ask` was the agent's last message, of which the caller may have let the agent say
    /// only the beginning. One word is too little to tell questions apart by.
    fn open_question<'a>(&self, rules: &'a [Rule]) -> Option<&'a Rule> {
        rules.iter().find(|rule| {
            let ask = words::words(&rule.ask);
            !rule.slot.is_empty()
                && !ask.is_empty()
                && ask.starts_with(&self.agent)
                && self.agent.len() >= ask.len().min(2)
        })
    }
}

/// The rule that answers `said`; see the module's document for the order.
fn choose<'a>(rules: &'a [Rule], said: &[String]) -> Option<&'a Rule> {
    let mut chosen: Option<(&Rule, std::ops::Range<usize>)> = None;
    for rule in rules {
        let spans = rule.phrases.iter().filter_map(|phrase| words::find(said, &words::words(phrase)));
        let Some(span) = spans.max_by_key(ExactSizeIterator::len) else { continue };
        let better = chosen
            .as_ref()
            .is_none_or(|(_, best)| span.start <= best.start && best.end <= span.end && best.len() < span.len());
        if better {
            chosen = Some((rule, span));
        }
    }
    chosen.map(|(rule, _)| rule)
}

fn follow(rule: &Rule, said: &[String], fallback: &str) -> Reply {
    if rule.slot.is_empty() {
        return answer(rule, "");
    }
    match digits::find(said, false) {
        Some(number) => answer(rule, &number),
        None if rule.ask.is_empty() => Reply { text: fallback.to_owned(), act: None },
        None => Reply { text: rule.ask.clone(), act: None },
    }
}

fn answer(rule: &Rule, number: &str) -> Reply {
    let spaced = number.chars().map(String::from).collect::<Vec<_>>().join(" ");
    let act = match (rule.transfer, rule.hangup) {
        (true, _) => Some(GenerationAct::Transfer),
        (false, true) => Some(GenerationAct::HangUp),
        (false, false) => None,
    };
    let text = if rule.slot.is_empty() { rule.say.clone() } else { rule.say.replace("{slot}", &spaced) };
    Reply { text, act }
}

#[cfg(test)]
mod tests;
