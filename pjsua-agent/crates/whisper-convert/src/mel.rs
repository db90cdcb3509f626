//! The mel filters that Whisper was trained with: those of Slaney's Auditory Toolbox (1998), as librosa makes them for
//! 16 kHz and a window of 400 samples.

const SAMPLE_RATE_HZ: f64 = 16_000.0;
const WINDOW_SAMPLES: usize = 400;
/// Frequencies of the spectrum, 0 Hz and the highest included.
const FREQUENCIES: usize = WINDOW_SAMPLES / 2 + 1;

/// Slaney's scale: linear to 1 kHz, which is 15 mel, then logarithmic, 27 mel for a factor of 6.4.
const HZ_PER_MEL: f64 = 200.0 / 3.0;
const KNEE_HZ: f64 = 1_000.0;
const KNEE_MEL: f64 = KNEE_HZ / HZ_PER_MEL;

fn log_step() -> f64 {
    6.4f64.ln() / 27.0
}

fn mel(hz: f64) -> f64 {
    if hz < KNEE_HZ { hz / HZ_PER_MEL } else { KNEE_MEL + (hz / KNEE_HZ).ln() / log_step() }
}

fn hz(mel: f64) -> f64 {
    if mel < KNEE_MEL { mel * HZ_PER_MEL } else { KNEE_HZ * (log_step() * (mel - KNEE_MEL)).exp() }
}

/// The weight of each frequency in each of `bands` bands: triangles of equal area.
pub(crate) fn filters(bands: usize) -> Vec<f32> {
    let highest = mel(SAMPLE_RATE_HZ / 2.0);
    let edges: Vec<f64> = (0..bands + 2).map(|edge| hz(highest * edge as f64 / (bands + 1) as f64)).collect();
    let frequency = |number: usize| SAMPLE_RATE_HZ * number as f64 / WINDOW_SAMPLES as f64;
    let weight = |band: usize, hz: f64| {
        let rising = (hz - edges[band]) / (edges[band + 1] - edges[band]);
        let falling = (edges[band + 2] - hz) / (edges[band + 2] - edges[band + 1]);
        // librosa rounds the triangle before it scales it.
        let triangle = rising.min(falling).max(0.0) as f32;
        (f64::from(triangle) * (2.0 / (edges[band + 2] - edges[band]))) as f32
    };
    (0..bands)
        .flat_map(|band| (0..FREQUENCIES).map(move |number| (band, number)))
        .map(|(band, number)| weight(band, frequency(number)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_filter_is_a_triangle_and_together_they_cover_the_spectrum() {
        let filters = filters(80);
        assert_eq!(filters.len(), 80 * FREQUENCIES);
        for band in filters.chunks(FREQUENCIES) {
            assert!(band.iter().all(|&weight| weight >= 0.0) && band.iter().any(|&weight| weight > 0.0));
        }
        // The first filter peaks at one step of the scale, 45 mel in all: 37.2 Hz, next to the frequency 40 Hz.
        let peak = (0..FREQUENCIES).max_by(|&a, &b| filters[a].total_cmp(&filters[b])).unwrap();
        assert_eq!(peak, 1);
    }
}
