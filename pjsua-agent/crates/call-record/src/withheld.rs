//! Lengths in place of words.

use serde_json::{Map, Value, json};

/// Of `(14 characters)`, 14: what a journal without transcripts has in place of words.
#[must_use]
pub fn withheld_length(text: &str) -> Option<usize> {
    text.strip_prefix('(')?.strip_suffix(" characters)")?.parse().ok()
}

/// Replaces everything that was said, or that names a person, by its length, in a line of a journal.
pub fn withhold(value: &mut Value) {
    const SPOKEN: [&str; 12] = [
        "text",
        "opening",
        "heard",
        "prompt",
        "from",
        "from_name",
        "to",
        "headers",
        "context",
        "digit",
        "arguments",
        "outcome",
    ];
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(text) if SPOKEN.contains(&name.as_str()) => *field = length_of(text),
                    Value::Object(settings) if name == "settings" => withhold_phrases(settings),
                    _ if SPOKEN.contains(&name.as_str()) => *field = json!("(withheld)"),
                    _ => withhold(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(withhold),
        _ => {}
    }
}

/// The agent's phrases may name the caller. Whatever is no phrase must be listed here, so that a new one is withheld.
fn withhold_phrases(settings: &mut Map<String, Value>) {
    const NO_PHRASES: [&str; 3] = ["language", "backchannels", "on_overlap"];
    for (_, field) in settings.iter_mut().filter(|(name, _)| !NO_PHRASES.contains(&name.as_str())) {
        let texts = match field {
            Value::Array(texts) => texts,
            field => std::slice::from_mut(field),
        };
        for text in texts {
            // An empty phrase is not said, which the machine must know.
            if let Value::String(words) = text
                && !words.is_empty()
            {
                *text = length_of(words);
            }
        }
    }
}

fn length_of(text: &str) -> Value {
    json!(format!("({} characters)", text.chars().count()))
}
