use super::*;
use crate::audio::resample::ResampleError;

struct Ear {
    samples: Vec<i16>,
    rate_hz: u32,
    pushes: usize,
    patience: usize,
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

fn hear(
    engine: &Espeak,
    text: &str,
    voice: &str,
    language: &str,
    rate: f32,
    patience: usize,
) -> Result<Ear, SpeakError> {
    let mut ear = Ear { samples: Vec::new(), rate_hz: 0, pushes: 0, patience };
    let speech = Speech { text: text.to_owned(), voice: voice.to_owned(), language: language.to_owned(), rate };
    engine.speak(&speech, &mut ear)?;
    Ok(ear)
}

fn length(engine: &Espeak, text: &str, voice: &str, language: &str) -> usize {
    hear(engine, text, voice, language, 1.0, usize::MAX).unwrap().samples.len()
}

/// espeak's noise is random, and with it the ends of sounds by a few milliseconds.
#[track_caller]
fn assert_alike(left: usize, right: usize) {
    assert!(left.abs_diff(right) * 10 <= right, "{left} samples and {right}");
}

#[test]
fn it_speaks_in_pieces_at_its_own_rate() {
    let ear = hear(&Espeak::load("").unwrap(), "We are open from nine to six.", "", "", 1.0, usize::MAX).unwrap();
    assert_eq!(ear.rate_hz, 22_050);
    assert!(ear.pushes > 20 && ear.samples.len() > 22_050, "{} pieces, {} samples", ear.pushes, ear.samples.len());
    assert!(ear.samples.iter().any(|sample| sample.unsigned_abs() > 3_000));
}

/// The languages of the voice that a request would be spoken by.
fn languages(engine: &Espeak, voice: &str, language: &str) -> Vec<String> {
    let speech = Speech { text: String::new(), voice: voice.to_owned(), language: language.to_owned(), rate: 1.0 };
    let mut library = lock().unwrap();
    library.select(&engine.selection(&speech)).unwrap();
    current_languages()
}

#[test]
fn languages_and_voices_are_selected_and_the_default_returns() {
    let engine = Espeak::load("en-us").unwrap();
    for (voice, language, first) in [
        ("", "", "en-us"),
        ("", "de-DE", "de"),
        ("fr-fr", "", "fr-fr"),
        ("", "zh-CN", "cmn"),
        ("en-us+f3", "de", "en-us"),
        ("", "en-GB", "en-us"), // the default voice speaks English already
        ("", "pt_BR", "pt-br"),
    ] {
        assert_eq!(languages(&engine, voice, language)[0], first, "{voice:?} {language:?}");
    }
    assert!(length(&engine, "你好", "", "zh-CN") > 0);
}

#[test]
fn an_unknown_voice_or_language_is_refused_and_harms_nothing() {
    let engine = Espeak::load("en-us").unwrap();
    let text = "We are open every day from nine to six.";
    let before = length(&engine, text, "", "");
    for (voice, language) in [("klingonish", ""), ("", "qx-QX"), ("../../etc/passwd", "")] {
        let error = hear(&engine, "hello", voice, language, 1.0, usize::MAX).err();
        assert!(matches!(error, Some(SpeakError::Invalid(_))), "{voice:?} {language:?}");
    }
    assert_alike(length(&engine, text, "", ""), before);
    assert!(Espeak::load("klingonish").is_err());
}

#[test]
fn a_faster_rate_is_shorter() {
    let engine = Espeak::load("en-us").unwrap();
    let text = "We are open every day from nine to six.";
    let fast = hear(&engine, text, "", "", 2.0, usize::MAX).unwrap().samples.len();
    let ratio = length(&engine, text, "", "") as f64 / fast as f64;
    assert!((1.5..2.5).contains(&ratio), "{ratio}");
}

#[test]
fn an_impatient_listener_stops_the_synthesis_and_the_next_one_is_whole() {
    let engine = Espeak::load("en-us").unwrap();
    let text = "This is a rather long sentence that nobody wants to hear to its very end.";
    let whole = length(&engine, text, "", "");
    let cut = hear(&engine, text, "", "", 1.0, 4_410).unwrap().samples.len();
    assert!(cut < whole / 4, "{cut} of {whole}");
    assert_alike(length(&engine, text, "", ""), whole);
}

#[test]
fn markup_is_text() {
    let engine = Espeak::load("en-us").unwrap();
    let shown = |text: &str| lock().and_then(|mut library| library.phonemes(text)).unwrap()[0].0.clone();
    length(&engine, "hello", "", "");
    assert_ne!(shown("[[h@loU]]"), shown("hello"));
    assert!(length(&engine, "<break time=\"5s\"/> a", "", "") < 5 * 22_050);
}

#[test]
fn phonemes_come_clause_by_clause_with_their_text() {
    let mut library = lock().unwrap();
    library.select(&Selection::Name("en-us".to_owned())).unwrap();
    let clauses = library.phonemes("Hello there, Mr. Smith. Is it 4.50?").unwrap();
    let texts: Vec<&str> = clauses.iter().map(|(_, text)| text.trim()).collect();
    assert_eq!(texts, ["Hello there,", "Mr.", "Smith.", "Is it 4.50?"]);
    assert!(
        clauses[0].0.contains("həl") && clauses[1].0.contains("mˈɪst") && clauses[2].0.contains("sm"),
        "{clauses:?}"
    );
}

#[test]
fn several_at_once_take_turns() {
    let engine = Espeak::load("en-us").unwrap();
    let whole = length(&engine, "We are open every day.", "", "");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_alike(length(&engine, "We are open every day.", "", ""), whole));
        }
    });
}
