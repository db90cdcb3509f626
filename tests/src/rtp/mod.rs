//! The wire probe: a caller's RTP endpoint that speaks on time and stamps what it hears.

mod codec;
mod endpoint;
mod heard;
mod packet;
mod priority;
mod recording;
mod resample;

pub use codec::{Codec, Decoder, Encoder};
pub use endpoint::{Endpoint, Mode, Said};
pub use heard::{Heard, Pacing, Received, percentile};
pub use packet::{Digit, Header, parse_digit};
pub(crate) use priority::prefer_this_thread;
pub use recording::Recording;

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Samples in a 20 ms packet at the kit's own rate of 16 kHz.
pub const FRAME: usize = 320;

/// The kit's own sample rate.
pub const RATE_HZ: u32 = 16_000;

/// Root mean square from which 20 ms count as audible: −47 dBFS, above the noise of G.711 and far below speech.
pub const AUDIBLE_RMS: f32 = 150.0;

/// A moment on the wire: nanoseconds of the kernel's real-time clock, the one that stamps received packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WireTime(i64);

impl WireTime {
    /// Before any packet.
    pub const BEGINNING: Self = Self(0);

    /// Now.
    pub fn now() -> Self {
        let now = clock_gettime(ClockId::CLOCK_REALTIME).expect("the real-time clock exists");
        Self::from_timespec(now.tv_sec(), now.tv_nsec())
    }

    fn from_timespec(seconds: i64, nanoseconds: i64) -> Self {
        Self(seconds * 1_000_000_000 + nanoseconds)
    }

    /// The time from `earlier` to this; zero when it is the other way round.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// Signed distance in milliseconds, for reports.
    pub fn millis_since(self, other: Self) -> f64 {
        (self.0 - other.0) as f64 / 1e6
    }
}

impl Add<Duration> for WireTime {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0 + i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX / 2))
    }
}

impl Sub<Duration> for WireTime {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0 - i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX / 2))
    }
}

impl fmt::Display for WireTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000_000, self.0 % 1_000_000_000 / 1_000)
    }
}

/// Root mean square of samples.
pub fn rms(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let sum: f64 = samples.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum();
    (sum / samples.len() as f64).sqrt() as f32
}
