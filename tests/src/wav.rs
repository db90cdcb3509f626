//! WAV files: 16-bit PCM, any rate, one or two channels.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// Reads a mono file and checks its rate.
///
/// # Errors
/// It is no 16-bit mono PCM file of `rate_hz`.
pub fn read_mono(path: &Path, rate_hz: u32) -> Result<Vec<i16>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse_mono(&bytes, rate_hz).with_context(|| format!("{} is no WAV file as expected", path.display()))
}

fn parse_mono(bytes: &[u8], rate_hz: u32) -> Result<Vec<i16>> {
    ensure!(bytes.len() >= 12 && &bytes[..4] == b"RIFF" && &bytes[8..12] == b"WAVE", "no RIFF/WAVE header");
    let mut rest = &bytes[12..];
    let mut format_seen = false;
    while rest.len() >= 8 {
        let size = u32::from_le_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
        let body = &rest[8..rest.len().min(8 + size)];
        match &rest[..4] {
            b"fmt " => {
                ensure!(body.len() >= 16, "short fmt chunk");
                let channels = u16::from_le_bytes([body[2], body[3]]);
                let rate = u32::from_le_bytes([body[4], body[5], body[6], body[7]]);
                let bits = u16::from_le_bytes([body[14], body[15]]);
                ensure!(channels == 1 && bits == 16 && rate == rate_hz, "{channels} channels, {bits} bits, {rate} Hz");
                format_seen = true;
            }
            b"data" => {
                ensure!(format_seen, "data before fmt");
                return Ok(body.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect());
            }
            _ => {}
        }
        rest = &rest[rest.len().min(8 + size + size % 2)..];
    }
    bail!("no data chunk")
}

/// Writes channels of equal meaning in time; the shorter ones are filled with silence.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, rate_hz: u32, channels: &[&[i16]]) -> Result<()> {
    let frames = channels.iter().map(|channel| channel.len()).max().unwrap_or(0);
    let width = u32::try_from(channels.len()).context("too many channels")? * 2;
    let data_size = u32::try_from(frames).context("too long")? * width;
    let mut bytes = Vec::with_capacity(44 + data_size as usize);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + data_size).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(channels.len())?.to_le_bytes());
    bytes.extend_from_slice(&rate_hz.to_le_bytes());
    bytes.extend_from_slice(&(rate_hz * width).to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(width)?.to_le_bytes());
    bytes.extend_from_slice(&16_u16.to_le_bytes());
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&data_size.to_le_bytes());
    for frame in 0..frames {
        for channel in channels {
            bytes.extend_from_slice(&channel.get(frame).copied().unwrap_or(0).to_le_bytes());
        }
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_reads_back() {
        let path = std::env::temp_dir().join(format!("pjsua-agent-wav-{}.wav", std::process::id()));
        write(&path, 16_000, &[&[1, -2, 300, i16::MIN]]).unwrap();
        assert_eq!(read_mono(&path, 16_000).unwrap(), [1, -2, 300, i16::MIN]);
        assert!(read_mono(&path, 8_000).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
