//! Whether a resumed answer goes on where it was paused: by its samples, as the caller received them.

use ::tests::rtp::FRAME;

/// What is compared, on each side of the gap: 200 ms.
const WINDOW: usize = 10 * FRAME;

/// Distance from the gap: the fades change levels there.
const MARGIN: usize = 2 * FRAME;

/// A frame in which no sample exceeds this is silent: three steps of G.711.
const SILENT: i16 = 24;

/// How many samples of an answer are missing where it was resumed; negative when some came twice. `None` when no gap, or
/// no likeness on both sides of it, is found.
pub fn lost_samples(undisturbed: &[i16], disturbed: &[i16]) -> Option<i64> {
    let (begin, end) = longest_silence(disturbed)?;
    let before = begin.checked_sub(MARGIN + WINDOW)?;
    let after = end + MARGIN;
    let before_at = find(undisturbed, &disturbed[before..before + WINDOW])?;
    let after_at = find(undisturbed, disturbed.get(after..after + WINDOW)?)?;
    let inserted = (after - before) as i64 - (after_at as i64 - before_at as i64);
    // The pause takes whole frames. What it is more or less than a number of them was lost or repeated.
    let frame = FRAME as i64;
    let off = inserted.rem_euclid(frame);
    let off = if off > frame / 2 { off - frame } else { off };
    let silent = (end - begin) as i64;
    // More than the frames with the fades beside the silent ones: whole frames were lost or repeated.
    let whole = inserted - off - silent / frame * frame;
    let beyond_the_fades = if (0..=2 * frame).contains(&whole) { 0 } else { whole };
    Some(-(off + beyond_the_fades))
}

/// Samples of the longest run of silence.
fn longest_silence(samples: &[i16]) -> Option<(usize, usize)> {
    let mut longest = (0, 0);
    let mut begin = 0;
    for (at, sample) in samples.iter().enumerate() {
        if sample.unsigned_abs() > SILENT.unsigned_abs() {
            begin = at + 1;
        } else if at + 1 - begin > longest.1 - longest.0 {
            longest = (begin, at + 1);
        }
    }
    (longest.1 - longest.0 >= 4 * FRAME).then_some(longest)
}

/// Where `part` is in `whole`; `None` when nothing there is like it.
fn find(whole: &[i16], part: &[i16]) -> Option<usize> {
    let energy: i64 = part.iter().map(|sample| i64::from(sample.unsigned_abs())).sum();
    let mut best = (energy / 4, None);
    for at in 0..(whole.len() + 1).saturating_sub(part.len()) {
        let mut difference = 0;
        for (one, other) in part.chunks(64).zip(whole[at..].chunks(64)) {
            difference += one.iter().zip(other).map(|(a, b)| (i64::from(*a) - i64::from(*b)).abs()).sum::<i64>();
            if difference >= best.0 {
                break;
            }
        }
        if difference < best.0 {
            best = (difference, Some(at));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Never the same twice.
    fn voice(count: usize) -> Vec<i16> {
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 18) as i16 - 8_192) | 64
        });
        noise.take(count).collect()
    }

    fn paused(voice: &[i16], at: usize, go_on_at: usize) -> Vec<i16> {
        [&voice[..at], &[0; 20 * FRAME], &voice[go_on_at..]].concat()
    }

    #[test]
    fn an_exact_joint_loses_nothing() {
        let voice = voice(60 * FRAME);
        assert_eq!(lost_samples(&voice, &paused(&voice, 30 * FRAME, 30 * FRAME)), Some(0));
    }

    #[test]
    fn what_is_missing_or_comes_twice_is_counted() {
        let voice = voice(60 * FRAME);
        assert_eq!(lost_samples(&voice, &paused(&voice, 30 * FRAME, 30 * FRAME + 7)), Some(7));
        assert_eq!(lost_samples(&voice, &paused(&voice, 30 * FRAME, 30 * FRAME - 100)), Some(-100));
        assert_eq!(lost_samples(&voice, &paused(&voice, 30 * FRAME, 35 * FRAME)), Some(5 * FRAME as i64));
    }

    #[test]
    fn without_a_gap_there_is_no_joint() {
        let voice = voice(60 * FRAME);
        assert_eq!(lost_samples(&voice, &voice), None);
    }
}
