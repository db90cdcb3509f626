//! How long anything may take, and how often it may fail.

use std::time::Duration;

/// How long anything may take, and how often it may fail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Bounds {
    /// Longest utterance; its transcript is asked for then even if the caller goes on. 30 s: the
    /// window of Whisper, and more than anyone says to a clerk in one go.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub max_utterance: Duration,
    /// How long a caller is let speak on after the recogniser failed. 1.5 s: he hears of it within
    /// two seconds, and is not cut off when he was about to end.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub lost_utterance_limit: Duration,
    /// Wait for the final transcript. 2 s: the embedded recogniser takes a tenth of it.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub transcript_timeout: Duration,
    /// The same while the workers are busy. 5 s: an answer that comes late, after a filler, is better than none; it
    /// is also how long the recogniser's worker lets an utterance wait for its turn.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub busy_transcript_timeout: Duration,
    /// Wait for the first piece of a reply and for each next one. 6 s: a second more than the
    /// model client's own deadline, which reports the failure first when it can.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub reply_timeout: Duration,
    /// Wait for any sign of life of the playout while something is to be played. 5 s: longer than
    /// the voice client's deadlines together, so it only catches lost events.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub playout_timeout: Duration,
    /// Failed turns in a row after which the call is handed to the human or ended. 2: a worker
    /// that was restarted has had its chance.
    pub max_failed_turns: u32,
    /// Wait for the outcome of a transfer. 40 s: the time a phone commonly rings, and the REFER.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub transfer_timeout: Duration,
    /// Pause after which the keys pressed are a message. 2 s: the inter-digit time of IVRs.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub dtmf_pause: Duration,
    /// Most keys in one message. 32: longer than any card or order number.
    pub dtmf_max_digits: usize,
    /// Longest call. 30 min: a bound for loops between two machines, not for people.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub max_call_duration: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            max_utterance: millis(30_000),
            lost_utterance_limit: millis(1_500),
            transcript_timeout: millis(2_000),
            busy_transcript_timeout: millis(5_000),
            reply_timeout: millis(6_000),
            playout_timeout: millis(5_000),
            max_failed_turns: 2,
            transfer_timeout: millis(40_000),
            dtmf_pause: millis(2_000),
            dtmf_max_digits: 32,
            max_call_duration: millis(30 * 60 * 1_000),
        }
    }
}
