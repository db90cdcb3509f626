//! From a configuration to a running daemon: who owns what, and how events find their call.

mod admission;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::api::{ApiServer, ApiState};
use crate::audio_thread::AudioThread;
use crate::call::{Journal, Registry};
use crate::config::Config;
use crate::ears::Ears;
use crate::health::{Check, HeartbeatWatch, Readiness};
use crate::leg::Wait;
use crate::live::Live;
use crate::load::{BusyTime, Load};
use crate::metrics;
use crate::reload;
use crate::setup;
use crate::sip::{self, RegistrationState, Sip, SipEvent, SipHandle};
use crate::speech::{PhraseCache, Speech};

/// What a refused caller's PBX is told to wait before it tries again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A tick of the media clock that begins later than this is counted as late: a quarter of a frame, which a jitter buffer
/// still hides.
const LATE_TICK_US: u64 = 5_000;

/// The running daemon.
pub struct App {
    shared: Arc<Shared>,
    sip: Sip,
    api: Option<ApiServer>,
}

/// What every call and every API request may look at.
struct Shared {
    live: RwLock<Arc<Live>>,
    phrase_cache: Arc<PhraseCache>,
    speech: Arc<Speech>,
    journal: Option<Journal>,
    ears: Ears,
    load: Arc<Load>,
    registry: Registry,
    audio: Arc<AudioThread>,
    sip: SipHandle,
    registrations: Mutex<BTreeMap<String, RegistrationState>>,
    draining: AtomicBool,
}

