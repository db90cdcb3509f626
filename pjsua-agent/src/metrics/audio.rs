//! The way of the audio: RTP, the media clock, the audio thread.

use std::time::Duration;

use ::metrics::{counter, gauge, histogram};

use super::{
    AUDIO_THREAD_TICKS, CAPTURE_OVERRUNS, CLOCK_LATE_TICKS, CLOCK_LATEST, CLOCK_SKIPPED_TICKS, CLOCK_TICKS,
    PLAYOUT_UNDERRUNS, RTP_JITTER, RTP_LOST, RTP_RECEIVED, RTP_ROUND_TRIP, RTP_SENT, THREAD_LOAD,
};

/// `frames` from the caller were lost because the audio thread was late.
pub fn capture_overruns(frames: u64) {
    counter!(CAPTURE_OVERRUNS).increment(frames);
}

/// `frames` of silence were played in the middle of a clause.
pub fn playout_underruns(frames: u64) {
    counter!(PLAYOUT_UNDERRUNS).increment(frames);
}

/// The audio thread's heartbeat, as it stands.
pub fn audio_thread_ticks(ticks: u64) {
    counter!(AUDIO_THREAD_TICKS).absolute(ticks);
}

/// Packets of a call's RTP since they were counted last.
pub fn rtp_packets(received: u64, lost: u64, sent: u64) {
    counter!(RTP_RECEIVED).increment(received);
    counter!(RTP_LOST).increment(lost);
    counter!(RTP_SENT).increment(sent);
}

/// A call's jitter as it stands, and its round trip where the peer's RTCP tells.
pub fn rtp_delays(jitter: Duration, round_trip: Option<Duration>) {
    histogram!(RTP_JITTER).record(jitter);
    if let Some(round_trip) = round_trip {
        histogram!(RTP_ROUND_TRIP).record(round_trip);
    }
}

/// How evenly the media clock has run since the start: its ticks, those of them that began late, and those that were left
/// out; and the latest since the last scrape.
pub fn media_clock(ticks: u64, late: u64, skipped: u64, latest: Duration) {
    counter!(CLOCK_TICKS).absolute(ticks);
    counter!(CLOCK_LATE_TICKS).absolute(late);
    counter!(CLOCK_SKIPPED_TICKS).absolute(skipped);
    gauge!(CLOCK_LATEST).set(latest.as_secs_f64());
}

/// How much of its time a real-time thread works, from 0 to 1.
pub fn thread_load(thread: &'static str, load: f64) {
    gauge!(THREAD_LOAD, "thread" => thread).set(load);
}
