//! When does the caller speak? Real speech, and much that is none.

mod common;

use common::{FRAME, listen, mix, ms, noise, rms_dbfs, speak, tones, utterances};
use media::{AudioEvent, AudioSettings, SAMPLE_RATE_HZ, call_audio};

const SENTENCES: [&str; 8] = [
    "what are your opening hours on saturday",
    "where is my order number four two seven",
    "how much is the blue teapot",
    "let me speak to a person",
    "sorry I have another question",
    "yes",
    "five five one two",
    "hello can you hear me",
];

const LEAD: usize = 1_000;
const TAIL: usize = 1_500;

fn utterances_in(signal: &[i16]) -> Vec<(u64, AudioEvent)> {
    let mut call = call_audio(&AudioSettings::default());
    utterances(&listen(&mut call, signal))
}

fn assert_no_utterance(what: &str, signal: &[i16]) {
    assert_eq!(utterances_in(signal), [], "in {what}");
}

#[test]
fn a_silent_line_is_not_speech() {
    assert_no_utterance("digital silence", &vec![0; ms(10_000)]);
}

#[test]
fn comfort_noise_is_not_speech_however_it_starts() {
    for dbfs in [-70.0, -60.0, -55.0, -50.0] {
        for seed in 0..10 {
            let comfort = noise(dbfs, ms(5_000), seed);
            assert_no_utterance(&format!("noise at {dbfs} dBFS from the start"), &comfort);
            let after_silence = [vec![0; ms(3_000)], comfort.clone(), vec![0; ms(1_000)], comfort].concat();
            assert_no_utterance(&format!("noise at {dbfs} dBFS on and off"), &after_silence);
        }
    }
}

#[test]
fn loud_steady_noise_is_not_speech() {
    for dbfs in [-45.0, -40.0, -35.0, -30.0, -25.0] {
        for seed in 0..10 {
            let from_the_start = noise(dbfs, ms(5_000), seed);
            assert_no_utterance(&format!("noise at {dbfs} dBFS"), &from_the_start);
            let sudden = [vec![0; ms(2_000)], from_the_start].concat();
            assert_no_utterance(&format!("sudden noise at {dbfs} dBFS"), &sudden);
        }
    }
}

#[test]
fn mains_hum_is_not_speech() {
    let hums: [&[(f32, f32)]; 4] = [
        &[(50.0, -40.0)],
        &[(50.0, -20.0)],
        &[(60.0, -25.0)],
        &[(50.0, -30.0), (100.0, -42.0), (150.0, -48.0), (250.0, -54.0)],
    ];
    for hum in hums {
        let steady = tones(hum, ms(6_000));
        assert_no_utterance(&format!("{hum:?}"), &steady);
        let sudden = [vec![0; ms(3_000)], steady].concat();
        assert_no_utterance(&format!("sudden {hum:?}"), &sudden);
    }
}

#[test]
fn a_loud_buzz_that_starts_suddenly_is_taken_for_line_noise_within_three_seconds() {
    let buzz = [(50.0, -25.0), (100.0, -35.0), (150.0, -40.0), (250.0, -45.0)];
    let line = [vec![0; ms(3_000)], tones(&buzz, ms(10_000))].concat();
    let events = utterances_in(&line);
    let [(_, AudioEvent::SpeechStarted { .. }), (ended, AudioEvent::SpeechEnded { .. })] = events[..] else {
        panic!("{events:?}")
    };
    assert!(ended < ms(6_000) as u64, "{events:?}");
}

#[test]
fn a_click_is_not_speech() {
    let mut line = noise(-60.0, ms(10_000), 1);
    for (second, width) in [(1, 1), (2, 8), (3, 32), (4, 80), (5, 160), (6, 320)] {
        for (i, sample) in line[ms(1_000 * second)..][..width].iter_mut().enumerate() {
            *sample = if i % 16 < 8 { 20_000 } else { -20_000 };
        }
    }
    assert_no_utterance("clicks of up to 20 ms", &line);
}

struct Heard {
    onset_ms: f32,
    start_error_ms: f32,
    end_error_ms: f32,
    end_noticed_ms: f32,
}

