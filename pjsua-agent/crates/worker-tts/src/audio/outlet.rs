//! The client's end of a synthesis: its sample rate, its chunks, its patience.

use std::ops::ControlFlow;

use tokio::sync::mpsc;

use super::resample::{ResampleError, Resampler};
use crate::engines::{Audio, SpeakError};

/// Chunks a second: 20 ms, the frame of the telephone.
const CHUNKS_PER_SECOND: u32 = 50;

/// A piece of audio, little-endian, or the end.
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Whole samples.
    pub audio: Vec<u8>,
    /// No more follow.
    pub last: bool,
}

/// Where the chunks of one synthesis go. Unbounded, so that a slow reader never holds an engine that others wait for; the
/// bound on the text bounds it to a few megabytes.
pub type Chunks = mpsc::UnboundedSender<Result<Chunk, SpeakError>>;

/// Resamples, cuts into chunks, and notices when the client has gone.
pub struct Outlet {
    chunks: Chunks,
    rate: u32,
    resampler: Option<Resampler>,
    ready: Vec<i16>,
    chunk: usize,
}

impl Outlet {
    /// Sends chunks at `rate` Hz.
    pub fn new(chunks: Chunks, rate: u32) -> Self {
        let chunk = (rate / CHUNKS_PER_SECOND) as usize;
        Self { chunks, rate, resampler: None, ready: Vec::with_capacity(4 * chunk), chunk }
    }

    /// Sends the rest and the end, or the error.
    pub fn finish(mut self, result: Result<(), SpeakError>) {
        // A client that has gone needs neither.
        let _ = match result {
            Ok(()) => {
                if let Some(mut resampler) = self.resampler.take() {
                    resampler.finish(&mut self.ready);
                }
                let _ = self.send_whole_chunks();
                self.chunks.send(Ok(Chunk { audio: bytes(&self.ready), last: true }))
            }
            Err(error) => self.chunks.send(Err(error)),
        };
    }

    fn send_whole_chunks(&mut self) -> ControlFlow<()> {
        let whole = self.ready.len() / self.chunk * self.chunk;
        for chunk in self.ready[..whole].chunks(self.chunk) {
            if self.chunks.send(Ok(Chunk { audio: bytes(chunk), last: false })).is_err() {
                return ControlFlow::Break(());
            }
        }
        self.ready.drain(..whole);
        if self.chunks.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Audio for Outlet {
    fn begin(&mut self, sample_rate_hz: u32) -> Result<(), ResampleError> {
        if sample_rate_hz != self.rate {
            self.resampler = Some(Resampler::new(sample_rate_hz, self.rate)?);
        }
        Ok(())
    }

    fn push(&mut self, samples: &[i16]) -> ControlFlow<()> {
        match &mut self.resampler {
            Some(resampler) => resampler.push(samples, &mut self.ready),
            None => self.ready.extend_from_slice(samples),
        }
        self.send_whole_chunks()
    }

    fn is_wanted(&self) -> bool {
        !self.chunks.is_closed()
    }
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_twenty_milliseconds_and_the_last_says_so() {
        let (chunks, mut received) = mpsc::unbounded_channel();
        let mut outlet = Outlet::new(chunks, 16_000);
        outlet.begin(16_000).unwrap();
        assert!(outlet.push(&[1; 300]).is_continue());
        assert!(received.try_recv().is_err());
        assert!(outlet.push(&[1; 400]).is_continue());
        outlet.finish(Ok(()));
        let sizes: Vec<(usize, bool)> = std::iter::from_fn(|| received.try_recv().ok())
            .map(|chunk| chunk.unwrap())
            .map(|chunk| (chunk.audio.len(), chunk.last))
            .collect();
        assert_eq!(sizes, [(640, false), (640, false), (120, true)]);
    }

    #[test]
    fn a_client_that_has_gone_stops_the_engine() {
        let (chunks, received) = mpsc::unbounded_channel();
        let mut outlet = Outlet::new(chunks, 16_000);
        drop(received);
        assert!(!outlet.is_wanted());
        assert!(outlet.push(&[0; 1]).is_break());
    }
}
