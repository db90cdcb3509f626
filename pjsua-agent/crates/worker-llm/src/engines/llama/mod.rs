//! Any GGUF model, by llama.cpp: one thread owns the model and decodes all calls in one batched context.
//!
//! A request waits in a queue until a sequence of the cache is free (see [`slots`]); then its prompt is computed in
//! pieces beside the tokens of the replies that run already, so that one caller's long prompt does not silence the others.
//! A step that nobody waits for any more is stopped.
//! The cache keeps each call's conversation from turn to turn, and a new call shares the agent's prompt with the others.

mod batch;
mod choice;
mod device;
mod job;
mod log;
mod pace;
mod prompt;
mod schema;
mod slots;
mod text;

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Instant,
};

use ggml_kernels::gpu::GpuError;
use llama_cpp_2::{
    context::params::{KvCacheType, LlamaContextParams},
    llama_backend::LlamaBackend,
    model::LlamaModel,
};

pub use log::to_tracing as log_to_tracing;

use super::{Engine, Event, Message, Replies, ReplyError, Request, Role};
use crate::args::KvCache;

/// How a model is run.
#[derive(Clone, Debug)]
pub struct LlamaSettings {
    /// The GGUF file.
    pub model: PathBuf,
    /// Tokens of a call's prompt and reply together, at most.
    pub context: u32,
    /// Calls answered at once. Four times as many conversations are kept in the cache while there is room: a call that
    /// listens or is listened to needs no place, only its words.
    pub capacity: u32,
    /// CPU threads.
    pub threads: u32,
    /// Layers computed on GPUs; `None`: all where a GPU backend is compiled in and finds a device, otherwise none.
    pub gpu_layers: Option<u32>,
    /// The only GPU to use, by its number; `None`: all of the first one's kind share the layers.
    pub gpu: Option<u32>,
    /// How the cache holds what was computed of conversations.
    pub kv_cache: KvCache,
    /// Tokens of a reply when the request has no bound.
    pub max_tokens: u32,
}

impl LlamaSettings {
    /// Conversations kept in the cache, at most.
    fn conversations(&self) -> u32 {
        // llama.cpp allows 256.
        self.capacity.saturating_mul(4).min(256)
    }
}

/// Why a model cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A GPU that is asked for is not there.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The file is not there, or not readable.
    #[error("cannot read the model {path}: {source}; --model wants a GGUF file")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// llama.cpp refuses it.
    #[error("llama.cpp cannot run {path}: {reason}")]
    Model {
        /// Which.
        path: PathBuf,
        /// What it says.
        reason: String,
    },
    /// The first, throw-away reply failed.
    #[error("the model loads but does not answer: {0}")]
    Warming(ReplyError),
    /// The engine's thread could not be started, or ended.
    #[error("the engine's thread failed: {0}")]
    Thread(String),
}

/// A request on its way to the engine's thread.
struct Order {
    request: Request,
    replies: Replies,
    since: Instant,
}

/// The engine `llama`.
pub struct Llama {
    orders: mpsc::Sender<Order>,
    model: String,
    capacity: u32,
}

impl Llama {
    /// Loads and warms a model. Blocks for as long as that takes.
    ///
    /// # Errors
    ///
    /// When a GPU that is asked for is missing, or the file is, or is no model that llama.cpp can run, or does not answer.
    pub fn load(settings: LlamaSettings) -> Result<Self, LoadError> {
        let devices = device::Devices::choose(&settings)?;
        std::fs::File::open(&settings.model)
            .map_err(|source| LoadError::File { path: settings.model.clone(), source })?;
        let (orders, queue) = mpsc::channel();
        let (ready, is_ready) = mpsc::channel();
        let model = name(&settings.model);
        let capacity = settings.capacity;
        thread::Builder::new()
            .name("llama".to_owned())
            .spawn(move || live(&settings, &devices, &queue, &ready))
            .map_err(|error| LoadError::Thread(error.to_string()))?;
        is_ready.recv().map_err(|_| LoadError::Thread("it ended while loading".to_owned()))??;
        let engine = Self { orders, model, capacity };
        engine.warm()?;
        Ok(engine)
    }