/// Says a sentence into a line and expects it to be one utterance.
fn hear(voice: &str, text: &str, dbfs: f32, snr_db: f32, by_telephone: bool, seed: u64) -> Heard {
    let speech = speak(voice, text, dbfs, by_telephone);
    let line = [vec![0; ms(LEAD)], speech.clone(), vec![0; ms(TAIL)]].concat();
    let line = mix(&line, &noise(rms_dbfs(&speech) - snr_db, line.len(), seed));
    let events = utterances_in(&line);
    let what = format!("{voice} \"{text}\" at {dbfs} dBFS, {snr_db} dB SNR, telephone {by_telephone}");
    let [
        (started, AudioEvent::SpeechStarted { at_sample: start }),
        (ended, AudioEvent::SpeechEnded { at_sample: end, silence_samples }),
    ] = events[..]
    else {
        panic!("{what}: not one utterance but {events:?}")
    };
    assert_eq!(end + silence_samples, ended, "{what}");
    assert!(start + FRAME <= started, "{what}");
    let (onset, stop) = (ms(LEAD) as f32, (ms(LEAD) + speech.len()) as f32);
    let in_ms = |samples: f32| samples * 1_000.0 / SAMPLE_RATE_HZ as f32;
    Heard {
        onset_ms: in_ms(started as f32 - onset),
        start_error_ms: in_ms(start as f32 - onset),
        end_error_ms: in_ms(end as f32 - stop),
        end_noticed_ms: in_ms(ended as f32 - stop),
    }
}

fn print_distribution(what: &str, values: impl Iterator<Item = f32>) {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    let at = |part: f32| values[((values.len() - 1) as f32 * part) as usize];
    println!("  {what:<34} p5 {:>5.0}  p50 {:>5.0}  p95 {:>5.0}  max {:>5.0}", at(0.05), at(0.5), at(0.95), at(1.0));
}

fn hear_everything(condition: &str, dbfs: f32, snr_db: f32, by_telephone: bool) {
    let mut heard = Vec::new();
    for (seed, text) in (0u64..).zip(SENTENCES) {
        for voice in ["rms", "slt", "awb"] {
            heard.push(hear(voice, text, dbfs, snr_db, by_telephone, seed));
        }
    }
    println!("{condition}: {} sentences, ms", heard.len());
    print_distribution("onset -> SpeechStarted", heard.iter().map(|h| h.onset_ms));
    print_distribution("reported start - true start", heard.iter().map(|h| h.start_error_ms));
    print_distribution("reported end - true end", heard.iter().map(|h| h.end_error_ms));
    print_distribution("true end -> SpeechEnded", heard.iter().map(|h| h.end_noticed_ms));
}

#[test]
fn what_is_delivered_starts_with_the_pre_roll_and_has_no_frame_twice() {
    let speech = speak("slt", SENTENCES[0], -22.0, false);
    let silence = vec![0; ms(1_000)];
    let mut line = [silence.clone(), speech.clone(), silence.clone(), speech, silence].concat();
    // Every frame can be told by its first sample, which no detector notices.
    for (number, frame) in (0i16..).zip(line.chunks_mut(FRAME as usize)) {
        frame[0] = number;
    }
    let mut call = call_audio(&AudioSettings::default());
    let (mut numbers, mut starts, mut is_open) = (Vec::new(), Vec::new(), false);
    for (_, event) in listen(&mut call, &line) {
        match event {
            AudioEvent::SpeechStarted { at_sample } => {
                assert!(!std::mem::replace(&mut is_open, true));
                starts.push((numbers.len(), at_sample));
            }
            AudioEvent::SpeechEnded { .. } => assert!(std::mem::replace(&mut is_open, false)),
            AudioEvent::Frame(samples) => {
                assert!(is_open, "frames come between the start and the end only");
                numbers.push(samples[0]);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(starts.len(), 2);
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    for (index, at_sample) in starts {
        let first_delivered = u64::from(numbers[index].unsigned_abs()) * FRAME;
        assert_eq!(at_sample - first_delivered, ms(300) as u64);
        let first = at_sample as usize;
        assert!(rms_dbfs(&line[first..][..FRAME as usize]) > -50.0, "the first voiced frame");
    }
}

#[test]
fn each_sentence_on_a_clean_line_is_one_utterance() {
    hear_everything("clean (60 dB SNR), -22 dBFS", -22.0, 60.0, false);
}

#[test]
fn each_sentence_in_noise_is_one_utterance() {
    hear_everything("noise at 20 dB SNR, -22 dBFS", -22.0, 20.0, false);
}

#[test]
fn each_sentence_by_telephone_is_one_utterance() {
    hear_everything("G.711 line, 30 dB SNR, -26 dBFS", -26.0, 30.0, true);
}

#[test]
fn a_quiet_caller_is_heard() {
    hear_everything("quiet caller, -36 dBFS, 25 dB SNR", -36.0, 25.0, true);
}
