//! Services whose engine comes after the socket.

use std::sync::{Arc, OnceLock};

use tonic::{Request, Response, Status, Streaming, async_trait};

use crate::proto::{
    self, language_model_server::LanguageModel, speech_to_text_server::SpeechToText,
    text_to_speech_server::TextToSpeech,
};

/// A service that answers UNAVAILABLE until its engine is loaded, and then is the engine.
#[derive(Debug)]
pub struct Late<T>(Arc<OnceLock<T>>);

impl<T> Default for Late<T> {
    fn default() -> Self {
        Late(Arc::default())
    }
}

impl<T> Clone for Late<T> {
    fn clone(&self) -> Self {
        Late(self.0.clone())
    }
}

impl<T> Late<T> {
    /// Puts the engine in place. Only the first call has an effect.
    pub fn set(&self, engine: T) {
        let _ = self.0.set(engine);
    }

    fn get(&self) -> Result<&T, Status> {
        self.0.get().ok_or_else(|| Status::unavailable("the engine is still loading"))
    }
}

#[async_trait]
impl<T: SpeechToText> SpeechToText for Late<T> {
    type RecogniseStream = T::RecogniseStream;

    async fn recognise(
        &self,
        request: Request<Streaming<proto::RecogniseRequest>>,
    ) -> Result<Response<T::RecogniseStream>, Status> {
        self.get()?.recognise(request).await
    }
}

#[async_trait]
impl<T: LanguageModel> LanguageModel for Late<T> {
    type GenerateStream = T::GenerateStream;

    async fn generate(&self, request: Request<proto::GenerateRequest>) -> Result<Response<T::GenerateStream>, Status> {
        self.get()?.generate(request).await
    }
}

#[async_trait]
impl<T: TextToSpeech> TextToSpeech for Late<T> {
    type SynthesiseStream = T::SynthesiseStream;

    async fn synthesise(
        &self,
        request: Request<proto::SynthesiseRequest>,
    ) -> Result<Response<T::SynthesiseStream>, Status> {
        self.get()?.synthesise(request).await
    }
}

/// The `Worker` service.
#[derive(Debug, Clone, Default)]
pub(super) struct Describer(Late<proto::DescribeReply>);

impl Describer {
    pub(super) fn set(&self, description: proto::DescribeReply) {
        self.0.set(description);
    }
}

#[async_trait]
impl proto::worker_server::Worker for Describer {
    async fn describe(
        &self,
        _request: Request<proto::DescribeRequest>,
    ) -> Result<Response<proto::DescribeReply>, Status> {
        Ok(Response::new(self.0.get()?.clone()))
    }
}
