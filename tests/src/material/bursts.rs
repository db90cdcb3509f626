//! Short noises, made from a seed.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::filter::{high_pass, low_pass, resonate, samples, to_samples, white};

/// Something like a cough: one or two bursts of 150–350 ms, 60–200 ms apart. Each is breath through a throat (noise with two
/// resonances) that sets in within milliseconds and fades; in some a voice joins towards the end.
pub fn cough(seed: u64) -> Vec<i16> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut signal = cough_burst(&mut rng);
    if rng.random_bool(0.5) {
        let pause = samples(rng.random_range(0.06..0.2));
        signal.extend(std::iter::repeat_n(0.0, pause));
        let second = cough_burst(&mut rng);
        signal.extend(second.iter().map(|x| x * 0.7));
    }
    to_samples(&signal)
}

fn cough_burst(rng: &mut StdRng) -> Vec<f64> {
    let length = rng.random_range(0.15..0.35);
    let count = samples(length);
    let breath = white(rng, count);
    let throat = resonate(&breath, rng.random_range(500.0..900.0), 300.0);
    let mouth = resonate(&breath, rng.random_range(1_400.0..2_600.0), 600.0);
    let pitch_hz = rng.random_range(110.0..240.0);
    let is_voiced = rng.random_bool(0.5);
    let period = samples(1.0 / pitch_hz);
    let pulses: Vec<f64> = (0..count).map(|i| if i % period == 0 { 6.0 } else { 0.0 }).collect();
    let voice = resonate(&pulses, 650.0, 150.0);
    let attack = rng.random_range(0.004..0.012);
    let decay = length / rng.random_range(2.5..4.0);
    (0..count)
        .map(|i| {
            let t = i as f64 / samples(1.0) as f64;
            let envelope = (t / attack).min(1.0) * (-t / decay).exp() * ((length - t) / 0.02).min(1.0);
            let voiced = if is_voiced { (t / length - 0.4).max(0.0) } else { 0.0 };
            envelope * (throat[i] + 0.8 * mouth[i] + 0.2 * breath[i] + voiced * voice[i])
        })
        .collect()
}

/// Something like a door that falls shut: a knock, a thud below 200 Hz with a tail, and a rattle of the lock; about half a
/// second.
pub fn door_slam(seed: u64) -> Vec<i16> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0xd00d);
    let count = samples(rng.random_range(0.4..0.6));
    let noise = white(&mut rng, count);
    let thud = resonate(&noise, rng.random_range(60.0..120.0), 60.0);
    let panel = resonate(&noise, rng.random_range(180.0..320.0), 120.0);
    let decay = rng.random_range(0.06..0.12);
    let lock_at = samples(rng.random_range(0.03..0.08));
    let signal: Vec<f64> = (0..count)
        .map(|i| {
            let t = i as f64 / samples(1.0) as f64;
            let knock = noise[i] * (-t / 0.002).exp();
            let body = (2.5 * thud[i] + 1.5 * panel[i]) * (-t / decay).exp();
            let since_lock = i.checked_sub(lock_at).map_or(f64::INFINITY, |since| since as f64 / samples(1.0) as f64);
            knock + body + 0.2 * noise[i] * (-since_lock / 0.004).exp()
        })
        .collect();
    to_samples(&signal)
}

/// Something like typing: four to nine keys a second, each a click when it goes down and a weaker one when it comes up.
pub fn keyboard(seed: u64, duration: Duration) -> Vec<i16> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0x6b65);
    let mut signal = vec![0.0; samples(duration.as_secs_f64())];
    let mut at = samples(rng.random_range(0.0..0.1));
    while at < signal.len() {
        let strength = rng.random_range(0.5..1.0);
        let click = click(&mut rng, strength);
        let release = at + samples(rng.random_range(0.06..0.1));
        add(&mut signal, &click, at, 1.0);
        add(&mut signal, &click, release, 0.4);
        at += samples(rng.random_range(0.11..0.25));
    }
    to_samples(&signal)
}

fn click(rng: &mut StdRng, strength: f64) -> Vec<f64> {
    let noise = white(rng, samples(0.012));
    let bright = high_pass(&noise, 1_500.0);
    let body = low_pass(&noise, 400.0);
    let decay = samples(0.0025) as f64;
    (0..noise.len()).map(|i| strength * (bright[i] + 2.0 * body[i]) * (-(i as f64) / decay).exp()).collect()
}

fn add(signal: &mut [f64], sound: &[f64], at: usize, gain: f64) {
    for (sample, more) in signal.iter_mut().skip(at).zip(sound) {
        *sample += gain * more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::level::level_dbfs;

    /// Stretches of sound separated by at least 30 ms below −50 dB of the peak, in milliseconds.
    fn bursts_ms(sound: &[i16]) -> Vec<usize> {
        let mut lengths = Vec::new();
        let (mut start, mut last) = (None, 0);
        for (index, _) in sound.iter().enumerate().filter(|(_, sample)| sample.unsigned_abs() > 50) {
            if start.is_some() && index - last > 480 {
                lengths.push((last - start.unwrap_or(0)) / 16);
                start = None;
            }
            start = start.or(Some(index));
            last = index;
        }
        lengths.extend(start.map(|start| (last - start) / 16));
        lengths
    }

    #[test]
    fn a_cough_is_one_or_two_bursts_of_150_to_350_ms_that_set_in_suddenly() {
        let mut counts = [0; 3];
        for seed in 0..40 {
            let sound = cough(seed);
            let bursts = bursts_ms(&sound);
            assert!(bursts.len() <= 2 && bursts.iter().all(|&ms| (120..=350).contains(&ms)), "{seed}: {bursts:?}");
            counts[bursts.len()] += 1;
            // Loudest in its first third, as coughs are.
            let burst = &sound[..bursts[0] * 16];
            assert!(level_dbfs(&burst[..burst.len() / 3]) > level_dbfs(&burst[burst.len() / 2..]), "{seed}");
        }
        assert!(counts[1] > 8 && counts[2] > 8, "{counts:?}");
    }

    #[test]
    fn a_door_is_loudest_at_once_and_low() {
        for seed in 0..20 {
            let sound = door_slam(seed);
            let (early, late) = sound.split_at(sound.len() / 2);
            assert!(level_dbfs(early) > level_dbfs(late) + 6.0, "{seed}");
            let whole: Vec<f64> = sound.iter().map(|&sample| f64::from(sample)).collect();
            let power = |signal: &[f64]| signal.iter().map(|x| x * x).sum::<f64>();
            assert!(power(&low_pass(&whole, 500.0)) > 0.5 * power(&whole), "{seed}");
        }
    }

    #[test]
    fn typing_is_as_long_as_asked_and_mostly_silence() {
        let sound = keyboard(5, Duration::from_secs(4));
        assert_eq!(sound.len(), 64_000);
        let keys = bursts_ms(&sound).len();
        assert!((20..=72).contains(&keys), "{keys}");
        let loud = sound.chunks(160).filter(|chunk| level_dbfs(chunk) > -50.0).count();
        assert!(loud < 200, "{loud} of 400 windows");
    }

    #[test]
    fn the_same_seed_gives_the_same_noise_and_another_another() {
        let second = Duration::from_secs(1);
        assert!(cough(1) == cough(1) && door_slam(1) == door_slam(1) && keyboard(1, second) == keyboard(1, second));
        assert!(cough(1) != cough(2) && door_slam(1) != door_slam(2) && keyboard(1, second) != keyboard(2, second));
    }
}
