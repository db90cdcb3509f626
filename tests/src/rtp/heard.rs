//! Questions about received packets.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::codec::Codec;
use super::packet::Header;
use super::{AUDIBLE_RMS, WireTime};

/// A packet from the other side.
#[derive(Debug, Clone)]
pub struct Received {
    /// The kernel's receive time.
    pub at: WireTime,
    /// Where it came from.
    pub source: Option<SocketAddr>,
    /// Its RTP header.
    pub header: Header,
    /// Level of the decoded samples.
    pub rms: f32,
    /// Decoded samples, 16 kHz; empty in light mode and for telephone events.
    pub samples: Vec<i16>,
    /// A telephone event: the key, and whether this packet ends it.
    pub digit: Option<(char, bool)>,
}

impl Received {
    /// Whether it carries sound that a caller would hear.
    pub fn is_audible(&self) -> bool {
        self.rms >= AUDIBLE_RMS
    }
}

/// A view on the packets of one endpoint, in the order of arrival.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    packets: &'a [Received],
    codec: Codec,
}

/// How evenly packets came: |Δt − 20 ms| between packets of one source that follow each other in sequence and timestamp.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pacing {
    /// Number of intervals.
    pub count: usize,
    /// Median, in milliseconds.
    pub p50_ms: f64,
    /// 95th percentile, in milliseconds.
    pub p95_ms: f64,
    /// 99th percentile, in milliseconds.
    pub p99_ms: f64,
    /// 99.9th percentile, in milliseconds.
    pub p999_ms: f64,
    /// The worst, in milliseconds.
    pub max_ms: f64,
    /// Packets missing by sequence number.
    pub lost: usize,
}

impl<'a> Heard<'a> {
    pub(super) fn new(packets: &'a [Received], codec: Codec) -> Self {
        Self { packets, codec }
    }

    /// All packets.
    pub fn packets(&self) -> &'a [Received] {
        self.packets
    }

    /// Arrival of the first audible packet after `since`.
    pub fn first_audible_after(&self, since: WireTime) -> Option<WireTime> {
        self.after(since).find(|packet| packet.is_audible()).map(|packet| packet.at)
    }

    /// Arrival of the last audible packet.
    pub fn last_audible(&self) -> Option<WireTime> {
        self.packets.iter().rev().find(|packet| packet.is_audible()).map(|packet| packet.at)
    }

    /// How long the other side was audible since `since`, 20 ms a packet.
    pub fn audible_since(&self, since: WireTime) -> Duration {
        let count = self.after(since).filter(|packet| packet.is_audible()).count();
        Duration::from_millis(20) * u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// From `since` on: the arrival of the last audible packet before the first pause of at least `pause`; `None` when nothing
    /// was audible or no such pause is complete yet.
    pub fn fell_silent(&self, since: WireTime, pause: Duration) -> Option<WireTime> {
        let mut last = None;
        for packet in self.after(since) {
            if let Some(last) = last
                && packet.at.since(last) >= pause
            {
                return Some(last);
            }
            if packet.is_audible() {
                last = Some(packet.at);
            }
        }
        None
    }

    /// The keys the other side pressed.
    pub fn digits(&self) -> String {
        let mut events: Vec<(u32, char)> =
            self.packets.iter().filter_map(|packet| Some((packet.header.timestamp, packet.digit?.0))).collect();
        events.dedup();
        events.into_iter().map(|(_, key)| key).collect()
    }

    /// Longest time between two packets since `since`, whatever they carried.
    pub fn longest_gap(&self, since: WireTime) -> Duration {
        let times: Vec<WireTime> = self.after(since).map(|packet| packet.at).collect();
        times.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap_or_default()
    }

    /// How evenly packets came between two moments.
    pub fn pacing(&self, from: WireTime, to: WireTime) -> Pacing {
        let mut sources: BTreeMap<u32, Vec<&Received>> = BTreeMap::new();
        let wanted =
            self.packets.iter().filter(|packet| packet.at >= from && packet.at <= to && packet.digit.is_none());
        for packet in wanted {
            sources.entry(packet.header.ssrc).or_default().push(packet);
        }
        let mut deviations = Vec::new();
        let mut lost = 0;
        for packets in sources.values() {
            for pair in packets.windows(2) {
                let step = pair[1].header.sequence.wrapping_sub(pair[0].header.sequence);
                let ticks = pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp);
                if (2..1000).contains(&step) {
                    lost += usize::from(step - 1);
                }
                if step == 1 && ticks == self.codec.ticks() {
                    deviations.push((pair[1].at.millis_since(pair[0].at) - 20.0).abs());
                }
            }
        }
        Pacing::of(deviations, lost)
    }

    fn after(&self, since: WireTime) -> impl Iterator<Item = &'a Received> + use<'a> {
        // Arrival times are monotonic as far as the real-time clock is.
        let start = self.packets.partition_point(|packet| packet.at <= since);
        self.packets[start..].iter()
    }
}

