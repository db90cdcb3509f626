//! Where Whisper is computed.

use std::{ffi::c_int, str::FromStr};

use ggml_kernels::gpu::{self, Gpu, GpuError};
use whisper_rs::WhisperContextParameters;

use crate::engines::EngineError;

/// A backend for GPUs is compiled in.
const IS_BUILT: bool = cfg!(any(feature = "cuda", feature = "vulkan"));

/// What `--gpu` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpuChoice {
    /// The CPU alone
    Off,
    /// The GPU of this number, from 0
    Number(u16),
}

impl FromStr for GpuChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(GpuChoice::Off),
            number => number.parse().map(GpuChoice::Number).map_err(|_| "allowed: a number from 0, off".to_owned()),
        }
    }
}

/// The CPU, or a GPU of this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Device(Option<c_int>);

impl Device {
    /// Finds what is wanted, and tells the log.
    ///
    /// # Errors
    ///
    /// When a GPU is asked for that is not there.
    pub(super) fn find(wanted: Option<GpuChoice>) -> Result<Self, EngineError> {
        let gpus = gpu::gpus();
        let number = choose(&gpus, IS_BUILT, wanted).map_err(|error| EngineError(error.to_string()))?;
        let name = number.map_or_else(|| "none".to_owned(), |number| gpus[number].to_string());
        tracing::info!(gpu = %name, flash_attention = number.is_some(), "GPU");
        Ok(Self(number.map(|number| c_int::try_from(number).expect("`choose` gives the number of a GPU"))))
    }

    /// For a model on it.
    pub(super) fn parameters(self) -> WhisperContextParameters<'static> {
        let mut parameters = WhisperContextParameters::default();
        // On a CPU flash attention is slower: ggml computes it row by row.
        parameters.use_gpu(self.0.is_some()).flash_attn(self.0.is_some()).gpu_device(self.0.unwrap_or(0));
        parameters
    }
}

/// The number of the GPU to use. whisper.cpp counts them as `gpus` are ordered.
fn choose(gpus: &[Gpu], is_built: bool, wanted: Option<GpuChoice>) -> Result<Option<usize>, GpuError> {
    match wanted {
        Some(GpuChoice::Off) => Ok(None),
        Some(GpuChoice::Number(number)) => {
            let number = usize::from(number);
            gpu::find(gpus, is_built, "--gpu", number).map(|_| Some(number))
        }
        None => Ok((!gpus.is_empty()).then_some(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_gpu_is_used_if_there_is_one_and_another_when_it_is_asked_for() {
        let gpu = |number: usize| Gpu {
            name: format!("Vulkan{number}"),
            description: "a card".to_owned(),
            backend: "Vulkan".to_owned(),
            is_integrated: false,
            device: number,
        };
        let gpus = [gpu(0), gpu(1)];
        assert_eq!(choose(&gpus, true, None), Ok(Some(0)));
        assert_eq!(choose(&gpus, true, "1".parse().ok()), Ok(Some(1)));
        assert_eq!(choose(&gpus, true, "off".parse().ok()), Ok(None));
        assert_eq!(choose(&[], true, None), Ok(None));
        assert!(matches!(choose(&gpus, true, "2".parse().ok()), Err(GpuError::Unknown { number: 2, .. })));
        assert_eq!(choose(&[], false, Some(GpuChoice::Number(0))), Err(GpuError::NotBuilt { option: "--gpu" }));
        assert!(GpuChoice::from_str("first").is_err());
    }
}
