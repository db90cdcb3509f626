//! Who answers a call, and who takes it over when the caller speaks another language.

use std::mem;
use std::sync::Arc;

use call_record::{CallEvent, Record};
use conversation::{Input, Settings};
use inference::proto::OtherLanguage;
use tracing::info;

use super::driver::Driver;
use super::phrase_audio::PhraseAudio;
use super::voice::VoiceSettings;
use crate::config::{Agent, primary_language};
use crate::metrics;

/// An agent, ready to speak in this call.
pub struct Answerer {
    pub agent: Arc<Agent>,
    pub phrases: Arc<PhraseAudio>,
    pub voice: VoiceSettings,
    pub settings: Settings,
}

/// The agents who may speak in one call; one at a time does.
pub struct Answerers {
    current: Answerer,
    others: Vec<Answerer>,
}

impl Answerers {
    /// `others` speak one language each, none of them that of `current`.
    pub fn new(current: Answerer, others: Vec<Answerer>) -> Answerers {
        Answerers { current, others }
    }

    /// Who speaks at present.
    pub fn current(&self) -> &Answerer {
        &self.current
    }

    /// What callers may speak besides the present agent's language.
    pub fn other_languages(&self) -> Vec<OtherLanguage> {
        let agents = self.others.iter().map(|other| &other.agent);
        let language = |agent: &Arc<Agent>| OtherLanguage {
            language: agent.language.clone(),
            vocabulary: agent.vocabulary.clone(),
        };
        agents.map(language).collect()
    }

    /// Lets the agent go on who speaks `language`; false when that is the present one, or nobody.
    fn change_to(&mut self, language: &str) -> bool {
        let primary = primary_language(language);
        let speaks = |other: &Answerer| primary_language(&other.agent.language).eq_ignore_ascii_case(primary);
        if language.is_empty() || speaks(&self.current) {
            return false;
        }
        let Some(other) = self.others.iter_mut().find(|other| speaks(other)) else { return false };
        mem::swap(&mut self.current, other);
        true
    }
}

impl Driver {
    /// The caller was heard to speak `language`, or it is not known (empty).
    pub(super) fn follow_language(&mut self, language: &str) {
        if !self.answerers.change_to(language) {
            return;
        }
        let Answerer { agent, phrases, voice, settings } = self.answerers.current();
        info!(agent = agent.name, language, "the caller speaks another language; its agent goes on");
        metrics::language_changed(&agent.name);
        self.voice.change(Arc::clone(phrases), voice.clone());
        self.recogniser.hear_callers_of(agent, self.answerers.other_languages());
        self.prompt_written = false;
        self.entry.update(|summary| summary.agent.clone_from(&agent.name));
        let settings = Box::new(settings.clone());
        let (agent, language) = (agent.name.clone(), language.to_owned());
        self.record(Record::Call(CallEvent::Agent { agent, language }));
        self.feed(Input::SettingsChanged { settings });
    }
}
