//! The gRPC face of an engine.

use std::{panic, pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt};
use inference::GenerationAct;
use inference::proto::{self, generate_event::Kind, language_model_server::LanguageModel, message};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status, async_trait};

use crate::engines::{self, Engine, Event, ReplyError, Role};

/// Messages and rules of one request, at most: far above any agent's, far below what would keep a core busy.
const MOST_MESSAGES: usize = 2_000;
const MOST_RULES: usize = 2_000;

/// `LanguageModel` by any engine.
pub struct Service {
    engine: Arc<dyn Engine>,
}

impl Service {
    /// Serves `engine`.
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine }
    }
}

#[async_trait]
impl LanguageModel for Service {
    type GenerateStream = Pin<Box<dyn Stream<Item = Result<proto::GenerateEvent, Status>> + Send>>;

    async fn generate(
        &self,
        request: Request<proto::GenerateRequest>,
    ) -> Result<Response<Self::GenerateStream>, Status> {
        let request = read(request.into_inner())?;
        let (replies, events) = mpsc::unbounded_channel();
        let failed = replies.clone();
        let answered = panic::catch_unwind(panic::AssertUnwindSafe(|| self.engine.reply(request, replies)));
        if answered.is_err() {
            let _ = failed.send(Err(ReplyError::Engine("the engine panicked".to_owned())));
        }
        drop(failed);
        Ok(Response::new(UnboundedReceiverStream::new(events).map(write).boxed()))
    }
}

fn read(request: proto::GenerateRequest) -> Result<engines::Request, Status> {
    if request.messages.len() > MOST_MESSAGES || request.rules.len() > MOST_RULES {
        return Err(Status::invalid_argument(format!(
            "at most {MOST_MESSAGES} messages and {MOST_RULES} rules are allowed"
        )));
    }
    let messages = request
        .messages
        .into_iter()
        .map(|message| {
            let role = match message::Role::try_from(message.role) {
                Ok(message::Role::System) => Role::System,
                Ok(message::Role::Caller) => Role::Caller,
                Ok(message::Role::Agent) => Role::Agent,
                Err(_) => return Err(Status::invalid_argument(format!("role {} is unknown", message.role))),
            };
            Ok(engines::Message { role, text: message.text })
        })
        .collect::<Result<_, _>>()?;
    let rules = request
        .rules
        .into_iter()
        .map(|rule| engines::Rule {
            phrases: rule.r#match,
            say: rule.say,
            transfer: rule.transfer,
            hangup: rule.hangup,
            slot: rule.slot,
            ask: rule.ask,
        })
        .collect();
    Ok(engines::Request {
        call_id: request.call_id,
        messages,
        rules,
        fallback: request.fallback,
        max_tokens: request.max_tokens,
        temperature: request.temperature,
        opening: request.opening,
        json_schema: request.json_schema,
        reads_ahead: request.read_ahead,
        patience: (request.patience_ms > 0).then(|| Duration::from_millis(request.patience_ms.into())),
    })
}

fn write(event: Result<Event, ReplyError>) -> Result<proto::GenerateEvent, Status> {
    let kind = match event {
        Ok(Event::Delta(text)) => Kind::Delta(text),
        Ok(Event::Act(GenerationAct::Transfer)) => Kind::Act(proto::Act::Transfer.into()),
        Ok(Event::Act(GenerationAct::HangUp)) => Kind::Act(proto::Act::HangUp.into()),
        Ok(Event::Done(usage)) => Kind::Done(proto::Done {
            prompt_tokens: usage.prompt_tokens,
            cached_tokens: usage.cached_tokens,
            generated_tokens: usage.generated_tokens,
        }),
        Err(ReplyError::Invalid(reason)) => return Err(Status::invalid_argument(reason)),
        Err(ReplyError::Busy(reason)) => return Err(Status::resource_exhausted(reason)),
        Err(ReplyError::Engine(reason)) => return Err(Status::internal(reason)),
    };
    Ok(proto::GenerateEvent { kind: Some(kind) })
}
