//! From a configuration to a running daemon: who owns what, and how events find their call.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use tokio::sync::mpsc;
use tracing::{Instrument, info, info_span, warn};

use crate::agent::CallContext;
use crate::api::{ApiServer, ApiState, CallSummary, Check, Direction, HeartbeatWatch, Readiness};
use crate::audio_thread::AudioThread;
use crate::call::{self, CallEvent, CallSetup, ClockPort, Journal, Phrases, Registry, synthesise_whole, unix_ms};
use crate::config::{Agent, Config};
use crate::metrics::{self, CallOutcome};
use crate::setup;
use crate::sip::{self, IncomingCall, RegistrationState, Sip, SipEvent, SipHandle};
use crate::speech::Speech;

/// What a refused caller's PBX is told to wait before it tries again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The running daemon.
pub struct App {
    shared: Arc<Shared>,
    sip: Sip,
    api: Option<ApiServer>,
}

/// What every call and every API request may look at.
struct Shared {
    config: Config,
    agents: BTreeMap<String, Arc<Agent>>,
    speech: Arc<Speech>,
    phrases: Arc<Phrases>,
    journal: Option<Journal>,
    registry: Registry,
    audio: AudioThread,
    sip: SipHandle,
    registrations: Mutex<BTreeMap<String, RegistrationState>>,
    draining: AtomicBool,
}

impl App {
    /// Builds every part in the order of their dependence; the SIP side comes last, so that no call arrives before
    /// the rest is there.
    ///
    /// # Errors
    /// The first part that cannot start, with its cause and remedy. Nothing is left running.
    pub async fn build(config: Config) -> anyhow::Result<App> {
        let metrics_handle = metrics::install().context("metrics")?;
        tokio::spawn(metrics::upkeep(metrics_handle.clone()));
        metrics::build_info(env!("CARGO_PKG_VERSION"), sip::version().to_owned());
        let journal = match &config.journal {
            Some(journal) => Some(Journal::open(&journal.dir, journal.transcripts).with_context(|| {
                format!("[journal] dir = \"{}\": cannot be written; create it for this user", journal.dir.display())
            })?),
            None => None,
        };
        let audio = AudioThread::spawn().context("audio thread")?;
        let speech = Speech::start(setup::speech_config(&config)).await.context("speech workers")?;
        let agents: BTreeMap<_, _> =
            config.agents.iter().map(|(name, agent)| (name.clone(), Arc::new(agent.clone()))).collect();
        let phrases = Arc::new(Phrases::default());
        for agent in agents.values() {
            prepare_phrases(&speech, &phrases, &config, agent).await;
        }
        let (events_in, events) = mpsc::unbounded_channel();
        let sip = sip::start(setup::sip_config(&config), audio.waker(), events_in).context("SIP")?;
        let shared = Arc::new(Shared {
            agents,
            speech,
            phrases,
            journal,
            registry: Registry::default(),
            audio,
            sip: sip.handle(),
            registrations: Mutex::default(),
            draining: AtomicBool::new(false),
            config,
        });
        let api = match shared.config.api.listen {
            Some(listen) => Some(ApiServer::start(listen, api_state(&shared, metrics_handle)).await?),
            None => None,
        };
        tokio::spawn(route_events(Arc::clone(&shared), events));
        Ok(App { shared, sip, api })
    }

    /// Reads the audio thread's tick counter.
    pub fn heartbeat(&self) -> impl Fn() -> u64 + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.audio.heartbeat()
    }

    /// Unregisters and answers every further INVITE with 503.
    pub fn refuse_new_calls(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
        self.shared.sip.refuse_new_calls(RETRY_AFTER);
        self.shared.sip.unregister();
    }

    /// Returns once no call is left.
    pub async fn idle(&self) {
        self.shared.registry.idle().await;
    }

    /// How many calls there are.
    pub fn calls(&self) -> usize {
        self.shared.registry.len()
    }

    /// Ends every call with BYE.
    pub fn hang_up_all(&self) {
        self.shared.registry.deliver_to_all(|| CallEvent::HangUp);
    }

    /// Stops every part.
    pub async fn shutdown(self) {
        // Joins the SIP threads, which may be in the middle of an UNREGISTER.
        let sip = self.sip;
        if let Err(error) = tokio::task::spawn_blocking(move || sip.shutdown()).await {
            warn!(%error, "the SIP thread ended badly");
        }
        if let Some(api) = self.api {
            api.shutdown().await;
        }
        self.shared.speech.shutdown().await;
    }
}