    fn warm(&self) -> Result<(), LoadError> {
        let (replies, mut events) = tokio::sync::mpsc::unbounded_channel();
        let hello = Message { role: Role::Caller, text: "hello".to_owned() };
        self.reply(Request { messages: vec![hello], max_tokens: 1, ..Request::default() }, replies);
        while let Some(event) = events.blocking_recv() {
            if let Event::Done(_) = event.map_err(LoadError::Warming)? {
                return Ok(());
            }
        }
        Err(LoadError::Warming(ReplyError::Engine("the reply broke off".to_owned())))
    }
}

impl Engine for Llama {
    fn name(&self) -> &'static str {
        "llama"
    }

    fn model(&self) -> String {
        self.model.clone()
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn reply(&self, request: Request, replies: Replies) {
        if let Err(mpsc::SendError(order)) = self.orders.send(Order { request, replies, since: Instant::now() }) {
            // A client that has gone needs no answer.
            let _ = order.replies.send(Err(ReplyError::Engine("the engine has ended".to_owned())));
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The life of the engine's thread.
fn live(
    settings: &LlamaSettings,
    devices: &device::Devices,
    queue: &mpsc::Receiver<Order>,
    ready: &mpsc::Sender<Result<(), LoadError>>,
) {
    let refuse = |reason: String| {
        // Nobody waits any more when the worker is ending.
        let _ = ready.send(Err(LoadError::Model { path: settings.model.clone(), reason }));
    };
    let _log = log::unless_stopped();
    let backend = match LlamaBackend::init() {
        Ok(backend) => backend,
        Err(error) => return refuse(error.to_string()),
    };
    let loaded = devices.model_params().map_err(|error| error.to_string()).and_then(|params| {
        LlamaModel::load_from_file(&backend, &settings.model, &params).map_err(|error| error.to_string())
    });
    let model = match loaded {
        Ok(model) => model,
        Err(reason) => return refuse(reason),
    };
    devices.report(&model, settings.kv_cache);
    let context = match model.new_context(&backend, context_params(settings, devices.piece_tokens())) {
        Ok(context) => context,
        Err(error) => return refuse(error.to_string()),
    };
    if model.n_ctx_train() < settings.context {
        tracing::warn!(
            trained = model.n_ctx_train(),
            context = settings.context,
            "--context is more than the model was trained for"
        );
    }
    match batch::Batcher::new(&model, context, settings) {
        Ok(mut batcher) => {
            give_way();
            if ready.send(Ok(())).is_ok() {
                batcher.serve(queue);
            }
        }
        Err(error) => refuse(error.to_string()),
    }
}

/// The share of a processor that the engine has beside the recogniser and the voice when all are at work, as nice(1) has
/// it: a third. A reply is written faster than it is spoken; a word that is heard late or a hole in a sentence is noticed.
const NICE: i32 = 5;

/// Lets the other workers of the machine come first, in this thread and in those that llama.cpp starts from it.
fn give_way() {
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "the engine keeps its priority");
    }
}

fn context_params(settings: &LlamaSettings, piece_tokens: u32) -> LlamaContextParams {
    let cache_type = match settings.kv_cache {
        KvCache::F16 => KvCacheType::F16,
        KvCache::Q8_0 => KvCacheType::Q8_0,
    };
    let threads = i32::try_from(settings.threads).unwrap_or(i32::MAX);
    LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(settings.context.saturating_mul(settings.capacity)))
        .with_n_seq_max(settings.conversations())
        .with_n_batch(batch::BATCH_TOKENS)
        .with_n_ubatch(piece_tokens)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        // Flash attention is left to llama.cpp, which uses it wherever a device can, and needs it for a cache of 8 bits. Measured
        // as above, f16: 19 tokens/s of four calls with it, 17 without; no difference for one call.
        .with_type_k(cache_type)
        .with_type_v(cache_type)
        // One pool of cells for all sequences, so that they can share the cells of a common beginning.
        .with_kv_unified(true)
        // Models with sliding windows must keep old cells, or a shortened conversation could not be resumed.
        .with_swa_full(true)
}
