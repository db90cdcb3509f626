//! A part of a voice that is run over stretches of a sequence.

use std::ops::Range;

use ort::{
    session::{Session, SessionInputValue, SessionOutputs},
    value::Tensor,
};

use super::{
    chunks::Chunk,
    split::{Context, Part},
};
use crate::engines::SpeakError;

/// Frames, one row a channel.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    rows: Vec<Vec<f32>>,
}

impl Sequence {
    /// An output of 1 × channels × frames.
    ///
    /// # Errors
    ///
    /// When it is missing or of another shape.
    pub fn read(outputs: &SessionOutputs<'_>, name: &str) -> Result<Self, SpeakError> {
        let output = outputs.get(name).ok_or_else(|| SpeakError::Engine(format!("the voice makes no {name}")))?;
        let (shape, values) = output.try_extract_tensor::<f32>().map_err(failed)?;
        match (&shape[..], shape.last().map(|frames| usize::try_from(*frames))) {
            ([1, _, _], Some(Ok(frames))) if frames > 0 => {
                Ok(Self { rows: values.chunks_exact(frames).map(<[f32]>::to_vec).collect() })
            }
            _ => Err(SpeakError::Engine(format!("the voice makes {name} of shape {shape:?}"))),
        }
    }

    /// How many there are.
    pub fn frames(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// The first channel.
    pub fn first(&self) -> &[f32] {
        self.rows.first().map_or(&[], Vec::as_slice)
    }

    /// Appends frames.
    pub fn extend(&mut self, more: Self) {
        self.rows.resize(more.rows.len(), Vec::new());
        self.rows.iter_mut().zip(more.rows).for_each(|(row, more)| row.extend(more));
    }

    fn part(&self, frames: &Range<usize>) -> Result<Tensor<f32>, SpeakError> {
        let values: Vec<f32> = self.rows.iter().flat_map(|row| &row[frames.clone()]).copied().collect();
        Tensor::from_array(([1, self.rows.len(), frames.len()], values)).map_err(failed)
    }
}

/// A part of a voice at work.
pub struct RunningPart {
    session: Session,
    takes: Vec<String>,
    takes_speaker: bool,
    context: Context,
    frame_samples: usize,
}

impl RunningPart {
    /// Of a part and its session.
    pub fn new(session: Session, part: &Part) -> Self {
        let takes_speaker = session.inputs().iter().any(|input| input.name() == "sid");
        let (takes, context, frame_samples) = (part.takes.clone(), part.context, part.frame_samples);
        Self { session, takes, takes_speaker, context, frame_samples }
    }

    /// Names of the sequences that it takes.
    pub fn takes(&self) -> &[String] {
        &self.takes
    }

    /// What it hears besides the frames that it makes.
    pub fn context(&self) -> Context {
        self.context
    }

    /// What it makes of the frames `spoken` of the sequences that it takes, all of one length.
    ///
    /// # Errors
    ///
    /// When ONNX Runtime fails, or its output is not as long as the model's convolutions make it.
    pub fn run(
        &mut self,
        sequences: &[Sequence],
        spoken: Range<usize>,
        speaker: Option<i64>,
    ) -> Result<Sequence, SpeakError> {
        let frames = sequences.first().map_or(0, Sequence::frames);
        let Chunk { spoken, heard } = Chunk::of(spoken, self.context, frames);
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> = Vec::new();
        for (name, sequence) in self.takes.iter().zip(sequences) {
            inputs.push((name, sequence.part(&heard)?.into()));
        }
        if let Some(speaker) = speaker.filter(|_| self.takes_speaker) {
            inputs.push(("sid", numbers(vec![speaker])?));
        }
        let outputs = self.session.run(inputs).map_err(failed)?;
        let (shape, values) = floats(&outputs)?;
        let at = |frame: usize| (frame - heard.start) * self.frame_samples;
        let length = at(heard.end);
        if values.is_empty() || shape.last().is_none_or(|last| usize::try_from(*last) != Ok(length)) {
            return Err(SpeakError::Engine(format!("{} frames became a tensor of shape {shape:?}", heard.len())));
        }
        let rows = values.chunks_exact(length).map(|row| row[at(spoken.start)..at(spoken.end)].to_vec());
        Ok(Sequence { rows: rows.collect() })
    }
}

/// An input of whole numbers.
///
/// # Errors
///
/// When ONNX Runtime fails.
pub fn numbers(numbers: Vec<i64>) -> Result<SessionInputValue<'static>, SpeakError> {
    Ok(Tensor::from_array(([numbers.len()], numbers)).map_err(failed)?.into())
}

/// The first output, with its shape.
///
/// # Errors
///
/// When it holds something else.
pub fn floats<'run>(outputs: &'run SessionOutputs<'_>) -> Result<(&'run [i64], &'run [f32]), SpeakError> {
    let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
    Ok((shape, values))
}

/// ONNX Runtime's error as the engine's.
pub fn failed(error: ort::Error) -> SpeakError {
    SpeakError::Engine(format!("ONNX Runtime: {error}"))
}
