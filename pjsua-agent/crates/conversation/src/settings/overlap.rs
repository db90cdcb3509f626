//! What becomes of speech over the agent.

use std::time::Duration;

/// What becomes of the agent's voice while it is not yet known what the caller means who speaks over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum OnOverlap {
    /// The voice stops at once and, on a false alarm, goes on at the exact sample.
    #[default]
    Pause,
    /// The voice goes on more quietly.
    Duck,
}

/// What becomes of speech over the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Overlap {
    /// What happens to the agent's voice while the caller speaks over it.
    pub on_overlap: OnOverlap,
    /// At each end of the agent's turn, speech is not taken for an interruption within this time:
    /// at the start both spoke at once, at the end the caller answers. 300 ms: the time people take
    /// to notice that both speak.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub barge_in_guard: Duration,
    /// The same at the end of a turn that ends with a question. 1 s: its last words can be guessed.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub early_answer: Duration,
    /// Speech over the agent of which no word was recognised in the end is an interruption only if
    /// it lasted this long. 700 ms: coughs and hums are shorter.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub wordless_barge_in: Duration,
    /// Speech this long over the agent is an interruption once it has ended, whatever was
    /// recognised. 300 ms: coughs and clicks are shorter, most two-syllable words are not.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub barge_in_confirm: Duration,
    /// Longest time for which the agent stays paused before it is decided whether the caller
    /// interrupts. 500 ms: a longer gap in the agent's speech sounds like a fault.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub overlap_limit: Duration,
    /// Silence after speech over the agent that was no interruption, before the agent goes on. 180 ms: the pieces of an
    /// "uh-huh" or an "okay, right" are 60 to 160 ms apart, and a word of the agent between them sounds like a fault.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub resume_after: Duration,
    /// How long the final transcript of a short sound over the agent may take, even beyond `overlap_limit`. 150 ms: twice
    /// what the slower of the embedded recognisers takes.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub overlap_transcript: Duration,
    /// Words over the agent of whose final transcript the recogniser is less certain do not interrupt it if they were short;
    /// in thousandths. 200: of pocketsphinx's mistakes at single words two thirds are below it, of its hits one in five.
    pub doubtful_words: u16,
    /// Speech over the agent of which only backchannels are recognised becomes an interruption
    /// when it goes on for this long. 1.5 s: "yes, okay, I see" fits, a sentence does not.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub backchannel_limit: Duration,
    /// What listeners say without wanting the floor, in place of what the language has; several
    /// words where it takes several. Compared without case and punctuation.
    pub backchannels: Vec<String>,
}

impl Default for Overlap {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            on_overlap: OnOverlap::Pause,
            barge_in_guard: millis(300),
            early_answer: millis(1_000),
            wordless_barge_in: millis(700),
            barge_in_confirm: millis(300),
            overlap_limit: millis(500),
            resume_after: millis(180),
            overlap_transcript: millis(150),
            doubtful_words: 200,
            backchannel_limit: millis(1_500),
            backchannels: Vec::new(),
        }
    }
}
