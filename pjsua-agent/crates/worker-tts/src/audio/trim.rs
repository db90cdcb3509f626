//! Cuts the silence that an engine puts round its speech.

/// Blocks in which loudness is judged, per second.
const BLOCKS_PER_SECOND: u32 = 100;

/// Streams samples through; silence before the first sound shrinks to `lead`, silence after the last to `tail`.
/// Pauses between sounds stay whole.
pub struct Trimmer {
    /// Samples of a block.
    block: usize,
    threshold: u16,
    lead: usize,
    tail: usize,
    /// Not yet judged, less than a block.
    pending: Vec<i16>,
    /// Judged silent: the beginning's last `lead` samples, or a pause that may be the end.
    silence: Vec<i16>,
    sounding: bool,
}

impl Trimmer {
    /// For `sample_rate_hz`; a block whose peak is at least `threshold` (of 32768) is sound. `lead_ms` and
    /// `tail_ms` of silence stay.
    pub fn new(sample_rate_hz: u32, threshold: u16, lead_ms: u32, tail_ms: u32) -> Self {
        let samples = |ms: u32| (sample_rate_hz / 1000 * ms) as usize;
        Self {
            block: (sample_rate_hz / BLOCKS_PER_SECOND) as usize,
            threshold,
            lead: samples(lead_ms),
            tail: samples(tail_ms),
            pending: Vec::new(),
            silence: Vec::new(),
            sounding: false,
        }
    }

    /// Appends what is to be heard of `samples` to `out`.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        self.pending.extend_from_slice(samples);
        let pending = std::mem::take(&mut self.pending);
        let blocks = pending.chunks_exact(self.block);
        self.pending.extend_from_slice(blocks.remainder());
        for block in blocks {
            self.judge(block, out);
        }
    }

    /// The end of the speech. The trimmer is then as new.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        let rest = std::mem::take(&mut self.pending);
        self.judge(&rest, out);
        if self.sounding {
            let tail = self.tail.min(self.silence.len());
            out.extend_from_slice(&self.silence[..tail]);
        }
        self.silence.clear();
        self.sounding = false;
    }

    fn judge(&mut self, block: &[i16], out: &mut Vec<i16>) {
        if block.iter().any(|sample| sample.unsigned_abs() >= self.threshold) {
            self.sounding = true;
            out.append(&mut self.silence);
            out.extend_from_slice(block);
            return;
        }
        self.silence.extend_from_slice(block);
        if !self.sounding {
            let excess = self.silence.len().saturating_sub(self.lead);
            self.silence.drain(..excess);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trimmed(parts: &[(i16, usize)], chunk: usize) -> Vec<i16> {
        let samples: Vec<i16> = parts.iter().flat_map(|(level, ms)| vec![*level; ms * 16]).collect();
        let mut trimmer = Trimmer::new(16_000, 100, 20, 60);
        let mut out = Vec::new();
        samples.chunks(chunk).for_each(|chunk| trimmer.push(chunk, &mut out));
        trimmer.finish(&mut out);
        out
    }

    fn expected(parts: &[(i16, usize)]) -> Vec<i16> {
        parts.iter().flat_map(|(level, ms)| vec![*level; ms * 16]).collect()
    }

    #[test]
    fn silence_round_speech_is_cut_to_its_bounds_and_pauses_stay() {
        let spoken = [(3, 220), (900, 100), (5, 400), (900, 50), (4, 500)];
        for chunk in [1, 7, 160, 320, 100_000] {
            assert_eq!(trimmed(&spoken, chunk), expected(&[(3, 20), (900, 100), (5, 400), (900, 50), (4, 60)]));
        }
    }

    #[test]
    fn less_silence_than_the_bounds_stays_as_it_is() {
        let spoken = [(3, 10), (900, 100), (4, 20)];
        assert_eq!(trimmed(&spoken, 160), expected(&spoken));
    }

    #[test]
    fn silence_alone_becomes_nothing() {
        assert_eq!(trimmed(&[(0, 1000)], 160), Vec::<i16>::new());
        assert_eq!(trimmed(&[], 160), Vec::<i16>::new());
    }

    #[test]
    fn the_loudest_negative_sample_is_sound() {
        assert_eq!(trimmed(&[(i16::MIN, 10)], 160), expected(&[(i16::MIN, 10)]));
    }
}
