//! The configuration's types in the words of each part.

mod hearing;

use std::path::PathBuf;

use ::hearing::{EndOfTurnSettings, HearingConfig, VadSettings};
use conversation::Settings;
use media::{Aggressiveness, AudioSettings};

use crate::agent::CallContext;
use crate::call::VoiceSettings;
use crate::config::{Agent, Codec, Config, KvCache, Llm, LlmEngine, RulesUse, SttEngine, Tts, TtsEngine, Vad, Workers};
use crate::sip::{AccountConfig, Bounds, SipConfig};
use crate::speech::{CacheConfig, Rules, SpeechConfig, StageConfig, WorkerSource};

pub use hearing::hearing_models;

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
        bounds: Bounds {
            media: config.sip.media_start_timeout,
            rtp: config.sip.rtp_timeout,
            hold: config.sip.hold_timeout,
            ..Bounds::default()
        },
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
    stt.path("--quick-model", config.stt.quick_model.as_ref());
    stt.value("--language", Some(&config.stt.language));
    stt.value("--threads", config.stt.threads);
    stt.value("--capacity", config.stt.capacity);

    let mut tts = Arguments::engine(match config.tts.engine {
        TtsEngine::Flite => "flite",
        TtsEngine::Espeak => "espeak",
        TtsEngine::Piper => "piper",
    });
    tts.path("--model", config.tts.model.as_ref());
    if config.tts.engine == TtsEngine::Piper && matches!(config.tts.workers, Workers::Local { .. }) {
        // The library is the one that listens, unless another is named; without it the loader looks for its own.
        let listens = || hearing_models(config).0.onnxruntime;
        tts.path("--onnxruntime", config.tts.onnxruntime.clone().or_else(listens).as_ref());
    }
    tts.value("--voice", config.tts.voice.as_ref());

    let fallback = (config.llm.rules != RulesUse::Off).then(|| {
        let local = Workers::Local { command: None, count: 1 };
        stage("pjsua-agent-llm", &local, Arguments::engine("rules"))
    });
    SpeechConfig {
        stt: stage("pjsua-agent-stt", &config.stt.workers, stt),
        llm: llm_stage(&config.llm),
        llm_fallback: fallback,
        rules: match (config.llm.engine, config.llm.rules) {
            (LlmEngine::Rules, _) if matches!(config.llm.workers, Workers::Local { .. }) => Rules::Alone,
            (_, RulesUse::First) => Rules::First,
            (_, RulesUse::Fallback | RulesUse::Off) => Rules::Beside,
        },
        llm_small: config.llm_small.as_ref().map(llm_stage),
        tts: stage("pjsua-agent-tts", &config.tts.workers, tts),
        runtime_dir: config.daemon.runtime_dir.clone(),
    }
}

