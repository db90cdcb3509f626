//! The caller presses keys.

use super::{Caller, Said};
use crate::Timer;
use crate::call::Call;
use crate::hearsay::CERTAIN;
use crate::next::Next;

/// What the caller has pressed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Keys {
    /// What he said just before.
    said: String,
    digits: String,
}

impl Caller {
    /// The caller presses a key: whatever goes on ends, and a message of keys begins.
    ///
    /// Speech of which the transcript has not come is dropped, since keys in the audio path make
    /// the recogniser hear words; what was understood already is kept in front of the keys.
    pub(crate) fn key_pressed(self, call: &mut Call, key: char) -> Next {
        let said = match &self {
            Self::Hearing(hearing) | Self::Transcribing(hearing) => hearing.text(),
            Self::Endpointing(pausing) => pausing.hearing.text(),
            Self::Listening | Self::Keying(_) => String::new(),
        };
        match self {
            Self::Keying(keys) => keys.press(call, key),
            Self::Listening | Self::Hearing(_) | Self::Endpointing(_) | Self::Transcribing(_) => {
                self.leave(call);
                call.clear_floor();
                Keys { said, digits: String::new() }.press(call, key)
            }
        }
    }

    /// The first key of a message, into the agent's words.
    pub(crate) fn press_first(call: &mut Call, key: char) -> Next {
        Keys::default().press(call, key)
    }

    /// The caller has pressed all he wants to.
    pub(crate) fn keys_complete(self, call: &mut Call) -> Next {
        match self {
            Self::Keying(keys) => keys.complete(call),
            Self::Listening | Self::Hearing(_) | Self::Endpointing(_) | Self::Transcribing(_) => self.into(),
        }
    }

    /// Ends what is heard of the caller.
    pub(crate) fn leave(self, call: &mut Call) {
        match self {
            Self::Endpointing(mut pausing) => {
                pausing.drop_draft(call);
                pausing.hearing.give_up(call, None);
            }
            Self::Hearing(mut hearing) | Self::Transcribing(mut hearing) => hearing.give_up(call, None),
            Self::Listening | Self::Keying(_) => {}
        }
    }
}

impl Keys {
    fn press(mut self, call: &mut Call, key: char) -> Next {
        let ends = key == '#' && !self.digits.is_empty();
        if !ends {
            self.digits.push(key);
        }
        if key == '#' || self.digits.len() >= call.settings.bounds.dtmf_max_digits {
            return self.complete(call);
        }
        call.timers.set(Timer::Keys, call.now + call.settings.bounds.dtmf_pause);
        Caller::Keying(self).into()
    }

    /// The keys are answered like words.
    fn complete(self, call: &mut Call) -> Next {
        call.timers.clear(Timer::Keys);
        call.caller.was_understood();
        call.caller.said_with(CERTAIN);
        Next::Ask(self.message().into())
    }

    /// The caller speaks after them.
    pub(super) fn begin_hearing(&self, call: &mut Call) -> Said {
        call.timers.clear(Timer::Keys);
        let mut hearing = Said::new(call.now);
        hearing.begin_with(self.message());
        hearing
    }

    /// What the keys are answered as.
    fn message(&self) -> String {
        format!("{} (pressed {})", self.said, self.digits).trim().to_owned()
    }
}

/// The key that `digit` names, if it is one: `0`–`9`, `A`–`D`, `*` or `#`.
pub(crate) fn key(digit: char) -> Option<char> {
    let key = digit.to_ascii_uppercase();
    matches!(key, '0'..='9' | 'A'..='D' | '*' | '#').then_some(key)
}