impl Shared {
    /// What a call that arrives now is answered with.
    fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl App {
    /// Builds every part in the order of their dependence; the SIP side comes last, so that no call arrives before
    /// the rest is there.
    ///
    /// # Errors
    /// The first part that cannot start, with its cause and remedy. Nothing is left running.
    pub async fn build(config: Config) -> anyhow::Result<App> {
        let metrics_handle = metrics::install().context("metrics")?;
        metrics::overdue_at_zero(Wait::ALL.map(Wait::as_str));
        tokio::spawn(metrics::upkeep(metrics_handle.clone()));
        metrics::build_info(env!("CARGO_PKG_VERSION"), sip::version().to_owned());
        let journal = match &config.journal {
            Some(journal) => Some(Journal::open(&journal.dir, journal.transcripts).with_context(|| {
                format!("[journal] dir = \"{}\": cannot be written; create it for this user", journal.dir.display())
            })?),
            None => None,
        };
        let audio = AudioThread::spawn().context("audio thread")?;
        let models = config.clone();
        let ears = tokio::task::spawn_blocking(move || Ears::start(setup::listening_config(&models)));
        let voice_engine = setup::voice_engine(&config.tts);
        let speech = Speech::start(setup::speech_config(&config)).await.context("speech workers")?;
        let ears = ears.await.context("neural models of listening")?;
        let phrase_cache = Arc::new(open_phrase_cache(&config).await);
        let live = Live::new(config, &phrase_cache, voice_engine);
        let ((), phrases) = tokio::join!(live.read_prompts(&speech), live.prepare_phrases(&speech));
        phrase_cache.pin(phrases);
        let config = &live.config;
        // Not bounded, since the SIP thread may not wait and the end of a call may not be lost. Each event stems from a message
        // that the gate let in, and is taken within microseconds.
        let (events_in, events) = mpsc::unbounded_channel();
        let sip = sip::start(setup::sip_config(config), audio.waker(), events_in).context("SIP")?;
        let (audio, clock) = (Arc::new(audio), sip.handle());
        let load = {
            let audio = Arc::clone(&audio);
            let threads: [(_, BusyTime); 2] =
                [("media_clock", Box::new(move || clock.clock_busy())), ("audio", Box::new(move || audio.busy()))];
            Load::watch(config.daemon.busy_from, Arc::clone(&speech), ears.hearing(), threads)
        };
        let shared = Arc::new(Shared {
            phrase_cache,
            speech,
            journal,
            ears,
            load,
            registry: Registry::default(),
            audio,
            sip: sip.handle(),
            registrations: Mutex::default(),
            draining: AtomicBool::new(false),
            live: RwLock::new(Arc::new(live)),
        });
        let api = match shared.live().config.api.listen {
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

    /// How long calls may go on once the daemon was told to end.
    pub fn drain_timeout(&self) -> Duration {
        self.shared.live().config.daemon.drain_timeout
    }

    /// Reads the configuration again. A valid one is what the next call is answered with, save what needs a restart,
    /// which the log names; of an invalid one the log names every problem, and nothing changes.
    pub async fn reload(&self) {
        let old = self.shared.live();
        let file = old.config.file.clone();
        let loaded = tokio::task::spawn_blocking(move || Config::load(&file)).await;
        let new = match loaded {
            Ok(Ok(config)) => config,
            Ok(Err(error)) => {
                for problem in &error.problems {
                    tracing::error!("{problem}");
                }
                warn!("the configuration was not reloaded; the one before it stays in force");
                return metrics::config_reloaded(false);
            }
            Err(error) => {
                tracing::error!(%error, "the configuration could not be read");
                return metrics::config_reloaded(false);
            }
        };
        for warning in &new.warnings {
            warn!("{warning}");
        }
        let (config, needing_restart) = reload::settle(&old.config, new);
        for place in needing_restart {
            warn!("{place}: has changed; needs a restart");
        }
        let live = Arc::new(old.reloaded(config, &self.shared.phrase_cache));
        *self.shared.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&live);
        info!(agents = live.config.agents.len(), "the configuration was reloaded; it is for the next calls");
        metrics::config_reloaded(true);
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let ((), prepared) = tokio::join!(live.read_prompts(&shared.speech), live.prepare_phrases(&shared.speech));
            // A later reload knows better what is wanted.
            if Arc::ptr_eq(&live, &shared.live()) {
                shared.phrase_cache.pin(prepared);
            }
        });
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
        self.shared.registry.hang_up_all();
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

/// What is off for want of a model, and what brings it; a line each. Blocks.
pub fn missing_models(config: &Config) -> Vec<String> {
    setup::hearing_models(config).1
}

/// Listing a folder may block.
async fn open_phrase_cache(config: &Config) -> PhraseCache {
    match setup::cache_config(&config.tts) {
        Some(config) => {
            tokio::task::spawn_blocking(|| PhraseCache::open(config)).await.unwrap_or_else(|_| PhraseCache::off())
        }
        None => PhraseCache::off(),
    }
}

async fn route_events(shared: Arc<Shared>, mut events: mpsc::UnboundedReceiver<SipEvent>) {
    while let Some(event) = events.recv().await {
        match event {
            SipEvent::Registration { account, state } => note_registration(&shared, account, state),
            SipEvent::Incoming(incoming) => admission::admit(&shared, Arc::new(shared.sip.leg(incoming.leg)), incoming),
            SipEvent::Leg { leg, event } => shared.registry.deliver(leg, event),
            SipEvent::Overdue { wait, .. } => metrics::call_overdue(wait.as_str()),
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
        collect: Arc::new(move || {
            metrics::audio_thread_ticks(collect.audio.heartbeat());
            let clock = collect.sip.clock_report();
            metrics::media_clock(clock.ticks, clock.later_than(LATE_TICK_US), clock.skipped, clock.latest);
        }),
        metrics,
    }
}

/// Whether the next call could be answered: workers serve, somebody can reach us, and we are not ending.
fn readiness(shared: &Shared) -> Readiness {
    let mut readiness = shared.speech.readiness();
    let registrations = shared.registrations.lock().unwrap_or_else(PoisonError::into_inner);
    let live = shared.live();
    let enabled = live.config.accounts.iter().filter(|account| account.enabled);
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

/// What the machine of a recorded call would be told by this configuration; nothing when it has no such agent.
pub fn settings_of(config: &Config, agent: &str, start: &call_report::Start) -> Option<conversation::Settings> {
    let agent = config.agents.get(agent)?;
    let wanted = setup::context_headers(config);
    let context = crate::agent::CallContext::new(&start.from, &start.from_name, &start.to, &start.context, &wanted);
    Some(setup::conversation_settings(agent, &context))
}
