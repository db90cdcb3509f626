//! When does the caller speak? Real speech, and much that is none.

mod common;

use common::{FRAME, listen, mix, ms, noise, rms_dbfs, speak, tones, utterances};
use media::{AudioEvent, AudioSettings, FRAME_SAMPLES, SAMPLE_RATE_HZ, call_audio};

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
    let hums: [&[(f32, f32)]; 6] = [
        &[(50.0, -40.0)],
        &[(50.0, -20.0)],
        &[(60.0, -25.0)],
        &[(50.0, -30.0), (100.0, -42.0), (150.0, -48.0), (250.0, -54.0)],
        &[(50.0, -35.0), (100.0, -44.0), (150.0, -47.0), (250.0, -53.0), (350.0, -56.0)],
        &[(60.0, -35.0), (120.0, -44.0), (180.0, -49.0), (300.0, -55.0), (420.0, -58.0)],
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
    for into_frame in (0..FRAME_SAMPLES).step_by(20) {
        let mut line = noise(-60.0, ms(10_000), 1);
        for (second, width) in [(1, 1), (2, 8), (3, 32), (4, 80), (5, 160), (6, 320)] {
            for (i, sample) in line[ms(1_000 * second) + into_frame..][..width].iter_mut().enumerate() {
                *sample = if i % 16 < 8 { 20_000 } else { -20_000 };
            }
        }
        assert_no_utterance(&format!("clicks of up to 20 ms, {into_frame} samples into a frame"), &line);
    }
}

struct Heard {
    onset_ms: f32,
    start_error_ms: f32,
    end_error_ms: f32,
    end_noticed_ms: f32,
    pieces: usize,
}

