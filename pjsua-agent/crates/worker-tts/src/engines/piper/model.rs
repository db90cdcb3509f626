//! The ONNX model of a voice at work: whole, or in parts, so that a sentence is heard while it is computed.

use std::{
    fs,
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

use ort::{
    environment::Environment,
    session::{Session, SessionInputValue, SessionOutputs},
    value::Tensor,
};

use super::{
    PiperSettings,
    chunks::{chunks, one},
    split,
    stage::{RunningPart, Sequence, failed, floats, numbers},
};
use crate::engines::SpeakError;

/// What the model is asked to say.
#[derive(Clone, Debug)]
pub struct Sentence {
    /// Numbers of its phonemes.
    pub ids: Vec<i64>,
    /// `noise_scale`, `length_scale` and `noise_w`.
    pub scales: [f32; 3],
    /// Of a voice with several.
    pub speaker: Option<i64>,
    /// Whether it may be heard in pieces.
    pub in_pieces: bool,
}

/// Samples of a sentence, at the voice's rate and level.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'run> {
    /// At least one frame.
    pub samples: &'run [f32],
    /// There is no other.
    pub is_all: bool,
}

/// What takes the pieces of a sentence as they are computed, until it breaks off.
pub type Hear<'speech> = &'speech mut dyn FnMut(Piece<'_>) -> ControlFlow<()>;

/// A copy of the voice. Its sessions run one sentence at a time.
pub enum Model {
    /// As the file has it.
    Whole(Session),
    /// In parts, each with its own weights only.
    Split(Box<Stages>),
}

/// A voice in parts.
pub struct Stages {
    /// From phonemes to a sequence of frames, which is random in part.
    front: Session,
    /// From this to the vocoder's.
    flow: Option<RunningPart>,
    vocoder: RunningPart,
}

/// `settings.capacity` copies of the voice, each of which has said `trial`.
///
/// # Errors
///
/// When the file cannot be read, or is no model of a voice.
pub fn load(environment: &Environment, settings: &PiperSettings, trial: &Sentence) -> Result<Vec<Model>, String> {
    let bytes = fs::read(&settings.model).map_err(|error| error.to_string())?;
    let builder = Builder { environment, threads: settings.threads as usize };
    let split = || -> Result<Vec<Model>, String> {
        let parts = split::split(&bytes).map_err(|error| error.to_string())?;
        let copy = |_| {
            let mut model = builder.split(&parts)?;
            let heard = model.speak(trial.clone(), &mut |_| ControlFlow::Continue(()));
            heard.map(|_| model).map_err(|error| error.to_string())
        };
        (0..settings.capacity).map(copy).collect()
    };
    split().or_else(|reason| {
        let whole = (0..settings.capacity).map(|_| builder.whole(&bytes)).collect::<Result<Vec<_>, _>>()?;
        tracing::info!(%reason, "this voice computes each sentence whole before it is heard");
        Ok(whole)
    })
}

struct Builder<'load> {
    environment: &'load Environment,
    threads: usize,
}

impl Builder<'_> {
    fn whole(&self, bytes: &[u8]) -> Result<Model, String> {
        let session = self.session(bytes)?;
        takes_phonemes(&session)?;
        Ok(Model::Whole(session))
    }

    fn split(&self, parts: &split::Parts) -> Result<Model, String> {
        let stage = |part: &split::Part| self.session(&part.model).map(|session| RunningPart::new(session, part));
        let front = self.session(&parts.front)?;
        takes_phonemes(&front)?;
        let flow = parts.flow.as_ref().map(stage).transpose()?;
        Ok(Model::Split(Box::new(Stages { front, flow, vocoder: stage(&parts.vocoder)? })))
    }

    fn session(&self, bytes: &[u8]) -> Result<Session, String> {
        let builder = Session::builder(self.environment).map_err(|error| error.to_string())?;
        let builder = builder.with_intra_threads(self.threads).map_err(|error| error.to_string())?;
        // Idle threads would burn the cores that recognition needs.
        let mut builder = builder.with_intra_op_spinning(false).map_err(|error| error.to_string())?;
        builder.commit_from_memory(bytes).map_err(|error| error.to_string())
    }
}

fn takes_phonemes(session: &Session) -> Result<(), String> {
    let takes = |wanted: &&str| session.inputs().iter().any(|input| input.name() == *wanted);
    match ["input", "input_lengths", "scales"].into_iter().find(|wanted| !takes(wanted)) {
        Some(wanted) => Err(format!("it has no input {wanted:?}")),
        None => Ok(()),
    }
}

