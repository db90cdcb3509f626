//! What comes before the reply proper: a small model's first clause, or a filler.

use crate::language::Language;
use crate::machine::Core;
use crate::reply::{Reply, Source};
use crate::state::State;
use crate::{Action, Settings, Timer, TurnId};

impl Core {
    /// Asks the models for `reply`: the small one first, if there is one.
    pub(crate) fn request_reply(&mut self, reply: &mut Reply) {
        let turn = reply.turn;
        if self.settings.pre_response {
            reply.awaits_opening = true;
            self.act(Action::StartPreResponse { turn });
            self.timers.set(Timer::PreResponse, self.now + self.settings.pre_response_timeout);
        } else {
            self.act(Action::StartReply { turn, opening: String::new() });
        }
    }

    /// The small model's clause is spoken, and the main model goes on from there.
    pub(crate) fn pre_response(&mut self, mut state: State, turn: TurnId, text: &str) -> State {
        let held = matches!(state, State::Endpointing(_));
        let Some(reply) = state.reply_of(turn).filter(|reply| reply.awaits_opening) else { return state };
        self.timers.clear(Timer::PreResponse);
        reply.open_with(text);
        let opening = text.trim().to_owned();
        self.queue_clause(reply, &opening);
        self.act(Action::StartReply { turn, opening });
        if !held {
            self.await_reply_text();
            self.watch_playout_of(&state);
        }
        state
    }

    /// The small model is late or has failed: the main one is asked without it.
    pub(crate) fn without_opening(&mut self, state: State) -> State {
        match state.reply().filter(|reply| reply.awaits_opening).map(|reply| reply.turn) {
            Some(turn) => self.pre_response(state, turn, ""),
            None => state,
        }
    }

    /// Something is said while the reply, or what it is to answer, is not known yet.
    pub(crate) fn reply_is_late(&mut self, mut state: State) -> State {
        match &mut state {
            State::Replying(reply) if reply.ledger.is_empty() => {
                let said = self.history.last_caller().unwrap_or_default().to_owned();
                self.fill(reply, &said);
                self.watch_playout_of(&state);
            }
            State::Transcribing(hearing) if self.bridge.is_none() => {
                self.settle_flush(None);
                let mut reply = Reply::new(TurnId(self.turns + 1), Source::Script, &self.settings);
                self.fill(&mut reply, &hearing.text());
                if reply.filler.is_some() {
                    self.turns += 1;
                    // It comes behind the caller's words, once they are known.
                    self.history.agent(reply.turn, String::new());
                    self.bridge = Some(reply);
                }
            }
            _ => {}
        }
        state
    }

    /// Begins `reply` with an acknowledgement of what the caller `said`.
    fn fill(&mut self, reply: &mut Reply, said: &str) {
        let fillers = match Language::of(&self.settings.language).is_question(said) {
            true => &self.settings.question_fillers,
            false => &self.settings.fillers,
        };
        if let Some(filler) = fillers.get(reply.turn.0 as usize % fillers.len().max(1)).cloned() {
            reply.filler = self.queue_clause(reply, &filler);
        }
    }

    /// The filler answers nothing: the caller goes on.
    pub(crate) fn drop_bridge(&mut self) {
        self.timers.clear(Timer::Filler);
        if let Some(reply) = self.bridge.take() {
            self.interrupt(reply);
        }
    }
}

impl Settings {
    /// What the agent said of substance: its words without the filler that came before them.
    pub fn without_filler<'a>(&self, said: &'a str) -> &'a str {
        let mut fillers = self.fillers.iter().chain(&self.question_fillers);
        fillers.find_map(|filler| said.strip_prefix(filler.trim())).map_or(said, str::trim_start)
    }
}

/// Takes the opening off the beginning of a reply that repeats it.
///
/// Words are compared without case and punctuation, as they come; the first one that differs
/// shows that nothing is repeated.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Joint {
    opening: Vec<String>,
    /// Text that so far repeats the opening.
    held: String,
}

impl Joint {
    pub(crate) fn new(opening: &str) -> Self {
        Self { opening: words(opening).map(|(word, _)| word).collect(), held: String::new() }
    }

    /// Returns what of the text so far goes on to the voice.
    pub(crate) fn push(&mut self, text: &str) -> String {
        if self.opening.is_empty() {
            return text.to_owned();
        }
        self.held.push_str(text);
        // The last word may still grow.
        let complete = self.held.rfind(char::is_whitespace).unwrap_or(0);
        let count = words(&self.held[..complete]).count();
        let repeats = words(&self.held[..complete]).zip(&self.opening).all(|((word, _), opening)| word == *opening);
        if repeats && count < self.opening.len() {
            return String::new();
        }
        self.settle(repeats)
    }

    /// No text comes any more.
    pub(crate) fn finish(&mut self) -> String {
        let is_the_opening = words(&self.held).map(|(word, _)| word).eq(self.opening.iter().cloned());
        self.settle(is_the_opening)
    }

    fn settle(&mut self, repeats: bool) -> String {
        let held = std::mem::take(&mut self.held);
        let opening = std::mem::take(&mut self.opening);
        match opening.len().checked_sub(1).and_then(|last| words(&held).nth(last)) {
            Some((_, end)) if repeats => held[end..].trim_start_matches([',', '.', '!', '?', ';', ':']).to_owned(),
            Some(_) | None => held,
        }
    }
}

/// Lower-case words, each with the byte behind it.
fn words(text: &str) -> impl Iterator<Item = (String, usize)> + '_ {
    let is_part = |c: char| c.is_alphanumeric() || c == '\'';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_part)?;
        let end = text[start..].find(|c| !is_part(c)).map_or(text.len(), |length| start + length);
        rest = end;
        Some((text[start..end].to_lowercase(), end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(opening: &str, pieces: &[&str]) -> String {
        let mut joint = Joint::new(opening);
        let mut text: String = pieces.iter().map(|piece| joint.push(piece)).collect();
        text.push_str(&joint.finish());
        text
    }

    #[test]
    fn a_filler_is_no_part_of_what_was_answered() {
        let settings = Settings::default();
        for (said, answered) in [
            ("One moment, please. We open at nine.", "We open at nine."),
            ("Let me check that.", ""),
            ("We open at nine. One moment, please.", "We open at nine. One moment, please."),
        ] {
            assert_eq!(settings.without_filler(said), answered);
        }
    }

    #[test]
    fn a_repeated_opening_is_said_once() {
        assert_eq!(
            joined("Sure, let me see.", &["Sure", ", let me", " see. We", " open at nine."]),
            " We open at nine."
        );
        assert_eq!(joined("Sure.", &["sure", " we open"]), " we open");
    }

    #[test]
    fn a_reply_that_goes_on_is_left_alone() {
        assert_eq!(joined("Sure, let me see.", &["We open ", "at nine."]), "We open at nine.");
        assert_eq!(joined("Sure, let me see.", &["Sure, we", " open."]), "Sure, we open.");
    }

    #[test]
    fn a_reply_that_is_only_the_opening_adds_nothing() {
        assert_eq!(joined("Of course.", &["Of course."]), "");
        assert_eq!(joined("Of course.", &["Of"]), "Of");
    }

    #[test]
    fn without_an_opening_text_passes_at_once() {
        let mut joint = Joint::default();
        assert_eq!(joint.push("We"), "We");
        assert_eq!(joint.finish(), "");
    }
}
