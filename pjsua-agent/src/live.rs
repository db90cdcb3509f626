//! What the next call is answered with. A reload replaces it as a whole; calls that are up keep what they began with.

use std::collections::BTreeMap;
use std::sync::Arc;

use conversation::Spoken;
use tracing::warn;

use crate::agent::{self, CallContext};
use crate::call::{PhraseAudio, VoiceSettings};
use crate::config::{Agent, Config};
use crate::setup;
use crate::speech::{PhraseCache, PhraseKey, RequestError, Speech};

/// Conversations that a worker of the language model keeps by default.
const KEPT_PROMPTS: usize = 4;

/// A valid configuration, ready to be used.
pub struct Live {
    /// As it is in force: what only a restart can change is as it was at start.
    pub config: Config,
    /// [`setup::voice_engine`] as it was at start.
    voice_engine: String,
    agents: BTreeMap<String, LiveAgent>,
}

/// Who answers.
#[derive(Clone)]
pub struct LiveAgent {
    /// As it was read.
    pub agent: Arc<Agent>,
    /// What it says again and again.
    pub phrases: Arc<PhraseAudio>,
    /// How it sounds.
    pub voice: VoiceSettings,
}

/// Who answers a call, and how it is listened to.
pub struct Answering {
    /// Who answers.
    pub agent: LiveAgent,
    /// Who takes over when the caller speaks another language.
    pub others: Vec<LiveAgent>,
    /// Whether noise is taken out of the caller's audio.
    pub noise_suppression: bool,
}

impl Live {
    /// Makes a configuration ready; `voice_engine` is what [`setup::voice_engine`] said when the workers were started.
    pub fn new(config: Config, cache: &Arc<PhraseCache>, voice_engine: String) -> Live {
        let agents = config.agents.iter().map(|(name, agent)| {
            let fixed = setup::fixed_texts(agent);
            let phrases = Arc::new(PhraseAudio::new(Arc::clone(cache), fixed.iter().map(String::as_str)));
            let voice = setup::voice_settings(&config, agent, &voice_engine);
            (name.clone(), LiveAgent { agent: Arc::new(agent.clone()), phrases, voice })
        });
        Live { agents: agents.collect(), config, voice_engine }
    }

    /// Makes `config` ready to take this one's place, spoken by the same workers.
    pub fn reloaded(&self, config: Config, cache: &Arc<PhraseCache>) -> Live {
        Live::new(config, cache, self.voice_engine.clone())
    }

    /// Who answers what arrives on `account`; `None` stands for a trusted peer that no account owns.
    pub fn answering(&self, account: Option<&str>) -> Option<Answering> {
        let (name, noise_suppression) = match account {
            Some(name) => {
                let account = self.config.accounts.iter().find(|account| account.name == name)?;
                (&account.agent, account.noise_suppression)
            }
            None => (self.config.sip.direct_agent.as_ref()?, self.config.sip.direct_noise_suppression),
        };
        let agent = self.agents.get(name)?.clone();
        let others = agent.agent.other_languages.iter().filter_map(|name| self.agents.get(name).cloned()).collect();
        Some(Answering { agent, others, noise_suppression })
    }

    /// Lets the language model compute what every call of an agent begins with; of more agents than its cache keeps, the
    /// first.
    pub async fn read_prompts(&self, speech: &Speech) {
        let kept = self.config.llm.capacity.map_or(KEPT_PROMPTS, |capacity| capacity as usize);
        for LiveAgent { agent, .. } in self.agents.values().take(kept) {
            speech.read_prompt(&agent::request_ahead(agent)).await;
        }
    }

    /// The audio of the phrases that every call needs, made where it is not cached.
    pub async fn prepare_phrases(&self, speech: &Speech) -> Vec<(PhraseKey, Arc<[i16]>)> {
        let mut prepared = Vec::new();
        for LiveAgent { agent, phrases, voice } in self.agents.values() {
            let settings = setup::conversation_settings(agent, &CallContext::default());
            let failed = |text: &str, error: RequestError| {
                warn!(
                    agent = agent.name,
                    text,
                    error = error.to_string(),
                    "a phrase could not be made ahead; it is made when needed"
                );
            };
            prepared
                .extend(phrases.prepare(speech, voice, settings.phrases.wordings().map(Spoken::as_str), failed).await);
        }
        prepared
    }
}