impl Model {
    /// Whether a sentence is heard before all of it is computed.
    pub fn streams(&self) -> bool {
        matches!(self, Self::Split(_))
    }

    /// Gives the samples of a sentence to `hear`.
    ///
    /// # Errors
    ///
    /// When ONNX Runtime fails.
    pub fn speak(&mut self, sentence: Sentence, hear: Hear<'_>) -> Result<ControlFlow<()>, SpeakError> {
        match self {
            Self::Whole(session) => {
                let outputs = phonemes(session, sentence)?;
                Ok(hear(Piece { samples: floats(&outputs)?.1, is_all: true }))
            }
            Self::Split(stages) => stages.speak(sentence, hear),
        }
    }
}

impl Stages {
    fn speak(&mut self, sentence: Sentence, hear: Hear<'_>) -> Result<ControlFlow<()>, SpeakError> {
        let (speaker, in_pieces) = (sentence.speaker, sentence.in_pieces);
        let made = self.prepare(sentence)?;
        self.decode(&made, in_pieces, speaker, hear)
    }

    /// What the front makes of a sentence: sequences of one length.
    fn prepare(&mut self, sentence: Sentence) -> Result<Vec<Sequence>, SpeakError> {
        let outputs = phonemes(&mut self.front, sentence)?;
        let takes = self.flow.as_ref().unwrap_or(&self.vocoder).takes();
        let made: Vec<Sequence> = takes.iter().map(|name| Sequence::read(&outputs, name)).collect::<Result<_, _>>()?;
        if made.iter().any(|sequence| sequence.frames() != made[0].frames()) {
            return Err(SpeakError::Engine("the voice makes sequences of different lengths".to_owned()));
        }
        Ok(made)
    }

    /// Speaks what the front has made. The flow is run for two pieces at once, since its context is longer than they are.
    fn decode(
        &mut self,
        made: &[Sequence],
        in_pieces: bool,
        speaker: Option<i64>,
        hear: Hear<'_>,
    ) -> Result<ControlFlow<()>, SpeakError> {
        let frames = made[0].frames();
        let pieces = if in_pieces { chunks(frames, self.vocoder.context()) } else { one(frames) };
        let mut flowed = Sequence::default();
        for (nth, piece) in pieces.iter().enumerate() {
            let samples = match &mut self.flow {
                Some(flow) => {
                    if flowed.frames() < piece.heard.end {
                        let end = pieces.get(nth + 1).unwrap_or(piece).heard.end;
                        flowed.extend(flow.run(made, flowed.frames()..end, speaker)?);
                    }
                    self.vocoder.run(std::slice::from_ref(&flowed), piece.spoken.clone(), speaker)?
                }
                None => self.vocoder.run(made, piece.spoken.clone(), speaker)?,
            };
            if hear(Piece { samples: samples.first(), is_all: pieces.len() == 1 }).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn phonemes(session: &mut Session, sentence: Sentence) -> Result<SessionOutputs<'_>, SpeakError> {
    let length = i64::try_from(sentence.ids.len()).unwrap_or(i64::MAX);
    let scales = Tensor::from_array(([3], sentence.scales.to_vec())).map_err(failed)?;
    let mut inputs: Vec<(&str, SessionInputValue<'_>)> = vec![
        ("input", Tensor::from_array(([1, length], sentence.ids)).map_err(failed)?.into()),
        ("input_lengths", numbers(vec![length])?),
        ("scales", scales.into()),
    ];
    if let Some(speaker) = sentence.speaker {
        inputs.push(("sid", numbers(vec![speaker])?));
    }
    session.run(inputs).map_err(failed)
}

/// A copy of the model for the length of one clause.
pub struct Lease<'pool> {
    pool: &'pool Mutex<Vec<Model>>,
    model: Option<Model>,
}

impl<'pool> Lease<'pool> {
    /// Takes an idle copy.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn take(pool: &'pool Mutex<Vec<Model>>) -> Result<Self, SpeakError> {
        let model = pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match model {
            Some(model) => Ok(Self { pool, model: Some(model) }),
            None => Err(SpeakError::Busy("all copies of the model are speaking".to_owned())),
        }
    }

    /// The copy.
    pub fn model(&mut self) -> &mut Model {
        self.model.as_mut().expect("a lease holds its model until it is dropped")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(model) = self.model.take() {
            self.pool.lock().unwrap_or_else(PoisonError::into_inner).push(model);
        }
    }
}

#[cfg(test)]
mod tests;
