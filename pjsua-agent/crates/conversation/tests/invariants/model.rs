//! What the shell can rely on: watches inputs and actions and panics on the first one out of order.

use std::collections::BTreeMap;

use conversation::{Action, Conversation, Input, Instant, Speaker, Stage};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Recognition {
    Open,
    Finished,
    Cancelled,
}

#[derive(Debug, Default)]
struct Turn {
    clauses: Vec<String>,
    ends: BTreeMap<u32, u64>,
    ended: bool,
    drained: bool,
    flushed: bool,
    truncated: bool,
    broken: bool,
}

#[derive(Debug, Default)]
pub struct Model {
    human: bool,
    recognitions: BTreeMap<u32, Recognition>,
    open_reply: Option<u32>,
    /// The model has asked for a tool and waits.
    asked: bool,
    /// Tools that run, with their turns.
    tools: BTreeMap<u32, u32>,
    pub newest_tool: u32,
    awaits_opening: bool,
    held: Option<u32>,
    last_reply: u32,
    turns: BTreeMap<u32, Turn>,
    audible: Option<u32>,
    paused: Option<u32>,
    flush_sample: BTreeMap<u32, u64>,
    answered: bool,
    pub hung_up: bool,
    pub ended: bool,
}

impl Model {
    pub fn new(human: bool) -> Self {
        Self { human, ..Self::default() }
    }

    pub fn newest_utterance(&self) -> u32 {
        self.recognitions.keys().next_back().copied().unwrap_or(0)
    }

    pub fn newest_turn(&self) -> u32 {
        self.turns.keys().next_back().copied().unwrap_or(0).max(self.last_reply)
    }

    pub fn is_settled(&self, turn: u32) -> bool {
        self.open_reply != Some(turn)
            && self.turns.get(&turn).is_none_or(|turn| turn.drained || turn.flushed && turn.truncated)
    }

    pub fn is_closed(&self, utterance: u32) -> bool {
        self.recognitions.get(&utterance).is_none_or(|one| *one == Recognition::Cancelled)
    }

    pub fn input(&mut self, input: &Input) {
        match input {
            Input::CallAnswered => self.answered = true,
            Input::CallEnded => self.ended = true,
            Input::ToolCall { call, .. } if call.0 > self.newest_tool => {
                self.newest_tool = call.0;
                self.input(input);
            }
            Input::ToolCall { turn, .. } if self.open_reply == Some(turn.0) && !self.awaits_opening => {
                self.asked = true
            }
            Input::ToolResult { call, .. } => {
                self.tools.remove(&call.0);
            }
            Input::ReplyDone { turn } if self.open_reply == Some(turn.0) && !self.awaits_opening && !self.asked => {
                self.open_reply = None
            }
            Input::ClauseReady { turn, clause, end_sample } => {
                if let Some(turn) = self.turns.get_mut(&turn.0) {
                    turn.ends.insert(clause.0, *end_sample);
                    // Where clauses have no length, what was heard need not be how the turn began.
                    let ends: Vec<_> = std::iter::once(0).chain(turn.ends.values().copied()).collect();
                    turn.broken |= ends.windows(2).any(|pair| pair[1] <= pair[0]);
                }
            }
            Input::PlayoutDrained { turn } if self.audible == Some(turn.0) => {
                let drained = self.turns.get_mut(&turn.0).unwrap();
                if drained.ended {
                    drained.drained = true;
                    self.audible = None;
                }
            }
            Input::PlayoutFlushed { turn, sample } if self.turns.get(&turn.0).is_some_and(|turn| turn.flushed) => {
                self.flush_sample.entry(turn.0).or_insert(*sample);
            }
            Input::WorkerFailed { stage: Stage::Tts, .. } => {
                for turn in self.turns.values_mut() {
                    turn.broken = true;
                }
            }
            _ => {}
        }
    }

