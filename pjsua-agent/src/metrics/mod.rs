//! The daemon's metrics: one typed function each, so that a name, a unit or a label is written once.
//!
//! [`METRICS`] is the list that Prometheus' `# HELP` lines and `docs/metrics.md` are held against. Units are SI base
//! units (seconds). Labels take few values: never a call id, a phone number or a text.

mod audio;
mod calls;
mod service;

use std::time::Duration;

use ::metrics::{SetRecorderError, Unit, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

pub use audio::*;
pub use calls::*;
pub use service::*;

/// Upper bounds of the latency histograms, in seconds. They lie closest where a caller hears the difference: a human
/// answers after about 0.2 s, and beyond 1.5 s he asks whether anybody is there.
pub const LATENCY_BUCKETS_S: [f64; 17] =
    [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 6.0];

/// Upper bounds of the jitter histogram, in seconds. Closest below a packet of 20 ms, which a jitter buffer hides; beyond
/// 50 ms words are lost.
pub const JITTER_BUCKETS_S: [f64; 9] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2];

/// How often [`upkeep`] moves samples into their buckets.
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations in seconds, counted by [`LATENCY_BUCKETS_S`].
    LatencyHistogram,
    /// Durations in seconds, counted by [`JITTER_BUCKETS_S`].
    JitterHistogram,
}

/// One metric: its name, kind, and what it says.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The whole name, with the prefix `pjsua_agent_` and the unit.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// The `# HELP` line.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident $name:literal $kind:ident $help:literal;)*) => {
        $(const $constant: &str = concat!("pjsua_agent_", $name);)*
        /// Every metric of the daemon.
        pub const METRICS: &[Metric] = &[$(Metric { name: $constant, kind: Kind::$kind, help: $help },)*];
    };
}

metrics! {
    BUILD_INFO "build_info" Gauge "Always 1; the versions are labels";
    CALLS_ACTIVE "calls_active" Gauge "Calls that are up";
    CALLS_TOTAL "calls_total" Counter "Calls that ended or were refused, by outcome";
    TEXT_UNSPOKEN "reply_text_unspoken_total" Counter "Replies of the language model that held text which was not spoken, by its kind";
    CALLS_OVERDUE "calls_overdue_total" Counter "Calls that waited too long and were ended for it, by what they waited for";
    REGISTRATIONS "registrations" Gauge "1 for the state an account is in, 0 for the others";
    ENDPOINTING "endpointing_seconds" LatencyHistogram "Caller's last speech frame until the turn was taken";
    STT_FINAL "stt_final_seconds" LatencyHistogram "Final transcript asked for until it arrived";
    LLM_FIRST_TOKEN "llm_first_token_seconds" LatencyHistogram "Reply asked for until its first text arrived";
    TTS_FIRST_AUDIO "tts_first_audio_seconds" LatencyHistogram "Clause sent to synthesis until its first audio arrived";
    VOICE_TO_VOICE "voice_to_voice_seconds" LatencyHistogram
        "Caller's last speech frame until the first frame of the reply was taken for sending, as the daemon sees it";
    BARGE_INS "barge_ins_total" Counter "Replies that the caller interrupted";
    LANGUAGE_CHANGES "language_changes_total" Counter
        "Calls taken over by the agent of the language that the caller speaks, by that agent";
    FALSE_INTERRUPTIONS "false_interruptions_total" Counter "Replies that were paused for a noise and resumed";
    CAPTURE_OVERRUNS "capture_overruns_total" Counter "Frames from the caller lost because the audio thread was late";
    PLAYOUT_UNDERRUNS "playout_underruns_total" Counter "Frames of silence played in the middle of a clause";
    AUDIO_THREAD_TICKS "audio_thread_ticks_total" Counter "Rounds of the audio thread, 20 ms each while a call is up";
    RTP_RECEIVED "rtp_packets_received_total" Counter "RTP packets from callers";
    RTP_LOST "rtp_packets_lost_total" Counter "RTP packets from callers that did not come";
    RTP_SENT "rtp_packets_sent_total" Counter "RTP packets to callers";
    RTP_JITTER "rtp_jitter_seconds" JitterHistogram
        "Interarrival jitter of callers' RTP (RFC 3550 section 6.4.1), one value a call in five seconds";
    RTP_ROUND_TRIP "rtp_round_trip_seconds" LatencyHistogram
        "Round trip as the peer's RTCP tells, one value a call in five seconds";
    CLOCK_TICKS "media_clock_ticks_total" Counter "Ticks of the media clock, one in 20 ms";
    CLOCK_LATE_TICKS "media_clock_late_ticks_total" Counter "Ticks that began more than 5 ms late";
    CLOCK_SKIPPED_TICKS "media_clock_skipped_ticks_total" Counter "Ticks left out, since the thread did not run for 200 ms";
    CLOCK_LATEST "media_clock_latest_seconds" Gauge "How late the latest tick began since the last scrape";
    THREAD_LOAD "realtime_thread_load" Gauge "How much of its time a real-time thread works, from 0 to 1, by thread";
    JOURNAL_LINES_LOST "journal_lines_lost_total" Counter
        "Lines of journals that were lost because the disk was late; each journal says where";
    WORKER_RESTARTS "worker_restarts_total" Counter "Speech workers started again after they died or hung";
    WORKER_UP "worker_up" Gauge "1 while the worker's health is SERVING";
    QUEUE_DELAY "queue_delay_seconds" Gauge "How long requests to a stage wait at present, smoothed";
    PHRASE_CACHE_HITS "phrase_cache_hits_total" Counter "Clauses that were not synthesised again, by where they were";
    PHRASE_CACHE_MISSES "phrase_cache_misses_total" Counter "Clauses that had to be synthesised";
    RELOADS "config_reloads_total" Counter "Times that the configuration was read again, by result";
    LLM_FALLBACK "llm_fallback_total" Counter "Replies generated by the fallback because the language model failed";
}

