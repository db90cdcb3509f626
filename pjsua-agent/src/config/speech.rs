//! `[stt]`, `[llm]` and `[tts]`: which engine, and where its workers are.

use std::path::PathBuf;

use super::daemon::SUN_PATH_BYTES;
use super::kinds;
use super::model::model;
use super::reader::{Reading, Section, Value};
use super::values::primary_language;

/// Where a stage's workers are.
#[derive(Clone, Debug, PartialEq)]
pub enum Workers {
    /// Processes that the daemon starts and supervises
    Local {
        /// The worker program; `None`: the one of that name beside the daemon, else in `PATH`
        command: Option<PathBuf>,
        /// How many; at least one
        count: u32,
    },
    /// Workers that run elsewhere, `http://host:port` or `unix:/path`; at least one
    Remote(Vec<String>),
}

/// An engine of `pjsua-agent-stt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SttEngine {
    /// Embedded, with Debian's English model unless another is given
    Pocketsphinx,
    /// Any ggml Whisper file
    Whisper,
}

/// `[stt]`: speech to text.
#[derive(Clone, Debug, PartialEq)]
pub struct Stt {
    /// The engine of local workers
    pub engine: SttEngine,
    /// Where they are
    pub workers: Workers,
    /// A model's file or directory; `None`: the engine's default. Exists.
    pub model: Option<PathBuf>,
    /// A smaller model's file for what is told while the caller still speaks. Exists.
    pub quick_model: Option<PathBuf>,
    /// BCP 47; an agent's own language comes first
    pub language: String,
    /// Threads of one recognition, where the engine can use more than one
    pub threads: Option<u32>,
    /// Utterances that one worker recognises at once
    pub capacity: Option<u32>,
}

impl Stt {
    /// Why it cannot tell languages apart, when that is known without asking it.
    pub(super) fn one_language(&self) -> Option<&'static str> {
        if !is_local(&self.workers) {
            return None;
        }
        let is_english = |model: &PathBuf| model.file_name().unwrap_or_default().to_string_lossy().contains(".en");
        match self.engine {
            SttEngine::Pocketsphinx => Some("pocketsphinx knows one language"),
            SttEngine::Whisper => {
                self.model.as_ref().is_some_and(is_english).then_some("the model of [stt] knows English only")
            }
        }
    }
}

/// An engine of `pjsua-agent-llm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LlmEngine {
    /// The keyword and slot rules of the agent's own file
    Rules,
    /// Any GGUF model with a chat template
    Llama,
}

/// What the agent's rules do beside a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesUse {
    /// They answer first; the model answers what none of them does, and is held to them
    First,
    /// They answer while the model fails
    Fallback,
    /// Nothing
    Off,
}

/// The numbers that a model's cache of conversations is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvCache {
    /// 16 bits each
    F16,
    /// 8.5 bits each
    Q8_0,
}

/// `[llm]`: who writes the replies.
#[derive(Clone, Debug, PartialEq)]
pub struct Llm {
    /// The engine of local workers
    pub engine: LlmEngine,
    /// What the rules of the agent's file do beside a model; nothing of its own where they are the model
    pub rules: RulesUse,
    /// Where they are
    pub workers: Workers,
    /// A GGUF file, of the model store perhaps; exists
    pub model: Option<PathBuf>,
    /// Tokens of context one call may use
    pub context: Option<u32>,
    /// Threads of generation; `None`: the worker's choice
    pub threads: Option<u32>,
    /// Layers of the model that a GPU computes; `None`: the worker's choice
    pub gpu_layers: Option<u32>,
    /// The numbers of its cache
    pub kv_cache: KvCache,
    /// Replies that one worker generates at once
    pub capacity: Option<u32>,
    /// The longest reply, in tokens
    pub max_tokens: u32,
    /// 0.0 (always the likeliest token) to 2.0
    pub temperature: f32,
}

/// An engine of `pjsua-agent-tts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtsEngine {
    /// Embedded English voices
    Flite,
    /// espeak-ng, over a hundred languages
    Espeak,
    /// Any Piper ONNX voice
    Piper,
}

/// `[tts]`: text to speech.
#[derive(Clone, Debug, PartialEq)]
pub struct Tts {
    /// The engine of local workers
    pub engine: TtsEngine,
    /// Where they are
    pub workers: Workers,
    /// The engine's name of a voice; an agent's own voice comes first; `None`: the engine's default
    pub voice: Option<String>,
    /// BCP 47; `None`: the voice's own
    pub language: Option<String>,
    /// Speaking rate, 0.5 to 2.0; 1.0 is normal
    pub rate: f32,
    /// A Piper voice, `….onnx`, of the model store perhaps; exists
    pub model: Option<PathBuf>,
    /// `libonnxruntime.so`; `None`: the one that listens, else where the loader finds it; exists
    pub onnxruntime: Option<PathBuf>,
    /// `None` (`phrase_cache = false`): everything is synthesised each time
    pub phrase_cache: Option<PhraseCache>,
}