    pub fn action(&mut self, action: &Action) {
        let is_cleanup =
            matches!(action, Action::CancelRecognition { .. } | Action::CancelReply { .. } | Action::CancelTool { .. });
        assert!(is_cleanup || !self.ended, "after the end of the call: {action:?}");
        assert!(is_cleanup || !self.hung_up, "after the hang-up: {action:?}");
        match action {
            Action::StartRecognition { utterance } => {
                assert!(utterance.0 > self.newest_utterance(), "{action:?} is not new");
                assert!(!self.is_recognising(), "{action:?} beside another one");
                self.recognitions.insert(utterance.0, Recognition::Open);
            }
            Action::FinishRecognition { utterance } => {
                let before = self.recognitions.insert(utterance.0, Recognition::Finished);
                assert_eq!(before, Some(Recognition::Open), "{action:?}");
            }
            Action::CancelRecognition { utterance } => {
                let before = self.recognitions.insert(utterance.0, Recognition::Cancelled);
                assert!(before.is_some_and(|before| before != Recognition::Cancelled), "{action:?} was {before:?}");
            }
            Action::ScoreEndOfTurn { .. } => {}
            Action::StartReply { turn, .. } if self.awaits_opening => {
                assert_eq!(self.open_reply, Some(turn.0), "{action:?} beside another one");
                self.awaits_opening = false;
            }
            Action::StartReply { turn, opening } => {
                assert_eq!(opening, "", "nobody opened {action:?}");
                self.start_reply(turn.0);
            }
            Action::StartPreResponse { turn } => {
                self.start_reply(turn.0);
                self.awaits_opening = true;
            }
            Action::CancelReply { turn } => {
                assert_eq!(self.open_reply.take(), Some(turn.0), "{action:?}");
                (self.awaits_opening, self.asked) = (false, false);
            }
            Action::CallTool { turn, call, .. } => {
                let awaits = self.tools.values().any(|one| *one == turn.0);
                assert!(self.open_reply.take() == Some(turn.0) || awaits, "{action:?} of no reply");
                assert_eq!(self.held, None, "{action:?} of a turn that may be thrown away");
                assert_eq!(self.tools.insert(call.0, turn.0), None, "{action:?} runs already");
                self.asked = false;
            }
            Action::CancelTool { call } => assert!(self.tools.remove(&call.0).is_some(), "{action:?} does not run"),
            Action::ContinueReply { turn } => {
                assert_eq!(self.open_reply.replace(turn.0), None, "{action:?} beside another one");
                assert!(!self.tools.values().any(|one| *one == turn.0), "{action:?} before its tools have answered");
            }
            Action::HoldPlayout { turn } => {
                assert_eq!((self.audible, self.held), (None, None), "{action:?} while there is a turn");
                assert!(turn.0 > self.newest_turn(), "{action:?} is not new");
                self.held = Some(turn.0);
            }
            Action::ReleasePlayout { turn } => assert_eq!(self.held.take(), Some(turn.0), "{action:?} was not held"),
            Action::Speak { turn, clause, text } => self.speak(turn.0, clause.0, text),
            Action::EndOfSpeech { turn } => {
                assert_eq!(self.audible, Some(turn.0), "{action:?}");
                assert_ne!(self.open_reply, Some(turn.0), "{action:?} while it is generated");
                assert_eq!(self.held, None, "{action:?} of a turn that may be thrown away");
                let ended = std::mem::replace(&mut self.turns.get_mut(&turn.0).unwrap().ended, true);
                assert!(!ended, "{action:?} twice");
            }
            Action::PausePlayout { turn } | Action::DuckPlayout { turn } => {
                assert_eq!((self.audible, self.held), (Some(turn.0), None), "{action:?}");
                assert_eq!(self.paused.replace(turn.0), None, "{action:?} twice");
            }
            Action::ResumePlayout { turn } => {
                assert_eq!(self.paused.take(), Some(turn.0), "{action:?} without a pause");
                assert!(!self.turns[&turn.0].flushed, "{action:?} after a flush");
            }
            Action::FlushPlayout { turn } => {
                assert_eq!(self.audible.take(), Some(turn.0), "{action:?}");
                self.paused = None;
                // Of a turn that was held nothing was heard, and nothing of it is in the history.
                let was_held = self.held.take_if(|held| *held == turn.0).is_some();
                let flushed = self.turns.get_mut(&turn.0).unwrap();
                flushed.flushed = true;
                flushed.truncated = was_held;
            }
            Action::TruncateHistory { turn, heard } => self.truncate(turn.0, heard),
            Action::Transfer => {
                assert!(self.human, "a transfer to nobody");
                self.assert_quiet("transfer");
            }
            Action::HangUp => {
                self.assert_quiet("hang-up");
                self.hung_up = true;
            }
        }
    }

