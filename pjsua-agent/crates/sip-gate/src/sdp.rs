//! Strict reading of an SDP body (RFC 8866) before PJMEDIA parses it. Pure.
//!
//! It refuses more than the RFC does: whatever no peer of a telephone call has reason to send, and everything that parser
//! is known to stumble over (payload types out of range, dynamic ones without rtpmap, host names it would resolve while
//! the SIP thread waits, keys of any length).

use std::net::IpAddr;
use std::ops::Range;

/// Why a body is refused: the SIP status and a reason phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdpError {
    /// SIP status.
    pub code: u16,
    /// Reason phrase.
    pub reason: &'static str,
}

const fn bad(reason: &'static str) -> SdpError {
    SdpError { code: 400, reason }
}

const fn unacceptable(reason: &'static str) -> SdpError {
    SdpError { code: 488, reason }
}

const MAX_LINES: usize = 256;
const MAX_LINE: usize = 1024;
const MAX_MEDIA: usize = 8;
/// PJMEDIA_MAX_SDP_ATTR is 68 a section; what lies above is cut off silently.
const MAX_ATTRIBUTES: usize = 64;
/// PJMEDIA_MAX_SDP_FMT.
const MAX_FORMATS: usize = 32;
const MAX_BANDWIDTHS: usize = 4;
/// RFC 4568: 46 bytes of key and salt are 64 characters; lifetime and MKI follow.
const MAX_CRYPTO_KEY: usize = 128;
/// PJMEDIA has room for 64 in a section, and no peer has more than a handful of suites.
const MAX_KEYS: usize = 8;
/// Payload types below have a meaning without rtpmap (RFC 3551 section 6).
const FIRST_DYNAMIC: u8 = 35;

/// Checks a whole body. With `srtp` off, returns where the word `crypto` of `a=crypto` lines lies, for the caller to
/// overwrite: such keys must not reach PJMEDIA.
pub fn check(body: &[u8], srtp: bool) -> Result<Vec<Range<usize>>, SdpError> {
    let text = std::str::from_utf8(body).map_err(|_| bad("SDP is not UTF-8"))?;
    let mut reader = Reader { srtp, ..Reader::default() };
    let mut at = 0;
    let mut lines = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.strip_suffix('\n').unwrap_or(raw);
        let line = line.strip_suffix('\r').unwrap_or(line);
        lines += 1;
        if lines > MAX_LINES || line.len() > MAX_LINE {
            return Err(bad("SDP is too long"));
        }
        if line.chars().any(char::is_control) {
            return Err(bad("SDP has a control character"));
        }
        // Some peers end the body with an empty line.
        if !line.is_empty() {
            reader.line(line, at)?;
        } else if at + raw.len() != body.len() {
            return Err(bad("SDP has an empty line"));
        }
        at += raw.len();
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    srtp: bool,
    seen_version: bool,
    seen_origin: bool,
    attributes: usize,
    bandwidths: usize,
    keys: usize,
    sections: usize,
    /// Of the section that is being read.
    media: Option<Media>,
    crypto: Vec<Range<usize>>,
}

struct Media {
    /// Formats are RTP payload types.
    rtp: bool,
    /// Bit n: payload type n is listed.
    listed: u128,
    /// Bit n: payload type n has an rtpmap.
    mapped: u128,
}

impl Reader {
    fn line(&mut self, line: &str, at: usize) -> Result<(), SdpError> {
        let Some((kind, value)) = line.split_once('=') else { return Err(bad("SDP line without a type")) };
        let [kind] = kind.as_bytes() else { return Err(bad("SDP line without a type")) };
        if !self.seen_version && *kind != b'v' {
            return Err(bad("SDP does not begin with v=0"));
        }
        match kind {
            b'v' if self.seen_version || value != "0" => Err(bad("SDP does not begin with v=0")),
            b'v' => {
                self.seen_version = true;
                Ok(())
            }
            b'o' => {
                self.seen_origin = true;
                if value.split(' ').count() == 6 { Ok(()) } else { Err(bad("SDP origin is malformed")) }
            }
            b'c' => check_connection(value),
            b'm' => self.media_line(value),
            b'a' => self.attribute(value, at + 2),
            b'b' => self.bandwidth(value),
            b't' => check_numbers(value, ' ', 2, "SDP time is malformed"),
            b's' | b'i' | b'u' | b'e' | b'p' | b'r' | b'z' | b'k' => Ok(()),
            _ => Err(bad("SDP line of unknown type")),
        }
    }