/// Where audio that was synthesised before is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct PhraseCache {
    /// Made when it is missing; `None` (`cache = "off"`): only in memory
    pub dir: Option<PathBuf>,
    /// Bytes in the folder; what was not used for longest goes first
    pub disk_bytes: u64,
    /// Bytes of repeated clauses in memory; the configured phrases are not counted
    pub memory_bytes: u64,
}

const WORKERS: std::ops::RangeInclusive<u32> = 1..=64;
const THREADS: std::ops::RangeInclusive<u32> = 1..=256;
/// More than any model has.
const GPU_LAYERS: std::ops::RangeInclusive<u32> = 0..=1000;
const UTTERANCES_AT_ONCE: std::ops::RangeInclusive<u32> = 1..=256;

/// llama.cpp has 256 sequences at most, and four are kept for each reply.
const REPLIES_AT_ONCE: std::ops::RangeInclusive<u32> = 1..=64;

/// Reads `[stt]`.
pub(super) fn read_stt(mut section: Section<'_>) -> Stt {
    let engine = section.or(
        "engine",
        kinds::one_of(&[("pocketsphinx", SttEngine::Pocketsphinx), ("whisper", SttEngine::Whisper)]),
        SttEngine::Pocketsphinx,
    );
    let workers = read_workers(&mut section);
    let model = section.optional("model", model("stt"));
    let quick_model = section.optional("quick_model", self::model("stt"));
    let language = section.or("language", kinds::language, "en".to_owned());
    let threads = section.optional("threads", kinds::integer(THREADS));
    let capacity = section.optional("capacity", kinds::integer(UTTERANCES_AT_ONCE));
    if is_local(&workers) && !section.has("model") {
        match engine {
            SttEngine::Whisper => {
                need_model(&section, "whisper", "\"whisper-tiny.en\" of the model store, a ggml Whisper file")
            }
            SttEngine::Pocketsphinx if !is_english(&language) => section.fault(
                "language",
                format!("pocketsphinx brings only English along; allowed: \"en\", or model = … for “{language}”"),
            ),
            SttEngine::Pocketsphinx => {}
        }
    }
    if quick_model.is_some() && engine == SttEngine::Pocketsphinx {
        section.warn("quick_model", "is not used: pocketsphinx hears while the caller speaks anyway");
    }
    section.finish();
    Stt { engine, workers, model, quick_model, language, threads, capacity }
}

const LLM_ENGINES: &[(&str, LlmEngine)] = &[("rules", LlmEngine::Rules), ("llama", LlmEngine::Llama)];

/// Reads `[llm]`.
pub(super) fn read_llm(mut section: Section<'_>) -> Llm {
    /// About 40 s of speech.
    const MAX_TOKENS: u32 = 160;
    let engine = section.or("engine", kinds::one_of(LLM_ENGINES), LlmEngine::Rules);
    let uses = kinds::one_of(&[("first", RulesUse::First), ("fallback", RulesUse::Fallback), ("off", RulesUse::Off)]);
    let rules = section.or("rules", uses, RulesUse::First);
    let llm = read_model(&mut section, engine, MAX_TOKENS);
    section.finish();
    Llm { rules, ..llm }
}

/// Reads `[llm_small]`; `None` unless it names an engine.
pub(super) fn read_llm_small(mut section: Section<'_>) -> Option<Llm> {
    /// A clause.
    const MAX_TOKENS: u32 = 24;
    let engine = section.or("engine", kinds::or_off(kinds::one_of(LLM_ENGINES)), None);
    let llm = read_model(&mut section, engine.unwrap_or(LlmEngine::Rules), MAX_TOKENS);
    section.finish();
    engine.map(|_| llm)
}

/// The keys that both models have, without a fallback.
fn read_model(section: &mut Section<'_>, engine: LlmEngine, max_tokens: u32) -> Llm {
    let workers = read_workers(section);
    let model = section.optional("model", model("llm"));
    let context = section.optional("context", kinds::integer(512..=1_048_576));
    let threads = section.optional("threads", kinds::integer(THREADS));
    let gpu_layers = section.optional("gpu_layers", kinds::integer(GPU_LAYERS));
    let kv_caches = kinds::one_of(&[("f16", KvCache::F16), ("q8_0", KvCache::Q8_0)]);
    let kv_cache = section.or("kv_cache", kv_caches, KvCache::F16);
    let capacity = section.optional("capacity", kinds::integer(REPLIES_AT_ONCE));
    let max_tokens = section.or("max_tokens", kinds::integer(1..=4096), max_tokens);
    let temperature = section.or("temperature", kinds::number(0.0..=2.0), 0.3);
    if is_local(&workers) && engine == LlmEngine::Llama && !section.has("model") {
        need_model(section, "llama", "\"qwen2.5-0.5b\" of the model store, a GGUF file");
    }
    Llm {
        engine,
        rules: RulesUse::Off,
        workers,
        model,
        context,
        threads,
        gpu_layers,
        kv_cache,
        capacity,
        max_tokens,
        temperature,
    }
}