/// One line a part, for `pjsua-agent check`.
pub fn describe(config: &Config) -> String {
    let mut text = format!("{}: valid", config.file.display());
    for account in &config.accounts {
        let state = if account.enabled { "registers at" } else { "disabled, would register at" };
        text.push_str(&format!("\n  account {}: {state} {}, agent {}", account.name, account.registrar, account.agent));
    }
    for agent in config.agents.values() {
        let human = agent.human.as_ref().map_or("no human to transfer to".into(), |human| format!("human {human}"));
        text.push_str(&format!(
            "\n  agent {}: {} rules, {human} ({})",
            agent.name,
            agent.rules.len(),
            agent.file.display()
        ));
    }
    text.push_str(&format!(
        "\n  engines: stt {:?}, llm {:?}, tts {:?}",
        config.stt.engine, config.llm.engine, config.tts.engine
    ));
    text
}

/// Makes the audio of the phrases an agent always needs.
async fn prepare_phrases(speech: &Speech, phrases: &Phrases, config: &Config, agent: &Agent) {
    let voice = setup::voice_settings(config, agent);
    let settings = setup::conversation_settings(agent, &CallContext::default());
    for text in setup::phrases(&settings) {
        if text.is_empty() || phrases.find(&voice.voice, text).is_some() {
            continue;
        }
        match synthesise_whole(speech, &voice, text).await {
            Ok(samples) => phrases.keep(&voice.voice, text, samples),
            Err(error) => warn!(agent = agent.name, error, "a phrase could not be made ahead; it is made when needed"),
        }
    }
}

async fn route_events(shared: Arc<Shared>, mut events: mpsc::UnboundedReceiver<SipEvent>) {
    while let Some(event) = events.recv().await {
        match event {
            SipEvent::Registration { account, state } => note_registration(&shared, account, state),
            SipEvent::IncomingCall(call) => admit(&shared, call),
            SipEvent::MediaActive { call, codec, .. } => {
                shared.registry.deliver(call, CallEvent::MediaActive { codec });
            }
            SipEvent::Dtmf { call, digit } => shared.registry.deliver(call, CallEvent::Dtmf(digit)),
            SipEvent::Transfer { call, code, done } => {
                shared.registry.deliver(call, CallEvent::TransferProgress { code, done });
            }
            SipEvent::CallEnded { call, code, by_peer, .. } => {
                shared.registry.deliver(call, CallEvent::Ended { code, by_peer });
            }
        }
    }
}

fn note_registration(shared: &Shared, account: String, state: RegistrationState) {
    match &state {
        RegistrationState::Registered { expires } => {
            info!(account, expires_s = expires.as_secs(), "registered");
            metrics::registration(&account, metrics::RegistrationState::Registered);
        }
        RegistrationState::Unregistered => {
            info!(account, "unregistered");
            metrics::registration(&account, metrics::RegistrationState::Unregistered);
        }
        RegistrationState::Failed { code, reason, wrong_password, retry_in } => {
            let retry_in_s = retry_in.as_secs_f32();
            if *wrong_password {
                warn!(account, code, retry_in_s, "the registrar refuses the user name or the password of this account");
            } else {
                warn!(account, code, reason, retry_in_s, "registration failed");
            }
            metrics::registration(&account, metrics::RegistrationState::Failed);
        }
    }
    shared.registrations.lock().unwrap_or_else(PoisonError::into_inner).insert(account, state);
}

/// Answers a call, or says why not.
fn admit(shared: &Arc<Shared>, incoming: IncomingCall) {
    let span = info_span!("call", id = incoming.call.0, sip_call_id = incoming.sip_call_id);
    let _entered = span.enter();
    let refuse = |code: u16, reason: &str, retry_after| {
        warn!(code, reason, "call refused");
        metrics::call_ended(CallOutcome::Rejected);
        shared.sip.reject(incoming.call, code, Some(reason.to_owned()), retry_after);
    };
    let Some(agent) = agent_for(shared, &incoming) else {
        return refuse(404, "No agent answers here", None);
    };
    if shared.draining.load(Ordering::Relaxed) {
        return refuse(503, "Shutting down", Some(RETRY_AFTER));
    }
    if shared.registry.len() >= shared.config.sip.max_calls as usize {
        return refuse(503, "All lines are taken", Some(RETRY_AFTER));
    }
    if let Some(missing) = shared.speech.readiness().checks.iter().find(|check| !check.ok) {
        return refuse(503, &format!("No worker for {}", missing.name), Some(RETRY_AFTER));
    }
    answer(shared, incoming, agent, span.clone());
}

