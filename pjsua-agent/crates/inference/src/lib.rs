//! The protocol between the daemon and its speech workers, from both ends.
//!
//! A *worker* is a process that recognises, generates or synthesises. It serves `proto/inference.proto` and
//! `grpc.health.v1.Health` at an [`Address`], and says SERVING only once its engine is loaded and warm. Worker
//! programs are built on [`worker`]; the daemon talks to them through a [`WorkerClient`]:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use inference::{RecognitionEvent, WorkerClient};
//!
//! let stt = WorkerClient::connect_lazy(&"unix:/run/pjsua-agent/stt-0.sock".parse()?);
//! let (mut audio, mut events) = stt.recognise(Default::default()).split();
//! audio.send(&[0; 320])?;
//! audio.finish();
//! while let Some(event) = events.next().await? {
//!     if let RecognitionEvent::Final { text, .. } = event {
//!         println!("{text}");
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! Three rules hold for every request:
//!
//! - nothing waits for ever: each wait has a named deadline in [`Deadlines`];
//! - dropping what a request returned ([`RecognitionStream`], [`Generation`], [`Synthesis`]) cancels it at the worker;
//! - an [`InferenceError`] names the worker and the [`Awaited`] that failed, and never what a caller said.

#![forbid(unsafe_code)]

mod address;
mod client;
mod error;
pub mod worker;

/// What `protoc` made of `proto/inference.proto`.
#[allow(missing_docs, clippy::all, clippy::pedantic, rust_2018_idioms)]
pub mod proto {
    tonic::include_proto!("pjsua_agent.inference.v1");
}

pub use address::{Address, AddressError};
pub use client::{
    Deadlines, Generation, GenerationAct, GenerationEvent, RecognitionEvent, RecognitionEvents, RecognitionSender,
    RecognitionStream, SendError, Synthesis, WorkerClient,
};
pub use error::{Awaited, Failure, InferenceError};

/// The sample rate of all audio in the protocol, in Hz.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
