//! When the caller has finished.

use std::time::Duration;

/// When the caller has finished.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Endpointing {
    /// Whether a model scores the ends of utterances. Without it `endpoint_silence` decides, and
    /// the words.
    pub scored_endpoints: bool,
    /// Whether a reply is prepared silently before it is certain that the caller has finished.
    pub speculation: bool,
    /// Silence that ends the utterance when the score says so and the words do not contradict.
    /// 280 ms: people leave each other about 200, the score is known after 150, and rests between two clauses mostly stay
    /// below it.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub sure_silence: Duration,
    /// The first score of a silence, in thousandths, from which on it says so. 900: of recorded
    /// English utterances 58 % reach it at their end, 5 % between two words, a quarter where the
    /// speaker pauses (docs/benchmarks/hearing.md).
    pub sure_score: u16,
    /// The same for later scores of that silence, at least `sure_score`. 950: silence itself raises
    /// the score, and most of what it can tell it has told the first time.
    pub late_score: u16,
    /// Silence that ends the utterance when the score is undecided and stays so. 1.05 s: callers who
    /// hesitate pause for a second; mostly a later score decides before that.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub likely_silence: Duration,
    /// The score from which on it is undecided and not against. 300.
    pub likely_score: u16,
    /// Silence that ends the utterance when the score or the words are against it. 1.2 s: hesitating
    /// speakers pause for a second, hardly longer.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub unlikely_silence: Duration,
    /// The same while digits or letters are dictated. 1.5 s: people look up the next group.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub dictation_silence: Duration,
    /// Silence that ends any utterance. 2.5 s: longer, and the caller thinks the line is dead.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub longest_silence: Duration,
    /// While the silence lasts, the score is asked for again this often. 100 ms: a score takes 50 ms of
    /// a core.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub score_interval: Duration,
    /// Silence that the model is shown at most; then it is asked no more. 200 ms: it was trained on
    /// about that much, and after 400 ms it takes a third of the utterances cut in the middle for
    /// finished (docs/benchmarks/hearing.md).
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub scored_silence: Duration,
    /// How much longer than the pauses he made inside his utterances so far the caller is waited
    /// for when it is not sure that he has finished, in percent. 130: pauses of one speaker vary
    /// by about a third.
    pub learnt_pause_percent: u16,
    /// Silence after which a reply is prepared although the score is undecided. 350 ms: about half
    /// of the wait; shorter, and most preparations are thrown away.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub speculate_silence: Duration,
    /// Silence that ends the caller's utterance while there is no score. 500 ms: inner pauses of read-out prompts mostly
    /// stay below it, and it is half of what commercial agents wait.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub endpoint_silence: Duration,
}

impl Default for Endpointing {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            scored_endpoints: true,
            speculation: true,
            sure_silence: millis(280),
            sure_score: 900,
            late_score: 950,
            likely_silence: millis(1_050),
            likely_score: 300,
            unlikely_silence: millis(1_200),
            dictation_silence: millis(1_500),
            longest_silence: millis(2_500),
            score_interval: millis(100),
            scored_silence: millis(200),
            learnt_pause_percent: 130,
            speculate_silence: millis(350),
            endpoint_silence: millis(500),
        }
    }
}