/// Says a sentence into a line and expects that all of it is delivered, in however
/// many pieces, and nothing twice.
fn hear(voice: &str, text: &str, dbfs: f32, snr_db: f32, by_telephone: bool, seed: u64) -> Heard {
    let speech = speak(voice, text, dbfs, by_telephone);
    let line = [vec![0; ms(LEAD)], speech.clone(), vec![0; ms(TAIL)]].concat();
    let line = mix(&line, &noise(rms_dbfs(&speech) - snr_db, line.len(), seed));
    let mut call = call_audio(&AudioSettings::default());
    let heard = listen(&mut call, &line);
    let what = format!("{voice} \"{text}\" at {dbfs} dBFS, {snr_db} dB SNR, telephone {by_telephone}");
    let (mut delivered, mut starts, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for (now, event) in heard {
        match event {
            AudioEvent::Frame(samples) => delivered.extend(samples),
            AudioEvent::SpeechStarted { at_sample } => {
                assert!(starts.len() == ends.len() && at_sample + FRAME <= now, "{what}");
                starts.push((now, at_sample));
            }
            AudioEvent::SpeechEnded { at_sample, silence_samples } => {
                assert_eq!(at_sample + silence_samples, now, "{what}");
                ends.push((now, at_sample));
            }
            other => panic!("{what}: {other:?}"),
        }
    }
    assert_eq!(starts.len(), ends.len(), "{what}");
    let &(started, start) = starts.first().expect(&what);
    let &(ended, end) = ends.last().expect(&what);
    let first = start as usize - ms(300);
    assert!(delivered == line[first..ended as usize], "{what}: a gap or a repetition between {starts:?} and {ends:?}");
    let (onset, stop) = (ms(LEAD) as f32, (ms(LEAD) + speech.len()) as f32);
    let in_ms = |samples: f32| samples * 1_000.0 / SAMPLE_RATE_HZ as f32;
    Heard {
        onset_ms: in_ms(started as f32 - onset),
        start_error_ms: in_ms(start as f32 - onset),
        end_error_ms: in_ms(end as f32 - stop),
        end_noticed_ms: in_ms(ended as f32 - stop),
        pieces: starts.len(),
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
    let pieces: usize = heard.iter().map(|h| h.pieces).sum();
    println!("{condition}: {} sentences in {pieces} pieces, ms", heard.len());
    print_distribution("onset -> SpeechStarted", heard.iter().map(|h| h.onset_ms));
    print_distribution("reported start - true start", heard.iter().map(|h| h.start_error_ms));
    print_distribution("reported end - true end", heard.iter().map(|h| h.end_error_ms));
    print_distribution("true end -> SpeechEnded", heard.iter().map(|h| h.end_noticed_ms));
}

/// What is delivered of a line, frame by frame, with where each utterance begins;
/// every frame can be told by its first sample, which no detector notices.
fn frames_delivered(mut line: Vec<i16>) -> (Vec<i16>, Vec<(usize, u64)>) {
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
    (numbers, starts)
}

#[test]
fn what_is_delivered_starts_with_the_pre_roll_and_has_no_frame_twice() {
    let speech = speak("slt", "where are you", -22.0, false);
    let silence = vec![0; ms(1_000)];
    let line = [silence.clone(), speech.clone(), silence.clone(), speech, silence].concat();
    let (numbers, starts) = frames_delivered(line.clone());
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
fn a_pause_between_words_is_delivered_whole_up_to_the_pre_roll_beyond_the_hang_over() {
    let (first, second) = (speak("slt", "no", -22.0, false), speak("rms", "wait", -22.0, false));
    for pause_ms in (20..=600).step_by(20) {
        let silence = vec![0; ms(600)];
        let line = [&silence[..], &first, &silence[..ms(pause_ms)], &second, &silence].concat();
        let (numbers, starts) = frames_delivered(line);
        let steps: Vec<i16> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|&step| step >= 1), "after a pause of {pause_ms} ms a frame comes twice");
        if pause_ms <= 380 {
            assert!(steps.iter().all(|&step| step == 1), "after a pause of {pause_ms} ms a frame is lost");
        }
        if pause_ms >= 200 {
            assert_eq!(starts.len(), 2, "a pause of {pause_ms} ms");
        }
    }
}

#[test]
fn a_vowel_at_a_usual_level_is_noticed_with_its_second_frame() {
    for (voice, text) in [("rms", "yes"), ("slt", "where are you"), ("rms", "what is that")] {
        assert_eq!(hear(voice, text, -22.0, 60.0, false, 1).onset_ms, 40.0, "{voice}: {text}");
    }
}

#[test]
fn after_a_short_pause_a_soft_voice_is_noticed_sooner() {
    let first = speak("slt", "no", -30.0, false);
    let until_second = [&vec![0; ms(600)][..], &first, &vec![0; ms(200)]].concat();
    let onset = until_second.len().next_multiple_of(FRAME_SAMPLES);
    let started = |before: &[i16], second: &[i16]| {
        let line = [before, &vec![0; onset - before.len()], second, &vec![0; ms(500)]].concat();
        let is_start = |event: &AudioEvent| matches!(event, AudioEvent::SpeechStarted { .. });
        let events = utterances_in(&line);
        let start = events.iter().rev().find(|(_, event)| is_start(event)).expect("an utterance");
        start.0 - onset as u64
    };
    let mut sooner = 0;
    for (voice, text) in [("rms", "yes"), ("slt", "where are you"), ("awb", "are you there"), ("rms", "my order")] {
        for dbfs in [-34.0, -37.0, -40.0] {
            let second = speak(voice, text, dbfs, false);
            let (alone, after_the_first) = (started(&[], &second), started(&until_second, &second));
            assert!(after_the_first <= alone, "{voice} \"{text}\" at {dbfs} dBFS");
            sooner += usize::from(after_the_first < alone);
        }
    }
    assert!(sooner >= 1, "{sooner} of 12");
}

#[test]
fn each_sentence_on_a_clean_line_is_delivered_whole() {
    hear_everything("clean (60 dB SNR), -22 dBFS", -22.0, 60.0, false);
}

#[test]
fn each_sentence_in_noise_is_delivered_whole() {
    hear_everything("noise at 20 dB SNR, -22 dBFS", -22.0, 20.0, false);
}

#[test]
fn each_sentence_by_telephone_is_delivered_whole() {
    hear_everything("G.711 line, 30 dB SNR, -26 dBFS", -26.0, 30.0, true);
}

#[test]
fn a_quiet_caller_is_heard() {
    hear_everything("quiet caller, -36 dBFS, 25 dB SNR", -36.0, 25.0, true);
}

#[test]
fn a_faint_caller_is_heard() {
    hear_everything("faint caller, -50 dBFS, 25 dB SNR", -50.0, 25.0, true);
}

#[test]
fn somebody_faint_is_not_the_caller_once_that_was_heard_at_an_ordinary_level() {
    let caller = speak("slt", "hello I would like to know when you are open", -24.0, true);
    let far = speak("rms", "who is it and what do they want", -52.0, true);
    let until_far = [&vec![0; ms(600)][..], &caller, &vec![0; ms(900)]].concat();
    let line = [&until_far[..], &far, &vec![0; ms(600)]].concat();
    let events = utterances_in(&mix(&line, &noise(-75.0, line.len(), 1)));
    assert!(!events.is_empty());
    assert!(events.iter().all(|(now, _)| *now < until_far.len() as u64), "{events:?}");
}

#[test]
fn the_close_vowels_of_a_faint_caller_do_not_end_his_utterance() {
    let pieces = |dbfs| -> usize {
        let heard = |seed| hear("rms", "can you tell me your address please", dbfs, 60.0, true, seed).pieces;
        (0..5).map(heard).sum()
    };
    let (quiet, faint) = (pieces(-36.0), pieces(-47.0));
    println!("pieces: {quiet} of a quiet caller, {faint} of a faint one");
    assert!(faint <= 2 * quiet, "{quiet} {faint}");
}
