//! The client against workers of this process that do as they are told: deadlines, cancellation, broken answers.

#![allow(clippy::unwrap_used)]

use std::{
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::Stream;
use inference::{
    Address, Awaited, Deadlines, Failure, GenerationAct, GenerationEvent, SendError, WorkerClient,
    proto::{
        self, AudioChunk, GenerateEvent, RecogniseEvent, generate_event,
        language_model_server::{LanguageModel, LanguageModelServer},
        recognise_event, recognise_request,
        speech_to_text_server::{SpeechToText, SpeechToTextServer},
        text_to_speech_server::{TextToSpeech, TextToSpeechServer},
    },
};
use tokio::{net::UnixListener, sync::mpsc};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tonic::{Request, Response, Status, Streaming, async_trait, transport::Server};

/// A step of a scripted answer.
#[derive(Clone)]
enum Step<T> {
    Send(T),
    Fail(Status),
    Wait(Duration),
    /// Until the client has gone; then the worker's count of cancellations goes up.
    Hang,
}

#[derive(Clone, Default)]
struct Scripted {
    recognition: Vec<Step<RecogniseEvent>>,
    generation: Vec<Step<GenerateEvent>>,
    synthesis: Vec<Step<AudioChunk>>,
    heard: Arc<std::sync::Mutex<Vec<recognise_request::Kind>>>,
    cancelled: Arc<AtomicU32>,
}

type Answer<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Scripted {
    fn play<T: Send + 'static>(&self, steps: Vec<Step<T>>) -> Answer<T> {
        let (sender, receiver) = mpsc::channel(1);
        let cancelled = self.cancelled.clone();
        tokio::spawn(async move {
            for step in steps {
                match step {
                    Step::Send(event) => drop(sender.send(Ok(event)).await),
                    Step::Fail(status) => drop(sender.send(Err(status)).await),
                    Step::Wait(time) => tokio::time::sleep(time).await,
                    Step::Hang => {
                        sender.closed().await;
                        cancelled.fetch_add(1, Ordering::SeqCst);
                    }
                }
            }
        });
        Box::pin(ReceiverStream::new(receiver))
    }
}

#[async_trait]
impl SpeechToText for Scripted {
    type RecogniseStream = Answer<RecogniseEvent>;
    async fn recognise(
        &self,
        request: Request<Streaming<proto::RecogniseRequest>>,
    ) -> Result<Response<Self::RecogniseStream>, Status> {
        let heard = self.heard.clone();
        tokio::spawn(async move {
            let mut requests = request.into_inner();
            while let Ok(Some(request)) = requests.message().await {
                heard.lock().unwrap().push(request.kind.unwrap());
            }
        });
        Ok(Response::new(self.play(self.recognition.clone())))
    }
}

#[async_trait]
impl LanguageModel for Scripted {
    type GenerateStream = Answer<GenerateEvent>;
    async fn generate(
        &self,
        _request: Request<proto::GenerateRequest>,
    ) -> Result<Response<Self::GenerateStream>, Status> {
        Ok(Response::new(self.play(self.generation.clone())))
    }
}

#[async_trait]
impl TextToSpeech for Scripted {
    type SynthesiseStream = Answer<AudioChunk>;
    async fn synthesise(
        &self,
        _request: Request<proto::SynthesiseRequest>,
    ) -> Result<Response<Self::SynthesiseStream>, Status> {
        Ok(Response::new(self.play(self.synthesis.clone())))
    }
}

fn socket() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("inference-test-{}-{number}.sock", std::process::id()))
}

fn client(scripted: &Scripted) -> WorkerClient {
    let socket = socket();
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    let scripted = scripted.clone();
    tokio::spawn(
        Server::builder()
            .add_service(SpeechToTextServer::new(scripted.clone()))
            .add_service(LanguageModelServer::new(scripted.clone()))
            .add_service(TextToSpeechServer::new(scripted))
            .serve_with_incoming(UnixListenerStream::new(listener)),
    );
    WorkerClient::connect_lazy(&Address::Unix(socket)).with_deadlines(Deadlines {
        connect: Duration::from_millis(500),
        health: Duration::from_millis(500),
        final_transcript: Duration::from_millis(300),
        first_token: Duration::from_millis(300),
        next_token: Duration::from_millis(200),
        first_audio: Duration::from_millis(300),
        next_audio: Duration::from_millis(200),
    })
}

