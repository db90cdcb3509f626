//! The gRPC face of an engine.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures_util::{Stream, StreamExt};
use inference::proto::{self, text_to_speech_server::TextToSpeech};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status, async_trait};

use crate::audio::outlet::{Chunk, Chunks, Outlet};
use crate::engines::{Engine, SpeakError, Speech};
use crate::text;

/// Sample rates that may be asked for, in Hz.
const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=48_000;
/// Speaking rates that may be asked for.
const SPEAKING_RATES: std::ops::RangeInclusive<f32> = 0.5..=2.0;
/// How long a clause waits for a place; its client gives up after two seconds without audio.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// `TextToSpeech` by any engine.
pub struct Service {
    engine: Arc<dyn Engine>,
    places: Arc<Semaphore>,
}

impl Service {
    /// Serves `engine`.
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        let places = Arc::new(Semaphore::new(engine.capacity() as usize));
        Self { engine, places }
    }
}

#[async_trait]
impl TextToSpeech for Service {
    type SynthesiseStream = Pin<Box<dyn Stream<Item = Result<proto::AudioChunk, Status>> + Send>>;

    async fn synthesise(
        &self,
        request: Request<proto::SynthesiseRequest>,
    ) -> Result<Response<Self::SynthesiseStream>, Status> {
        let (speech, rate_hz) = read(request.into_inner())?;
        let (chunks, received) = mpsc::unbounded_channel();
        match speech {
            Some(speech) => {
                tokio::spawn(work(self.engine.clone(), self.places.clone(), speech, rate_hz, chunks));
            }
            // There is nothing to be read aloud, and that is all of it.
            None => Outlet::new(chunks, rate_hz).finish(Ok(())),
        }
        Ok(Response::new(UnboundedReceiverStream::new(received).map(write).boxed()))
    }
}

/// Waits for a place, then speaks on a thread that may block.
async fn work(engine: Arc<dyn Engine>, places: Arc<Semaphore>, speech: Speech, rate_hz: u32, chunks: Chunks) {
    let place = tokio::select! {
        place = tokio::time::timeout(PATIENCE, places.acquire_owned()) => place,
        () = chunks.closed() => return,
    };
    let Ok(Ok(place)) = place else {
        let _ = chunks.send(Err(SpeakError::Busy("all places are taken".to_owned())));
        return;
    };
    let spoken = tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut outlet = Outlet::new(chunks, rate_hz);
        let result = catch_unwind(AssertUnwindSafe(|| engine.speak(&speech, &mut outlet)))
            .unwrap_or_else(|_| Err(SpeakError::Engine("the engine panicked".to_owned())));
        if let Err(error) = &result {
            tracing::warn!(%error, "a clause was not spoken");
        }
        outlet.finish(result);
    });
    // It does not panic, and is cancelled only when the worker ends.
    let _ = spoken.await;
}

/// What is to be spoken, if anything, and at which sample rate.
fn read(request: proto::SynthesiseRequest) -> Result<(Option<Speech>, u32), Status> {
    let chars = request.text.chars().count();
    if chars > text::MOST_CHARS {
        let most = text::MOST_CHARS;
        return Err(Status::invalid_argument(format!("the text has {chars} characters; at most {most} are allowed")));
    }
    let rate_hz = if request.sample_rate_hz == 0 { inference::SAMPLE_RATE_HZ } else { request.sample_rate_hz };
    if !RATES_HZ.contains(&rate_hz) {
        return Err(Status::invalid_argument(format!("sample_rate_hz is {rate_hz}; allowed: 8000 to 48000")));
    }
    let rate = if request.rate == 0.0 { 1.0 } else { request.rate };
    if !SPEAKING_RATES.contains(&rate) {
        return Err(Status::invalid_argument(format!("rate is {rate}; allowed: 0.5 to 2.0")));
    }
    let speech =
        text::clean(&request.text).map(|text| Speech { text, voice: request.voice, language: request.language, rate });
    Ok((speech, rate_hz))
}

fn write(chunk: Result<Chunk, SpeakError>) -> Result<proto::AudioChunk, Status> {
    match chunk {
        Ok(Chunk { audio, last }) => Ok(proto::AudioChunk { audio, last }),
        Err(SpeakError::Invalid(reason)) => Err(Status::invalid_argument(reason)),
        Err(SpeakError::Busy(reason)) => Err(Status::resource_exhausted(reason)),
        Err(SpeakError::Engine(reason)) => Err(Status::internal(reason)),
    }
}
