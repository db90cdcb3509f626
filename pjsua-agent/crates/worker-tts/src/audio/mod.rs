//! Between an engine's samples and the client's chunks.

pub mod cache;
pub mod outlet;
pub mod resample;
pub mod shape;
pub mod trim;
