//! Every phrase and every constant of the machine.

mod bounds;
mod endpointing;
mod overlap;
mod phrases;
mod prompting;
mod replies;
#[cfg(feature = "serde")]
mod unknown;

pub use bounds::Bounds;
pub use endpointing::Endpointing;
pub use overlap::{OnOverlap, Overlap};
pub use phrases::{Phrases, Wording};
pub use prompting::Prompting;
pub use replies::Replies;

/// How the agent behaves on a call; one value an agent.
///
/// Serialised as one flat object, with durations as whole microseconds; keys left out take their default, and unknown ones
/// are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Settings {
    /// The language of the call, BCP 47: decides what counts as unfinished, as a question, as a
    /// request to wait or to repeat. Unknown ones are judged by the voice alone.
    pub language: String,
    /// Whether there is a human to transfer calls to.
    pub human: bool,
    /// Whether a second detector confirms or dismisses what `SpeechStarted` reports. Without it
    /// every report counts as confirmed.
    pub confirmed_speech: bool,
    /// What the machine says by itself.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub phrases: Phrases,
    /// When the caller has finished.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub endpointing: Endpointing,
    /// What becomes of speech over the agent.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub overlap: Overlap,
    /// How a reply is begun, bridged and cut into clauses.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub replies: Replies,
    /// A caller who says nothing, or nothing that can be understood.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub prompting: Prompting,
    /// How long anything may take, and how often it may fail.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub bounds: Bounds,
    /// Takes the keys that are left when every part has had its own.
    #[cfg(feature = "serde")]
    #[serde(flatten, skip_serializing)]
    unknown: unknown::Refused,
}

impl Settings {
    /// The same, but for what `change` does to it.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: "en".into(),
            human: false,
            confirmed_speech: true,
            phrases: Phrases::default(),
            endpointing: Endpointing::default(),
            overlap: Overlap::default(),
            replies: Replies::default(),
            prompting: Prompting::default(),
            bounds: Bounds::default(),
            #[cfg(feature = "serde")]
            unknown: unknown::Refused,
        }
    }
}
