//! A caller who says nothing, or nothing that can be understood.

use std::time::Duration;

/// A caller who says nothing, or nothing that can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Prompting {
    /// Silence after the agent's turn before the caller is prompted. 7 s: what VoiceXML platforms
    /// commonly take, and time enough to look up an order number.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub no_input_after: Duration,
    /// Prompts for a silent caller before the goodbye. 2: the usual three chances in all.
    pub no_input_prompts: u32,
    /// Silence the caller is given after a noise before he is prompted, when `no_input_after` has
    /// passed meanwhile. 2 s: the noise may have been him getting ready to speak.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub no_input_after_noise: Duration,
    /// A caller who asked to wait is left in peace this long. 60 s: time to fetch a card.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub hold_limit: Duration,
    /// Shortest speech of which nothing was recognised that is answered with `not_understood`;
    /// shorter is noise. 300 ms: as long as a spoken "yes" after the detector's onset.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub not_understood_min_speech: Duration,
    /// The same for the second time in a row; from the third time on the agent keeps quiet until
    /// it understands something. 1 s: a person who repeats himself speaks in sentences.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub not_understood_again_min_speech: Duration,
}

impl Default for Prompting {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            no_input_after: millis(7_000),
            no_input_prompts: 2,
            no_input_after_noise: millis(2_000),
            hold_limit: millis(60_000),
            not_understood_min_speech: millis(300),
            not_understood_again_min_speech: millis(1_000),
        }
    }
}
