//! The ONNX model of a voice at work: whole, or as front and vocoder, so that a sentence is heard while it is computed.

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
    chunks::{Chunk, chunks, one},
    split::{self, Parts},
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
    /// Cut before the vocoder. Each half holds its own weights only.
    Split {
        /// From phonemes to the latent sequence, which is random in part.
        front: Session,
        /// From this to samples.
        vocoder: Session,
        /// What the cut says.
        cut: Cut,
    },
}

/// Where the model was cut.
#[derive(Clone, Debug)]
pub struct Cut {
    latent: String,
    context: split::Context,
    frame_samples: usize,
}

/// `settings.capacity` copies of the voice.
///
/// # Errors
///
/// When the file cannot be read, or is no model of a voice.
pub fn load(environment: &Environment, settings: &PiperSettings) -> Result<Vec<Model>, String> {
    let bytes = fs::read(&settings.model).map_err(|error| error.to_string())?;
    let builder = Builder { environment, threads: settings.threads as usize };
    let copies = |copy: &dyn Fn() -> Result<Model, String>| (0..settings.capacity).map(|_| copy()).collect();
    let split = split::split(&bytes).map_err(|error| error.to_string());
    let split: Result<Vec<Model>, String> = split.and_then(|parts| copies(&|| builder.split(&parts)));
    split.or_else(|reason| {
        let whole: Vec<Model> = copies(&|| builder.whole(&bytes))?;
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

    fn split(&self, parts: &Parts) -> Result<Model, String> {
        let front = self.session(&parts.front)?;
        takes_phonemes(&front)?;
        let vocoder = self.session(&parts.vocoder)?;
        let cut = Cut { latent: parts.latent.clone(), context: parts.context, frame_samples: parts.frame_samples };
        Ok(Model::Split { front, vocoder, cut })
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
    match ["input", "input_lengths", "scales"].into_iter().find(|wanted| !takes(session, wanted)) {
        Some(wanted) => Err(format!("it has no input {wanted:?}")),
        None => Ok(()),
    }
}

fn takes(session: &Session, name: &str) -> bool {
    session.inputs().iter().any(|input| input.name() == name)
}

impl Model {
    /// Whether a sentence is heard before all of it is computed.
    pub fn streams(&self) -> bool {
        matches!(self, Self::Split { .. })
    }

    /// Gives the samples of a sentence to `hear`.
    ///
    /// # Errors
    ///
    /// Those of ONNX Runtime.
    pub fn speak(&mut self, sentence: Sentence, hear: Hear<'_>) -> Result<ControlFlow<()>, SpeakError> {
        match self {
            Self::Whole(session) => {
                let outputs = phonemes(session, sentence)?;
                Ok(hear(Piece { samples: floats(&outputs)?.1, is_all: true }))
            }
            Self::Split { front, vocoder, cut } => {
                let in_pieces = sentence.in_pieces;
                let speaker = sentence.speaker.filter(|_| takes(vocoder, "sid"));
                let outputs = phonemes(front, sentence)?;
                let (shape, latent) = floats(&outputs)?;
                let &[1, channels, _] = shape else {
                    return Err(SpeakError::Engine(format!("the voice makes a latent sequence of shape {shape:?}")));
                };
                let latent = Latent { values: latent, channels: usize::try_from(channels).unwrap_or_default() };
                let pieces = if in_pieces { chunks(latent.frames(), cut.context) } else { one(latent.frames()) };
                decode(vocoder, cut, &latent, &pieces, speaker, hear)
            }
        }
    }
}

/// A sequence of frames, one row a channel.
struct Latent<'front> {
    values: &'front [f32],
    channels: usize,
}

impl Latent<'_> {
    fn frames(&self) -> usize {
        self.values.len() / self.channels.max(1)
    }

    fn part(&self, frames: std::ops::Range<usize>) -> Result<Tensor<f32>, ort::Error> {
        let shape = [1, self.channels, frames.len()];
        let rows = self.values.chunks_exact(self.frames().max(1));
        Tensor::from_array((shape, rows.flat_map(|row| &row[frames.clone()]).copied().collect::<Vec<f32>>()))
    }
}

fn decode(
    vocoder: &mut Session,
    cut: &Cut,
    latent: &Latent<'_>,
    pieces: &[Chunk],
    speaker: Option<i64>,
    hear: Hear<'_>,
) -> Result<ControlFlow<()>, SpeakError> {
    for chunk in pieces {
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> =
            vec![(&cut.latent, latent.part(chunk.heard.clone()).map_err(failed)?.into())];
        if let Some(speaker) = speaker {
            inputs.push(("sid", numbers(vec![speaker])?));
        }
        let outputs = vocoder.run(inputs).map_err(failed)?;
        let (_, samples) = floats(&outputs)?;
        let at = |frame: usize| (frame - chunk.heard.start) * cut.frame_samples;
        if samples.len() != at(chunk.heard.end) {
            let frames = chunk.heard.len();
            return Err(SpeakError::Engine(format!("the vocoder makes {} samples of {frames} frames", samples.len())));
        }
        let samples = &samples[at(chunk.spoken.start)..at(chunk.spoken.end)];
        if hear(Piece { samples, is_all: pieces.len() == 1 }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
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

fn numbers(numbers: Vec<i64>) -> Result<SessionInputValue<'static>, SpeakError> {
    Ok(Tensor::from_array(([numbers.len()], numbers)).map_err(failed)?.into())
}

fn floats<'run>(outputs: &'run SessionOutputs<'_>) -> Result<(&'run [i64], &'run [f32]), SpeakError> {
    let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
    Ok((shape, values))
}

fn failed(error: ort::Error) -> SpeakError {
    SpeakError::Engine(format!("ONNX Runtime: {error}"))
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
