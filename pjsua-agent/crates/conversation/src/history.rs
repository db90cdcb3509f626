//! What was said on the call, as the model gets to read it.

use redaction::Spoken;

use crate::TurnId;

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Speaker {
    /// The person on the line.
    Caller,
    /// Us.
    Agent,
    /// A tool that a reply asked for.
    Tool,
}

/// One side's words before the other side's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// Who said it.
    pub speaker: Speaker,
    /// The caller's words as recognised, or `(pressed 12)` for keys; the agent's words as far as
    /// they were heard or, for the running turn, are still to be heard; the name and the outcome of a tool.
    /// Never blank.
    pub text: Spoken,
    /// The agent's turn, the turn that answers the caller's words, or the turn that asked for the tool.
    pub turn: TurnId,
}

/// A place in the history.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    before: usize,
    last: Option<Entry>,
}

/// The entries in the order of the call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    entries: Vec<Entry>,
}

impl History {
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The caller's newest words.
    pub(crate) fn last_caller(&self) -> Option<&str> {
        let last = self.entries.iter().rev().find(|entry| entry.speaker == Speaker::Caller);
        last.map(|entry| entry.text.as_str())
    }

    /// Where the history is now, to come back to.
    pub(crate) fn mark(&self) -> Mark {
        Mark { before: self.entries.len().saturating_sub(1), last: self.entries.last().cloned() }
    }

    /// Takes back all that was added since `mark`; nothing before its last entry may have changed.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.entries.truncate(mark.before);
        self.entries.extend(mark.last);
    }

    /// The caller's last words have had no answer that he heard.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.entries.last().is_some_and(|last| last.speaker != Speaker::Agent)
    }

    /// Adds the caller's words; when nothing was heard of an answer in between they continue his
    /// last ones. Blank words only make `turn` the one that answers them.
    pub(crate) fn caller(&mut self, text: &str, turn: TurnId) {
        let text = text.trim();
        match self.entries.last_mut() {
            Some(last) if last.speaker == Speaker::Caller => {
                last.turn = turn;
                if !text.is_empty() {
                    last.text.push(' ');
                    last.text.push_str(text);
                }
            }
            Some(_) | None if text.is_empty() => {}
            Some(_) | None => {
                self.entries.push(Entry { speaker: Speaker::Caller, text: text.into(), turn });
            }
        }
    }

    /// Sets the words of the agent's `turn`, which is the last one that spoke; without words it
    /// leaves no entry.
    pub(crate) fn agent(&mut self, turn: TurnId, text: String) {
        let running = self.entries.last().is_some_and(|last| last.speaker == Speaker::Agent && last.turn == turn);
        if running {
            self.entries.pop();
        }
        if !text.is_empty() {
            self.entries.push(Entry { speaker: Speaker::Agent, text: text.into(), turn });
        }
    }

    /// Adds what a tool said that `turn` asked for, before the words of that turn.
    pub(crate) fn tool(&mut self, turn: TurnId, text: String) {
        let is_behind = |entry: &Entry| entry.turn > turn || (entry.turn == turn && entry.speaker == Speaker::Agent);
        let at = self.entries.iter().position(is_behind).unwrap_or(self.entries.len());
        self.entries.insert(at, Entry { speaker: Speaker::Tool, text: text.into(), turn });
    }
}
