//! PJSIP 2.17 behind a plain C ABI.
//!
//! `shim/agent_shim.hpp` is the whole interface: plain structures, opaque handles and integers over PJSUA2. This crate
//! holds its generated bindings and the names of the status codes; nothing here is safe to call without reading that
//! header. `build.rs` compiles PJSIP out of `vendor/src` with the settings of `config_site.h`.

mod status;

pub use status::Status;

/// Bindings generated from `shim/agent_shim.hpp`, documented there.
#[allow(missing_docs, non_camel_case_types, non_upper_case_globals, unsafe_op_in_unsafe_fn, clippy::all)]
pub mod shim {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

/// The PJSIP version pinned in `vendor/pins`.
pub const VERSION: &str = env!("PJSIP_VERSION");
