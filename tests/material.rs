//! The recordings and voices that callers speak with: what the benchmark takes for granted about them.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::collections::BTreeMap;
use std::time::Duration;

use rand::{SeedableRng, rngs::StdRng};
use tests::material::{self, Noise, Prompt, SPEECH_LEVEL_DBFS, Talker, active_level_dbfs, at_snr};
use tests::rtp::{Codec, Endpoint, Mode};

/// The recorded prompts of a language, or a loud message where they cannot be fetched.
fn prompts(language: &str) -> Option<Vec<Prompt>> {
    match material::prompts(language) {
        Ok(prompts) => Some(prompts),
        Err(error) if std::env::var("CI").is_ok_and(|value| value == "true") => panic!("no recordings: {error:#}"),
        Err(error) => {
            eprintln!("\n!!!!!!!! SKIPPED, nothing was tested: there are no recordings: {error:#}\n");
            None
        }
    }
}

#[test]
fn recorded_people_are_trimmed_levelled_and_many() {
    for (language, least) in [("en", 100), ("es", 100), ("fr", 100)] {
        let Some(prompts) = prompts(language) else { return };
        let mut speakers: BTreeMap<&str, usize> = BTreeMap::new();
        for prompt in &prompts {
            *speakers.entry(&prompt.speaker).or_default() += 1;
            assert_eq!(prompt.last_speech_sample + 1, prompt.samples_16k.len(), "{}", prompt.name);
            assert!((0.7..=6.0).contains(&prompt.duration().as_secs_f64()), "{}", prompt.name);
            let level = active_level_dbfs(&prompt.samples_16k);
            assert!((level - SPEECH_LEVEL_DBFS).abs() < 0.5, "{}: {level} dBFS", prompt.name);
        }
        let seconds: f64 = prompts.iter().map(|prompt| prompt.duration().as_secs_f64()).sum();
        let with_text = prompts.iter().filter(|prompt| prompt.text.is_some()).count();
        eprintln!("{language}: {} prompts, {seconds:.0} s, {with_text} with their words, {speakers:?}", prompts.len());
        assert!(prompts.len() >= least && speakers.len() >= 2);
    }
}

#[test]
fn most_recorded_people_can_be_made_to_think_in_the_middle_of_a_sentence() {
    for language in ["en", "es", "fr"] {
        let Some(prompts) = prompts(language) else { return };
        let mut rng = StdRng::seed_from_u64(1);
        let mut possible = 0;
        for prompt in &prompts {
            let Some((paused, at)) = material::with_inner_pause(prompt, Duration::from_secs(1), &mut rng) else {
                continue;
            };
            possible += 1;
            let speech = prompt.last_speech_sample as f64;
            let share = at.start as f64 / speech;
            assert!((0.25..0.75).contains(&share), "{}: {share}", prompt.name);
            assert_eq!(at.len(), 16_000);
            let (pause, level) = (&paused.samples_16k[at], active_level_dbfs(&prompt.samples_16k));
            assert!(active_level_dbfs(&pause[400..15_600]) < level - 30.0, "{}", prompt.name);
            assert!(pause.windows(400).all(|window| window.iter().any(|&sample| sample != 0)), "{}", prompt.name);
        }
        eprintln!("{language}: {possible} of {} have a place for a pause", prompts.len());
        assert!(possible * 2 > prompts.len());
    }
}

#[test]
fn every_voice_speaks_and_starts_with_its_first_sound() {
    for talker in Talker::ENGLISH.into_iter().chain([Talker::Espeak("es-419"), Talker::Espeak("fr-fr")]) {
        let prompt = material::spoken(talker, "wait a moment please").unwrap();
        assert!((0.5..2.5).contains(&prompt.duration().as_secs_f64()), "{talker}: {:?}", prompt.duration());
        let level = active_level_dbfs(&prompt.samples_16k);
        assert!((level - SPEECH_LEVEL_DBFS).abs() < 0.5, "{talker}: {level}");
        assert_eq!(prompt.text.as_deref(), Some("wait a moment please"));
    }
    assert_eq!(Talker::Espeak("es-419").language(), "es");
}

#[test]
fn what_is_said_over_the_agent_is_there_in_many_voices() {
    if prompts("en").is_none() {
        return;
    }
    let (small, real) = (material::backchannels().unwrap(), material::interruptions().unwrap());
    assert!(small.len() >= 40 && real.len() >= 60, "{} and {}", small.len(), real.len());
    let longest = small.iter().max_by_key(|prompt| prompt.duration()).unwrap();
    assert!(longest.duration() < Duration::from_millis(1_300), "{}: {:?}", longest.name, longest.duration());
    for prompt in small.iter().chain(&real).filter(|prompt| prompt.text.is_none()) {
        eprintln!("recorded, without its words: {} ({:.1} s)", prompt.name, prompt.duration().as_secs_f64());
    }
}

#[test]
fn noises_are_as_long_and_as_loud_as_asked_and_alike_for_a_seed() {
    if prompts("en").is_none() {
        return;
    }
    let duration = Duration::from_secs(3);
    for noise in Noise::ALL {
        let samples = noise.samples(4, duration).unwrap();
        assert_eq!(samples, noise.samples(4, duration).unwrap(), "{}", noise.name());
        if !matches!(noise, Noise::Cough | Noise::Door) {
            assert_eq!(samples.len(), 48_000, "{}", noise.name());
        }
        for snr_db in [10.0, 20.0] {
            let level = active_level_dbfs(&at_snr(&samples, SPEECH_LEVEL_DBFS, snr_db));
            assert!((SPEECH_LEVEL_DBFS - level - snr_db).abs() < 0.7, "{} at {snr_db} dB: {level}", noise.name());
        }
        if !matches!(noise, Noise::Hum) {
            assert_ne!(samples, noise.samples(5, duration).unwrap(), "{}", noise.name());
        }
    }
}

#[test]
fn on_the_wire_the_end_of_speech_is_told_from_noise_that_goes_on() {
    let [caller, other] = [(); 2].map(|()| Endpoint::open(Codec::G722, Mode::Full).unwrap());
    let prompt = material::spoken(Talker::Rms, "wait a moment please").unwrap();
    let noise = at_snr(&Noise::Comfort.samples(1, Duration::from_secs(1)).unwrap(), SPEECH_LEVEL_DBFS, 10.0);
    let noisy = prompt.with_noise(&noise, Duration::from_secs(1));
    caller.set_remote(Some(([127, 0, 0, 1], other.port()).into()));
    let id = caller.say(&noisy.speech());
    let said = tests::until("the utterance should be sent", Duration::from_secs(10), || caller.said(id)).unwrap();
    // Fifty packets of noise before the speech, and fifty after it, all of them audible.
    let (speech, whole) = (prompt.duration(), noisy.duration());
    assert!(said.last.since(said.onset) > speech, "{:?}", said.last.since(said.onset));
    assert!(said.end.since(said.last) > Duration::from_millis(500), "{:?}", said.end.since(said.last));
    assert!(said.end.since(said.onset) < whole + Duration::from_millis(500));
    // Without noise, what is audible ends with the speech or, where it ends softly, before.
    let clean = caller.say_and_wait(&prompt.speech()).unwrap();
    assert!(clean.last >= clean.end);
}