impl Pacing {
    /// Percentiles of absolute deviations in milliseconds.
    pub fn of(mut deviations: Vec<f64>, lost: usize) -> Self {
        deviations.sort_by(f64::total_cmp);
        Self {
            count: deviations.len(),
            p50_ms: percentile(&deviations, 0.50),
            p95_ms: percentile(&deviations, 0.95),
            p99_ms: percentile(&deviations, 0.99),
            p999_ms: percentile(&deviations, 0.999),
            max_ms: deviations.last().copied().unwrap_or(0.0),
            lost,
        }
    }
}

/// The smallest value that at least `share` of the sorted values do not exceed; 0 when there are none.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, at_ms: u64, rms: f32) -> Received {
        let header = Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp: u32::from(sequence).wrapping_mul(160),
            ssrc: 1,
        };
        let at = WireTime::BEGINNING + Duration::from_millis(at_ms);
        Received { at, source: None, header, rms, samples: Vec::new(), digit: None }
    }

    fn ms(at: u64) -> WireTime {
        WireTime::BEGINNING + Duration::from_millis(at)
    }

    #[test]
    fn a_short_pause_inside_speech_is_not_its_end() {
        let mut packets: Vec<Received> = (1..=20).map(|n| packet(n, u64::from(n) * 20, 900.0)).collect();
        packets[9].rms = 10.0;
        packets.extend((21..=60).map(|n| packet(n, u64::from(n) * 20, 0.0)));
        let heard = Heard::new(&packets, Codec::Pcmu);
        assert_eq!(heard.first_audible_after(ms(200)), Some(ms(220)));
        assert_eq!(heard.fell_silent(ms(0), Duration::from_millis(300)), Some(ms(400)));
        assert_eq!(heard.audible_since(ms(0)), Duration::from_millis(380));
        assert_eq!(heard.last_audible(), Some(ms(400)));
    }

    #[test]
    fn speech_that_still_runs_has_not_fallen_silent() {
        let packets: Vec<Received> = (1..=20).map(|n| packet(n, u64::from(n) * 20, 900.0)).collect();
        assert_eq!(Heard::new(&packets, Codec::Pcmu).fell_silent(ms(0), Duration::from_millis(300)), None);
    }

    #[test]
    fn a_lost_packet_is_counted_and_not_taken_for_jitter() {
        let packets = [packet(1, 0, 0.0), packet(2, 21, 0.0), packet(4, 61, 0.0), packet(5, 80, 0.0)];
        let pacing = Heard::new(&packets, Codec::Pcmu).pacing(ms(0), ms(1000));
        assert_eq!((pacing.count, pacing.lost), (2, 1));
        assert!((pacing.max_ms - 1.0).abs() < 1e-9);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((percentile(&values, 0.5), percentile(&values, 0.99), percentile(&[], 0.5)), (50.0, 99.0, 0.0));
    }
}
