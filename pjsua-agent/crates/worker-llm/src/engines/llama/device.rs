//! Which devices compute a model's layers.

use ggml_kernels::gpu::{self, Gpu, GpuError};
use llama_cpp_2::{LlamaCppError, model::LlamaModel, model::params::LlamaModelParams};

use super::{LlamaSettings, batch};
use crate::args::KvCache;

/// A backend for GPUs is compiled in.
const IS_BUILT: bool = cfg!(any(feature = "cuda", feature = "vulkan"));

/// What computes the layers beside the CPU.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Devices {
    /// Empty: the CPU computes everything.
    gpus: Vec<Gpu>,
    /// Layers that the GPUs compute, from the last one backwards; what is beyond the model's own counts as all of them.
    layers: u32,
}

impl Devices {
    /// The devices of this machine that the settings ask for.
    ///
    /// # Errors
    ///
    /// When a GPU is asked for that is not there.
    pub(super) fn choose(settings: &LlamaSettings) -> Result<Self, GpuError> {
        Self::choose_of(gpu::gpus(), IS_BUILT, settings.gpu_layers, settings.gpu)
    }

    fn choose_of(gpus: Vec<Gpu>, is_built: bool, layers: Option<u32>, number: Option<u32>) -> Result<Self, GpuError> {
        let mut chosen = Vec::new();
        if let Some(number) = number {
            chosen.push(gpu::find(&gpus, is_built, "--gpu", number as usize)?.clone());
        } else if layers.is_some_and(|layers| layers > 0) {
            gpu::find(&gpus, is_built, "--gpu-layers", 0)?;
        }
        if chosen.is_empty() {
            chosen = of_one_kind(gpus);
        }
        if layers == Some(0) {
            chosen.clear();
        }
        let layers = if chosen.is_empty() { 0 } else { layers.unwrap_or(u32::MAX) };
        Ok(Self { gpus: chosen, layers })
    }

    /// For loading a model.
    ///
    /// # Errors
    ///
    /// When llama.cpp cannot use so many devices.
    pub(super) fn model_params(&self) -> Result<LlamaModelParams, LlamaCppError> {
        let devices: Vec<usize> = self.gpus.iter().map(|gpu| gpu.device).collect();
        // An empty list keeps llama.cpp from choosing GPUs itself.
        LlamaModelParams::default().with_n_gpu_layers(self.layers).with_devices(&devices)
    }

    /// Tokens of a step that are computed in one go. A GPU computes more of them faster, and is not stopped between them.
    pub(super) fn piece_tokens(&self) -> u32 {
        if self.gpus.is_empty() { batch::PIECE_TOKENS } else { batch::BATCH_TOKENS }
    }

    /// Tells the log where `model` is computed.
    pub(super) fn report(&self, model: &LlamaModel, kv_cache: KvCache) {
        // llama.cpp counts the output as one more.
        let layers = model.n_layer() + 1;
        let gpus: Vec<String> = self.gpus.iter().map(Gpu::to_string).collect();
        let gpus = if gpus.is_empty() { "none".to_owned() } else { gpus.join(", ") };
        tracing::info!(layers, gpu_layers = self.layers.min(layers), %gpus, ?kv_cache, "model");
    }
}

/// The GPUs that share a model by default: one backend's, since two backends see each card twice, and no integrated ones beside
/// cards with memory of their own.
fn of_one_kind(gpus: Vec<Gpu>) -> Vec<Gpu> {
    let first = gpus.iter().find(|gpu| !gpu.is_integrated).or(gpus.first());
    let Some((backend, is_integrated)) = first.map(|gpu| (gpu.backend.clone(), gpu.is_integrated)) else {
        return Vec::new();
    };
    gpus.into_iter().filter(|gpu| gpu.backend == backend && gpu.is_integrated == is_integrated).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(name: &str, device: usize, is_integrated: bool) -> Gpu {
        let backend = name.trim_end_matches(char::is_numeric).to_owned();
        Gpu { name: name.to_owned(), description: String::new(), backend, is_integrated, device }
    }

    fn names(devices: &Devices) -> Vec<&str> {
        devices.gpus.iter().map(|gpu| &*gpu.name).collect()
    }

    #[test]
    fn without_a_gpu_the_cpu_computes_unless_a_gpu_is_asked_for() {
        for is_built in [false, true] {
            let cpu = Devices { gpus: Vec::new(), layers: 0 };
            assert_eq!(Devices::choose_of(Vec::new(), is_built, None, None).as_ref(), Ok(&cpu));
            assert_eq!(Devices::choose_of(Vec::new(), is_built, Some(0), None).as_ref(), Ok(&cpu));
            assert!(Devices::choose_of(Vec::new(), is_built, Some(1), None).is_err());
            assert!(Devices::choose_of(Vec::new(), is_built, None, Some(0)).is_err());
        }
        let error = Devices::choose_of(Vec::new(), false, Some(20), None).unwrap_err();
        assert_eq!(error, GpuError::NotBuilt { option: "--gpu-layers" });
    }

    #[test]
    fn by_default_all_cards_of_the_first_backend_share_all_layers() {
        let gpus = ["CUDA0", "CUDA1", "Vulkan0", "Vulkan1"];
        let gpus: Vec<Gpu> = gpus.iter().enumerate().map(|(at, name)| gpu(name, at, *name == "Vulkan1")).collect();
        let devices = Devices::choose_of(gpus.clone(), true, None, None).unwrap();
        assert_eq!((names(&devices), devices.layers), (vec!["CUDA0", "CUDA1"], u32::MAX));
        let devices = Devices::choose_of(gpus.clone(), true, Some(12), Some(3)).unwrap();
        assert_eq!((names(&devices), devices.layers), (vec!["Vulkan1"], 12));
        let devices = Devices::choose_of(gpus, true, Some(0), None).unwrap();
        assert_eq!((names(&devices), devices.layers), (vec![], 0));
        let integrated = vec![gpu("Vulkan0", 0, true), gpu("Vulkan1", 1, false)];
        assert_eq!(names(&Devices::choose_of(integrated[..1].to_vec(), true, None, None).unwrap()), ["Vulkan0"]);
        assert_eq!(names(&Devices::choose_of(integrated, true, None, None).unwrap()), ["Vulkan1"]);
    }
}