fn agent_for(shared: &Shared, incoming: &IncomingCall) -> Option<Arc<Agent>> {
    let name = match &incoming.account {
        Some(account) => &shared.config.accounts.iter().find(|known| known.name == *account)?.agent,
        None => shared.config.sip.direct_agent.as_ref()?,
    };
    shared.agents.get(name).cloned()
}

fn answer(shared: &Arc<Shared>, incoming: IncomingCall, agent: Arc<Agent>, span: tracing::Span) {
    let audio = media::call_audio(&setup::audio_settings(&shared.config.vad));
    let (entry, events) = shared.registry.add(incoming.call, summary_of(&incoming, &agent));
    metrics::calls_active(shared.registry.len());
    let context = CallContext::new(
        &incoming.from_uri,
        &incoming.from_name,
        &incoming.to_uri,
        &incoming.headers,
        &setup::context_headers(&shared.config),
    );
    let journal = shared.journal.as_ref().map(|journal| journal.start_call(incoming.call.0, &incoming.sip_call_id));
    let setup = CallSetup {
        call: incoming.call,
        sip: shared.sip.clone(),
        speech: Arc::clone(&shared.speech),
        phrases: Arc::clone(&shared.phrases),
        settings: setup::conversation_settings(&agent, &context),
        voice: setup::voice_settings(&shared.config, &agent),
        agent,
        context,
        max_tokens: shared.config.llm.max_tokens,
        temperature: shared.config.llm.temperature,
        playout: audio.playout,
        audio_events: audio.events,
        audio_stats: audio.stats,
        slot: shared.audio.add(audio.audio),
        journal,
        entry,
        events,
    };
    setup.write_start(&incoming);
    shared.sip.answer(incoming.call, Box::new(ClockPort(audio.clock)));
    let shared = Arc::clone(shared);
    let call = incoming.call;
    tokio::spawn(
        async move {
            // The driver is a task of its own, so that a panic in it ends this call and no other.
            let driven = tokio::spawn(call::drive(setup).in_current_span()).await;
            let outcome = match driven {
                Ok(outcome) => outcome,
                Err(error) => {
                    tracing::error!(%error, "the call's driver ended badly; the call is ended");
                    shared.sip.hang_up(call);
                    CallOutcome::Failed
                }
            };
            shared.registry.remove(call);
            metrics::calls_active(shared.registry.len());
            metrics::call_ended(outcome);
        }
        .instrument(span),
    );
}

fn summary_of(incoming: &IncomingCall, agent: &Agent) -> CallSummary {
    CallSummary {
        id: incoming.call.0,
        sip_call_id: incoming.sip_call_id.clone(),
        agent: agent.name.clone(),
        account: incoming.account.clone(),
        direction: Direction::Incoming,
        codec: None,
        state: "answering".into(),
        started_unix_ms: unix_ms(SystemTime::now()),
        duration_ms: 0,
        turns: 0,
        caller: crate::redact::sip_uri(&incoming.from_uri),
    }
}

fn api_state(shared: &Arc<Shared>, metrics: metrics_exporter_prometheus::PrometheusHandle) -> ApiState {
    let watch = Mutex::new(HeartbeatWatch::new(Instant::now()));
    let (calls, ready, live, collect) = (shared.clone(), shared.clone(), shared.clone(), shared.clone());
    ApiState {
        calls: Arc::new(move || calls.registry.summaries()),
        readiness: Arc::new(move || readiness(&ready)),
        live: Arc::new(move || {
            let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
            watch.observe(live.audio.heartbeat(), live.registry.len(), Instant::now())
        }),
        collect: Arc::new(move || metrics::audio_thread_ticks(collect.audio.heartbeat())),
        metrics,
    }
}

/// Whether the next call could be answered: workers serve, somebody can reach us, and we are not ending.
fn readiness(shared: &Shared) -> Readiness {
    let mut readiness = shared.speech.readiness();
    let registrations = shared.registrations.lock().unwrap_or_else(PoisonError::into_inner);
    let enabled = shared.config.accounts.iter().filter(|account| account.enabled);
    for account in enabled {
        let state = registrations.get(&account.name);
        readiness.checks.push(Check {
            name: format!("account {}", account.name),
            ok: matches!(state, Some(RegistrationState::Registered { .. })),
            detail: match state {
                None => "not registered yet".into(),
                Some(RegistrationState::Registered { .. }) => "registered".into(),
                Some(RegistrationState::Unregistered) => "unregistered".into(),
                Some(RegistrationState::Failed { code, reason, .. }) => format!("registration failed: {code} {reason}"),
            },
        });
    }
    let draining = shared.draining.load(Ordering::Relaxed);
    readiness.check("draining", !draining, if draining { "ending; no new calls" } else { "no" });
    readiness
}