fn llm_stage(llm: &Llm) -> StageConfig {
    let mut arguments = Arguments::engine(match llm.engine {
        LlmEngine::Rules => "rules",
        LlmEngine::Llama => "llama",
    });
    arguments.path("--model", llm.model.as_ref());
    arguments.value("--context", llm.context);
    arguments.value("--threads", llm.threads);
    arguments.value("--gpu-layers", llm.gpu_layers);
    arguments.value("--kv-cache", (llm.kv_cache == KvCache::Q8_0).then_some("q8_0"));
    arguments.value("--capacity", llm.capacity);
    stage("pjsua-agent-llm", &llm.workers, arguments)
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

/// How the agent sounds, spoken by `engine`.
pub fn voice_settings(config: &Config, agent: &Agent, engine: &str) -> VoiceSettings {
    VoiceSettings {
        engine: engine.to_owned(),
        text_language: agent.language.clone(),
        voice: agent.voice.clone().or_else(|| config.tts.voice.clone()).unwrap_or_default(),
        language: config.tts.language.as_ref().unwrap_or(&agent.language).clone(),
        rate: config.tts.rate,
    }
}

/// What tells the audio of one engine from that of another: a model that was replaced is another one. Asks for the
/// model's file, so that it must be called while the workers load it, and not again.
pub fn voice_engine(tts: &Tts) -> String {
    let engine = match (&tts.workers, tts.engine) {
        (Workers::Remote(addresses), _) => addresses.join(" "),
        (_, TtsEngine::Flite) => "flite".to_owned(),
        (_, TtsEngine::Espeak) => "espeak".to_owned(),
        (_, TtsEngine::Piper) => "piper".to_owned(),
    };
    let Some(model) = &tts.model else { return engine };
    let stamp = model.metadata().map(|metadata| (metadata.len(), metadata.modified().ok()));
    format!("{engine} {} {stamp:?}", model.display())
}

/// Where the audio of phrases is kept; `None`: nowhere.
pub fn cache_config(tts: &Tts) -> Option<CacheConfig> {
    tts.phrase_cache.as_ref().map(|cache| CacheConfig {
        dir: cache.dir.clone(),
        disk_bytes: cache.disk_bytes,
        memory_bytes: cache.memory_bytes,
    })
}

/// What the operator wrote for this agent to say.
pub fn fixed_texts(agent: &Agent) -> Vec<String> {
    let rules = agent.rules.iter().flat_map(|rule| std::iter::once(&rule.say).chain(&rule.ask));
    // As written, and as a call fills them of which nothing is known.
    let settings = [settings_with(agent, str::to_owned), conversation_settings(agent, &CallContext::default())];
    let written = std::iter::once(&agent.fallback).chain(rules);
    let phrases = settings.iter().flat_map(|settings| settings.phrases.wordings()).map(|text| text.to_string());
    written.cloned().chain(phrases).filter(|text| !text.is_empty()).collect()
}

/// How the call is listened to.
pub fn audio_settings(vad: &Vad) -> AudioSettings {
    let onset_frames = media::frames_in(vad.onset);
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

/// The neural models of listening, as far as they are there; what is missing is said. `None`: there is none.
pub fn listening_config(config: &Config) -> Option<HearingConfig> {
    let (models, warnings) = hearing_models(config);
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    // The gate's times are the models' as well: they tell the pre-roll from the onset, and sound from silence.
    let audio = audio_settings(&config.vad);
    let is_wanted = models.vad.is_some() || models.end_of_turn.is_some();
    models.onnxruntime.filter(|_| is_wanted).map(|onnxruntime| HearingConfig {
        onnxruntime,
        vad_model: models.vad,
        end_of_turn_model: models.end_of_turn,
        vad: VadSettings {
            confirm_probability: config.hearing.vad_threshold,
            pre_roll: audio.pre_roll,
            ..VadSettings::default()
        },
        end_of_turn: EndOfTurnSettings { hang_over: audio.hang_over, ..EndOfTurnSettings::default() },
        score_threads: config.hearing.score_threads as usize,
    })
}

/// Names and patterns of the headers that reach the prompt.
pub fn context_headers(config: &Config) -> Vec<String> {
    config.sip.context_headers.iter().map(ToString::to_string).collect()
}

/// The machine's words and times for a call of this agent.
pub fn conversation_settings(agent: &Agent, context: &CallContext) -> Settings {
    settings_with(agent, |text| context.fill(text))
}

fn settings_with(agent: &Agent, fill: impl Fn(&str) -> String) -> Settings {
    agent.turns.settings.clone().with(|it| {
        it.phrases = agent.phrases.clone().map(fill);
        it.language = agent.language.clone();
        it.human = agent.human.is_some();
        it.replies.pre_response = agent.pre_response.is_some();
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn an_agent_sounds_like_its_language_unless_the_configuration_says_more() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../conf/pjsua-agent.toml");
        let mut config = Config::load_with(Path::new(file), &|_| None).expect("the documented configuration is valid");
        let french = Agent { language: "fr".into(), ..config.agents["demo"].clone() };
        assert_eq!(voice_settings(&config, &french, "espeak").language, "fr");
        config.tts.language = Some("fr-CA".into());
        assert_eq!(voice_settings(&config, &french, "espeak").language, "fr-CA");
    }
}
