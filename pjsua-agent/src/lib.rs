//! The daemon's parts.

pub mod api;
pub mod audio_thread;
pub mod config;
pub mod logging;
pub mod metrics;
pub mod redact;
pub mod speech;

pub mod sip;
