//! Calls, how they end, and how long their callers wait.

use std::time::Duration;

use ::metrics::{counter, gauge, histogram};

use super::{
    BARGE_INS, CALLS_ACTIVE, CALLS_OVERDUE, CALLS_TOTAL, ENDPOINTING, FALSE_INTERRUPTIONS, LANGUAGE_CHANGES,
    LLM_FIRST_TOKEN, REGISTRATIONS, STT_FINAL, TTS_FIRST_AUDIO, VOICE_TO_VOICE,
};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// The agent said goodbye and hung up.
    Completed,
    /// The caller hung up.
    CallerHungUp,
    /// The caller was handed to a human.
    Transferred,
    /// The call was not answered: draining, no capacity, not trusted.
    Rejected,
    /// Signalling or media broke.
    Failed,
}

impl CallOutcome {
    pub(super) const ALL: [Self; 5] =
        [Self::Completed, Self::CallerHungUp, Self::Transferred, Self::Rejected, Self::Failed];

    /// The value of the label `outcome`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::CallerHungUp => "caller_hung_up",
            Self::Transferred => "transferred",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }
}

/// What an account's registration is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationState {
    /// Asked for, not answered yet.
    Pending,
    /// The registrar has it.
    Registered,
    /// Refused or unanswered; it is tried again.
    Failed,
    /// Taken back on shutdown.
    Unregistered,
}

impl RegistrationState {
    const ALL: [Self; 4] = [Self::Pending, Self::Registered, Self::Failed, Self::Unregistered];

    /// The value of the label `state`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Registered => "registered",
            Self::Failed => "failed",
            Self::Unregistered => "unregistered",
        }
    }
}

/// How many calls are up.
pub fn calls_active(calls: usize) {
    gauge!(CALLS_ACTIVE).set(calls as f64);
}

/// A call ended, or was refused.
pub fn call_ended(outcome: CallOutcome) {
    counter!(CALLS_TOTAL, "outcome" => outcome.as_str()).increment(1);
}

/// What a call may wait too long for, so that each is shown before it happens.
pub fn overdue_at_zero(waits: impl IntoIterator<Item = &'static str>) {
    for wait in waits {
        counter!(CALLS_OVERDUE, "wait" => wait).absolute(0);
    }
}

/// A call has waited too long for this, and is ended for it.
pub fn call_overdue(wait: &'static str) {
    counter!(CALLS_OVERDUE, "wait" => wait).increment(1);
}

/// An account's registration went into `state`.
pub fn registration(account: &str, state: RegistrationState) {
    for each in RegistrationState::ALL {
        let value = if each == state { 1.0 } else { 0.0 };
        gauge!(REGISTRATIONS, "account" => account.to_owned(), "state" => each.as_str()).set(value);
    }
}

/// Time from the caller's last speech frame until the turn was taken.
pub fn endpointing(took: Duration) {
    histogram!(ENDPOINTING).record(took);
}

/// Time from asking for the final transcript until it arrived.
pub fn stt_final(took: Duration) {
    histogram!(STT_FINAL).record(took);
}

/// Time from asking for a reply until its first text arrived.
pub fn llm_first_token(took: Duration) {
    histogram!(LLM_FIRST_TOKEN).record(took);
}

/// Time from sending a clause to synthesis until its first audio arrived.
pub fn tts_first_audio(took: Duration) {
    histogram!(TTS_FIRST_AUDIO).record(took);
}

/// Time from the caller's last speech frame until the first frame of the reply was taken for sending, as the daemon sees it:
/// without jitter buffers, packet time and the network. `make bench` measures the whole on the wire.
pub fn voice_to_voice(took: Duration) {
    histogram!(VOICE_TO_VOICE).record(took);
}

/// The caller interrupted a reply.
pub fn barge_in() {
    counter!(BARGE_INS).increment(1);
}

/// A reply was paused for what turned out not to be an interruption, and resumed.
pub fn false_interruption() {
    counter!(FALSE_INTERRUPTIONS).increment(1);
}

/// A call was taken over by `agent`, whose language the caller speaks.
pub fn language_changed(agent: &str) {
    counter!(LANGUAGE_CHANGES, "agent" => agent.to_owned()).increment(1);
}