    fn media_line(&mut self, value: &str) -> Result<(), SdpError> {
        self.close_section()?;
        self.sections += 1;
        if self.sections > MAX_MEDIA {
            return Err(unacceptable("Too many media in SDP"));
        }
        self.attributes = 0;
        self.bandwidths = 0;
        self.keys = 0;
        let mut words = value.split(' ');
        let (Some(media), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
            return Err(bad("SDP media line is malformed"));
        };
        let (port, count) = port.split_once('/').unwrap_or((port, "1"));
        if !is_word(media) || number::<u16>(port).is_none() || number::<u16>(count).is_none() || !is_word(protocol) {
            return Err(bad("SDP media line is malformed"));
        }
        let rtp = protocol.contains("RTP/");
        let mut section = Media { rtp, listed: 0, mapped: 0 };
        let mut formats = 0;
        for format in words {
            formats += 1;
            if formats > MAX_FORMATS {
                return Err(unacceptable("Too many formats in SDP"));
            }
            if rtp {
                let Some(payload) = payload_type(format) else { return Err(bad("SDP payload type out of range")) };
                section.listed |= 1 << payload;
            } else if !is_word(format) {
                return Err(bad("SDP media line is malformed"));
            }
        }
        if formats == 0 {
            return Err(bad("SDP media line without a format"));
        }
        self.media = Some(section);
        Ok(())
    }

