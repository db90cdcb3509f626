//! Prompts that the language model reads before anybody waits for the answer.
//!
//! A model computes a prompt of five hundred tokens for five seconds on two older cores: the first caller would wait for it,
//! and not get an answer in time. Its cache keeps the beginning that all calls of an agent share.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use inference::proto::GenerateRequest;
use inference::{Deadlines, GenerationEvent};

use super::Speech;
use super::worker::Lease;

/// How long it may take: a long prompt on an old machine.
const PATIENCE: Duration = Duration::from_secs(120);

impl Speech {
    /// Lets every worker of the language model compute the prompt of `request`. What fails is logged: the first call then
    /// computes it.
    pub async fn read_prompt(&self, request: &GenerateRequest) {
        // Rules have nothing to compute.
        if self.is_written_by_operator {
            return;
        }
        let leases = self.llm.main.workers.iter().filter_map(|worker| worker.lease());
        join_all(leases.map(|lease| read(lease, request.clone()))).await;
    }

    /// Lets the worker that keeps this call's conversation compute the prompt of `request`, while the caller still speaks:
    /// his words so far, and what was said before. Nothing is computed while that worker has other work, or when the
    /// agent's rules answer such words. Dropping the future ends it.
    pub async fn read_ahead(&self, request: GenerateRequest) {
        if self.is_written_by_operator || (self.asks_rules_first() && self.is_answered_by_rules(&request).await) {
            return;
        }
        let Some(lease) = self.llm.main.lease(Some(&request.call_id), None) else { return };
        // The lease itself is one.
        if lease.worker().in_flight() > 1 {
            return;
        }
        let mut generation = lease.client().clone().generate(GenerateRequest { read_ahead: true, ..request });
        loop {
            match generation.next().await {
                Ok(Some(GenerationEvent::Done { prompt_tokens, cached_tokens, .. })) => {
                    tracing::debug!(prompt_tokens, cached_tokens, "read ahead");
                }
                Ok(Some(_)) => {}
                // Others came first.
                Ok(None) | Err(_) => return,
            }
        }
    }

    async fn is_answered_by_rules(&self, request: &GenerateRequest) -> bool {
        let Ok(mut generation) = self.ask_rules(request.clone()).await else { return false };
        matches!(generation.next().await, Ok(Some(GenerationEvent::Delta(_) | GenerationEvent::Act(_))))
    }
}

async fn read(lease: Lease, request: GenerateRequest) {
    let deadlines = Deadlines { first_token: PATIENCE, ..Deadlines::default() };
    let began = Instant::now();
    let mut generation = lease.client().clone().with_deadlines(deadlines).generate(request);
    loop {
        match generation.next().await {
            Ok(Some(GenerationEvent::Done { prompt_tokens, cached_tokens, .. })) => {
                let took_ms = began.elapsed().as_millis();
                tracing::info!(worker = lease.worker().name, prompt_tokens, cached_tokens, took_ms, "read a prompt");
            }
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(worker = lease.worker().name, %error, "a prompt was not read; the first call waits for it");
                return;
            }
        }
    }
}
