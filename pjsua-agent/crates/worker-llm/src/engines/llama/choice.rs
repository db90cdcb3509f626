//! Which token comes next.

use std::time::{SystemTime, UNIX_EPOCH};

use llama_cpp_2::{
    context::LlamaContext,
    model::LlamaModel,
    sampling::LlamaSampler,
    token::{LlamaToken, data::LlamaTokenData, data_array::LlamaTokenDataArray},
};

use super::{super::ReplyError, schema};

/// Chooses a reply's tokens.
pub struct Choice {
    sampler: LlamaSampler,
    /// Of a reply that is a value of a JSON Schema.
    grammar: Option<LlamaSampler>,
}

impl Choice {
    /// `json_schema` is empty for a reply in words.
    ///
    /// # Errors
    ///
    /// [`ReplyError::Invalid`] for a schema that cannot be kept.
    pub fn new(model: &LlamaModel, temperature: f32, json_schema: &str) -> Result<Self, ReplyError> {
        let mut grammar = None;
        if !json_schema.is_empty() {
            let text = schema::grammar(json_schema).map_err(|error| ReplyError::Invalid(error.to_string()))?;
            let made = LlamaSampler::grammar(model, &text, "root");
            grammar =
                Some(made.map_err(|error| ReplyError::Engine(format!("llama.cpp refuses the grammar: {error}")))?);
        }
        Ok(Self { sampler: sampler(temperature), grammar })
    }

    /// Whether the reply is a value of a JSON Schema.
    pub fn is_json(&self) -> bool {
        self.grammar.is_some()
    }

    /// The token that follows, by the logits of `row`; `None` when the grammar allows none of the vocabulary.
    pub fn next(&mut self, context: &LlamaContext<'_>, row: i32) -> Option<LlamaToken> {
        let Some(grammar) = &mut self.grammar else { return Some(self.sampler.sample(context, row)) };
        let mut candidates = context.token_data_array_ith(row);
        candidates.apply_sampler(&mut self.sampler);
        let mut token = candidates.selected_token()?;
        // To ask the grammar about one token takes microseconds, about all of a vocabulary milliseconds; and mostly what the
        // model would write anyway is allowed.
        if !is_allowed(grammar, token) {
            let mut candidates = context.token_data_array_ith(row);
            candidates.apply_sampler(grammar);
            candidates.apply_sampler(&mut self.sampler);
            token = candidates.selected_token()?;
            // llama.cpp ends the process for a token that its grammar does not expect.
            if !is_allowed(grammar, token) {
                return None;
            }
        }
        grammar.accept(token);
        self.sampler.accept(token);
        Some(token)
    }
}

fn is_allowed(grammar: &mut LlamaSampler, token: LlamaToken) -> bool {
    let mut alone = LlamaTokenDataArray::new(vec![LlamaTokenData::new(token, 1.0, 0.0)], false);
    alone.apply_sampler(grammar);
    alone.data.first().is_some_and(|token| token.logit().is_finite())
}

/// Greedy at 0; else the settings that llama.cpp's own server defaults to.
fn sampler(temperature: f32) -> LlamaSampler {
    if temperature <= 0.0 {
        return LlamaSampler::greedy();
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LlamaSampler::chain_simple([
        LlamaSampler::top_k(40),
        LlamaSampler::top_p(0.95, 1),
        LlamaSampler::min_p(0.05, 1),
        LlamaSampler::temp(temperature.min(2.0)),
        LlamaSampler::dist(now.subsec_nanos()),
    ])
}
