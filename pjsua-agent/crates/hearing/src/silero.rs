//! Silero VAD: 32 ms of audio and what was before → is it speech?

use std::path::Path;

use ort::{environment::Environment, session::Session, value::TensorRef};

use crate::{
    error::HearingError,
    runtime::ModelFile,
    windows::{CONTEXT, WINDOW},
};

/// Samples that the model sees in one run: the window and the end of the one before.
pub(crate) const INPUT: usize = CONTEXT + WINDOW;
/// Floats of one of the two halves of the state.
const HALF: usize = 128;

/// What the model remembers of one call, as `[2, 128]`.
#[derive(Clone)]
pub(crate) struct Memory([f32; 2 * HALF]);

impl Memory {
    pub(crate) const fn new() -> Self {
        Self([0.0; 2 * HALF])
    }
}

/// The model, and the tensors of a run.
pub(crate) struct Silero {
    session: Session,
    input: Vec<f32>,
    state: Vec<f32>,
}

impl Silero {
    pub(crate) fn load(environment: &Environment, path: &Path) -> Result<Self, HearingError> {
        let inputs = ["input", "state", "sr"];
        let file = ModelFile { path, id: "silero-vad-16k", inputs: &inputs, outputs: 2, threads: 1 };
        let mut silero = Self { session: file.load(environment)?, input: Vec::new(), state: Vec::new() };
        for batch in [1, 2] {
            silero.run_silence(batch).map_err(|reason| file.refused(reason))?;
        }
        Ok(silero)
    }

    /// Begins a batch.
    pub(crate) fn clear(&mut self) {
        self.input.clear();
        self.state.clear();
    }

    /// One call's window for this batch, with what is remembered of the call.
    pub(crate) fn add(&mut self, window: &[f32; INPUT], gain: f32, memory: &Memory) {
        self.input.extend(window.iter().map(|sample| (sample * gain).clamp(-1.0, 1.0)));
        self.state.extend_from_slice(&memory.0);
    }

    /// The probability of speech of each window, in order; `remember` gets what is to be remembered of its call.
    ///
    /// # Errors
    ///
    /// What ONNX Runtime says.
    pub(crate) fn run(&mut self, mut judged: impl FnMut(usize, f32, Memory)) -> Result<(), String> {
        let batch = self.input.len() / INPUT;
        // The model wants [2, batch, 128]; the batch was gathered as [batch, 2, 128].
        let halves: Vec<f32> = (0..2)
            .flat_map(|half| (0..batch).map(move |nth| (2 * nth + half) * HALF))
            .flat_map(|from| self.state[from..from + HALF].iter().copied())
            .collect();
        let outputs = Self::infer(&mut self.session, batch, &self.input, &halves).map_err(|error| error.to_string())?;
        let (_, probabilities) = outputs[0].try_extract_tensor::<f32>().map_err(|error| error.to_string())?;
        let (_, state) = outputs[1].try_extract_tensor::<f32>().map_err(|error| error.to_string())?;
        if probabilities.len() != batch || state.len() != 2 * batch * HALF {
            return Err(format!("{} probabilities and {} of state for {batch}", probabilities.len(), state.len()));
        }
        for (nth, &probability) in probabilities.iter().enumerate() {
            let mut memory = Memory::new();
            memory.0[..HALF].copy_from_slice(&state[nth * HALF..][..HALF]);
            memory.0[HALF..].copy_from_slice(&state[(batch + nth) * HALF..][..HALF]);
            judged(nth, probability, memory);
        }
        Ok(())
    }

    fn infer<'session>(
        session: &'session mut Session,
        batch: usize,
        input: &[f32],
        state: &[f32],
    ) -> ort::Result<ort::session::SessionOutputs<'session>> {
        let rate = [16_000_i64];
        let rows = i64::try_from(batch).unwrap_or(i64::MAX);
        session.run(ort::inputs![
            "input" => TensorRef::from_array_view(([rows, INPUT as i64], input))?,
            "state" => TensorRef::from_array_view(([2, rows, HALF as i64], state))?,
            "sr" => TensorRef::from_array_view(((), &rate[..]))?,
        ])
    }

    fn run_silence(&mut self, batch: usize) -> Result<(), String> {
        self.clear();
        (0..batch).for_each(|_| self.add(&[0.0; INPUT], 1.0, &Memory::new()));
        let mut sane = true;
        self.run(|_, probability, _| sane &= (0.0..=1.0).contains(&probability))?;
        if sane { Ok(()) } else { Err("it gives no probability".to_owned()) }
    }
}

#[cfg(test)]
mod tests;
