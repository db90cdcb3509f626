//! The codecs a caller may offer; all speak 16 kHz towards the kit, 20 ms a packet.

use anyhow::{Context, Result, ensure};
use ezk_g722::libg722::{Bitrate, decoder, encoder};

use super::FRAME;
use super::resample::HalfBand;

/// What a caller offers in his SDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722, 64 kbit/s.
    G722,
    /// Opus, mono at 16 kHz.
    Opus,
}

impl Codec {
    /// The payload type in the kit's offers.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    /// Samples as the other side hears them, made up to whole packets with silence.
    ///
    /// # Errors
    /// The codec cannot be opened.
    pub fn there_and_back(self, mut samples: Vec<i16>) -> Result<Vec<i16>> {
        samples.resize(samples.len().next_multiple_of(FRAME), 0);
        let (mut encoder, mut decoder) = (Encoder::new(self)?, Decoder::new(self)?);
        let frames = samples.chunks(FRAME).map(|frame| decoder.decode(&encoder.encode(frame)?));
        Ok(frames.collect::<Result<Vec<_>>>()?.concat())
    }

    /// The value of its `a=` line. RFC 3551, 4.5.2: G.722 claims 8,000 Hz. RFC 7587: Opus claims 48,000 Hz and two channels.
    pub fn rtpmap(self) -> &'static str {
        match self {
            Self::Pcmu => "rtpmap:0 PCMU/8000",
            Self::Pcma => "rtpmap:8 PCMA/8000",
            Self::G722 => "rtpmap:9 G722/8000",
            Self::Opus => "rtpmap:111 opus/48000/2",
        }
    }

    /// RTP clock ticks in 20 ms.
    pub fn ticks(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 160,
            Self::Opus => 960,
        }
    }
}

/// Encodes 20 ms frames of 16 kHz.
pub enum Encoder {
    /// G.711: the law and the way to 8 kHz.
    G711(fn(i16) -> u8, HalfBand),
    /// G.722.
    G722(Box<encoder::Encoder>),
    /// Opus.
    Opus(opus::Encoder),
}

impl Encoder {
    /// An encoder with empty history.
    ///
    /// # Errors
    /// libopus refuses.
    pub fn new(codec: Codec) -> Result<Self> {
        Ok(match codec {
            Codec::Pcmu => Self::G711(ulaw_encode, HalfBand::new()),
            Codec::Pcma => Self::G711(alaw_encode, HalfBand::new()),
            Codec::G722 => Self::G722(Box::new(encoder::Encoder::new(Bitrate::Mode1_64000, false, false))),
            Codec::Opus => {
                let encoder = opus::Encoder::new(super::RATE_HZ, opus::Channels::Mono, opus::Application::Voip);
                Self::Opus(encoder.context("libopus")?)
            }
        })
    }

    /// The payload of one frame.
    ///
    /// # Errors
    /// The frame has not 320 samples, or libopus refuses.
    pub fn encode(&mut self, frame: &[i16]) -> Result<Vec<u8>> {
        ensure!(frame.len() == FRAME, "a frame has {FRAME} samples, not {}", frame.len());
        Ok(match self {
            Self::G711(law, filter) => filter.down(frame).into_iter().map(*law).collect(),
            Self::G722(encoder) => encoder.encode(frame),
            Self::Opus(encoder) => encoder.encode_vec(frame, 1_275)?,
        })
    }
}

/// Decodes payloads to 16 kHz.
pub enum Decoder {
    /// G.711: the law and the way from 8 kHz.
    G711(fn(u8) -> i16, HalfBand),
    /// G.722.
    G722(Box<decoder::Decoder>),
    /// Opus.
    Opus(opus::Decoder),
}

impl Decoder {
    /// A decoder with empty history.
    ///
    /// # Errors
    /// libopus refuses.
    pub fn new(codec: Codec) -> Result<Self> {
        Ok(match codec {
            Codec::Pcmu => Self::G711(ulaw_decode, HalfBand::new()),
            Codec::Pcma => Self::G711(alaw_decode, HalfBand::new()),
            Codec::G722 => Self::G722(Box::new(decoder::Decoder::new(Bitrate::Mode1_64000, false, false))),
            Codec::Opus => Self::Opus(opus::Decoder::new(super::RATE_HZ, opus::Channels::Mono).context("libopus")?),
        })
    }

