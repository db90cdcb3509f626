//! Whether a call is answered, and what it is given.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use call_record::Recorder;
use media::AudioSettings;
use tracing::{Instrument, info_span, warn};

use super::{RETRY_AFTER, Shared};
use crate::agent::CallContext;
use crate::call::{self, Answerer, Answerers, CallSetup, CallSummary, Direction, ReplyBounds, unix_ms};
use crate::config::{Agent, Config, Llm};
use crate::leg::{Incoming, Leg, Refusal};
use crate::live::{Answering, LiveAgent};
use crate::load::FULLEST_THREAD;
use crate::metrics::{self, CallOutcome};
use crate::setup;

/// Time between two levels in the journal: draws words apart.
const LEVELS_INTERVAL: Duration = Duration::from_millis(100);

/// Answers a call, or says why not.
pub(super) fn admit(shared: &Arc<Shared>, leg: Arc<dyn Leg>, incoming: Incoming) {
    let span = info_span!("call", id = incoming.leg.0, sip_call_id = incoming.call_id);
    let _entered = span.enter();
    let refuse = |code: u16, reason: &str, retry_after| {
        warn!(code, reason, "call refused");
        metrics::call_ended(CallOutcome::Rejected);
        leg.reject(Refusal { code, reason: reason.to_owned(), retry_after });
    };
    let live = shared.live();
    let Some(answering) = live.answering(incoming.account.as_deref()) else {
        return refuse(404, "No agent answers here", None);
    };
    if shared.draining.load(Ordering::Relaxed) {
        return refuse(503, "Shutting down", Some(RETRY_AFTER));
    }
    if shared.registry.len() >= live.config.sip.max_calls as usize {
        return refuse(503, "All lines are taken", Some(RETRY_AFTER));
    }
    if let Some(missing) = shared.speech.readiness().checks.iter().find(|check| !check.ok) {
        return refuse(503, &format!("No worker for {}", missing.name), Some(RETRY_AFTER));
    }
    let delay = shared.load.queue_delay();
    if delay > live.config.daemon.refuse_from {
        return refuse(503, &format!("Requests wait {:.1} s", delay.as_secs_f64()), Some(RETRY_AFTER));
    }
    let fullest = shared.load.fullest_thread();
    if fullest > FULLEST_THREAD {
        return refuse(
            503,
            &format!("The audio threads work {:.0} % of their time", fullest * 100.0),
            Some(RETRY_AFTER),
        );
    }
    answer(shared, &live.config, (leg, incoming), answering, span.clone());
}

fn reply_bounds(llm: &Llm) -> ReplyBounds {
    ReplyBounds { max_tokens: llm.max_tokens, temperature: llm.temperature }
}

fn answer(
    shared: &Arc<Shared>,
    config: &Config,
    (leg, incoming): (Arc<dyn Leg>, Incoming),
    answering: Answering,
    span: tracing::Span,
) {
    let audio_settings = AudioSettings {
        levels_interval: if shared.journal.is_some() { LEVELS_INTERVAL } else { Duration::ZERO },
        ..setup::audio_settings(&config.vad)
    };
    let audio = media::call_audio(&audio_settings);
    let (entry, messages) = shared.registry.add(incoming.leg, summary_of(&incoming, &answering.agent.agent));
    metrics::calls_active(shared.registry.len());
    let context = CallContext::new(
        &incoming.from_uri,
        &incoming.from_name,
        &incoming.to_uri,
        &incoming.headers,
        &setup::context_headers(config),
    );
    let answerer = |LiveAgent { agent, phrases, voice }: LiveAgent| {
        let settings = shared.ears.limit(setup::conversation_settings(&agent, &context));
        Answerer { agent, phrases, voice, settings }
    };
    let mut recorder = Recorder::new(incoming.leg.0);
    if let Some(journal) = &shared.journal {
        recorder.subscribe(journal.of_call(incoming.leg.0, &incoming.call_id));
    }
    let mut setup = CallSetup {
        leg: Arc::clone(&leg),
        speech: Arc::clone(&shared.speech),
        answerers: Answerers::new(answerer(answering.agent), answering.others.into_iter().map(answerer).collect()),
        context,
        hearing: shared.ears.hearing(),
        pre_roll: audio_settings.pre_roll,
        suppress_noise: answering.noise_suppression,
        busy: shared.load.busy(),
        bounds: reply_bounds(&config.llm),
        pre_response_bounds: config.llm_small.as_ref().map(reply_bounds).unwrap_or_default(),
        playout: audio.playout,
        audio_events: audio.events,
        audio_stats: audio.stats,
        slot: shared.audio.add(audio.audio),
        recorder,
        entry,
        messages,
    };
    setup.record_start(&incoming);
    leg.answer(Box::new(audio.clock));
    let shared = Arc::clone(shared);
    tokio::spawn(
        async move {
            // The driver is a task of its own, so that a panic in it ends this call and no other.
            let driven = tokio::spawn(call::drive(setup).in_current_span()).await;
            let outcome = match driven {
                Ok(outcome) => outcome,
                Err(error) => {
                    tracing::error!(%error, "the call's driver ended badly; the call is ended");
                    leg.hang_up();
                    CallOutcome::Failed
                }
            };
            shared.registry.remove(leg.id());
            metrics::calls_active(shared.registry.len());
            metrics::call_ended(outcome);
        }
        .instrument(span),
    );
}

fn summary_of(incoming: &Incoming, agent: &Agent) -> CallSummary {
    CallSummary {
        id: incoming.leg.0,
        sip_call_id: incoming.call_id.clone(),
        agent: agent.name.clone(),
        account: incoming.account.clone(),
        direction: Direction::Incoming,
        codec: None,
        rtp: None,
        state: "answering".into(),
        started_unix_ms: unix_ms(SystemTime::now()),
        duration_ms: 0,
        turns: 0,
        caller: crate::redact::sip_uri(&incoming.from_uri),
    }
}
