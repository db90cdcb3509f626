//! One reply of the language model, from request to the machine's inputs.

use std::sync::Arc;

use conversation::{Act, Input, Stage, TurnId};
use inference::proto::GenerateRequest;
use inference::{GenerationAct, GenerationEvent};
use tokio::task::JoinHandle;

use super::pre_response;
use crate::speech::Speech;

/// A reply being generated. Dropping it cancels.
pub struct Reply {
    pub turn: TurnId,
    task: JoinHandle<()>,
}

impl Reply {
    /// Starts to generate; what comes goes to `report`.
    pub fn start(
        speech: Arc<Speech>,
        turn: TurnId,
        request: GenerateRequest,
        report: impl Fn(Input) + Send + Sync + 'static,
    ) -> Reply {
        let task = tokio::spawn(async move {
            let mut said_something = false;
            for _attempt in 0..2 {
                match generate(&speech, turn, request.clone(), &report, &mut said_something).await {
                    Ok(()) => return,
                    Err(reason) => tracing::warn!(turn = turn.0, reason, "reply failed"),
                }
                // Text that was spoken cannot be taken back, so a reply that broke off is not begun again.
                if said_something {
                    break;
                }
            }
            report(Input::WorkerFailed { stage: Stage::Llm, utterance: None, turn: Some(turn) });
        });
        Reply { turn, task }
    }

    /// Asks the small model for the first clause of a reply.
    pub fn start_pre_response(
        speech: Arc<Speech>,
        turn: TurnId,
        request: GenerateRequest,
        report: impl Fn(Input) + Send + Sync + 'static,
    ) -> Reply {
        Reply { turn, task: pre_response::ask(speech, turn, request, report) }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn generate(
    speech: &Speech,
    turn: TurnId,
    request: GenerateRequest,
    report: &impl Fn(Input),
    said_something: &mut bool,
) -> Result<(), String> {
    let mut generation = speech.generate(request).await.map_err(|error| error.to_string())?;
    while let Some(event) = generation.next().await.map_err(|error| error.to_string())? {
        match event {
            GenerationEvent::Delta(text) => {
                *said_something = true;
                report(Input::ReplyDelta { turn, text });
            }
            GenerationEvent::Act(act) => {
                let act = match act {
                    GenerationAct::Transfer => Act::Transfer,
                    GenerationAct::HangUp => Act::HangUp,
                };
                report(Input::ReplyAct { turn, act });
            }
            GenerationEvent::Done { .. } => {
                report(Input::ReplyDone { turn });
                return Ok(());
            }
        }
    }
    Err("the stream ended before the reply was done".into())
}
