//! A call as the caller heard it: both sides on one time line.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::codec::Codec;
use super::heard::Received;
use super::{RATE_HZ, WireTime};

/// Both sides of a call, 16 kHz, beginning at the same moment.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The moment of the first sample.
    pub start: WireTime,
    /// What the caller said.
    pub caller: Vec<i16>,
    /// What came back.
    pub agent: Vec<i16>,
}

impl Recording {
    pub(super) fn new(sent_start: Option<WireTime>, sent: &[i16], received: &[Received], codec: Codec) -> Self {
        let first_received = received.first().map(|packet| packet.at);
        let start = [sent_start, first_received].into_iter().flatten().min().unwrap_or(WireTime::BEGINNING);
        let mut caller = Vec::new();
        if let Some(sent_start) = sent_start {
            place(&mut caller, samples_between(start, sent_start), sent);
        }
        let mut agent = Vec::new();
        let mut line = TimeLine { start, codec, anchors: HashMap::new() };
        for packet in received.iter().filter(|packet| !packet.samples.is_empty()) {
            place(&mut agent, line.position(packet), &packet.samples);
        }
        Self { start, caller, agent }
    }

    /// The agent's side between two moments.
    pub fn agent_between(&self, from: WireTime, to: WireTime) -> &[i16] {
        let first = samples_between(self.start, from).min(self.agent.len());
        let last = samples_between(self.start, to).min(self.agent.len());
        &self.agent[first..last.max(first)]
    }

    /// Writes a stereo WAV: caller left, agent right.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        crate::wav::write(path, RATE_HZ, &[&self.caller, &self.agent])
    }
}

struct TimeLine {
    start: WireTime,
    codec: Codec,
    /// For each source: a timestamp and the position of its sample.
    anchors: HashMap<u32, (u32, usize)>,
}

impl TimeLine {
    /// A source that paused without advancing its timestamp, or started anew, is anchored again by arrival.
    const TRUST: usize = RATE_HZ as usize / 5;

    /// Where a packet's samples belong: by RTP timestamp, as a receiver's jitter buffer would place it.
    fn position(&mut self, packet: &Received) -> usize {
        let arrived = samples_between(self.start, packet.at);
        let samples_per_tick = super::FRAME as f64 / f64::from(self.codec.ticks());
        let by_timestamp = self.anchors.get(&packet.header.ssrc).map(|&(timestamp, position)| {
            let ticks = packet.header.timestamp.wrapping_sub(timestamp).cast_signed();
            let offset = (f64::from(ticks) * samples_per_tick) as i64;
            usize::try_from(i64::try_from(position).unwrap_or(0) + offset).unwrap_or(0)
        });
        match by_timestamp {
            Some(position) if position.abs_diff(arrived) <= Self::TRUST => position,
            _ => {
                self.anchors.insert(packet.header.ssrc, (packet.header.timestamp, arrived));
                arrived
            }
        }
    }
}

fn samples_between(start: WireTime, at: WireTime) -> usize {
    duration_in_samples(at.since(start))
}

fn duration_in_samples(duration: Duration) -> usize {
    (duration.as_secs_f64() * f64::from(RATE_HZ)).round() as usize
}

fn place(track: &mut Vec<i16>, position: usize, samples: &[i16]) {
    let end = position + samples.len();
    if track.len() < end {
        track.resize(end, 0);
    }
    track[position..end].copy_from_slice(samples);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Header;

    #[test]
    fn jitter_does_not_tear_the_recording_and_a_pause_stays_a_pause() {
        let packet = |sequence: u16, timestamp: u32, at_ms: u64| Received {
            at: WireTime::BEGINNING + Duration::from_millis(at_ms),
            source: None,
            header: Header { marker: false, payload_type: 0, sequence, timestamp, ssrc: 1 },
            rms: 500.0,
            samples: vec![i16::try_from(sequence).unwrap(); 320],
            digit: None,
        };
        // The third is 7 ms late; before the fourth the sender paused for a second without counting it.
        let received = [packet(1, 0, 1000), packet(2, 160, 1020), packet(3, 320, 1047), packet(4, 480, 2060)];
        let recording = Recording::new(None, &[], &received, Codec::Pcmu);
        assert!(recording.agent[..960].iter().all(|&sample| sample != 0));
        assert_eq!(recording.agent[960..].iter().position(|&sample| sample != 0), Some(1060 * 16 - 960));
    }
}
