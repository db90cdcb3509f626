//! A reply being written.

use std::time::{Duration, Instant};

use llama_cpp_2::token::LlamaToken;

use super::super::{Event, Replies, ReplyError, Usage};
use super::Order;
use super::choice::Choice;
use super::pace;
use super::prompt;
use super::text::{Characters, Spoken};

/// A reply being written.
pub(super) struct Job {
    pub(super) replies: Replies,
    pub(super) prompt: Vec<LlamaToken>,
    /// The token to compute next, once the prompt is done.
    pub(super) next: Option<LlamaToken>,
    /// Where in the batch this job's logits will be.
    pub(super) row: Option<i32>,
    pub(super) choice: Choice,
    pub(super) characters: Characters,
    pub(super) spoken: Spoken,
    pub(super) usage: Usage,
    pub(super) max_tokens: u32,
    /// The job ends with its prompt.
    pub(super) reads_ahead: bool,
    /// When it was asked for.
    pub(super) since: Instant,
    /// How long its first token is waited for.
    pub(super) patience: Option<Duration>,
    /// When it was placed.
    pub(super) placed: Instant,
    /// When its first token came.
    pub(super) begun: Option<Instant>,
    /// When its latest token came.
    pub(super) latest: Instant,
}

impl Job {
    /// The reply to `order`, of whose prompt so many tokens are `cached`.
    pub(super) fn new(order: Order, prompt: Vec<LlamaToken>, choice: Choice, cached: usize, max_tokens: u32) -> Self {
        Self {
            replies: order.replies,
            next: None,
            row: None,
            choice,
            characters: Characters::default(),
            spoken: Spoken::new(prompt::offered(&order.request.rules)),
            usage: Usage {
                prompt_tokens: u32::try_from(prompt.len()).unwrap_or(u32::MAX),
                cached_tokens: u32::try_from(cached).unwrap_or(u32::MAX),
                generated_tokens: 0,
            },
            max_tokens,
            reads_ahead: order.request.reads_ahead,
            prompt,
            since: order.since,
            patience: order.request.patience,
            placed: Instant::now(),
            begun: None,
            latest: Instant::now(),
        }
    }

    /// Others may come first: what is written will be spoken for a while, and its reader is not yet uneasy.
    pub(super) fn can_wait(&self) -> bool {
        self.ahead() >= pace::AMPLE && self.latest.elapsed() < pace::LONGEST_REST
    }

    /// How far the reply is ahead of its mouth.
    pub(super) fn ahead(&self) -> Duration {
        pace::ahead(self.usage.generated_tokens, self.begun.map_or(Duration::ZERO, |begun| begun.elapsed()))
    }

    /// Sends what was held back, the act and the counts.
    pub(super) fn finish(&mut self) {
        let rest = self.spoken.finish();
        let mut events = Vec::new();
        if !rest.is_empty() {
            events.push(Event::Delta(rest));
        }
        events.extend(self.spoken.act().map(Event::Act));
        events.push(Event::Done(self.usage));
        for event in events {
            // A client that has gone needs no answer.
            let _ = self.replies.send(Ok(event));
        }
    }
}

/// Ends a reply because others come before it.
pub(super) fn refuse(replies: &Replies) {
    fail(replies, ReplyError::Busy("others come before it for longer than it is waited for".to_owned()));
}

/// Ends a reply with an error.
pub(super) fn fail(replies: &Replies, error: ReplyError) {
    // A client that has gone needs no answer.
    let _ = replies.send(Err(error));
}
