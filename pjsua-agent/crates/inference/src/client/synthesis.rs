//! The audio of one clause.

use std::sync::Arc;

use tonic::transport::Channel;

use super::{Deadlines, pump};
use crate::{Awaited, InferenceError, SAMPLE_RATE_HZ, proto};

/// A running synthesis. Dropping it cancels the work at the worker.
#[derive(Debug)]
pub struct Synthesis {
    answer: pump::Answer<proto::AudioChunk>,
    /// The first byte of a sample that a worker cut in two.
    half_sample: Option<u8>,
}

impl Synthesis {
    /// The next samples (16 kHz, mono), never empty; `None` after the last or an error. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// At [`Awaited::Connect`], [`Awaited::FirstAudio`] or [`Awaited::NextAudio`], once; then `None`.
    pub async fn next(&mut self) -> Result<Option<Vec<i16>>, InferenceError> {
        while let Some(chunk) = self.answer.next().await? {
            let samples = samples(&mut self.half_sample, &chunk.audio);
            if !samples.is_empty() {
                return Ok(Some(samples));
            }
        }
        Ok(None)
    }
}

fn samples(half_sample: &mut Option<u8>, bytes: &[u8]) -> Vec<i16> {
    let mut bytes = half_sample.take().into_iter().chain(bytes.iter().copied());
    let mut samples = Vec::with_capacity(bytes.size_hint().0 / 2);
    while let Some(low) = bytes.next() {
        match bytes.next() {
            Some(high) => samples.push(i16::from_le_bytes([low, high])),
            None => *half_sample = Some(low),
        }
    }
    samples
}

pub(super) fn start(
    channel: Channel,
    worker: Arc<str>,
    deadlines: Deadlines,
    mut request: proto::SynthesiseRequest,
) -> Synthesis {
    if request.sample_rate_hz == 0 {
        request.sample_rate_hz = SAMPLE_RATE_HZ;
    }
    let plan = pump::Plan {
        worker,
        connect: deadlines.connect,
        first: (Awaited::FirstAudio, deadlines.first_audio),
        next: (Awaited::NextAudio, deadlines.next_audio),
    };
    let call = async move { proto::text_to_speech_client::TextToSpeechClient::new(channel).synthesise(request).await };
    Synthesis { answer: pump::start(plan, call, |chunk| chunk.last), half_sample: None }
}

#[cfg(test)]
mod tests {
    use super::samples;

    #[test]
    fn a_sample_that_was_cut_in_two_is_joined_again() {
        let mut half = None;
        assert_eq!(samples(&mut half, &[1, 0, 2]), [1]);
        assert_eq!(samples(&mut half, &[0, 255, 255]), [2, -1]);
        assert_eq!(half, None);
    }
}
