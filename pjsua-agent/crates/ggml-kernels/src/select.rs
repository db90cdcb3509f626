//! The choice at start.

use std::ffi::c_void;

use crate::{
    level::{BASELINE, Level},
    stop::asked_by_ggml,
};

/// `ggml_backend_reg_t`.
type Registration = *mut c_void;

// The executable links one ggml, and what the build script made of it.
#[allow(unsafe_code)]
unsafe extern "C" {
    fn ggml_backend_cpu_reg() -> Registration;
    fn ggml_backend_register(registration: Registration);
    fn ggml_backend_unload(registration: Registration);
    /// Of stop.c.
    fn ggml_kernels_stop_by(registration: Registration, is_to_stop: extern "C" fn(*mut c_void) -> bool);

    #[cfg(target_arch = "x86_64")]
    fn avx512_ggml_backend_cpu_reg() -> Registration;
    #[cfg(target_arch = "x86_64")]
    fn avx2_ggml_backend_cpu_reg() -> Registration;
    #[cfg(target_arch = "aarch64")]
    fn i8mm_ggml_backend_cpu_reg() -> Registration;
    #[cfg(target_arch = "aarch64")]
    fn dotprod_ggml_backend_cpu_reg() -> Registration;
}

/// Kernels that this processor cannot run, or that do not exist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("--kernels {wanted}: this processor runs {}", supported.join(", "))]
pub struct Unsupported {
    /// What was asked for.
    pub wanted: String,
    /// What there is.
    pub supported: Vec<&'static str>,
}

/// The names of the kernels that this processor runs, the best first.
pub fn supported() -> Vec<&'static str> {
    let levels = Level::of(std::env::consts::ARCH).map(|level| level.name).filter(|name| has(name));
    levels.chain([BASELINE]).collect()
}

/// Makes ggml compute with the kernels `wanted`, or with the best that this processor runs, and ask
/// [`stoppable`](crate::stoppable) whether to stop; tells which kernels.
///
/// To be called once, before anything of ggml is used, and by no other thread meanwhile.
///
/// # Errors
///
/// When this processor has no such instructions.
pub fn select(wanted: Option<&str>) -> Result<&'static str, Unsupported> {
    let supported = supported();
    let name = match wanted {
        None => supported.first().copied(),
        Some(wanted) => supported.iter().copied().find(|name| *name == wanted),
    };
    let Some(name) = name else {
        return Err(Unsupported { wanted: wanted.unwrap_or_default().to_owned(), supported });
    };
    // SAFETY: functions of ggml's public interface; the registry is created by the first that needs it, and nobody has
    // taken a device from it yet. All registrations are static and stay writable: stop.c, compiled with ggml's own headers,
    // changes one pointer in the chosen one, once, before anybody reads it.
    unsafe {
        let chosen = match registration(name) {
            Some(registration) => {
                ggml_backend_unload(ggml_backend_cpu_reg());
                ggml_backend_register(registration());
                registration()
            }
            None => ggml_backend_cpu_reg(),
        };
        ggml_kernels_stop_by(chosen, asked_by_ggml);
    }
    Ok(name)
}

#[cfg(target_arch = "x86_64")]
fn has(level: &str) -> bool {
    use std::arch::is_x86_feature_detected as has;
    let avx2 = has!("avx2") && has!("fma") && has!("f16c") && has!("bmi2");
    let avx512 = || has!("avx512f") && has!("avx512cd") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw");
    match level {
        "avx2" => avx2,
        "avx512" => avx2 && avx512() && has!("avx512vnni"),
        _ => false,
    }
}

#[cfg(target_arch = "aarch64")]
fn has(level: &str) -> bool {
    use std::arch::is_aarch64_feature_detected as has;
    let dotprod = has!("dotprod") && has!("fp16");
    match level {
        "dotprod" => dotprod,
        "i8mm" => dotprod && has!("i8mm"),
        _ => false,
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn has(_level: &str) -> bool {
    false
}

/// `None`: ggml's own.
fn registration(name: &str) -> Option<unsafe extern "C" fn() -> Registration> {
    match name {
        #[cfg(target_arch = "x86_64")]
        "avx512" => Some(avx512_ggml_backend_cpu_reg),
        #[cfg(target_arch = "x86_64")]
        "avx2" => Some(avx2_ggml_backend_cpu_reg),
        #[cfg(target_arch = "aarch64")]
        "i8mm" => Some(i8mm_ggml_backend_cpu_reg),
        #[cfg(target_arch = "aarch64")]
        "dotprod" => Some(dotprod_ggml_backend_cpu_reg),
        _ => None,
    }
}
