//! The voice agent daemon as a library, so that tests and examples can drive its parts.

pub mod config;
pub mod sip;
