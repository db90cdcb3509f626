//! The GPUs that ggml has a backend for.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    fmt,
};

/// A GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// The backend's name of it: `CUDA0`, `Vulkan1`.
    pub name: String,
    /// What the maker calls it.
    pub description: String,
    /// `CUDA`, `Vulkan`.
    pub backend: String,
    /// Part of the processor, with its memory.
    pub is_integrated: bool,
    /// The position among all of ggml's devices, which include the CPU.
    pub device: usize,
}

/// The backend's name and the maker's.
impl fmt::Display for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.description)
    }
}

/// Why no GPU, or not that one, can be computed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// The executable has the CPU backend alone.
    #[error(
        "{option}: this worker was built without a GPU backend; build with `--features cuda` or `--features vulkan`"
    )]
    NotBuilt {
        /// What asks for a GPU.
        option: &'static str,
    },
    /// A backend, and nothing for it.
    #[error(
        "{option}: no GPU is found on this machine; check its driver, or leave the option out to compute on the CPU"
    )]
    None {
        /// What asks for a GPU.
        option: &'static str,
    },
    /// A number beyond the last.
    #[error("--gpu {number}: there is no such GPU; there are {}", present.join(", "))]
    Unknown {
        /// What was asked for.
        number: usize,
        /// Numbers, names and descriptions.
        present: Vec<String>,
    },
}

type Device = *mut c_void;

// As ggml-backend.h declares them; the executable links one ggml.
#[allow(unsafe_code)]
unsafe extern "C" {
    fn ggml_backend_dev_count() -> usize;
    fn ggml_backend_dev_get(index: usize) -> Device;
    fn ggml_backend_dev_type(device: Device) -> c_int;
    fn ggml_backend_dev_name(device: Device) -> *const c_char;
    fn ggml_backend_dev_description(device: Device) -> *const c_char;
    fn ggml_backend_dev_backend_reg(device: Device) -> *mut c_void;
    fn ggml_backend_reg_name(registration: *mut c_void) -> *const c_char;
}

/// `enum ggml_backend_dev_type`.
const TYPE_GPU: c_int = 1;
const TYPE_INTEGRATED_GPU: c_int = 2;

/// The GPUs of the machine, in the order in which `--gpu` numbers them from 0; none where no GPU backend is compiled in.
///
/// # Threads
///
/// To be called after [`select`](crate::select), and not beside it.
pub fn gpus() -> Vec<Gpu> {
    // SAFETY: functions of ggml's public interface, called with devices that it has, whose registrations and names are
    // static (ggml-backend-reg.cpp); nobody registers or unloads a backend meanwhile.
    unsafe {
        let gpu = |device: usize| {
            let handle = ggml_backend_dev_get(device);
            let kind = ggml_backend_dev_type(handle);
            matches!(kind, TYPE_GPU | TYPE_INTEGRATED_GPU).then(|| Gpu {
                name: text(ggml_backend_dev_name(handle)),
                description: text(ggml_backend_dev_description(handle)),
                backend: text(ggml_backend_reg_name(ggml_backend_dev_backend_reg(handle))),
                is_integrated: kind == TYPE_INTEGRATED_GPU,
                device,
            })
        };
        (0..ggml_backend_dev_count()).filter_map(gpu).collect()
    }
}

/// # Safety
/// `text` is null or ends with a NUL.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().trim().to_owned()
}

/// The GPU that `option` asks for by its number, or, without one, the first. `is_built`: the executable has a GPU backend.
///
/// # Errors
///
/// When there is none, or not that one.
pub fn find<'a>(gpus: &'a [Gpu], is_built: bool, option: &'static str, number: usize) -> Result<&'a Gpu, GpuError> {
    if !is_built {
        return Err(GpuError::NotBuilt { option });
    }
    if gpus.is_empty() {
        return Err(GpuError::None { option });
    }
    let present = || gpus.iter().enumerate().map(|(at, gpu)| format!("{at}: {gpu}"));
    gpus.get(number).ok_or_else(|| GpuError::Unknown { number, present: present().collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(name: &str, device: usize) -> Gpu {
        let (description, backend) = (format!("a {name}"), "CUDA".to_owned());
        Gpu { name: name.to_owned(), description, backend, is_integrated: false, device }
    }

    #[test]
    fn a_gpu_is_found_by_its_number() {
        let gpus = [gpu("CUDA0", 0), gpu("CUDA1", 1)];
        assert_eq!(find(&gpus, true, "--gpu", 1), Ok(&gpus[1]));
    }

    #[test]
    fn what_is_missing_is_told_with_the_remedy() {
        let error = |gpus: &[Gpu], is_built| find(gpus, is_built, "--gpu", 2).unwrap_err().to_string();
        assert_eq!(
            error(&[], false),
            "--gpu: this worker was built without a GPU backend; build with `--features cuda` or `--features vulkan`"
        );
        assert!(error(&[], true).contains("no GPU is found"));
        let error = error(&[gpu("CUDA0", 0), gpu("CUDA1", 1)], true);
        assert_eq!(error, "--gpu 2: there is no such GPU; there are 0: CUDA0 (a CUDA0), 1: CUDA1 (a CUDA1)");
    }
}
