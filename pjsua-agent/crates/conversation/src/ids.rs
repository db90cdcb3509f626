//! What inputs and actions are numbered by, and the machine's time.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time of one call: how long ago the call was answered.
///
/// It has no relation to any clock; the caller of the machine decides what `now` is. Serialised as
/// whole microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The moment the call was answered.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The instant `micros` microseconds after the call was answered.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(Duration::from_micros(micros))
    }

    /// The instant `millis` milliseconds after the call was answered.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// Microseconds since the call was answered.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        // 2^64 µs are 584,000 years.
        self.0.as_micros() as u64
    }

    /// Time since the call was answered.
    #[must_use]
    pub const fn since_answer(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Instant {
    fn from(since_answer: Duration) -> Self {
        Self(since_answer)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// The time from `earlier` to `self`; zero when `earlier` is in fact the later one.
    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    /// The instant `span` before `self`, not before the call was answered.
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span))
    }
}

/// One turn of the agent: a reply of the model or a scripted line. Counts from 1 within a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct TurnId(pub u32);

/// One recognition of the caller's speech. Counts from 1 within a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct UtteranceId(pub u32);

/// One silence of the caller after which he may have finished. Counts from 1 within a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct PauseId(pub u32);

/// One clause of an agent's turn, synthesised as a whole. Counts from 0 within its turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ClauseId(pub u32);

/// One call of a tool. Whoever asks for it numbers it, once within a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ToolCallId(pub u32);

/// Durations and instants as whole microseconds.
#[cfg(feature = "serde")]
pub(crate) mod micros {
    use super::{Duration, Instant};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(span.as_micros() as u64)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_micros)
    }

    impl Serialize for Instant {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_u64(self.as_micros())
        }
    }

    impl<'de> Deserialize<'de> for Instant {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            u64::deserialize(from).map(Instant::from_micros)
        }
    }
}
