//! The stages of one answer, and what of its time was the daemon's own.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::timing::TurnStations;

/// What each stage of an answer took. Stages overlap where work was done ahead.
#[derive(Clone, Debug, PartialEq)]
pub struct Waterfall {
    /// The caller's last voiced sample until the end of his turn was decided.
    pub endpoint: Duration,
    /// The final transcript asked for until it was there, or a filler bridged the wait for it.
    pub stt: Duration,
    /// The reply asked for until its first text.
    pub llm: Duration,
    /// The first clause given to the voice until its first audio.
    pub tts: Duration,
    /// Neither waited for the caller, nor for a worker: the daemon itself, and the wait for the media clock's tick.
    pub daemon: Duration,
    /// The caller's last voiced sample until the agent's first frame was taken for sending.
    pub total: Duration,
}

impl Waterfall {
    /// Nothing for a turn that was not heard, and for one that answers nothing that was said. A stage that the turn did
    /// without (a filler has no model, a scripted line no reply) took no time.
    pub fn of(turn: &TurnStations) -> Option<Waterfall> {
        let begin = turn.caller.speech_end?;
        let endpoint = turn.endpoint?;
        let played = turn.played?;
        let span = |from: Option<Duration>, to: Option<Duration>| from.zip(to).filter(|(from, to)| from <= to);
        // Until the transcript comes, or a filler is said instead, the recogniser is waited for.
        let stt = span(turn.caller.final_asked, turn.caller.transcript.or(turn.first_clause));
        let llm = span(turn.reply_asked, turn.first_text);
        // Until its clause is complete, or a filler is said instead, the model is waited for.
        let text = span(turn.reply_asked, turn.first_clause);
        let tts = span(turn.first_clause, turn.first_audio).filter(|_| !turn.is_cached);
        let waits = [Some((begin, endpoint)), stt, llm, text, tts];
        let length = |wait: Option<(Duration, Duration)>| wait.map_or(Duration::ZERO, |(from, to)| to - from);
        Some(Waterfall {
            endpoint: endpoint.saturating_sub(begin),
            stt: length(stt),
            llm: length(llm),
            tts: length(tts),
            daemon: uncovered((begin, played), waits.into_iter().flatten().collect()),
            total: played.saturating_sub(begin),
        })
    }

    /// In milliseconds.
    pub fn to_json(&self) -> Map<String, Value> {
        let stages = [
            ("endpoint_ms", self.endpoint),
            ("stt_ms", self.stt),
            ("llm_ms", self.llm),
            ("tts_ms", self.tts),
            ("daemon_ms", self.daemon),
            ("total_ms", self.total),
        ];
        let ms = |stage: Duration| json!((stage.as_secs_f64() * 10_000.0).round() / 10.0);
        stages.map(|(name, stage)| (name.to_owned(), ms(stage))).into_iter().collect()
    }
}

/// How much of `whole` none of `parts` covers.
fn uncovered(whole: (Duration, Duration), mut parts: Vec<(Duration, Duration)>) -> Duration {
    let (mut reached, end) = whole;
    let mut gaps = Duration::ZERO;
    parts.sort();
    for (from, to) in parts {
        gaps += from.min(end).saturating_sub(reached);
        reached = reached.max(to.min(end));
    }
    gaps + end.saturating_sub(reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn time_that_nothing_covers_is_counted_once() {
        let parts = vec![(MS(30), MS(50)), (MS(0), MS(20)), (MS(40), MS(60)), (MS(10), MS(15))];
        assert_eq!(uncovered((MS(0), MS(100)), parts), MS(10 + 40));
    }

    #[test]
    fn what_lies_outside_does_not_count() {
        assert_eq!(uncovered((MS(10), MS(20)), vec![(MS(0), MS(12)), (MS(18), MS(90))]), MS(6));
        assert_eq!(uncovered((MS(10), MS(20)), vec![(MS(30), MS(40))]), MS(10));
        assert_eq!(uncovered((MS(10), MS(20)), vec![]), MS(10));
    }
}
