use super::*;
use crate::audio::resample::ResampleError;

/// Keeps what it is given, and wants no more after `patience` samples.
struct Ear {
    samples: Vec<i16>,
    rate_hz: u32,
    pushes: usize,
    patience: usize,
}

impl Ear {
    fn new() -> Self {
        Self { samples: Vec::new(), rate_hz: 0, pushes: 0, patience: usize::MAX }
    }
}

impl Audio for Ear {
    fn begin(&mut self, sample_rate_hz: u32) -> Result<(), ResampleError> {
        self.rate_hz = sample_rate_hz;
        Ok(())
    }

    fn push(&mut self, samples: &[i16]) -> ControlFlow<()> {
        self.samples.extend_from_slice(samples);
        self.pushes += 1;
        if self.samples.len() > self.patience { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn is_wanted(&self) -> bool {
        true
    }
}

fn speech(text: &str, voice: &str) -> Speech {
    Speech { text: text.to_owned(), voice: voice.to_owned(), language: String::new(), rate: 1.0 }
}

fn hear(engine: &Flite, speech: &Speech) -> Ear {
    let mut ear = Ear::new();
    engine.speak(speech, &mut ear).unwrap();
    ear
}

/// Flite's noise is random, and with it where silence begins.
#[track_caller]
fn assert_alike(left: usize, right: usize) {
    assert!(left.abs_diff(right) * 10 <= right, "{left} samples and {right}");
}

/// Milliseconds of blocks below the voice's threshold before the first and after the last that is not.
fn silence_ms(samples: &[i16], threshold: u16) -> (usize, usize) {
    let loud: Vec<bool> =
        samples.chunks(160).map(|block| block.iter().any(|sample| sample.unsigned_abs() >= threshold)).collect();
    let lead = loud.iter().position(|loud| *loud).unwrap();
    let tail = loud.iter().rev().position(|loud| *loud).unwrap();
    (lead * 10, tail * 10)
}

#[test]
fn each_voice_speaks_with_its_silence_cut() {
    let engine = Flite::load("").unwrap();
    for (name, threshold) in VOICES {
        for text in ["Have a safe flight.", "Four o'clock", "Thirty-six shoes", "Hello there", "Yes."] {
            let ear = hear(&engine, &speech(text, name));
            assert_eq!(ear.rate_hz, 16_000);
            let (lead, tail) = silence_ms(&ear.samples, threshold);
            assert!(lead <= 30 && tail <= 70, "{name} {text:?}: {lead} ms before, {tail} ms after");
            assert!(ear.samples.len() > 16_000 / 5, "{name} {text:?}: {} samples", ear.samples.len());
        }
    }
}

#[test]
fn a_sentence_spoken_before_sounds_the_same_again() {
    let engine = Flite::load("awb").unwrap();
    let wanted = speech("Whoever calls hears this. Whoever calls hears this.", "");
    let first = hear(&engine, &wanted).samples;
    assert_eq!(hear(&engine, &wanted).samples, first);
    assert_ne!(hear(&engine, &Speech { rate: 1.2, ..wanted }).samples, first);
}

#[test]
fn audio_comes_in_many_pieces_before_the_sentence_is_complete() {
    let ear = hear(&Flite::load("slt").unwrap(), &speech("Nobody has said these words before.", ""));
    assert!(ear.pushes > 50, "{} pieces for {} samples", ear.pushes, ear.samples.len());
}

#[test]
fn rests_between_sentences_are_short() {
    let engine = Flite::load("slt").unwrap();
    let one = hear(&engine, &speech("We are open.", "")).samples.len();
    let two = hear(&engine, &speech("We are open. We are open.", "")).samples.len();
    let rest_ms = (two - 2 * one) / 16;
    assert!((40..=200).contains(&rest_ms), "{rest_ms} ms");
}

#[test]
fn a_faster_rate_is_shorter() {
    let engine = Flite::load("slt").unwrap();
    let normal = speech("We are open every day from nine to six.", "");
    let fast = Speech { rate: 2.0, ..normal.clone() };
    let ratio = hear(&engine, &normal).samples.len() as f64 / hear(&engine, &fast).samples.len() as f64;
    assert!((1.6..2.3).contains(&ratio), "{ratio}");
}

#[test]
fn an_impatient_listener_stops_the_synthesis_and_the_next_one_is_whole() {
    let engine = Flite::load("slt").unwrap();
    let long =
        speech("This is a rather long sentence that nobody wants to hear to its very end, however much it tries.", "");
    let mut ear = Ear { patience: 3_200, ..Ear::new() };
    engine.speak(&long, &mut ear).unwrap();
    let whole = hear(&engine, &long).samples.len();
    assert!(ear.samples.len() < whole / 4, "{} of {whole}", ear.samples.len());
}

#[test]
fn a_listener_that_panics_takes_nobody_with_it() {
    struct Bomb;
    impl Audio for Bomb {
        fn begin(&mut self, _: u32) -> Result<(), ResampleError> {
            Ok(())
        }
        fn push(&mut self, _: &[i16]) -> ControlFlow<()> {
            panic!("on purpose")
        }
        fn is_wanted(&self) -> bool {
            true
        }
    }
    let engine = Flite::load("slt").unwrap();
    let error = catch_unwind(AssertUnwindSafe(|| engine.speak(&speech("Hello there.", ""), &mut Bomb)));
    assert!(matches!(error, Err(_) | Ok(Err(SpeakError::Engine(_)))));
    assert!(!hear(&engine, &speech("Hello there.", "")).samples.is_empty());
}

#[test]
fn strange_text_harms_nothing() {
    let engine = Flite::load("slt").unwrap();
    for text in [
        "<speak>&amp; [[h@l'oU]] %s %n \\x00 {}",
        "1234567890123456789012345678901234567890",
        "a.b.c.d http://x.y/z?q=1 foo@bar.com £5 €7 $3.50 1/2 12:30 XIV",
        "!!! a !!! b ... c",
        "日本語 Привет ñandú 7",
        "-",
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
    ] {
        hear(&engine, &speech(text, ""));
    }
}

#[test]
fn random_text_harms_nothing() {
    let engine = Flite::load("kal16").unwrap();
    let mut state = 0x9E37_79B9_u32;
    let mut random = |below: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % below
    };
    for _ in 0..300 {
        let text: String = (0..random(60)).map(|_| char::from(b' ' + random(95) as u8)).collect();
        if let Some(text) = text::clean(&text) {
            hear(&engine, &speech(&text, ""));
        }
    }
}

#[test]
fn several_at_once_take_turns() {
    let engine = Flite::load("slt").unwrap();
    let said = |rate: f32| {
        let wanted = Speech { rate, ..speech("We are open every day. But not at night.", "") };
        hear(&engine, &wanted).samples.len()
    };
    let whole = said(1.0);
    std::thread::scope(|scope| {
        // Rates that nobody hears the difference of, but the cache does.
        for rate in [1.001, 1.002, 1.003, 1.004] {
            let said = &said;
            scope.spawn(move || assert_alike(said(rate), whole));
        }
    });
}

#[test]
fn an_unknown_voice_is_refused_with_those_that_there_are() {
    let error = Flite::load("darth").err().unwrap().to_string();
    assert!(error.contains("darth") && error.contains("slt, rms, awb, kal16"), "{error}");
}
