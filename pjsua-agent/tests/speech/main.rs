//! Supervision and pools over real processes, in the order of a worker's life.

#![allow(clippy::unwrap_used)]

mod attempts;
mod kit;
mod pools;
mod real;
mod supervision;