/// Builds the recorder with its buckets and descriptions; everything without an open label is there from the first
/// scrape on, at 0.
pub fn recorder() -> PrometheusRecorder {
    let mut builder = PrometheusBuilder::new();
    for metric in METRICS {
        let buckets: &[f64] = match metric.kind {
            Kind::LatencyHistogram => &LATENCY_BUCKETS_S,
            Kind::JitterHistogram => &JITTER_BUCKETS_S,
            Kind::Counter | Kind::Gauge => continue,
        };
        builder = builder
            .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)
            .expect("the buckets are not empty");
    }
    let recorder = builder.build_recorder();
    with_local_recorder(&recorder, || {
        METRICS.iter().for_each(describe);
        register_at_zero();
    });
    recorder
}

fn describe(metric: &Metric) {
    match metric.kind {
        Kind::Counter => ::metrics::describe_counter!(metric.name, metric.help),
        Kind::Gauge => ::metrics::describe_gauge!(metric.name, metric.help),
        Kind::LatencyHistogram | Kind::JitterHistogram => {
            ::metrics::describe_histogram!(metric.name, Unit::Seconds, metric.help);
        }
    }
}

fn register_at_zero() {
    gauge!(CALLS_ACTIVE).set(0.0);
    for outcome in CallOutcome::ALL {
        counter!(CALLS_TOTAL, "outcome" => outcome.as_str()).absolute(0);
    }
    for kind in reply_filter::Unspoken::ALL {
        counter!(TEXT_UNSPOKEN, "kind" => kind.as_str()).absolute(0);
    }
    for name in [
        BARGE_INS,
        FALSE_INTERRUPTIONS,
        CAPTURE_OVERRUNS,
        PLAYOUT_UNDERRUNS,
        AUDIO_THREAD_TICKS,
        CLOCK_TICKS,
        CLOCK_LATE_TICKS,
        CLOCK_SKIPPED_TICKS,
        RTP_RECEIVED,
        RTP_LOST,
        RTP_SENT,
        JOURNAL_LINES_LOST,
        LLM_FALLBACK,
    ] {
        counter!(name).absolute(0);
    }
    for store in [CacheStore::Memory, CacheStore::Disk] {
        counter!(PHRASE_CACHE_HITS, "store" => store.as_str()).absolute(0);
    }
    counter!(PHRASE_CACHE_MISSES).absolute(0);
    for valid in [true, false] {
        counter!(RELOADS, "result" => service::reload_result(valid)).absolute(0);
    }
    for name in [ENDPOINTING, STT_FINAL, LLM_FIRST_TOKEN, TTS_FIRST_AUDIO, VOICE_TO_VOICE, RTP_JITTER, RTP_ROUND_TRIP] {
        let _ = histogram!(name);
    }
}

