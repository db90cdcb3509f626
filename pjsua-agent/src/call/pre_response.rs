//! The small model's first clause, spoken while the main model prepares the rest.

use std::sync::Arc;

use conversation::{Input, TurnId};
use inference::GenerationEvent;
use inference::proto::GenerateRequest;

use super::reply::filter_for;
use crate::speech::{RequestError, Speech};

/// Asks the small model; its clause goes to `report`, blank when it has none. Late is no failure here: the machine
/// stops waiting by itself.
pub async fn ask(
    speech: Arc<Speech>,
    turn: TurnId,
    request: GenerateRequest,
    language: String,
    report: impl Fn(Input) + Send + Sync + 'static,
) {
    let text = clause(&speech, request, &language).await.unwrap_or_else(|error| {
        tracing::warn!(turn = turn.0, reason = %error, "no pre-response");
        String::new()
    });
    report(Input::PreResponse { turn, text: text.into() });
}

async fn clause(speech: &Speech, request: GenerateRequest, language: &str) -> Result<String, RequestError> {
    let mut filter = filter_for(speech, &request, language);
    let mut generation = speech.pre_response(request).await?;
    let mut text = String::new();
    while let Some(event) = generation.next().await? {
        match event {
            GenerationEvent::Delta(more) => {
                text.push_str(&filter.push(&more));
                if filter.is_over() {
                    break;
                }
                if let Some(clause) = first_clause(&text) {
                    return Ok(clause.to_owned());
                }
            }
            // It was told to do nothing to the call.
            GenerationEvent::Act(_) => {}
            GenerationEvent::Done { .. } => break,
        }
    }
    text.push_str(&filter.finish());
    Ok(first_clause(&text).unwrap_or(text.trim()).to_owned())
}

/// The first clause of `text`, once it is whole.
fn first_clause(text: &str) -> Option<&str> {
    const ENDS: [char; 7] = ['.', '!', '?', ';', ':', '\u{2026}', '\n'];
    let text = text.trim_start();
    let end = text.find(ENDS)?;
    let sign = text[end..].chars().next().filter(|sign| *sign != '\n').map_or(0, char::len_utf8);
    Some(text[..end + sign].trim_end())
}

#[cfg(test)]
mod tests {
    use super::first_clause;

    #[test]
    fn a_clause_ends_with_its_sign() {
        assert_eq!(first_clause(" Sure, let me see. We open"), Some("Sure, let me see."));
        assert_eq!(first_clause("Good question…"), Some("Good question…"));
    }

    #[test]
    fn a_clause_without_an_end_is_not_whole() {
        assert_eq!(first_clause("Sure, let me"), None);
    }

    #[test]
    fn a_new_line_ends_a_clause_and_is_not_spoken() {
        assert_eq!(first_clause("\nOf course\nWe open"), Some("Of course"));
    }
}
