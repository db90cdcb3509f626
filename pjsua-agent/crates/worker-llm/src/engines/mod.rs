//! The language-model engines, one file an engine, behind one small seam.

#[cfg(feature = "llama")]
pub mod llama;
pub mod rules;

use std::time::Duration;

use inference::GenerationAct;
use tokio::sync::mpsc;

/// Who said a message of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The agent's prompt.
    System,
    /// The person on the telephone.
    Caller,
    /// What the caller heard of the agent.
    Agent,
}

/// One message, system first, then the conversation as the caller heard it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
}

/// One rule of the agent's file; see `inference.proto` for the meaning of each field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Phrases, any of which selects the rule.
    pub phrases: Vec<String>,
    /// The answer; `{slot}` is replaced when `slot` is `digits`.
    pub say: String,
    /// Hand over to a human after `say`.
    pub transfer: bool,
    /// End the call after `say`.
    pub hangup: bool,
    /// `digits` or empty.
    pub slot: String,
    /// The question for a missing slot.
    pub ask: String,
}

/// What is to be answered.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Keys the engine's cache from turn to turn.
    pub call_id: String,
    /// The conversation; its last caller message is answered.
    pub messages: Vec<Message>,
    /// The agent's rules in the order of its file.
    pub rules: Vec<Rule>,
    /// Said when no rule matches.
    pub fallback: String,
    /// Bound of the reply; 0 is the engine's default.
    pub max_tokens: u32,
    /// 0 is greedy.
    pub temperature: f32,
    /// How the reply begins already; empty as a rule. `llama` goes on from there, `rules` takes no notice of it.
    pub opening: String,
    /// The reply is one value of this JSON Schema, and nothing else; empty: words.
    pub json_schema: String,
    /// How long the first token is waited for; `None`: no bound.
    pub patience: Option<Duration>,
    /// The prompt is computed for a request of this call that will begin likewise; nothing is answered.
    pub reads_ahead: bool,
}

/// Token counts of a finished reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the whole prompt.
    pub prompt_tokens: u32,
    /// Those of them that were not computed again.
    pub cached_tokens: u32,
    /// Tokens of the reply.
    pub generated_tokens: u32,
}

/// A piece of a reply. A reply that ends without `Done` failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Text to append.
    Delta(String),
    /// At most one, after the text.
    Act(GenerationAct),
    /// The end.
    Done(Usage),
}

/// Why a reply could not be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The request itself is wrong; another try would fail the same way.
    #[error("{0}")]
    Invalid(String),
    /// Too much is asked of the engine now.
    #[error("{0}")]
    Busy(String),
    /// The engine failed.
    #[error("{0}")]
    Engine(String),
}

/// Where a reply goes. Unbounded: `max_tokens` bounds it, and an engine thread that serves all
/// calls must never wait for one slow reader. Its closing is the cancellation.
pub type Replies = mpsc::UnboundedSender<Result<Event, ReplyError>>;

/// One engine of this worker.
pub trait Engine: Send + Sync + 'static {
    /// `rules` or `llama`.
    fn name(&self) -> &'static str;
    /// The model, in words for people.
    fn model(&self) -> String;
    /// Replies produced at once; further ones wait.
    fn capacity(&self) -> u32;
    /// Starts a reply to `request`; its events go to `replies`. Returns at once.
    fn reply(&self, request: Request, replies: Replies);
}
