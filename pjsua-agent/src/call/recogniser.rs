//! The recognitions of one call: which one is fed, and what a late one is given first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conversation::UtteranceId;
use inference::proto::{OtherLanguage, RecogniseOptions};
use media::{Samples, Suppressor};

use super::kept::KeptAudio;
use super::recognition::{Heard, RunningRecognition};
use crate::config::Agent;
use crate::speech::Speech;

/// Everything that is being written down of what the caller says.
pub struct Recogniser {
    speech: Arc<Speech>,
    /// What the next recognition is told; `adaptation` is what the engine learnt of this caller's voice and line.
    options: RecogniseOptions,
    /// The newest is fed, older ones wait for their final transcript.
    running: BTreeMap<UtteranceId, RunningRecognition>,
    kept: KeptAudio,
    /// One for the whole call: it learns the noise.
    suppressor: Option<Arc<Mutex<Suppressor>>>,
}

impl Recogniser {
    /// `pre_roll` is what the gate delivers from before an opening.
    pub fn new(speech: Arc<Speech>, pre_roll: Duration, suppress_noise: bool) -> Recogniser {
        Recogniser {
            speech,
            options: RecogniseOptions { sample_rate_hz: media::SAMPLE_RATE_HZ, ..RecogniseOptions::default() },
            running: BTreeMap::new(),
            kept: KeptAudio::new(pre_roll),
            suppressor: suppress_noise.then(|| Arc::new(Mutex::new(Suppressor::new()))),
        }
    }

    /// From the next recognition on, callers of `agent` are heard, who may speak `other_languages` as well.
    pub fn hear_callers_of(&mut self, agent: &Agent, other_languages: Vec<OtherLanguage>) {
        self.options.language.clone_from(&agent.language);
        self.options.vocabulary.clone_from(&agent.vocabulary);
        self.options.other_languages = other_languages;
    }

    pub fn speech_started(&mut self, at_sample: u64) {
        self.kept.opened(at_sample);
    }

    pub fn frame(&mut self, frame: &Samples) {
        if let Some((_, newest)) = self.running.last_key_value() {
            newest.audio(*frame);
        }
        self.kept.push(frame);
    }

    pub fn speech_ended(&mut self, at_sample: u64) {
        self.kept.closed(at_sample);
    }

    /// Starts to write down, from what is kept of the caller's audio; what is heard goes to `report`.
    pub fn start(&mut self, utterance: UtteranceId, report: impl Fn(Heard) + Send + Sync + 'static) {
        let options = self.options.clone();
        let recognition = RunningRecognition::start(Arc::clone(&self.speech), options, self.suppressor.clone(), report);
        self.kept.frames().for_each(|frame| recognition.audio(*frame));
        self.running.insert(utterance, recognition);
    }

    /// Asks for the final transcript. What the recognition was given is no other one's any more.
    pub fn finish(&mut self, utterance: UtteranceId) {
        let is_newest = self.running.last_key_value().is_some_and(|(newest, _)| *newest == utterance);
        if let Some(recognition) = self.running.get_mut(&utterance) {
            recognition.finish();
            if is_newest {
                self.kept.clear();
            }
        }
    }

    pub fn cancel(&mut self, utterance: UtteranceId) {
        self.running.remove(&utterance);
    }

    /// Whether `heard` is of a recognition that is still wanted.
    pub fn takes(&mut self, utterance: UtteranceId, heard: &mut Heard) -> bool {
        match heard {
            Heard::Partial(_) => self.running.contains_key(&utterance),
            Heard::Final { adaptation, .. } => {
                let is_wanted = self.running.remove(&utterance).is_some();
                if is_wanted {
                    self.options.adaptation = std::mem::take(adaptation);
                }
                is_wanted
            }
            Heard::Failed(_) => self.running.remove(&utterance).is_some(),
        }
    }
}
