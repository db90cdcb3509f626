//! The configuration's types in the words of each part.

use std::path::PathBuf;

use conversation::Settings;
use media::{Aggressiveness, AudioSettings};

use crate::agent::CallContext;
use crate::call::VoiceSettings;
use crate::config::{Agent, Codec, Config, LlmEngine, SttEngine, TtsEngine, Vad, Workers};
use crate::sip::{AccountConfig, SipConfig};
use crate::speech::{SpeechConfig, StageConfig, WorkerSource};

/// The SIP side.
pub fn sip_config(config: &Config) -> SipConfig {
    let accounts = config.accounts.iter().filter(|account| account.enabled).map(|account| AccountConfig {
        realm: account.realm.clone(),
        expires: account.expires,
        retry_min: config.sip.retry_min,
        retry_max: config.sip.retry_max,
        ..AccountConfig::new(
            &account.name,
            account.aor.as_str(),
            account.registrar.as_str(),
            &account.username,
            account.password.reveal(),
        )
    });
    SipConfig {
        listen: config.sip.listen.clone(),
        public_address: config.sip.public_address,
        trusted: config.sip.trusted.clone(),
        user_agent: config.sip.user_agent.clone(),
        max_calls: config.sip.max_calls,
        rtp_ports: config.sip.rtp_ports,
        codecs: config.sip.codecs.iter().map(|codec| codec_name(*codec).to_owned()).collect(),
        accounts: accounts.collect(),
        log_level: pjlib_level(config.log.level),
        ..SipConfig::default()
    }
}

/// The names by which PJSIP knows the codecs.
fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::Opus => "opus",
        Codec::G722 => "G722",
        Codec::Pcmu => "PCMU",
        Codec::Pcma => "PCMA",
    }
}

/// What PJLIB should bother to format: whole SIP messages (5) at trace only.
fn pjlib_level(level: tracing::Level) -> u8 {
    match level {
        tracing::Level::TRACE => 5,
        tracing::Level::DEBUG => 4,
        _ => 3,
    }
}

/// The workers of every stage.
pub fn speech_config(config: &Config) -> SpeechConfig {
    let mut stt = Arguments::engine(match config.stt.engine {
        SttEngine::Pocketsphinx => "pocketsphinx",
        SttEngine::Whisper => "whisper",
    });
    stt.path("--model", config.stt.model.as_ref());
    stt.value("--language", Some(&config.stt.language));
    stt.value("--threads", config.stt.threads);
    stt.value("--capacity", config.stt.capacity);

    let mut llm = Arguments::engine(llm_engine(config.llm.engine));
    llm.path("--model", config.llm.model.as_ref());
    llm.value("--context", config.llm.context);
    llm.value("--threads", config.llm.threads);
    llm.value("--capacity", config.llm.capacity);

    let mut tts = Arguments::engine(match config.tts.engine {
        TtsEngine::Flite => "flite",
        TtsEngine::Espeak => "espeak",
        TtsEngine::Piper => "piper",
    });
    tts.path("--model", config.tts.model.as_ref());
    tts.path("--onnxruntime", config.tts.onnxruntime.as_ref());
    tts.value("--voice", config.tts.voice.as_ref());

    let fallback = config.llm.fallback_rules.then(|| {
        let local = Workers::Local { command: None, count: 1 };
        stage("pjsua-agent-llm", &local, Arguments::engine("rules"))
    });
    SpeechConfig {
        stt: stage("pjsua-agent-stt", &config.stt.workers, stt),
        llm: stage("pjsua-agent-llm", &config.llm.workers, llm),
        llm_fallback: fallback,
        tts: stage("pjsua-agent-tts", &config.tts.workers, tts),
        runtime_dir: config.daemon.runtime_dir.clone(),
    }
}

fn llm_engine(engine: LlmEngine) -> &'static str {
    match engine {
        LlmEngine::Rules => "rules",
        LlmEngine::Llama => "llama",
    }
}

/// The command line of a worker.
struct Arguments {
    engine: String,
    list: Vec<String>,
}

impl Arguments {
    fn engine(engine: &str) -> Arguments {
        Arguments { engine: engine.into(), list: vec!["--engine".into(), engine.into()] }
    }

