//! The gRPC service: one stream an utterance.

use std::{sync::Arc, time::Duration};

use inference::{
    SAMPLE_RATE_HZ,
    proto::{
        RecogniseEvent, RecogniseOptions, RecogniseRequest, recognise_request::Kind,
        speech_to_text_server::SpeechToText,
    },
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

use crate::{
    engines::{Engine, Utterance},
    fate::Fate,
    loudness::Loudness,
    pool::Pool,
    utterance::{Job, Piece},
};

/// How long an utterance waits for a recogniser.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Messages that may wait for a recogniser; more wait in the client. With a frame each: 5 s of audio.
const PIECES_AHEAD: usize = 250;
/// Events that may lie unread.
const EVENTS_AHEAD: usize = 16;

/// Speech recognition by one engine.
pub struct RecogniserService {
    engine: Arc<dyn Engine>,
    pool: Arc<Pool>,
}

impl RecogniserService {
    /// A service of `engine` with the recognisers of `pool`.
    pub fn new(engine: Arc<dyn Engine>, pool: Pool) -> Self {
        RecogniserService { engine, pool: Arc::new(pool) }
    }
}

#[async_trait]
impl SpeechToText for RecogniserService {
    type RecogniseStream = ReceiverStream<Result<RecogniseEvent, Status>>;

    async fn recognise(
        &self,
        request: Request<Streaming<RecogniseRequest>>,
    ) -> Result<Response<Self::RecogniseStream>, Status> {
        let (events, answer) = mpsc::channel(EVENTS_AHEAD);
        let engine = self.engine.clone();
        let pool = self.pool.clone();
        tokio::spawn(async move {
            if let Err(status) = serve(&*engine, &pool, request.into_inner(), &events).await {
                // A client that has gone needs no status.
                let _ = events.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(answer)))
    }
}

async fn serve(
    engine: &dyn Engine,
    pool: &Pool,
    mut requests: Streaming<RecogniseRequest>,
    events: &mpsc::Sender<Result<RecogniseEvent, Status>>,
) -> Result<(), Status> {
    let options = match requests.message().await?.and_then(|request| request.kind) {
        Some(Kind::Options(options)) => options,
        _ => return Err(Status::invalid_argument("the first message must carry the options")),
    };
    check(engine, &options)?;
    let fate = Arc::new(Fate::default());
    let (pieces, queue) = mpsc::channel(PIECES_AHEAD);
    let (done, is_done) = oneshot::channel();
    let job = Job {
        utterance: Utterance {
            language: options.language,
            adaptation: options.adaptation,
            vocabulary: options.vocabulary,
            other_languages: options.other_languages,
            fate: fate.clone(),
            ..Utterance::default()
        },
        pieces: queue,
        events: events.clone(),
        done,
    };
    let placed = async {
        match timeout(LONGEST_WAIT, pool.run(job)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Status::unavailable("the worker is ending")),
            Err(_) => Err(Status::resource_exhausted(format!(
                "all {} recognisers were busy for {LONGEST_WAIT:?}",
                pool.capacity()
            ))),
        }
    };
    // Audio is taken in while a recogniser is waited for. A client that has gone closes `events`, if it does not
    // break `requests` first; either way `pieces` is dropped, which the recogniser's thread takes for what it is.
    let read = tokio::select! {
        result = async { tokio::try_join!(placed, read(&mut requests, pieces, &fate)) } => result.map(drop),
        () = events.closed() => {
            fate.cancel();
            return Ok(());
        }
    };
    if read.is_err() {
        fate.cancel();
        return read;
    }
    tokio::select! {
        _ = is_done => {}
        () = events.closed() => fate.cancel(),
    }
    Ok(())
}

/// Without audio for so long the caller is silent: three frames.
const REST_AFTER: Duration = Duration::from_millis(60);

/// Passes the audio on until `Finish` or the end, and tells when it pauses.
async fn read(
    requests: &mut Streaming<RecogniseRequest>,
    pieces: mpsc::Sender<Piece>,
    fate: &Fate,
) -> Result<(), Status> {
    let mut is_flowing = false;
    let mut loudness = Loudness::default();
    loop {
        let wait = if is_flowing { REST_AFTER } else { Duration::MAX };
        let Ok(request) = timeout(wait, requests.message()).await else {
            is_flowing = false;
            fate.set_silent(true);
            if pieces.send(Piece::Rest).await.is_err() {
                return Ok(());
            }
            continue;
        };
        let Some(request) = request? else { break };
        let piece = match request.kind {
            Some(Kind::Audio(bytes)) => {
                let samples = samples(&bytes)?;
                loudness.accept(&samples);
                fate.set_silent(loudness.is_at_rest());
                Piece::Audio(samples)
            }
            Some(Kind::Finish(_)) => {
                fate.finish();
                Piece::Finish
            }
            Some(Kind::Options(_)) => return Err(Status::invalid_argument("the options come once, first")),
            // A kind of a newer protocol.
            None => continue,
        };
        is_flowing = matches!(piece, Piece::Audio(_));
        let is_last = matches!(piece, Piece::Finish);
        // A closed queue: the recogniser failed and has said so.
        if pieces.send(piece).await.is_err() || is_last {
            return Ok(());
        }
    }
    Err(Status::cancelled("the audio ended without `finish`"))
}

fn check(engine: &dyn Engine, options: &RecogniseOptions) -> Result<(), Status> {
    if options.sample_rate_hz != SAMPLE_RATE_HZ {
        return Err(Status::invalid_argument(format!(
            "sample_rate_hz is {}; only {SAMPLE_RATE_HZ} is taken",
            options.sample_rate_hz
        )));
    }
    if !options.language.is_empty() && !engine.speaks(&options.language) {
        return Err(Status::invalid_argument(format!(
            "the model {} of {} does not know the language `{}`",
            engine.model(),
            engine.name(),
            options.language
        )));
    }
    Ok(())
}

fn samples(bytes: &[u8]) -> Result<Vec<i16>, Status> {
    let (samples, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Status::invalid_argument("the audio ends within a sample"));
    }
    Ok(samples.iter().map(|&sample| i16::from_le_bytes(sample)).collect())
}
