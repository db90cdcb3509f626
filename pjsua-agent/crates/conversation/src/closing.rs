//! Keys, the transfer, and the end of the call.

use crate::endpointing::Pausing;
use crate::machine::{Core, TransferRecord};
use crate::state::{Keys, State};
use crate::{Act, Action, Timer};

impl Core {
    /// The caller presses a key: whatever goes on ends, and a message of keys begins.
    ///
    /// Speech of which the transcript has not come is dropped, since keys in the audio path make
    /// the recogniser hear words; what was understood already is kept in front of the keys.
    pub(crate) fn key_pressed(&mut self, state: State, digit: char) -> State {
        let digit = digit.to_ascii_uppercase();
        if !matches!(digit, '0'..='9' | 'A'..='D' | '*' | '#') {
            return state;
        }
        let mut keys = match state {
            State::Unanswered | State::Closing { .. } | State::Transferring | State::HungUp | State::Ended => {
                return state;
            }
            State::Keying(keys) => keys,
            State::Hearing(ref hearing)
            | State::Endpointing(Pausing { ref hearing, .. })
            | State::Transcribing(ref hearing) => {
                let said = hearing.text();
                self.drop_everything(state);
                Keys { said, digits: String::new() }
            }
            State::Listening | State::Replying(_) | State::Speaking { .. } | State::Overlap { .. } => {
                self.drop_everything(state);
                Keys { said: String::new(), digits: String::new() }
            }
        };
        let ends = digit == '#' && !keys.digits.is_empty();
        if !ends {
            keys.digits.push(digit);
        }
        if digit == '#' || keys.digits.len() >= self.settings.dtmf_max_digits {
            return self.keys_complete(State::Keying(keys));
        }
        self.timers.set(Timer::Keys, self.now + self.settings.dtmf_pause);
        State::Keying(keys)
    }

    /// The keys are answered like words.
    pub(crate) fn keys_complete(&mut self, state: State) -> State {
        let State::Keying(keys) = state else { return state };
        self.timers.clear(Timer::Keys);
        self.caller_was_understood();
        self.said_for_certain = true;
        self.ask_model(&keys.message())
    }

    /// Ends what is going on without an answer; only the call's limit keeps running.
    pub(crate) fn drop_everything(&mut self, state: State) {
        match state {
            State::Unanswered
            | State::Listening
            | State::Keying(_)
            | State::Transferring
            | State::HungUp
            | State::Ended => {}
            State::Endpointing(pausing) => self.drop_pausing(pausing),
            State::Hearing(mut hearing) | State::Transcribing(mut hearing) => self.lose(&mut hearing, None),
            State::Replying(reply) | State::Closing { reply, .. } => self.interrupt(reply),
            State::Speaking { reply, aside } => {
                self.interrupt(reply);
                if let Some(aside) = aside {
                    self.cancel_interjection(&aside);
                }
            }
            State::Overlap { reply, interjection } => {
                self.interrupt(reply);
                self.cancel_interjection(&interjection);
            }
        }
        self.drop_bridge();
        let limit = self.timers.get(Timer::CallLimit);
        self.timers.clear_all();
        if let Some(limit) = limit {
            self.timers.set(Timer::CallLimit, limit);
        }
    }

    /// Does what the last turn announced.
    pub(crate) fn perform(&mut self, act: Act) -> State {
        match act {
            Act::Transfer => {
                self.settle_flush(None);
                self.transfer = TransferRecord::Asked;
                self.act(Action::Transfer);
                self.timers.set(Timer::Transfer, self.now + self.settings.transfer_timeout);
                State::Transferring
            }
            Act::HangUp => self.hang_up(),
        }
    }

    fn hang_up(&mut self) -> State {
        self.settle_flush(None);
        self.timers.clear_all();
        self.act(Action::HangUp);
        State::HungUp
    }

    /// The human has the caller, perhaps later than we waited for it.
    pub(crate) fn transfer_succeeded(&mut self, state: State) -> State {
        match (&state, self.transfer) {
            (State::HungUp | State::Ended, _) | (_, TransferRecord::Untried) => state,
            (_, TransferRecord::Asked | TransferRecord::Failed) => {
                self.drop_everything(state);
                self.hang_up()
            }
        }
    }

    /// The transfer failed or nothing was heard of it.
    pub(crate) fn transfer_failed(&mut self, state: State) -> State {
        let State::Transferring = state else { return state };
        self.timers.clear(Timer::Transfer);
        self.transfer = TransferRecord::Failed;
        self.failed_turns = 0;
        if self.overdue {
            return self.say_and(self.settings.time_limit_goodbye.clone(), Act::HangUp);
        }
        self.say(self.settings.transfer_failed.clone())
    }

    /// The call has lasted as long as one may.
    pub(crate) fn time_is_up(&mut self, state: State) -> State {
        match state {
            State::Listening
            | State::Hearing(_)
            | State::Endpointing(_)
            | State::Transcribing(_)
            | State::Keying(_)
            | State::Replying(_)
            | State::Speaking { .. }
            | State::Overlap { .. } => {
                self.drop_everything(state);
                self.say_and(self.settings.time_limit_goodbye.clone(), Act::HangUp)
            }
            State::Closing { ref reply, .. } => {
                self.overdue = true;
                if reply.is_generating() { self.reply_failed(state) } else { state }
            }
            State::Unanswered | State::Transferring | State::HungUp | State::Ended => {
                self.overdue = true;
                state
            }
        }
    }

    /// Nothing is left to do but to stop the workers.
    pub(crate) fn call_ended(&mut self, state: State) -> State {
        self.drop_everything(state);
        self.flushing = None;
        self.timers.clear_all();
        self.actions.retain(|action| match action {
            Action::CancelRecognition { .. } | Action::CancelReply { .. } => true,
            Action::StartRecognition { .. }
            | Action::FinishRecognition { .. }
            | Action::StartReply { .. }
            | Action::StartPreResponse { .. }
            | Action::ScoreEndOfTurn { .. }
            | Action::HoldPlayout { .. }
            | Action::ReleasePlayout { .. }
            | Action::DuckPlayout { .. }
            | Action::Speak { .. }
            | Action::EndOfSpeech { .. }
            | Action::PausePlayout { .. }
            | Action::ResumePlayout { .. }
            | Action::FlushPlayout { .. }
            | Action::TruncateHistory { .. }
            | Action::Transfer
            | Action::HangUp => false,
        });
        State::Ended
    }
}
