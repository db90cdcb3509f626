//! Where the time of a turn went.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The stations of one turn of the agent's, in microseconds since the answer; none where there was none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TurnTimes {
    /// The turn.
    pub turn: u32,
    /// What the caller said before it.
    #[serde(flatten)]
    pub caller: CallerTimes,
    /// The caller was taken to have finished.
    pub endpoint_us: Option<u64>,
    /// The model was asked.
    pub reply_asked_us: Option<u64>,
    /// The first text of the model was there.
    pub first_text_us: Option<u64>,
    /// The first clause went to the voice.
    pub first_clause_us: Option<u64>,
    /// Its first samples were queued for playout.
    pub first_audio_us: Option<u64>,
    /// The first frame was taken for sending.
    pub played_us: Option<u64>,
    /// Prepared while it was not certain that the caller had finished.
    pub speculated: bool,
    /// The first clause's audio had been made before.
    pub cached: bool,
    /// The first clause is one that bridges the wait for the reply.
    pub filler: bool,
    /// The stages, of a turn that was heard and answers something the caller said.
    #[serde(flatten)]
    pub waterfall: Option<Waterfall>,
}

/// The stations of the caller's last words, in microseconds since the answer; none where there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallerTimes {
    /// The last voiced sample.
    pub speech_end_us: Option<u64>,
    /// The scores of the silence after it.
    pub scores: Vec<Score>,
    /// The final transcript was asked for.
    pub final_asked_us: Option<u64>,
    /// The final transcript was there.
    pub transcript_us: Option<u64>,
}

/// A silence of the caller's that was judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Which.
    pub pause: u32,
    /// The judge was asked, in microseconds since the answer.
    pub asked_us: u64,
    /// The judge answered.
    pub answered_us: Option<u64>,
    /// That the caller has finished, in thousandths.
    pub per_mille: Option<u16>,
}

/// What each stage of an answer took. Stages overlap where work was done ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waterfall {
    /// The caller's last voiced sample until the end of his turn was decided.
    #[serde(rename = "endpoint_ms", with = "milliseconds")]
    pub endpoint: Duration,
    /// The final transcript asked for until it was there, or a filler bridged the wait for it.
    #[serde(rename = "stt_ms", with = "milliseconds")]
    pub stt: Duration,
    /// The reply asked for until its first text.
    #[serde(rename = "llm_ms", with = "milliseconds")]
    pub llm: Duration,
    /// The first clause given to the voice until its first audio.
    #[serde(rename = "tts_ms", with = "milliseconds")]
    pub tts: Duration,
    /// Neither waited for the caller, nor for a worker: the daemon itself, and the wait for the media clock's tick.
    #[serde(rename = "daemon_ms", with = "milliseconds")]
    pub daemon: Duration,
    /// The caller's last voiced sample until the agent's first frame was taken for sending.
    #[serde(rename = "total_ms", with = "milliseconds")]
    pub total: Duration,
}

/// Whom the caller waited for in the silence before an answer, one after the other: the spans add up to
/// [`Waterfall::total`]. Work that was done ahead of its turn takes no time here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// The caller's last voiced sample until the end of his turn was decided.
    pub endpoint: Duration,
    /// From there until the final transcript.
    pub transcript: Duration,
    /// Until the model's first clause.
    pub model: Duration,
    /// Until its first audio.
    pub voice: Duration,
    /// Until the first frame was taken for sending.
    pub daemon: Duration,
}

impl Waits {
    /// All of them by their names, in their order.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Duration); 5] {
        let Waits { endpoint, transcript, model, voice, daemon } = *self;
        [("endpoint", endpoint), ("transcript", transcript), ("model", model), ("voice", voice), ("daemon", daemon)]
    }
}

impl TurnTimes {
    /// Of a turn with a waterfall, whom the caller waited for.
    #[must_use]
    pub fn waits(&self) -> Option<Waits> {
        let (begin, end) = self.caller.speech_end_us.zip(self.played_us)?;
        self.endpoint_us?;
        let mut reached = begin;
        let mut until = |station: Option<u64>| {
            let to = station.unwrap_or(reached).clamp(reached, end.max(reached));
            let span = Duration::from_micros(to - reached);
            reached = to;
            span
        };
        Some(Waits {
            endpoint: until(self.endpoint_us),
            transcript: until(self.caller.transcript_us),
            model: until(self.first_clause_us),
            voice: until(self.first_audio_us),
            daemon: until(Some(end)),
        })
    }

    /// The same with the stages, as far as the turn has any: it was heard, and answers something that was said. A stage
    /// that the turn did without (a filler has no model, a scripted line no reply) took no time.
    #[must_use]
    pub fn with_waterfall(self) -> TurnTimes {
        TurnTimes { waterfall: Waterfall::of(&self), ..self }
    }
}

impl Waterfall {
    fn of(turn: &TurnTimes) -> Option<Waterfall> {
        let CallerTimes { speech_end_us, final_asked_us, transcript_us, .. } = turn.caller;
        let begin = speech_end_us?;
        let endpoint = turn.endpoint_us?;
        let played = turn.played_us?;
        let span = |from: Option<u64>, to: Option<u64>| from.zip(to).filter(|(from, to)| from <= to);
        // Until the transcript comes, or a filler is said instead, the recogniser is waited for.
        let stt = span(final_asked_us, transcript_us.or(turn.first_clause_us));
        let llm = span(turn.reply_asked_us, turn.first_text_us);
        // Until its clause is complete, or a filler is said instead, the model is waited for.
        let text = span(turn.reply_asked_us, turn.first_clause_us);
        let tts = span(turn.first_clause_us, turn.first_audio_us).filter(|_| !turn.cached);
        let waits = [Some((begin, endpoint)), stt, llm, text, tts];
        let micros = Duration::from_micros;
        let length = |wait: Option<(u64, u64)>| micros(wait.map_or(0, |(from, to)| to - from));
        Some(Waterfall {
            endpoint: micros(endpoint.saturating_sub(begin)),
            stt: length(stt),
            llm: length(llm),
            tts: length(tts),
            daemon: micros(uncovered((begin, played), waits.into_iter().flatten().collect())),
            total: micros(played.saturating_sub(begin)),
        })
    }
}

/// Durations as milliseconds with one decimal place.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        ((span.as_secs_f64() * 10_000.0).round() / 10.0).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let ms = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(ms / 1_000.0).map_err(serde::de::Error::custom)
    }
}

/// How much of `whole` none of `parts` covers.
fn uncovered(whole: (u64, u64), mut parts: Vec<(u64, u64)>) -> u64 {
    let (mut reached, end) = whole;
    let mut gaps = 0;
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

    #[test]
    fn time_that_nothing_covers_is_counted_once() {
        let parts = vec![(30, 50), (0, 20), (40, 60), (10, 15)];
        assert_eq!(uncovered((0, 100), parts), 10 + 40);
    }

    #[test]
    fn what_lies_outside_does_not_count() {
        assert_eq!(uncovered((10, 20), vec![(0, 12), (18, 90)]), 6);
        assert_eq!(uncovered((10, 20), vec![(30, 40)]), 10);
        assert_eq!(uncovered((10, 20), vec![]), 10);
    }
}
