//! Whether a call is answered, and what it is given.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use media::AudioSettings;
use tracing::{Instrument, info_span, warn};

use super::{RETRY_AFTER, Shared};
use crate::agent::CallContext;
use crate::call::{self, Answerer, Answerers, CallSetup, CallSummary, ClockPort, Direction, ReplyBounds, unix_ms};
use crate::config::{Agent, Config, Llm};
use crate::live::{Answering, LiveAgent};
use crate::metrics::{self, CallOutcome};
use crate::setup;
use crate::sip::IncomingCall;

/// Time between two levels in the journal: draws words apart.
const LEVELS_INTERVAL: Duration = Duration::from_millis(100);

/// Answers a call, or says why not.
pub(super) fn admit(shared: &Arc<Shared>, incoming: IncomingCall) {
    let span = info_span!("call", id = incoming.call.0, sip_call_id = incoming.sip_call_id);
    let _entered = span.enter();
    let refuse = |code: u16, reason: &str, retry_after| {
        warn!(code, reason, "call refused");
        metrics::call_ended(CallOutcome::Rejected);
        shared.sip.reject(incoming.call, code, Some(reason.to_owned()), retry_after);
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
    answer(shared, &live.config, incoming, answering, span.clone());
}

fn reply_bounds(llm: &Llm) -> ReplyBounds {
    ReplyBounds { max_tokens: llm.max_tokens, temperature: llm.temperature }
}

fn answer(shared: &Arc<Shared>, config: &Config, incoming: IncomingCall, answering: Answering, span: tracing::Span) {
    let audio_settings = AudioSettings {
        levels_interval: if shared.journal.is_some() { LEVELS_INTERVAL } else { Duration::ZERO },
        ..setup::audio_settings(&config.vad)
    };
    let audio = media::call_audio(&audio_settings);
    let (entry, events) = shared.registry.add(incoming.call, summary_of(&incoming, &answering.agent.agent));
    metrics::calls_active(shared.registry.len());
    let context = CallContext::new(
        &incoming.from_uri,
        &incoming.from_name,
        &incoming.to_uri,
        &incoming.headers,
        &setup::context_headers(config),
    );
    let answerer = |LiveAgent { agent, phrases, voice }: LiveAgent| {
        let settings = shared.listening.limit(setup::conversation_settings(&agent, &context));
        Answerer { agent, phrases, voice, settings }
    };
    let journal = shared.journal.as_ref().map(|journal| journal.start_call(incoming.call.0, &incoming.sip_call_id));
    let setup = CallSetup {
        call: incoming.call,
        sip: shared.sip.clone(),
        speech: Arc::clone(&shared.speech),
        answerers: Answerers::new(answerer(answering.agent), answering.others.into_iter().map(answerer).collect()),
        context,
        hearing: shared.listening.hearing(),
        pre_roll: audio_settings.pre_roll,
        suppress_noise: answering.noise_suppression,
        busy: shared.load.busy(),
        bounds: reply_bounds(&config.llm),
        pre_response_bounds: config.llm_small.as_ref().map(reply_bounds).unwrap_or_default(),
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