/// Makes [`recorder`] the process's own and returns what renders it; once a process, before anything is counted.
///
/// # Errors
/// When a recorder was installed already.
pub fn install() -> Result<PrometheusHandle, SetRecorderError<PrometheusRecorder>> {
    let recorder = recorder();
    let handle = recorder.handle();
    ::metrics::set_global_recorder(recorder)?;
    Ok(handle)
}

/// Moves histogram samples into their buckets for ever, so that memory stays bounded when nobody scrapes. To be
/// spawned once, and dropped at the end.
pub async fn upkeep(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP_PERIOD).await;
        handle.run_upkeep();
    }
}

/// The versions of this build: of the daemon, and of the PJSIP linked in.
pub fn build_info(version: &'static str, pjsip: String) {
    gauge!(BUILD_INFO, "version" => version, "pjsip" => pjsip).set(1.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(record: impl FnOnce()) -> String {
        let recorder = recorder();
        with_local_recorder(&recorder, record);
        recorder.handle().render()
    }

    #[test]
    fn every_metric_has_its_name_prefix_and_help_and_is_documented() {
        let documented = include_str!("../../../docs/metrics.md");
        for metric in METRICS {
            assert!(metric.name.starts_with("pjsua_agent_"), "{}", metric.name);
            assert!(!metric.help.is_empty(), "{}", metric.name);
            assert!(documented.contains(&format!("`{}`", metric.name)), "docs/metrics.md lacks {}", metric.name);
        }
    }

    #[test]
    fn nothing_is_documented_that_is_not_measured() {
        let documented = include_str!("../../../docs/metrics.md");
        let words = documented.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for word in words.filter(|word| word.starts_with("pjsua_agent_")) {
            let name = word.trim_end_matches("_bucket");
            assert!(METRICS.iter().any(|metric| metric.name == name), "docs/metrics.md tells of {name}");
        }
    }

    #[test]
    fn counters_are_there_at_zero_before_the_first_call() {
        let text = rendered(|| {});
        assert!(text.contains("pjsua_agent_calls_active 0"), "{text}");
        assert!(text.contains("pjsua_agent_calls_total{outcome=\"completed\"} 0"), "{text}");
        assert!(text.contains("# HELP pjsua_agent_barge_ins_total "), "{text}");
        assert!(text.contains("# TYPE pjsua_agent_barge_ins_total counter"), "{text}");
    }

    #[test]
    fn a_latency_falls_into_its_bucket() {
        let text = rendered(|| voice_to_voice(Duration::from_millis(420)));
        assert!(text.contains("pjsua_agent_voice_to_voice_seconds_bucket{le=\"0.4\"} 0"), "{text}");
        assert!(text.contains("pjsua_agent_voice_to_voice_seconds_bucket{le=\"0.5\"} 1"), "{text}");
        assert!(text.contains("pjsua_agent_voice_to_voice_seconds_count 1"), "{text}");
    }

    #[test]
    fn an_account_is_in_one_registration_state() {
        let text = rendered(|| {
            registration("front-desk", RegistrationState::Registered);
            registration("front-desk", RegistrationState::Failed);
        });
        let ones = text.lines().filter(|l| l.starts_with("pjsua_agent_registrations{") && l.ends_with(" 1"));
        assert_eq!(ones.count(), 1, "{text}");
        assert!(text.contains("account=\"front-desk\",state=\"failed\"} 1"), "{text}");
    }
}
