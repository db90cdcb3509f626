//! Where the time of a turn goes, from the caller's last sound to the agent's first.

use std::time::Duration;

use conversation::TurnId;
use serde_json::{Value, json};

/// The stations of the turn that is under way, as times since the answer.
#[derive(Debug, Default)]
pub struct TurnTiming {
    speech_ended: Option<Duration>,
    endpointed: Option<Duration>,
    transcribed: Option<Duration>,
    replying: Option<(TurnId, Duration)>,
    first_text: Option<Duration>,
}

/// What each stage of a turn took.
#[derive(Debug, PartialEq)]
pub struct TurnStages {
    pub turn: TurnId,
    /// The caller's last voiced sample until the end of the turn was decided.
    pub endpoint: Duration,
    /// Until the final transcript.
    pub stt: Duration,
    /// Until the model's first text.
    pub llm: Duration,
    /// Until the first audio was queued for playout.
    pub tts: Duration,
}

impl TurnTiming {
    /// The caller stopped at `at`; a turn that was timed before is forgotten.
    pub fn speech_ended(&mut self, at: Duration) {
        *self = TurnTiming { speech_ended: Some(at), ..TurnTiming::default() };
    }

    pub fn endpointed(&mut self, at: Duration) {
        self.endpointed = Some(at);
    }

    pub fn transcribed(&mut self, at: Duration) {
        self.transcribed.get_or_insert(at);
    }

    pub fn replying(&mut self, turn: TurnId, at: Duration) {
        self.replying = Some((turn, at));
    }

    pub fn text(&mut self, turn: TurnId, at: Duration) {
        if self.replying.is_some_and(|(replying, _)| replying == turn) {
            self.first_text.get_or_insert(at);
        }
    }

    /// The first audio of `turn` was queued: the stages, once, if the turn answers something the caller said.
    pub fn first_audio(&mut self, turn: TurnId, at: Duration) -> Option<TurnStages> {
        let (replying, _) = self.replying.take()?;
        if replying != turn {
            return None;
        }
        let (ended, endpointed) = (self.speech_ended?, self.endpointed?);
        let (transcribed, text) = (self.transcribed?, self.first_text?);
        Some(TurnStages {
            turn,
            endpoint: endpointed.saturating_sub(ended),
            stt: transcribed.saturating_sub(endpointed),
            llm: text.saturating_sub(transcribed),
            tts: at.saturating_sub(text),
        })
    }
}

impl TurnStages {
    /// From the caller's last sound to the agent's first queued audio.
    pub fn total(&self) -> Duration {
        self.endpoint + self.stt + self.llm + self.tts
    }

    /// The journal's `timing` line, in milliseconds.
    pub fn to_json(&self) -> Value {
        let ms = |stage: Duration| (stage.as_secs_f64() * 10_000.0).round() / 10.0;
        json!({
            "turn": self.turn.0, "endpoint_ms": ms(self.endpoint), "stt_ms": ms(self.stt), "llm_ms": ms(self.llm),
            "tts_ms": ms(self.tts), "total_ms": ms(self.total()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn answered() -> TurnTiming {
        let mut timing = TurnTiming::default();
        timing.speech_ended(MS(1000));
        timing.endpointed(MS(1500));
        timing.transcribed(MS(1530));
        timing.replying(TurnId(2), MS(1530));
        timing.text(TurnId(2), MS(1531));
        timing
    }

    #[test]
    fn each_stage_is_the_time_between_two_stations() {
        let stages = answered().first_audio(TurnId(2), MS(1541)).expect("a turn was under way");
        assert_eq!(stages, TurnStages { turn: TurnId(2), endpoint: MS(500), stt: MS(30), llm: MS(1), tts: MS(10) });
        assert_eq!(stages.to_json()["total_ms"], 541.0);
    }

    #[test]
    fn a_turn_is_reported_once() {
        let mut timing = answered();
        assert!(timing.first_audio(TurnId(2), MS(1541)).is_some());
        assert_eq!(timing.first_audio(TurnId(2), MS(1600)), None);
    }

    #[test]
    fn a_prompt_nobody_asked_for_has_no_stages() {
        assert_eq!(TurnTiming::default().first_audio(TurnId(1), MS(10)), None);
    }
}
