//! One reply of a language model.

use std::sync::Arc;

use tonic::transport::Channel;

use super::{Deadlines, pump};
use crate::{
    Awaited, InferenceError,
    proto::{self, generate_event::Kind},
};

/// What a reply asks for besides being said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenerationAct {
    /// Hand the call over to a human once the text is said.
    Transfer,
    /// End the call once the text is said.
    HangUp,
}

/// A piece of a reply, in order: any number of `Delta`, at most one `Act`, one `Done`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GenerationEvent {
    /// Text to append, in the engine's own pieces: whole words are not promised.
    Delta(String),
    /// What to do after the text.
    Act(GenerationAct),
    /// The end, with what it took.
    Done {
        /// Tokens of the prompt; 0 when the engine does not count them.
        prompt_tokens: u32,
        /// Of these, tokens that were still in the engine's cache.
        cached_tokens: u32,
        /// Tokens of the reply.
        generated_tokens: u32,
    },
}

/// A running reply. Dropping it cancels the work at the worker.
#[derive(Debug)]
pub struct Generation(pump::Answer<proto::GenerateEvent>);

impl Generation {
    /// The next event; `None` after `Done` or an error. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// At [`Awaited::Connect`], [`Awaited::FirstToken`] or [`Awaited::NextToken`], once; then `None`.
    pub async fn next(&mut self) -> Result<Option<GenerationEvent>, InferenceError> {
        while let Some(event) = self.0.next().await? {
            let event = match event.kind {
                Some(Kind::Delta(text)) => GenerationEvent::Delta(text),
                Some(Kind::Done(done)) => GenerationEvent::Done {
                    prompt_tokens: done.prompt_tokens,
                    cached_tokens: done.cached_tokens,
                    generated_tokens: done.generated_tokens,
                },
                Some(Kind::Act(act)) => match proto::Act::try_from(act) {
                    Ok(proto::Act::Transfer) => GenerationEvent::Act(GenerationAct::Transfer),
                    Ok(proto::Act::HangUp) => GenerationEvent::Act(GenerationAct::HangUp),
                    // Kinds and acts of a newer protocol mean nothing here.
                    Ok(proto::Act::None) | Err(_) => continue,
                },
                None => continue,
            };
            return Ok(Some(event));
        }
        Ok(None)
    }
}

pub(super) fn start(
    channel: Channel,
    worker: Arc<str>,
    deadlines: Deadlines,
    mut request: proto::GenerateRequest,
) -> Generation {
    request.patience_ms = u32::try_from(deadlines.first_token.as_millis()).unwrap_or(u32::MAX);
    let plan = pump::Plan {
        worker,
        connect: deadlines.connect,
        first: (Awaited::FirstToken, deadlines.first_token),
        next: (Awaited::NextToken, deadlines.next_token),
    };
    let call = async move { proto::language_model_client::LanguageModelClient::new(channel).generate(request).await };
    Generation(pump::start(plan, call, |event| matches!(event.kind, Some(Kind::Done(_)))))
}