    /// The samples of one payload.
    ///
    /// # Errors
    /// It is no valid payload.
    pub fn decode(&mut self, payload: &[u8]) -> Result<Vec<i16>> {
        Ok(match self {
            Self::G711(law, filter) => {
                let narrow: Vec<i16> = payload.iter().map(|&byte| law(byte)).collect();
                filter.up(&narrow)
            }
            Self::G722(decoder) => decoder.decode(payload),
            Self::Opus(decoder) => {
                // The longest Opus packet has 120 ms.
                let mut samples = vec![0; 6 * FRAME];
                let count = decoder.decode(payload, &mut samples, false)?;
                samples.truncate(count);
                samples
            }
        })
    }
}

/// ITU-T G.711 µ-law: 14-bit magnitude with bias 33, segments from the position of the highest bit.
fn ulaw_encode(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (i32::from(sample).abs() + 132).min(32_767);
    let segment = 7 - (magnitude << 17).leading_zeros().min(7);
    let step = magnitude >> (segment + 3) & 0x0f;
    !(sign | u8::try_from(segment << 4).unwrap_or(0x70) | u8::try_from(step).unwrap_or(0))
}

fn ulaw_decode(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = (((i16::from(byte & 0x0f) << 3) + 132) << (byte >> 4 & 7)) - 132;
    if byte & 0x80 != 0 { -magnitude } else { magnitude }
}

/// ITU-T G.711 A-law: 13-bit magnitude, even bits inverted.
fn alaw_encode(sample: i16) -> u8 {
    let sign = if sample >= 0 { 0x80 } else { 0 };
    let magnitude = if sample >= 0 { i32::from(sample) } else { -i32::from(sample) - 1 };
    let code = if magnitude < 256 {
        magnitude >> 4
    } else {
        let segment = 24 - i32::try_from(magnitude.leading_zeros()).unwrap_or(24);
        segment << 4 | magnitude >> (segment + 3) & 0x0f
    };
    (sign | u8::try_from(code).unwrap_or(0x7f)) ^ 0x55
}

fn alaw_decode(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let step = i16::from(byte & 0x0f) << 4;
    let segment = byte >> 4 & 7;
    let magnitude = if segment == 0 { step + 8 } else { (step + 264) << (segment - 1) };
    if byte & 0x80 != 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::rms;

    #[test]
    fn g711_keeps_every_sample_within_its_step() {
        for sample in (-32_000..32_000).step_by(7) {
            let sample = sample as i16;
            let tolerance = 40 + i32::from(sample).abs() / 16;
            let distance = |decoded: i16| (i32::from(decoded) - i32::from(sample)).abs();
            assert!(distance(ulaw_decode(ulaw_encode(sample))) <= tolerance, "µ-law {sample}");
            assert!(distance(alaw_decode(alaw_encode(sample))) <= tolerance, "A-law {sample}");
        }
        // G.711, table 2: silence and full scale.
        assert_eq!((ulaw_encode(0), ulaw_encode(32_767), alaw_encode(0)), (0xff, 0x80, 0xd5));
    }

    #[test]
    fn each_codec_carries_a_tone_at_its_level() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
            let (mut encoder, mut decoder) = (Encoder::new(codec).unwrap(), Decoder::new(codec).unwrap());
            let mut heard = Vec::new();
            for frame in 0..50 {
                let samples: Vec<i16> = (frame * FRAME..(frame + 1) * FRAME)
                    .map(|i| ((i as f32 * 440.0 / 16_000.0 * std::f32::consts::TAU).sin() * 6000.0) as i16)
                    .collect();
                let payload = encoder.encode(&samples).unwrap();
                if codec != Codec::Opus {
                    assert_eq!(payload.len(), 160);
                }
                heard.extend(decoder.decode(&payload).unwrap());
            }
            assert_eq!(heard.len(), 50 * FRAME, "{codec:?}");
            let level = rms(&heard[8000..]);
            assert!((3400.0..5100.0).contains(&level), "{codec:?}: {level}");
        }
    }
}