/// Reads `[tts]`.
pub(super) fn read_tts(mut section: Section<'_>, environment: &dyn Fn(&str) -> Option<String>) -> Tts {
    let engine = section.or(
        "engine",
        kinds::one_of(&[("flite", TtsEngine::Flite), ("espeak", TtsEngine::Espeak), ("piper", TtsEngine::Piper)]),
        TtsEngine::Flite,
    );
    let workers = read_workers(&mut section);
    let voice = section.optional("voice", kinds::text);
    let language = section.optional("language", kinds::language);
    let rate = section.or("rate", kinds::number(0.5..=2.0), 1.0);
    let model = section.optional("model", model("tts"));
    let onnxruntime = section.optional("onnxruntime", kinds::existing_path);
    let phrase_cache = read_phrase_cache(&mut section, environment);
    if is_local(&workers) {
        if engine == TtsEngine::Piper && !section.has("model") {
            need_model(&section, "piper", "\"piper-en-us-joe\" of the model store, a Piper voice, ….onnx");
        }
        if let Some(fault) = voice.as_deref().and_then(|voice| voice_fault(engine, voice)) {
            section.fault("voice", fault);
        }
    }
    section.finish();
    Tts { engine, workers, voice, language, rate, model, onnxruntime, phrase_cache }
}

fn read_phrase_cache(section: &mut Section<'_>, environment: &dyn Fn(&str) -> Option<String>) -> Option<PhraseCache> {
    const MIB: u64 = 1 << 20;
    let enabled = section.or("phrase_cache", kinds::boolean, true);
    let dir = section.optional("cache", kinds::or_off(kinds::path)).unwrap_or_else(|| default_cache_dir(environment));
    let disk_bytes = section.or("cache_size", kinds::bytes(MIB..=1024 * 1024 * MIB), 256 * MIB);
    let memory_bytes = section.or("cache_memory", kinds::bytes(MIB..=64 * 1024 * MIB), 32 * MIB);
    enabled.then_some(PhraseCache { dir, disk_bytes, memory_bytes })
}

/// Where this user's caches belong; nowhere when that is not known.
fn default_cache_dir(environment: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    // Set by systemd for CacheDirectory=; several folders are separated by colons.
    let from_systemd = environment("CACHE_DIRECTORY").and_then(|dirs| dirs.split(':').next().map(PathBuf::from));
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let from_user = || {
        let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
        Some(caches.join("pjsua-agent"))
    };
    let of_root = || nix::unistd::geteuid().is_root().then(|| PathBuf::from("/var/cache/pjsua-agent"));
    Some(from_systemd.or_else(from_user).or_else(of_root)?.join("phrases"))
}

/// Why the engine cannot speak with this voice, when that is known without asking it.
pub(super) fn voice_fault(engine: TtsEngine, voice: &str) -> Option<String> {
    const FLITE_VOICES: [&str; 3] = ["slt", "rms", "awb"];
    (engine == TtsEngine::Flite && !FLITE_VOICES.contains(&voice)).then(|| {
        let quoted = FLITE_VOICES.map(|voice| format!("\"{voice}\""));
        format!("“{voice}” is not a voice of flite; allowed: {}", quoted.join(", "))
    })
}

pub(super) fn is_english(language: &str) -> bool {
    primary_language(language) == "en"
}

pub(super) fn is_local(workers: &Workers) -> bool {
    matches!(workers, Workers::Local { .. })
}

fn need_model(section: &Section<'_>, engine: &str, allowed: &str) {
    section.fault("model", format!("is missing, and engine \"{engine}\" has none of its own; allowed: {allowed}"));
}

fn read_workers(section: &mut Section<'_>) -> Workers {
    let count = section.or("workers", kinds::integer(WORKERS), 1);
    let command = section.optional("command", kinds::existing_path);
    match section.optional("address", kinds::list(1, address)) {
        Some(addresses) => Workers::Remote(addresses),
        None => Workers::Local { command, count },
    }
}

/// `http://host:port` or `unix:/path`.
fn address(value: Value<'_>) -> Reading<String> {
    let text = kinds::text(value)?;
    let fits = match (text.strip_prefix("unix:"), text.strip_prefix("http://")) {
        (Some(path), _) => path.starts_with('/') && path.len() < SUN_PATH_BYTES,
        (_, Some(authority)) => authority.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && !authority.contains(['/', '@', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0)
        }),
        _ => false,
    };
    if fits {
        Ok(text)
    } else {
        value.refuse(format!("{} is not a worker's address; allowed: http://HOST:PORT, unix:/PATH", value.source()))
    }
}
