//! What holds on every call, checked on random scripts against a small model of the call.

#![allow(clippy::unwrap_used)]

mod call;
mod model;
mod random_inputs;
mod whole_calls;
