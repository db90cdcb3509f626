//! The neural models of listening, one of each for the whole process: started, warmed, or done without.

use std::sync::Arc;

use conversation::Settings;
use hearing::{HearingConfig, Models};
use tracing::{info, warn};

/// The models, as far as they are there.
#[derive(Clone, Default)]
pub struct Ears {
    hearing: Option<Arc<Models>>,
    confirms_speech: bool,
    scores_endpoints: bool,
}

impl Ears {
    /// Loads and warms what is configured; blocks for as long as that takes. What cannot be loaded is done without,
    /// and said: calls go on with the words and the silence alone.
    pub fn start(config: Option<HearingConfig>) -> Ears {
        let Some(config) = config else { return Ears::default() };
        let (confirms_speech, scores_endpoints) = (config.vad_model.is_some(), config.end_of_turn_model.is_some());
        match Models::start(config) {
            Ok(hearing) => {
                info!(confirms_speech, scores_endpoints, "the neural models of listening are warm");
                Ears { hearing: Some(Arc::new(hearing)), confirms_speech, scores_endpoints }
            }
            Err(error) => {
                warn!(
                    %error,
                    "the neural models of listening are done without: noises pass for speech, and silence alone ends \
                     turns; `pjsua-agent models verify` looks for the fault, and \
                     `pjsua-agent models pull silero-vad-16k smart-turn-v3.2-cpu onnxruntime` fetches them"
                );
                Ears::default()
            }
        }
    }

    /// The models, for a call's ear.
    pub fn hearing(&self) -> Option<Arc<Models>> {
        self.hearing.clone()
    }

    /// The machine must know what nobody will tell it.
    pub fn limit(&self, settings: Settings) -> Settings {
        settings.with(|it| {
            it.confirmed_speech &= self.confirms_speech;
            it.endpointing.scored_endpoints &= self.scores_endpoints;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_models_the_machine_waits_for_no_verdict_and_no_score() {
        let listening = Ears::start(None);
        assert!(listening.hearing().is_none());
        let settings = listening.limit(Settings::default());
        assert!(!settings.confirmed_speech && !settings.endpointing.scored_endpoints);
    }

    #[test]
    fn a_library_that_is_not_there_is_done_without() {
        let nowhere = "/nowhere/libonnxruntime.so";
        let config = HearingConfig { vad_model: Some(nowhere.into()), ..HearingConfig::new(nowhere) };
        assert!(Ears::start(Some(config)).hearing().is_none());
    }

    #[test]
    fn what_an_agent_has_switched_off_stays_off() {
        let listening = Ears { hearing: None, confirms_speech: true, scores_endpoints: true };
        let settings = listening.limit(Settings::default().with(|it| it.endpointing.scored_endpoints = false));
        assert!(settings.confirmed_speech && !settings.endpointing.scored_endpoints);
    }
}