    fn attribute(&mut self, value: &str, at: usize) -> Result<(), SdpError> {
        self.attributes += 1;
        if self.attributes > MAX_ATTRIBUTES {
            return Err(unacceptable("Too many attributes in SDP"));
        }
        let (name, value) = value.split_once(':').map_or((value, None), |(name, value)| (name, Some(value)));
        if !is_word(name) {
            return Err(bad("SDP attribute is malformed"));
        }
        let value = value.unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "rtpmap" => self.rtpmap(value),
            "fmtp" | "rtcp-fb" => self.about_format(value),
            "ptime" | "maxptime" => match value.trim().parse::<f32>() {
                Ok(ms) if (1.0..=1000.0).contains(&ms) => Ok(()),
                _ => Err(bad("SDP packet time is malformed")),
            },
            "rtcp" => check_rtcp(value),
            "crypto" => self.crypto(value, at..at + name.len()),
            _ => Ok(()),
        }
    }

    fn rtpmap(&mut self, value: &str) -> Result<(), SdpError> {
        const MALFORMED: SdpError = bad("SDP rtpmap is malformed");
        let (payload, encoding) = value.trim().split_once(' ').ok_or(MALFORMED)?;
        let payload = payload_type(payload).ok_or(bad("SDP payload type out of range"))?;
        let mut parts = encoding.trim().split('/');
        let name = parts.next().unwrap_or_default();
        let rate = parts.next().and_then(number::<u32>).ok_or(MALFORMED)?;
        let channels = parts.next().map_or(Some(1), number::<u8>).ok_or(MALFORMED)?;
        if !is_word(name) || name.len() > 32 || !(1..=384_000).contains(&rate) || !(1..=8).contains(&channels) {
            return Err(MALFORMED);
        }
        if parts.next().is_some() {
            return Err(MALFORMED);
        }
        if let Some(media) = &mut self.media {
            media.mapped |= 1 << payload;
        }
        Ok(())
    }

    /// `fmtp` and `rtcp-fb` begin with a format.
    fn about_format(&self, value: &str) -> Result<(), SdpError> {
        let format = value.trim_start().split(' ').next().unwrap_or_default();
        let rtp = self.media.as_ref().is_none_or(|media| media.rtp);
        if format == "*" || (rtp && payload_type(format).is_some()) || (!rtp && is_word(format)) {
            return Ok(());
        }
        Err(bad("SDP payload type out of range"))
    }

    fn crypto(&mut self, value: &str, name: Range<usize>) -> Result<(), SdpError> {
        if !self.srtp {
            self.crypto.push(name);
            return Ok(());
        }
        self.keys += 1;
        if self.keys > MAX_KEYS {
            return Err(unacceptable("Too many keys in SDP"));
        }
        // RFC 4568 section 9.1: tag, suite, key parameters, session parameters.
        let mut words = value.split(' ').filter(|word| !word.is_empty());
        let tag = words.next().unwrap_or_default();
        let suite = words.next().unwrap_or_default();
        let keys = words.next().unwrap_or_default();
        let tag_is_short = (1..=9).contains(&tag.len()) && number::<u32>(tag).is_some();
        let suite_is_word = is_word(suite) && suite.len() <= 64;
        let keys_are_short = keys.split(';').count() == 1 && keys.len() <= MAX_CRYPTO_KEY;
        let key = keys.strip_prefix("inline:").unwrap_or_default().split('|').next().unwrap_or_default();
        let key_is_base64 = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
        if tag_is_short && suite_is_word && keys_are_short && key_is_base64 {
            Ok(())
        } else {
            Err(bad("SDP crypto attribute is malformed"))
        }
    }

    fn bandwidth(&mut self, value: &str) -> Result<(), SdpError> {
        self.bandwidths += 1;
        let (kind, amount) = value.split_once(':').unwrap_or_default();
        if self.bandwidths > MAX_BANDWIDTHS || !is_word(kind) || number::<u32>(amount).is_none() {
            return Err(bad("SDP bandwidth is malformed"));
        }
        Ok(())
    }

    fn close_section(&mut self) -> Result<(), SdpError> {
        let Some(media) = self.media.take() else { return Ok(()) };
        let dynamic = u128::MAX << FIRST_DYNAMIC;
        if media.listed & dynamic & !media.mapped != 0 {
            return Err(unacceptable("SDP payload type without rtpmap"));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Range<usize>>, SdpError> {
        self.close_section()?;
        if !self.seen_version || !self.seen_origin {
            return Err(bad("SDP is incomplete"));
        }
        if self.sections == 0 {
            return Err(bad("SDP without media"));
        }
        Ok(self.crypto)
    }
}

fn check_connection(value: &str) -> Result<(), SdpError> {
    let mut words = value.split(' ');
    let (Some("IN"), Some(family), Some(address), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(bad("SDP connection is malformed"));
    };
    check_address(family, address)
}

fn check_address(family: &str, address: &str) -> Result<(), SdpError> {
    let address: IpAddr = address.parse().map_err(|_| unacceptable("SDP address is not a unicast IP address"))?;
    let agrees = matches!((family, address), ("IP4", IpAddr::V4(_)) | ("IP6", IpAddr::V6(_)));
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    if !agrees || address.is_multicast() || broadcast {
        return Err(unacceptable("SDP address is not a unicast IP address"));
    }
    Ok(())
}

/// RFC 3605: `port [IN IP4 address]`.
fn check_rtcp(value: &str) -> Result<(), SdpError> {
    let mut words = value.trim().split(' ');
    if words.next().and_then(number::<u16>).is_none() {
        return Err(bad("SDP rtcp attribute is malformed"));
    }
    match (words.next(), words.next(), words.next(), words.next()) {
        (None, ..) => Ok(()),
        (Some("IN"), Some(family), Some(address), None) => check_address(family, address),
        _ => Err(bad("SDP rtcp attribute is malformed")),
    }
}

fn check_numbers(value: &str, separator: char, count: usize, reason: &'static str) -> Result<(), SdpError> {
    let mut words = value.trim().split(separator);
    let all = words.by_ref().take(count).filter(|word| number::<u64>(word).is_some()).count();
    if all == count && words.next().is_none() { Ok(()) } else { Err(bad(reason)) }
}

fn payload_type(text: &str) -> Option<u8> {
    number::<u8>(text).filter(|payload| *payload <= 127)
}

/// Digits only: `parse` alone takes a sign.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A token with the slash that protocols have.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| super::message::is_token(b) || b"/#$&^{|}".contains(&b))
}

#[cfg(test)]
mod tests;