    fn value(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.list.extend([name.to_owned(), value.to_string()]);
        }
    }

    fn path(&mut self, name: &str, path: Option<&PathBuf>) {
        self.value(name, path.map(|path| path.display()));
    }
}

fn stage(program: &str, workers: &Workers, arguments: Arguments) -> StageConfig {
    let workers = match workers {
        Workers::Local { command, count } => {
            let program = command.clone().unwrap_or_else(|| program.into());
            (0..*count)
                .map(|_| WorkerSource::Command { program: program.clone(), args: arguments.list.clone() })
                .collect()
        }
        Workers::Remote(addresses) => addresses.iter().cloned().map(WorkerSource::Address).collect(),
    };
    StageConfig { engine: arguments.engine, workers }
}

/// How the agent sounds.
pub fn voice_settings(config: &Config, agent: &Agent) -> VoiceSettings {
    VoiceSettings {
        voice: agent.voice.clone().or_else(|| config.tts.voice.clone()).unwrap_or_default(),
        language: config.tts.language.clone().unwrap_or_default(),
        rate: config.tts.rate,
    }
}

/// How the call is listened to.
pub fn audio_settings(vad: &Vad) -> AudioSettings {
    let frame = media::FRAME_DURATION;
    let onset_frames = usize::try_from(vad.onset.as_micros().div_ceil(frame.as_micros())).unwrap_or(usize::MAX);
    AudioSettings {
        aggressiveness: match vad.aggressiveness {
            0 => Aggressiveness::Quality,
            1 => Aggressiveness::LowBitrate,
            2 => Aggressiveness::Aggressive,
            _ => Aggressiveness::VeryAggressive,
        },
        onset_frames,
        // One frame more than must be voiced: a plosive's closure may fall between two voiced frames.
        onset_window: onset_frames + 1,
        hang_over: vad.hangover,
        pre_roll: vad.preroll,
        ..AudioSettings::default()
    }
}

/// Names and patterns of the headers that reach the prompt.
pub fn context_headers(config: &Config) -> Vec<String> {
    config.sip.context_headers.iter().map(ToString::to_string).collect()
}

/// The machine's words and times for a call of this agent.
pub fn conversation_settings(agent: &Agent, context: &CallContext) -> Settings {
    let built_in = Settings::default();
    let own = &agent.phrases;
    let phrase = |own: &Option<String>, built_in: String| own.as_ref().map_or(built_in, |text| context.fill(text));
    Settings {
        greeting: context.fill(&agent.greeting),
        not_understood: phrase(&own.not_understood, built_in.not_understood),
        failure: phrase(&own.failure, built_in.failure),
        no_input_prompt: phrase(&own.no_input_prompt, built_in.no_input_prompt),
        no_input_goodbye: phrase(&own.no_input_goodbye, built_in.no_input_goodbye),
        transfer_announcement: phrase(&own.transfer_announcement, built_in.transfer_announcement),
        transfer_failed: phrase(&own.transfer_failed, built_in.transfer_failed),
        goodbye: phrase(&own.goodbye, built_in.goodbye),
        failure_goodbye: phrase(&own.failure_goodbye, built_in.failure_goodbye),
        time_limit_goodbye: phrase(&own.time_limit_goodbye, built_in.time_limit_goodbye),
        human: agent.human.is_some(),
        endpoint_silence: agent.turns.endpoint_silence,
        barge_in_confirm: agent.turns.barge_in_confirm,
        overlap_limit: agent.turns.overlap_limit,
        no_input_after: agent.turns.no_input_after,
        no_input_prompts: agent.turns.no_input_prompts,
        transcript_timeout: agent.turns.transcript_timeout,
        reply_timeout: agent.turns.reply_timeout,
        max_call_duration: agent.turns.max_call,
        ..built_in
    }
}

/// Every phrase the machine may say by itself.
pub fn phrases(settings: &Settings) -> [&str; 10] {
    [
        &settings.greeting,
        &settings.not_understood,
        &settings.failure,
        &settings.no_input_prompt,
        &settings.no_input_goodbye,
        &settings.transfer_announcement,
        &settings.transfer_failed,
        &settings.goodbye,
        &settings.failure_goodbye,
        &settings.time_limit_goodbye,
    ]
}