fn delta(text: &str) -> Step<GenerateEvent> {
    Step::Send(GenerateEvent { kind: Some(generate_event::Kind::Delta(text.into())) })
}

fn partial(text: &str) -> Step<RecogniseEvent> {
    Step::Send(RecogniseEvent { kind: Some(recognise_event::Kind::Partial(proto::Partial { text: text.into() })) })
}

async fn eventually(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !is_so() {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_reply_arrives_piece_by_piece_and_ends() {
    let done = proto::Done { prompt_tokens: 3, cached_tokens: 2, generated_tokens: 1 };
    let act = generate_event::Kind::Act(proto::Act::Transfer.into());
    let worker = Scripted {
        generation: vec![
            delta("Good "),
            delta("bye."),
            Step::Send(GenerateEvent { kind: Some(act) }),
            Step::Send(GenerateEvent { kind: Some(generate_event::Kind::Done(done)) }),
            Step::Hang,
        ],
        ..Default::default()
    };
    let mut reply = client(&worker).generate(Default::default());
    let mut events = Vec::new();
    while let Some(event) = reply.next().await.unwrap() {
        events.push(event);
    }
    assert_eq!(
        events,
        [
            GenerationEvent::Delta("Good ".into()),
            GenerationEvent::Delta("bye.".into()),
            GenerationEvent::Act(GenerationAct::Transfer),
            GenerationEvent::Done { prompt_tokens: 3, cached_tokens: 2, generated_tokens: 1 },
        ]
    );
    assert_eq!(reply.next().await, Ok(None));
}

#[tokio::test]
async fn each_wait_for_a_reply_has_its_own_deadline() {
    let worker = Scripted { generation: vec![Step::Hang], ..Default::default() };
    let mut reply = client(&worker).generate(Default::default());
    let error = reply.next().await.unwrap_err();
    assert_eq!((error.stage, error.failure), (Awaited::FirstToken, Failure::Timeout(Duration::from_millis(300))));
    assert_eq!(reply.next().await, Ok(None));
    eventually(|| worker.cancelled.load(Ordering::SeqCst) == 1).await;

    let steps = vec![delta("One"), Step::Wait(Duration::from_millis(100)), delta(" two"), Step::Hang];
    let worker = Scripted { generation: steps, ..Default::default() };
    let mut reply = client(&worker).generate(Default::default());
    assert!(reply.next().await.unwrap().is_some() && reply.next().await.unwrap().is_some());
    let error = reply.next().await.unwrap_err();
    assert_eq!((error.stage, error.failure), (Awaited::NextToken, Failure::Timeout(Duration::from_millis(200))));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let worker = Scripted { generation: vec![delta("One")], ..Default::default() };
    let mut reply = client(&worker).generate(Default::default());
    assert!(reply.next().await.unwrap().is_some());
    let error = reply.next().await.unwrap_err();
    assert_eq!((error.stage, error.failure), (Awaited::NextToken, Failure::Incomplete));

    let status = Status::resource_exhausted("4 of 4 places taken");
    let worker = Scripted { synthesis: vec![Step::Fail(status)], ..Default::default() };
    let error = client(&worker).synthesise(Default::default()).next().await.unwrap_err();
    assert_eq!((error.stage, error.failure), (Awaited::FirstAudio, Failure::Busy("4 of 4 places taken".into())));
}

#[tokio::test]
async fn dropping_a_request_cancels_it_at_the_worker() {
    let worker = Scripted {
        generation: vec![delta("One"), Step::Hang],
        synthesis: vec![Step::Hang],
        recognition: vec![partial("what"), Step::Hang],
        ..Default::default()
    };
    let client = client(&worker);
    let mut reply = client.generate(Default::default());
    assert!(reply.next().await.unwrap().is_some());
    drop(reply);
    eventually(|| worker.cancelled.load(Ordering::SeqCst) == 1).await;

    let synthesis = client.synthesise(Default::default());
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(synthesis);
    eventually(|| worker.cancelled.load(Ordering::SeqCst) == 2).await;

    let (sender, mut events) = client.recognise(Default::default()).split();
    assert!(events.next().await.unwrap().is_some());
    drop(events);
    eventually(|| worker.cancelled.load(Ordering::SeqCst) == 3).await;
    drop(sender);

    let (sender, mut events) = client.recognise(Default::default()).split();
    assert!(events.next().await.unwrap().is_some());
    drop(sender);
    assert_eq!(events.next().await.unwrap_err().failure, Failure::Cancelled);
    eventually(|| worker.cancelled.load(Ordering::SeqCst) == 4).await;
}

#[tokio::test]
async fn a_clause_arrives_as_whole_samples() {
    let chunk = |audio: &[u8], last| Step::Send(AudioChunk { audio: audio.into(), last });
    let worker = Scripted {
        synthesis: vec![chunk(&[1, 0, 2], false), chunk(&[], false), chunk(&[0], false), chunk(&[3, 0], true)],
        ..Default::default()
    };
    let mut clause = client(&worker).synthesise(Default::default());
    for samples in [vec![1], vec![2], vec![3]] {
        assert_eq!(clause.next().await, Ok(Some(samples)));
    }
    assert_eq!(clause.next().await, Ok(None));
}

#[tokio::test]
async fn an_utterance_goes_options_first_finish_last_and_has_a_deadline_only_then() {
    let worker = Scripted {
        recognition: vec![Step::Wait(Duration::from_millis(600)), partial("what"), Step::Hang],
        ..Default::default()
    };
    let client = client(&worker);
    let mut recognition = client.recognise(Default::default());
    recognition.send(&[1, -1]).unwrap();
    assert!(recognition.next().await.unwrap().is_some(), "partials have no deadline");
    recognition.finish();
    recognition.finish();
    assert_eq!(recognition.send(&[1]), Err(SendError::Ended));
    let finished = Instant::now();
    let error = recognition.next().await.unwrap_err();
    assert_eq!((error.stage, error.failure), (Awaited::FinalTranscript, Failure::Timeout(Duration::from_millis(300))));
    assert!(finished.elapsed() >= Duration::from_millis(300));

    use recognise_request::Kind;
    let heard = worker.heard.lock().unwrap();
    match &heard[..] {
        [Kind::Options(options), Kind::Audio(audio), Kind::Finish(_)] => {
            assert_eq!((options.sample_rate_hz, &audio[..]), (16_000, &[1, 0, 255, 255][..]));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn audio_that_nobody_reads_is_refused_and_never_waited_for() {
    // Nobody listens: the request fails within its deadline, and what is sent before and after takes no time.
    let client = WorkerClient::connect_lazy(&Address::Unix(socket()));
    let (mut sender, mut events) = client.recognise(Default::default()).split();
    let started = Instant::now();
    let refused = (0..3_000).find_map(|_| sender.send(&[0; 320]).err());
    assert_eq!(refused, Some(SendError::QueueFull));
    assert!(started.elapsed() < Duration::from_millis(200));
    let error = events.next().await.unwrap_err();
    assert!(error.stage == Awaited::Connect && matches!(error.failure, Failure::Unreachable(_)), "{error}");
    assert_eq!(sender.send(&[0; 320]), Err(SendError::Ended));
    assert!(matches!(client.is_serving().await.unwrap_err().failure, Failure::Unreachable(_)));
}

#[tokio::test]
async fn a_listener_that_never_answers_is_not_waited_for() {
    let socket = socket();
    let _ = std::fs::remove_file(&socket);
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let deadlines = Deadlines { connect: Duration::from_millis(200), ..Deadlines::default() };
    let client = WorkerClient::connect_lazy(&Address::Unix(socket)).with_deadlines(deadlines);
    let error = client.generate(Default::default()).next().await.unwrap_err();
    assert_eq!((error.stage, error.failure), (Awaited::Connect, Failure::Timeout(Duration::from_millis(200))));
}
