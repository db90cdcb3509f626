//! ggml's CPU kernels for several instruction sets in one executable, of which the best that the processor has is chosen
//! at start: one package runs everywhere, as fast as one that was built for the machine.
//!
//! The crates that bundle ggml compile its CPU backend once, here for the oldest processors that are supported
//! (`.cargo/config.toml`). A worker's build script compiles the same sources again for each [`Level`] of its architecture
//! ([`build`], feature `build`), and hides every symbol but one, so that the linker neither mixes nor merges them. At
//! start [`select`] takes ggml's own CPU backend out of its registry and puts the chosen one in its place. GPU backends, where
//! a worker is built with one, stay as they are: [`gpu`] finds their devices.
//!
//! [`stoppable`] ends a computation on the CPU early.

pub mod gpu;
mod level;
mod select;
mod stop;

#[cfg(feature = "build")]
pub mod build;

pub use level::Level;
pub use select::{Unsupported, select, supported};
pub use stop::{is_stopped, stoppable};
