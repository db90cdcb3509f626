//! A call's driver with a leg that writes down what it is asked, and without workers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use call_record::{CallEvent, Line, Record, Recorder, RtpStats, Subscriber};
use conversation::{Action, Input, Settings};
use media::{AudioSettings, ClockEnd, SILENCE};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::answerers::{Answerer, Answerers};
use super::driver::{CallSetup, ReplyBounds, drive};
use super::phrase_audio::PhraseAudio;
use super::registry::Registry;
use super::summary::{CallSummary, Direction};
use super::voice::VoiceSettings;
use crate::agent::CallContext;
use crate::audio_thread::AudioThread;
use crate::config::Agent;
use crate::leg::{FramePort, Leg, LegEvent, LegId, Refusal, Wait};
use crate::metrics::CallOutcome;
use crate::speech::{CacheConfig, Origin, PhraseCache, Speech};

/// Much longer than any of it takes, on a loaded machine too.
const PATIENCE: Duration = Duration::from_secs(20);

/// A leg without a line.
#[derive(Debug)]
struct FakeLeg {
    id: LegId,
    asked: Mutex<Vec<String>>,
}

impl FakeLeg {
    fn was_asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }
}

impl Leg for FakeLeg {
    fn id(&self) -> LegId {
        self.id
    }

    fn answer(&self, _: Box<dyn FramePort>) {
        self.note("answer".into());
    }

    fn reject(&self, refusal: Refusal) {
        self.note(format!("reject {}", refusal.code));
    }

    fn hang_up(&self) {
        self.note("hang up".into());
    }

    fn transfer(&self, target_uri: &str) {
        self.note(format!("transfer {target_uri}"));
    }
}

/// Keeps every line.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Line>>>);

impl Subscriber for Notes {
    fn offer(&mut self, line: &Line) -> bool {
        self.0.lock().unwrap().push(line.clone());
        true
    }
}

impl Notes {
    fn records(&self) -> Vec<Record> {
        self.0.lock().unwrap().iter().map(|line| line.record.clone()).collect()
    }

    fn inputs(&self) -> Vec<Input> {
        let input = |record| match record {
            Record::Input { input } => Some(input),
            _ => None,
        };
        self.records().into_iter().filter_map(input).collect()
    }

    fn spoken(&self) -> Vec<String> {
        let text = |record| match record {
            Record::Action { action: Action::Speak { text, .. } } => Some(text.into_string()),
            _ => None,
        };
        self.records().into_iter().filter_map(text).collect()
    }
}

/// A call that was answered, and whose audio is still to come.
struct Call {
    leg: Arc<FakeLeg>,
    notes: Notes,
    registry: Registry,
    /// Frames with sound in them that the caller has heard.
    heard: Arc<Mutex<usize>>,
    driver: JoinHandle<CallOutcome>,
    clock: JoinHandle<()>,
    _audio: AudioThread,
}

impl Call {
    async fn of(agent: Agent, settings: Settings) -> Call {
        let leg = Arc::new(FakeLeg { id: LegId::next(), asked: Mutex::default() });
        let (audio_thread, registry, notes) = (AudioThread::spawn().unwrap(), Registry::default(), Notes::default());
        let audio = media::call_audio(&AudioSettings::default());
        let (entry, messages) = registry.add(leg.id, summary(leg.id));
        let mut recorder = Recorder::new(leg.id.0);
        recorder.subscribe(notes.clone());
        let voice = VoiceSettings::default();
        let phrases = Arc::new(PhraseAudio::new(cached(&voice, &settings).await, []));
        let answerer = Answerer { agent: Arc::new(agent), phrases, voice, settings };
        let (_, busy) = tokio::sync::watch::channel(false);
        let setup = CallSetup {
            leg: Arc::clone(&leg) as Arc<dyn Leg>,
            speech: Speech::without_workers(),
            answerers: Answerers::new(answerer, Vec::new()),
            context: CallContext::default(),
            bounds: ReplyBounds::default(),
            pre_response_bounds: ReplyBounds::default(),
            hearing: None,
            pre_roll: Duration::ZERO,
            suppress_noise: false,
            busy,
            playout: audio.playout,
            audio_events: audio.events,
            audio_stats: audio.stats,
            slot: audio_thread.add(audio.audio),
            recorder,
            entry,
            messages,
        };
        let heard = Arc::new(Mutex::new(0));
        let clock = tokio::spawn(tick(audio.clock, audio_thread.waker(), Arc::clone(&heard)));
        Call { leg, notes, registry, heard, driver: tokio::spawn(drive(setup)), clock, _audio: audio_thread }
    }

    fn tell(&self, event: LegEvent) {
        self.registry.deliver(self.leg.id, event);
    }

    fn media(&self) {
        self.tell(LegEvent::Media { codec: "PCMU/8000".into() });
    }

