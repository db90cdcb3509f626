//! RTP headers (RFC 3550) and telephone events (RFC 4733).

/// Payload type of telephone events in every offer of the kit.
pub const EVENT_PAYLOAD_TYPE: u8 = 101;

/// The fixed part of an RTP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Marker bit.
    pub marker: bool,
    /// Payload type.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

impl Header {
    /// Splits a datagram into header and payload; `None` when it is no RTP.
    pub fn parse(datagram: &[u8]) -> Option<(Self, &[u8])> {
        if datagram.len() < 12 || datagram[0] >> 6 != 2 {
            return None;
        }
        let contributors = usize::from(datagram[0] & 0x0f) * 4;
        let mut start = 12 + contributors;
        if datagram[0] & 0x10 != 0 {
            let words = u16::from_be_bytes([*datagram.get(start + 2)?, *datagram.get(start + 3)?]);
            start += 4 + usize::from(words) * 4;
        }
        let padding = if datagram[0] & 0x20 != 0 { usize::from(*datagram.last()?) } else { 0 };
        let payload = datagram.get(start..datagram.len().checked_sub(padding)?)?;
        let header = Self {
            marker: datagram[1] & 0x80 != 0,
            payload_type: datagram[1] & 0x7f,
            sequence: u16::from_be_bytes([datagram[2], datagram[3]]),
            timestamp: u32::from_be_bytes([datagram[4], datagram[5], datagram[6], datagram[7]]),
            ssrc: u32::from_be_bytes([datagram[8], datagram[9], datagram[10], datagram[11]]),
        };
        Some((header, payload))
    }

    /// Appends the header to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(0x80);
        out.push(u8::from(self.marker) << 7 | self.payload_type);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
    }
}

/// A telephone event on its way: one key, held for 100 ms.
#[derive(Debug, Clone, Copy)]
pub struct Digit {
    event: u8,
    sent: u32,
}

impl Digit {
    /// 100 ms of tone at 20 ms a packet.
    const PACKETS: u32 = 5;
    /// RFC 4733, 2.5.1.4: the end is sent three times.
    const END_PACKETS: u32 = 3;

    /// A key of the telephone: `0`–`9`, `*`, `#`, `A`–`D`.
    pub fn new(key: char) -> Option<Self> {
        let event = "0123456789*#ABCD".find(key.to_ascii_uppercase())?;
        Some(Self { event: u8::try_from(event).ok()?, sent: 0 })
    }

    /// The next packet's payload and whether it is the first; `None` when the key was released and said so three times.
    /// `ticks` are the codec's clock ticks a packet.
    pub fn next_payload(&mut self, ticks: u32) -> Option<([u8; 4], bool)> {
        if self.sent >= Self::PACKETS + Self::END_PACKETS {
            return None;
        }
        self.sent += 1;
        let ended = self.sent > Self::PACKETS;
        let duration = u16::try_from(self.sent.min(Self::PACKETS) * ticks).unwrap_or(u16::MAX).to_be_bytes();
        let volume = 10;
        Some(([self.event, u8::from(ended) << 7 | volume, duration[0], duration[1]], self.sent == 1))
    }
}

/// The key of a telephone-event payload and whether it is an end packet.
pub fn parse_digit(payload: &[u8]) -> Option<(char, bool)> {
    let event = usize::from(*payload.first()?);
    let key = "0123456789*#ABCD".chars().nth(event)?;
    Some((key, payload.get(1)? & 0x80 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_the_wire() {
        let header = Header { marker: true, payload_type: 9, sequence: 65_535, timestamp: 7, ssrc: 0xdead_beef };
        let mut datagram = Vec::new();
        header.write(&mut datagram);
        datagram.extend_from_slice(b"voice");
        assert_eq!(Header::parse(&datagram), Some((header, b"voice".as_slice())));
        assert_eq!(Header::parse(&datagram[..11]), None);
    }

    #[test]
    fn a_digit_is_held_for_100_ms_and_ended_three_times() {
        let mut digit = Digit::new('#').unwrap();
        let payloads: Vec<_> = std::iter::from_fn(|| digit.next_payload(160)).collect();
        assert_eq!(payloads.len(), 8);
        assert!(payloads[0].1 && !payloads[1].1);
        assert_eq!(payloads.iter().filter(|(payload, _)| parse_digit(payload) == Some(('#', true))).count(), 3);
        assert_eq!(payloads[7].0[2..], 800_u16.to_be_bytes());
    }
}
