//! A speech worker for the supervision tests: it serves all three stages, answers at once with its process id, and
//! fails in the ways that cannot be provoked in a real engine. Built by `cargo test`.

use std::io::Write;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use inference::proto::{self, generate_event, recognise_event, recognise_request};
use inference::worker::{self, BoxError, ServeArgs};
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming, async_trait};

#[derive(Clone, Debug, Parser)]
struct Cli {
    #[command(flatten)]
    serve: ServeArgs,
    /// Milliseconds until SERVING
    #[arg(long, default_value_t = 0)]
    load_ms: u64,
    /// End with this message instead of serving
    #[arg(long)]
    fail: Option<String>,
    /// Die at the first request, if this file is not there yet; make it
    #[arg(long)]
    die_once: Option<PathBuf>,
    /// Refuse so many requests with RESOURCE_EXHAUSTED
    #[arg(long, default_value_t = 0)]
    busy: u32,
    /// Send partial transcripts, ten a second, and never a final one
    #[arg(long)]
    overloaded: bool,
    /// Write a line to this file at each request: one's own process id
    #[arg(long)]
    asked: Option<PathBuf>,
    /// Fail after so many pieces of each answer
    #[arg(long)]
    break_after: Option<usize>,
    /// Milliseconds between two chunks of audio
    #[arg(long, default_value_t = 0)]
    chunk_ms: u64,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[derive(Debug)]
struct Engine {
    cli: Cli,
    refused: std::sync::atomic::AtomicU32,
}

#[derive(Clone, Debug)]
struct Shared(Arc<Engine>);

impl Engine {
    fn admit(&self) -> Result<(), Status> {
        if let Some(file) = &self.cli.asked {
            let log = std::fs::File::options().create(true).append(true).open(file);
            writeln!(log.expect("the file can be made"), "{}", std::process::id()).expect("it can be written");
        }
        if let Some(file) = self.cli.die_once.as_ref().filter(|file| !file.exists()) {
            std::fs::write(file, "").expect("the file can be made");
            // It stands for a crash: nothing may be drained.
            #[allow(clippy::disallowed_methods)]
            std::process::exit(9);
        }
        if self.refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < self.cli.busy {
            return Err(Status::resource_exhausted("all places are taken"));
        }
        Ok(())
    }

    /// The answer, as far as it is to come.
    fn answer<T: Send + 'static>(&self, pieces: impl Stream<Item = Result<T, Status>> + Send + 'static) -> Answers<T> {
        match self.cli.break_after {
            Some(pieces_before) => {
                let failure = tokio_stream::once(Err(Status::internal("the engine broke")));
                Box::pin(pieces.take(pieces_before).chain(failure))
            }
            None => Box::pin(pieces),
        }
    }
}

#[async_trait]
impl proto::speech_to_text_server::SpeechToText for Shared {
    type RecogniseStream = Answers<proto::RecogniseEvent>;

    async fn recognise(
        &self,
        request: Request<Streaming<proto::RecogniseRequest>>,
    ) -> Result<Response<Self::RecogniseStream>, Status> {
        self.0.admit()?;
        if self.0.cli.overloaded {
            let text = "still at it".to_owned();
            let partial = proto::RecogniseEvent { kind: Some(recognise_event::Kind::Partial(proto::Partial { text })) };
            let partials = tokio_stream::iter(std::iter::repeat(Ok(partial)));
            return Ok(Response::new(Box::pin(partials.throttle(Duration::from_millis(100)))));
        }
        // One partial transcript for each piece of audio; the final one tells in `adaptation` how many samples came.
        let mut samples = 0;
        let events = request.into_inner().filter_map(move |request| match request.map(|request| request.kind) {
            Ok(Some(recognise_request::Kind::Audio(audio))) => {
                samples += audio.len() / 2;
                Some(Ok(recognise_event::Kind::Partial(proto::Partial { text: std::process::id().to_string() })))
            }
            Ok(Some(recognise_request::Kind::Finish(_))) => Some(Ok(recognise_event::Kind::Final(proto::Final {
                text: std::process::id().to_string(),
                adaptation: samples.to_string().into_bytes(),
                ..Default::default()
            }))),
            Ok(_) => None,
            Err(status) => Some(Err(status)),
        });
        let events = events.map(|kind| kind.map(|kind| proto::RecogniseEvent { kind: Some(kind) }));
        Ok(Response::new(self.0.answer(events)))
    }
}

#[async_trait]
impl proto::language_model_server::LanguageModel for Shared {
    type GenerateStream = Answers<proto::GenerateEvent>;

    async fn generate(
        &self,
        _request: Request<proto::GenerateRequest>,
    ) -> Result<Response<Self::GenerateStream>, Status> {
        self.0.admit()?;
        let kinds = [
            generate_event::Kind::Delta(std::process::id().to_string()),
            generate_event::Kind::Done(proto::Done::default()),
        ];
        let events = kinds.map(|kind| Ok(proto::GenerateEvent { kind: Some(kind) }));
        Ok(Response::new(self.0.answer(tokio_stream::iter(events))))
    }
}

#[async_trait]
impl proto::text_to_speech_server::TextToSpeech for Shared {
    type SynthesiseStream = Answers<proto::AudioChunk>;

    async fn synthesise(
        &self,
        _request: Request<proto::SynthesiseRequest>,
    ) -> Result<Response<Self::SynthesiseStream>, Status> {
        self.0.admit()?;
        let chunks = (0..50).map(|index| Ok(proto::AudioChunk { audio: vec![0; 640], last: index == 49 }));
        let pause = Duration::from_millis(self.0.cli.chunk_ms);
        let paced = tokio_stream::iter(chunks).then(move |chunk| async move {
            tokio::time::sleep(pause).await;
            chunk
        });
        Ok(Response::new(self.0.answer(paced)))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    worker::init_logging(&cli.serve);
    let serve = cli.serve.clone();
    let load = move || -> Result<_, BoxError> {
        std::thread::sleep(Duration::from_millis(cli.load_ms));
        if let Some(message) = cli.fail {
            return Err(message.into());
        }
        let description = proto::DescribeReply {
            engine: "test".into(),
            model: "none".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            capacity: 1,
        };
        Ok((Shared(Arc::new(Engine { cli, refused: Default::default() })), description))
    };
    let routes = |engine: worker::Late<Shared>| {
        worker::Routes::new(proto::speech_to_text_server::SpeechToTextServer::new(engine.clone()))
            .add_service(proto::language_model_server::LanguageModelServer::new(engine.clone()))
            .add_service(proto::text_to_speech_server::TextToSpeechServer::new(engine))
    };
    worker::exit_code(worker::run(&serve, routes, load))
}