    fn ends(&self, by_peer: bool) {
        self.tell(LegEvent::Ended { code: 200, reason: "OK".into(), by_peer, overdue: None });
    }

    /// Waits until it is so.
    async fn until(&self, is_so: impl Fn(&Call) -> bool) {
        let waiting = async {
            while !is_so(self) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it never was so; {:#?}", self.notes.records()));
    }

    async fn outcome(self) -> CallOutcome {
        let outcome = timeout(PATIENCE, self.driver).await.expect("the driver ends").expect("and does not panic");
        self.clock.abort();
        outcome
    }
}

/// The media clock: a frame each way every 20 ms, the caller being silent.
async fn tick(mut port: ClockEnd, wake: impl Fn() + Send, heard: Arc<Mutex<usize>>) {
    let mut every_20_ms = tokio::time::interval(media::FRAME_DURATION);
    loop {
        every_20_ms.tick().await;
        let mut frame = SILENCE;
        port.put_frame(&SILENCE);
        port.get_frame(&mut frame);
        *heard.lock().unwrap() += usize::from(frame != SILENCE);
        wake();
    }
}

fn summary(leg: LegId) -> CallSummary {
    CallSummary {
        id: leg.0,
        sip_call_id: "1-2@kit".into(),
        agent: "demo".into(),
        account: None,
        direction: Direction::Incoming,
        codec: None,
        rtp: None,
        state: "answering".into(),
        started_unix_ms: 0,
        duration_ms: 0,
        turns: 0,
        caller: "s…".into(),
    }
}

/// PhraseAudio of 100 ms each.
async fn cached(voice: &VoiceSettings, settings: &Settings) -> Arc<PhraseCache> {
    let cache = PhraseCache::open(CacheConfig { dir: None, disk_bytes: 0, memory_bytes: 1 << 20 });
    for text in [
        &settings.phrases.greeting,
        &settings.phrases.failure,
        &settings.phrases.failure_goodbye,
        &settings.phrases.transfer_failed,
    ] {
        let spoken = voice.speakable(text);
        cache.keep(voice.key(&spoken), &spoken, vec![1_000; 1_600].into(), Origin::Configured).await;
    }
    Arc::new(cache)
}

/// One sentence a phrase, so that each is one clause.
fn settings() -> Settings {
    Settings::default().with(|it| {
        it.phrases.greeting = "Good morning.".into();
        it.phrases.failure = "Once more, please.".into();
        it.phrases.failure_goodbye = "Please call again.".into();
        it.phrases.transfer_failed = "Nobody is there.".into();
        it.bounds.dtmf_pause = Duration::from_millis(20);
        it.replies.filler_after = Duration::ZERO;
        it.bounds.max_failed_turns = 1;
    })
}

async fn call() -> Call {
    Call::of(Agent::that_sells_pots(), settings()).await
}

#[tokio::test]
async fn the_greeting_is_heard_once_audio_flows() {
    let call = call().await;
    sleep(Duration::from_millis(60)).await;
    assert_eq!((call.notes.records(), *call.heard.lock().unwrap()), (vec![], 0), "before that nothing is decided");
    call.media();
    call.until(|call| *call.heard.lock().unwrap() == 5).await;
    assert_eq!(call.notes.spoken(), ["Good morning."]);
    assert_eq!(call.registry.summaries()[0].codec.as_deref(), Some("PCMU/8000"));
    call.until(|call| call.notes.inputs().iter().any(|input| matches!(input, Input::PlayoutDrained { .. }))).await;
    assert_eq!(call.leg.was_asked(), [""; 0]);
}

#[tokio::test]
async fn media_that_is_negotiated_anew_answers_nobody_again() {
    let call = call().await;
    call.media();
    call.tell(LegEvent::Media { codec: "PCMA/8000".into() });
    call.ends(true);
    let notes = call.notes.clone();
    assert_eq!(call.outcome().await, CallOutcome::CallerHungUp);
    assert_eq!(notes.inputs().iter().filter(|input| matches!(input, Input::CallAnswered)).count(), 1);
    let media = Record::Call(CallEvent::Media { codec: "PCMA/8000".into() });
    assert_eq!(notes.records().iter().filter(|record| **record == media).count(), 1);
}

#[tokio::test]
async fn a_caller_who_hangs_up_ends_the_call_with_its_whole_record() {
    let call = call().await;
    call.media();
    call.ends(true);
    let (notes, leg) = (call.notes.clone(), Arc::clone(&call.leg));
    assert_eq!(call.outcome().await, CallOutcome::CallerHungUp);
    let records = notes.records();
    assert!(matches!(
        records[..],
        [.., Record::Call(CallEvent::Ended { .. }), Record::History { .. }, Record::Audio(_)]
    ));
    assert_eq!(leg.was_asked(), [""; 0], "there is nobody left to hang up on");
}

#[tokio::test]
async fn a_leg_that_waited_too_long_fails_the_call_and_the_record_says_for_what() {
    let call = call().await;
    call.media();
    let reason = Wait::Rtp.to_string();
    call.tell(LegEvent::Ended { code: 200, reason, by_peer: false, overdue: Some(Wait::Rtp) });
    let notes = call.notes.clone();
    assert_eq!(call.outcome().await, CallOutcome::Failed);
    let is_told = |record: &Record| matches!(record, Record::Call(CallEvent::Ended { overdue: Some(wait), .. }) if wait.as_str() == "rtp");
    assert!(notes.records().iter().any(is_told));
}

#[tokio::test]
async fn how_the_rtp_does_is_recorded_and_shown() {
    let call = call().await;
    call.media();
    let stats = RtpStats { received: 250, lost: 3, jitter_us: 700, ..RtpStats::default() };
    call.tell(LegEvent::Rtp(stats));
    call.until(|call| call.notes.records().contains(&Record::Rtp(stats))).await;
    assert_eq!(call.registry.summaries()[0].rtp, Some(stats));
}

#[tokio::test]
async fn a_daemon_that_ends_hangs_up_once_and_waits_for_the_end() {
    let call = call().await;
    call.media();
    call.registry.hang_up_all();
    call.registry.hang_up_all();
    call.until(|call| !call.leg.was_asked().is_empty()).await;
    assert!(!call.driver.is_finished());
    call.ends(false);
    let leg = Arc::clone(&call.leg);
    assert_eq!(call.outcome().await, CallOutcome::Completed);
    assert_eq!(leg.was_asked(), ["hang up"]);
}

#[tokio::test]
async fn a_leg_that_does_not_end_when_it_is_told_to_is_forgotten() {
    let call = call().await;
    call.media();
    call.registry.hang_up_all();
    let leg = Arc::clone(&call.leg);
    assert_eq!(call.outcome().await, CallOutcome::Completed);
    assert_eq!(leg.was_asked(), ["hang up"]);
}

/// A caller who has pressed a key, which nobody can answer.
async fn call_on_its_way_to_the_human() -> Call {
    let human = Some("sip:human@pbx".parse().unwrap());
    let call = Call::of(Agent { human, ..Agent::that_sells_pots() }, settings().with(|it| it.human = true)).await;
    call.media();
    call.until(|call| call.notes.inputs().iter().any(|input| matches!(input, Input::PlayoutDrained { .. }))).await;
    call.tell(LegEvent::Dtmf('5'));
    call.until(|call| !call.leg.was_asked().is_empty()).await;
    call
}

#[tokio::test]
async fn who_presses_a_key_and_cannot_be_answered_is_handed_to_the_human() {
    let call = call_on_its_way_to_the_human().await;
    assert!(call.notes.inputs().contains(&Input::Dtmf { digit: '5'.into() }));
    assert_eq!(call.leg.was_asked(), ["transfer sip:human@pbx"]);
    call.tell(LegEvent::Transfer { code: 180, done: false });
    call.tell(LegEvent::Transfer { code: 200, done: true });
    call.ends(false);
    let notes = call.notes.clone();
    assert_eq!(call.outcome().await, CallOutcome::Transferred);
    assert!(notes.inputs().contains(&Input::TransferSucceeded));
    let reports = |record: &Record| matches!(record, Record::Call(CallEvent::Transfer { .. }));
    assert_eq!(notes.records().iter().filter(|record| reports(record)).count(), 2, "each report is recorded");
}

#[tokio::test]
async fn a_transfer_that_fails_is_said_to_the_caller() {
    let call = call_on_its_way_to_the_human().await;
    call.tell(LegEvent::Transfer { code: 486, done: true });
    call.until(|call| call.notes.spoken().contains(&"Nobody is there.".to_owned())).await;
    assert!(call.notes.inputs().contains(&Input::TransferFailed { code: 486 }));
}

#[tokio::test]
async fn who_cannot_be_answered_and_has_nobody_to_go_to_hears_why_and_is_hung_up_on() {
    let call = call().await;
    call.media();
    call.until(|call| call.notes.inputs().iter().any(|input| matches!(input, Input::PlayoutDrained { .. }))).await;
    call.tell(LegEvent::Dtmf('5'));
    call.until(|call| !call.leg.was_asked().is_empty()).await;
    assert_eq!(call.notes.spoken(), ["Good morning.", "Please call again."]);
    assert_eq!(call.leg.was_asked(), ["hang up"]);
    let drained = call.notes.inputs().iter().filter(|input| matches!(input, Input::PlayoutDrained { .. })).count();
    assert_eq!(drained, 2, "only once the last words were heard");
    call.ends(false);
    assert_eq!(call.outcome().await, CallOutcome::Completed);
}