    fn start_reply(&mut self, turn: u32) {
        assert_eq!(self.open_reply, None, "reply {turn} beside another one");
        // A filler may have begun the turn while the caller's words were awaited.
        let is_begun = self.audible == Some(turn) && turn > self.last_reply;
        assert!(self.audible.is_none() || is_begun, "reply {turn} while {:?} is audible", self.audible);
        assert!(turn > self.newest_turn() || is_begun, "reply {turn} is not new");
        if is_begun {
            let begun = &self.turns[&turn];
            assert!(begun.clauses.len() == 1 && !begun.ended, "reply {turn} goes on from {begun:?}");
        }
        assert!(self.held.is_none_or(|held| held == turn), "reply {turn} while {:?} is held", self.held);
        self.open_reply = Some(turn);
        self.last_reply = turn;
    }

    fn speak(&mut self, turn: u32, clause: u32, text: &str) {
        assert!(text.contains(char::is_alphanumeric), "turn {turn} speaks no word: {text:?}");
        assert!(self.audible.is_none_or(|audible| audible == turn), "turn {turn} speaks over {:?}", self.audible);
        assert!(self.paused.is_none_or(|paused| paused == turn), "turn {turn} would never be heard");
        assert!(self.open_reply.is_none_or(|reply| reply == turn), "turn {turn} speaks beside a reply");
        self.audible = Some(turn);
        let spoken = self.turns.entry(turn).or_default();
        assert!(!spoken.flushed && !spoken.drained && !spoken.ended, "turn {turn} speaks after its end");
        assert_eq!(clause as usize, spoken.clauses.len(), "clauses of turn {turn} are not consecutive");
        spoken.clauses.push(text.into());
    }

    fn truncate(&mut self, turn: u32, heard: &str) {
        let cut = self.turns.get_mut(&turn).unwrap();
        assert!(cut.flushed, "turn {turn} was cut without a flush");
        assert!(!std::mem::replace(&mut cut.truncated, true), "turn {turn} was cut twice");
        if cut.broken {
            return;
        }
        let whole = cut.clauses.join(" ");
        let words: Vec<_> = whole.split(' ').take(heard.split_whitespace().count()).collect();
        assert_eq!(words.join(" "), heard, "not the beginning of {whole:?}");
        if self.flush_sample.get(&turn) == Some(&0) {
            assert_eq!(heard, "");
        }
    }

    fn assert_quiet(&self, what: &str) {
        assert!(!self.is_recognising(), "{what} during a recognition");
        assert_eq!((self.open_reply, self.held), (None, None), "{what} during a reply");
        assert_eq!(self.audible, None, "{what} during a turn");
    }

    fn is_recognising(&self) -> bool {
        self.recognitions.values().any(|one| *one == Recognition::Open)
    }

    /// What holds whenever all actions were taken out.
    pub fn at_rest(&self, conversation: &Conversation, now: Instant) {
        let deadline = conversation.poll_timeout();
        assert!(deadline.is_none_or(|(at, _)| at > now), "past deadline {deadline:?} at {now:?}");
        if self.ended {
            assert_eq!(deadline, None, "a deadline after the end");
            assert!(!self.is_recognising() && self.open_reply.is_none(), "the end left work: {self:?}");
            assert!(self.tools.is_empty(), "the end left tools: {self:?}");
            assert_eq!(conversation.state_name(), "ended");
        } else if self.hung_up {
            assert_eq!(deadline, None, "a deadline after the hang-up");
        } else if self.answered {
            assert!(deadline.is_some(), "nothing would ever happen in {}", conversation.state_name());
        }
        self.history_is_sane(conversation);
    }

    fn history_is_sane(&self, conversation: &Conversation) {
        let history = conversation.history();
        for pair in history.windows(2) {
            assert!(pair[0].turn <= pair[1].turn, "out of order: {pair:?}");
            let both_callers = pair.iter().all(|entry| entry.speaker == Speaker::Caller);
            assert!(!both_callers, "the caller's words were not joined: {pair:?}");
        }
        for entry in history {
            assert!(!entry.text.trim().is_empty(), "a blank entry");
            if entry.speaker == Speaker::Agent {
                let spoken = &self.turns[&entry.turn.0];
                assert!(spoken.broken || spoken.clauses.join(" ").starts_with(entry.text.as_str()), "{entry:?}");
            }
        }
    }
}
