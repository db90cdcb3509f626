//! What is known of the caller beyond his present turn.

use super::pauses::LearntPauses;
use crate::{Instant, PauseId, Settings, UtteranceId, hearsay};

/// The caller, as far as the call has made him known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KnownCaller {
    utterances: u32,
    pauses_made: u32,
    pub(super) pauses: LearntPauses,
    /// The first silent moment after his last words.
    pub(super) silent_since: Instant,
    /// He asked to wait.
    pub(super) holding: bool,
    /// When he is to be prompted if he stays silent; noise does not put it off.
    pub(super) no_input_at: Instant,
    pub(super) prompts_said: u32,
    /// Times in a row that nothing was understood.
    pub(super) misheard: u32,
    /// What is being answered was understood well enough to end the call for it.
    pub(crate) said_for_certain: bool,
}

impl Default for KnownCaller {
    fn default() -> Self {
        Self {
            utterances: 0,
            pauses_made: 0,
            pauses: LearntPauses::default(),
            silent_since: Instant::ZERO,
            holding: false,
            no_input_at: Instant::ZERO,
            prompts_said: 0,
            misheard: 0,
            said_for_certain: true,
        }
    }
}

impl KnownCaller {
    pub(crate) fn next_utterance(&mut self) -> UtteranceId {
        self.utterances += 1;
        UtteranceId(self.utterances)
    }

    pub(super) fn next_pause(&mut self) -> PauseId {
        self.pauses_made += 1;
        PauseId(self.pauses_made)
    }

    /// He goes on, since `began`: his silence was a pause.
    pub(crate) fn goes_on_after(&mut self, began: Instant, settings: &Settings) {
        self.pauses.learn(began - self.silent_since, settings);
    }

    pub(super) fn was_understood(&mut self) {
        self.misheard = 0;
        self.prompts_said = 0;
        self.holding = false;
    }

    /// What is answered next was understood with this confidence, in thousandths.
    pub(super) fn said_with(&mut self, confidence_per_mille: u16) {
        self.said_for_certain = confidence_per_mille >= hearsay::ENOUGH_TO_HANG_UP;
    }
}
