//! From a conversation to the tokens of a prompt.

use llama_cpp_2::{
    model::{LlamaChatMessage, LlamaChatTemplate, LlamaModel},
    token::LlamaToken,
};

use super::super::{Message, ReplyError, Request, Role, Rule};
use super::text::Offered;

/// Writes prompts for one model.
pub struct Prompter<'model> {
    model: &'model LlamaModel,
    template: LlamaChatTemplate,
    /// The model's control tokens in writing. Text from outside must not be read as one of them.
    control: Vec<String>,
}

impl<'model> Prompter<'model> {
    /// With the model's own chat template, or ChatML when it has none that llama.cpp can apply.
    ///
    /// # Errors
    ///
    /// When not even ChatML can be applied.
    pub fn new(model: &'model LlamaModel) -> Result<Self, ReplyError> {
        let vocab = model.vocab();
        let control = vocab
            .tokens()
            .filter(|token| vocab.is_control(*token))
            .filter_map(|token| Some(vocab.text(token)?.to_str().ok()?.to_owned()))
            .filter(|text| text.len() >= 3)
            .collect();
        let chatml = LlamaChatTemplate::new("chatml").map_err(|error| ReplyError::Engine(error.to_string()))?;
        let own = model.chat_template(None).ok();
        let mut prompter = Self { model, template: own.unwrap_or_else(|| chatml.clone()), control };
        if model.chat_template(None).is_err() {
            tracing::warn!("the model has no chat template; using ChatML");
        } else if prompter.render(&[(Role::Caller, "hello".to_owned())]).is_err() {
            tracing::warn!("llama.cpp does not know the model's chat template; using ChatML");
            prompter.template = chatml;
        }
        prompter.render(&[(Role::Caller, "hello".to_owned())])?;
        Ok(prompter)
    }

    /// The prompt for `request` in at most `limit` tokens. The oldest messages are left out when it is too
    /// long; the agent's prompt and the last message never are.
    ///
    /// # Errors
    ///
    /// [`ReplyError::Invalid`] when these two alone are too long.
    pub fn tokens(&self, request: &Request, limit: usize) -> Result<Vec<LlamaToken>, ReplyError> {
        let mut messages = merge(&request.messages);
        if let Some(offer) = offer(&request.rules) {
            match messages.first_mut() {
                Some((Role::System, text)) => {
                    text.push_str("\n\n");
                    text.push_str(&offer);
                }
                Some(_) | None => messages.insert(0, (Role::System, offer)),
            }
        }
        for (_, text) in &mut messages {
            *text = self.defuse(text);
        }
        // Behind the head of the assistant's message, so that the model takes it for what it has said already.
        let opening = self.defuse(request.opening.trim());
        let oldest = usize::from(matches!(messages.first(), Some((Role::System, _))));
        loop {
            let tokens = self.tokenise(&(self.render(&messages)? + &opening));
            if tokens.len() <= limit {
                return Ok(tokens);
            }
            if messages.len() <= oldest + 1 {
                return Err(ReplyError::Invalid(format!("the prompt has {} tokens; allowed: {limit}", tokens.len())));
            }
            messages.remove(oldest);
        }
    }

    fn render(&self, messages: &[(Role, String)]) -> Result<String, ReplyError> {
        let chat = messages
            .iter()
            .map(|(role, text)| {
                let role = match role {
                    Role::System => "system",
                    Role::Caller => "user",
                    Role::Agent => "assistant",
                };
                LlamaChatMessage::new(role.to_owned(), text.clone())
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| ReplyError::Invalid("a message contains a NUL".to_owned()))?;
        self.model
            .apply_chat_template(&self.template, &chat, true)
            .map_err(|error| ReplyError::Engine(format!("the chat template failed: {error}")))
    }

    fn tokenise(&self, text: &str) -> Vec<LlamaToken> {
        let vocab = self.model.vocab();
        let mut tokens = vocab.tokenize(text.as_bytes(), true, true);
        // Some templates write the BOS token that the tokenizer adds as well.
        if tokens.len() > 1 && tokens[0] == vocab.bos() && tokens[1] == vocab.bos() {
            tokens.remove(0);
        }
        tokens
    }

    fn defuse(&self, text: &str) -> String {
        let mut text = text.replace('\0', " ");
        // Removing one token may join the halves of another.
        while let Some(control) = self.control.iter().find(|control| text.contains(control.as_str())) {
            text = text.replace(control.as_str(), " ");
        }
        text
    }
}

/// The messages without empty ones, each speaker's neighbouring ones joined: many templates want the speakers to alternate.
fn merge(messages: &[Message]) -> Vec<(Role, String)> {
    let mut merged: Vec<(Role, String)> = Vec::new();
    for message in messages.iter().filter(|message| !message.text.trim().is_empty()) {
        match merged.last_mut() {
            Some((role, text)) if *role == message.role => {
                text.push(' ');
                text.push_str(&message.text);
            }
            Some(_) | None => merged.push((message.role, message.text.clone())),
        }
    }
    merged
}

/// The acts that `rules` allow.
pub fn offered(rules: &[Rule]) -> Offered {
    Offered {
        transfer: rules.iter().any(|rule| rule.transfer),
        hangup: rules.iter().any(|rule| rule.hangup && !rule.transfer),
    }
}

/// How the model is told of them.
fn offer(rules: &[Rule]) -> Option<String> {
    let phrases = |select: &dyn Fn(&&Rule) -> bool| {
        let quoted: Vec<String> =
            rules.iter().filter(select).flat_map(|rule| &rule.phrases).map(|phrase| format!("\"{phrase}\"")).collect();
        quoted.join(", ")
    };
    let acts = offered(rules);
    let mut lines = Vec::new();
    if acts.transfer {
        let phrases = phrases(&|rule| rule.transfer);
        lines.push(format!(
            "When the caller wants to be connected to a person (for example {phrases}), say so in one short sentence \
             and end your reply with the marker [TRANSFER]."
        ));
    }
    if acts.hangup {
        let phrases = phrases(&|rule| rule.hangup && !rule.transfer);
        lines.push(format!(
            "When the conversation is over (for example {phrases}), say a short goodbye and end your reply with the \
             marker [HANGUP]."
        ));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: Role, text: &str) -> Message {
        Message { role, text: text.to_owned() }
    }

    #[test]
    fn neighbouring_messages_of_one_speaker_become_one() {
        let merged = merge(&[
            message(Role::Agent, "Hello."),
            message(Role::Caller, "my"),
            message(Role::Agent, " "),
            message(Role::Caller, "order"),
        ]);
        assert_eq!(merged, [(Role::Agent, "Hello.".to_owned()), (Role::Caller, "my order".to_owned())]);
    }

    #[test]
    fn only_acts_that_a_rule_has_are_offered() {
        let person = Rule { phrases: vec!["a person".to_owned()], transfer: true, ..Rule::default() };
        let text = offer(std::slice::from_ref(&person)).unwrap();
        assert!(text.contains("\"a person\"") && text.contains("[TRANSFER]") && !text.contains("[HANGUP]"));
        assert_eq!(offered(&[person]), Offered { transfer: true, hangup: false });
        assert_eq!(offer(&[Rule::default()]), None);
    }
}
