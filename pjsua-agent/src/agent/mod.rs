//! Agents: who answers, in which words, and what the model is told about the call.

mod context;
mod prompt;

pub use context::CallContext;
pub use prompt::{pre_response_request, request_ahead, request_for, system_prompt};
