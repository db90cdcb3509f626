//! smart-turn v3: the last 8 s → has the caller finished?

use std::{
    path::Path,
    time::{Duration, Instant},
};

use ort::{environment::Environment, session::Session, value::TensorRef};

use crate::{
    SAMPLE_RATE_HZ,
    error::HearingError,
    mel::{BANDS, FRAMES, Mel},
    runtime::ModelFile,
};

/// Samples that the model hears: 8 s.
pub(crate) const SAMPLES: usize = 8 * SAMPLE_RATE_HZ;

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    pub(crate) probability: f32,
    pub(crate) features_time: Duration,
    pub(crate) model_time: Duration,
}

/// The model, and the tensors of a run.
pub(crate) struct SmartTurn {
    session: Session,
    mel: Mel,
    features: Vec<f32>,
}

impl SmartTurn {
    pub(crate) fn load(environment: &Environment, path: &Path, threads: usize) -> Result<Self, HearingError> {
        let file = ModelFile { path, id: "smart-turn-v3.2-cpu", inputs: &["input_features"], outputs: 1, threads };
        let mut model = Self { session: file.load(environment)?, mel: Mel::new(), features: Vec::new() };
        model.score(&[0; SAMPLE_RATE_HZ]).map_err(|reason| file.refused(reason))?;
        Ok(model)
    }

    /// The probability that the caller has finished. `heard` is what was heard last, at most 8 s.
    ///
    /// # Errors
    ///
    /// What ONNX Runtime says.
    pub(crate) fn score(&mut self, heard: &[i16]) -> Result<Score, String> {
        let begun = Instant::now();
        self.mel.features(heard, &mut self.features);
        let featured = Instant::now();
        let probability = self.infer().map_err(|error| error.to_string())?;
        match probability {
            // The output is called "logits", but the graph ends with a sigmoid.
            Some(probability) if (0.0..=1.0).contains(&probability) => {
                Ok(Score { probability, features_time: featured - begun, model_time: featured.elapsed() })
            }
            Some(_) | None => Err(format!("it gives no probability but {probability:?}")),
        }
    }

    fn infer(&mut self) -> ort::Result<Option<f32>> {
        let shape = [1, BANDS as i64, FRAMES as i64];
        let input = TensorRef::from_array_view((shape, self.features.as_slice()))?;
        let outputs = self.session.run(ort::inputs!["input_features" => input])?;
        let (_, probabilities) = outputs[0].try_extract_tensor::<f32>()?;
        Ok(probabilities.first().copied())
    }
}
