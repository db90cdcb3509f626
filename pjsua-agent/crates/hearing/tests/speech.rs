//! Silero: speech is confirmed, the rest dismissed, calls do not hear each other.

mod common;

use std::{sync::mpsc::TryRecvError, time::Duration};

use common::{CONFIRMED, DISMISSED, MS, PATIENCE, ear, frames, hearing, mix, next, say, say_nth, settle, sound, speak};
use hearing::{EarEvent, HearingConfig, Models, VadSettings};

const SENTENCE: &str = "I would like to book a table for four people.";

fn noises() -> Vec<(&'static str, Vec<i16>)> {
    let made = [
        ("white noise", "synth 2 whitenoise vol 0.1"),
        ("pink noise", "synth 2 pinknoise vol 0.3"),
        ("hum", "synth 2 sin 50 sin 100 sin 150 vol 0.3"),
        ("ringback", "synth 2 sin 440 sin 480 vol 0.3"),
        ("clicks", "synth 0.003 whitenoise vol 0.9 pad 0 0.4 repeat 5"),
        ("a knock", "synth 0.15 pinknoise fade t 0.01 0.15 0.1 vol 0.8 pad 0 2"),
        ("plucked strings", "synth 0.4 pluck C3 pluck E3 pluck G3 vol 0.5 repeat 5"),
        ("an organ", "synth 2 saw C4 saw E4 saw G4 tremolo 5 40 vol 0.3"),
    ];
    made.map(|(name, effects)| (name, sound(&effects.split(' ').collect::<Vec<_>>()))).into()
}

#[test]
fn speech_over_the_telephone_is_confirmed_and_judged_no_further() {
    let Some(hearing) = hearing() else { return };
    for voice in ["rms", "slt", "awb", "kal16"] {
        let (ear, events) = ear(&hearing);
        say(&ear, &speak(voice, SENTENCE));
        ear.speech_ended();
        assert_eq!(next(&events), CONFIRMED, "{voice}");
        settle(&hearing);
        assert_eq!(events.try_recv(), Err(TryRecvError::Empty), "{voice}");
        let windows = hearing.counts().windows;
        frames(&[1_000; 16_000]).for_each(|frame| ear.frame(&frame));
        settle(&hearing);
        assert_eq!(hearing.counts().windows, windows);
    }
}

#[test]
fn noises_are_dismissed_while_they_last() {
    let Some(hearing) = hearing() else { return };
    for (name, noise) in noises() {
        let (ear, events) = ear(&hearing);
        say(&ear, &noise);
        assert_eq!(next(&events), DISMISSED, "{name}");
        ear.speech_ended();
        settle(&hearing);
        assert_eq!(events.try_recv(), Err(TryRecvError::Empty), "{name}");
    }
}

#[test]
fn a_knock_that_ends_before_the_bound_is_dismissed_at_its_end() {
    let Some(hearing) = hearing() else { return };
    let (ear, events) = ear(&hearing);
    say(&ear, &[0; 60 * MS]);
    settle(&hearing);
    assert_eq!(events.try_recv(), Err(TryRecvError::Empty));
    ear.speech_ended();
    assert_eq!(next(&events), DISMISSED);
}

#[test]
fn a_voice_after_a_dismissed_noise_is_still_confirmed() {
    let Some(hearing) = hearing() else { return };
    let (ear, events) = ear(&hearing);
    say(&ear, &sound(&["synth", "3", "pinknoise", "vol", "0.1"]));
    assert_eq!(next(&events), DISMISSED);
    frames(&speak("rms", SENTENCE)).for_each(|frame| ear.frame(&frame));
    assert_eq!(next(&events), CONFIRMED);
}

#[test]
fn each_utterance_gets_its_own_verdict_even_when_all_come_at_once() {
    let Some(hearing) = hearing() else { return };
    let (ear, events) = ear(&hearing);
    let (voice, noise) = (speak("slt", SENTENCE), sound(&["synth", "1", "whitenoise", "vol", "0.1"]));
    for (nth, utterance) in (0..).zip([&noise, &voice, &noise]) {
        say_nth(nth, &ear, utterance);
        ear.speech_ended();
    }
    let verdicts = [next(&events), next(&events), next(&events)];
    assert_eq!(verdicts, [DISMISSED, EarEvent::Confirmed { utterance: 1 }, EarEvent::Dismissed { utterance: 2 }]);
}

#[test]
fn calls_that_speak_at_once_get_the_verdicts_that_they_get_alone() {
    let Some(config) = common::config() else { return };
    let vad = VadSettings { max_batch: 16, ..VadSettings::default() };
    let hearing = Models::start(HearingConfig { vad, ..config }).unwrap();
    let mut calls: Vec<_> = noises().into_iter().map(|(_, noise)| (noise, DISMISSED)).collect();
    let background = sound(&["synth", "1", "pinknoise", "vol", "0.02"]);
    for voice in ["rms", "slt", "awb", "kal16"] {
        calls.push((mix(&speak(voice, SENTENCE), &background), CONFIRMED));
    }
    let ears: Vec<_> = calls.iter().map(|_| ear(&hearing)).collect();
    ears.iter().for_each(|(ear, _)| ear.speech_started(0));
    let signals: Vec<Vec<_>> =
        calls.iter().map(|(signal, _)| frames(&[0; 300 * MS]).chain(frames(signal)).take(75).collect()).collect();
    for nth in 0..75 {
        for ((ear, _), signal) in ears.iter().zip(&signals) {
            signal.get(nth).into_iter().for_each(|frame| ear.frame(frame));
        }
    }
    for ((ear, events), (_, verdict)) in ears.iter().zip(&calls) {
        ear.speech_ended();
        assert_eq!(next(events), *verdict);
    }
    let counts = hearing.counts();
    assert!(counts.vad_runs < counts.windows, "{counts:?}");
}

#[test]
fn a_dropped_ear_reports_nothing_and_the_others_go_on() {
    let Some(hearing) = hearing() else { return };
    let (gone, events_of_gone) = ear(&hearing);
    let (there, events) = ear(&hearing);
    gone.speech_started(0);
    drop(gone);
    assert_eq!(events_of_gone.recv_timeout(PATIENCE).ok(), None);
    say(&there, &speak("rms", SENTENCE));
    assert_eq!(next(&events), CONFIRMED);
}

#[test]
fn a_receiver_that_panics_is_counted_and_harms_no_other_call() {
    let Some(hearing) = hearing() else { return };
    let bad = hearing.ear(|_| panic!("on purpose"));
    say(&bad, &speak("rms", SENTENCE));
    while hearing.counts().report_panics == 0 {
        std::thread::yield_now();
    }
    let (good, events) = ear(&hearing);
    say(&good, &speak("rms", SENTENCE));
    assert_eq!(next(&events), CONFIRMED);
}

#[test]
fn once_hearing_is_gone_an_onset_is_speech() {
    let Some(hearing) = hearing() else { return };
    let (undecided, events_of_undecided) = ear(&hearing);
    let (later, events) = ear(&hearing);
    undecided.speech_started(0);
    settle(&hearing);
    drop(hearing);
    assert_eq!(next(&events_of_undecided), CONFIRMED);
    later.speech_started(0);
    assert_eq!(events.try_recv(), Ok(CONFIRMED));
}

#[test]
fn frames_that_find_no_place_are_counted_and_the_verdict_comes_all_the_same() {
    let Some(config) = common::config() else { return };
    let vad = VadSettings { queue: 1, ..VadSettings::default() };
    let hearing = Models::start(HearingConfig { vad, ..config }).unwrap();
    let (ear, events) = ear(&hearing);
    say(&ear, &sound(&["synth", "20", "whitenoise", "vol", "0.1"]));
    ear.speech_ended();
    assert_eq!(next(&events), DISMISSED);
    assert!(hearing.counts().frames_dropped > 0);
    assert_eq!(hearing.queue_delay(), Duration::ZERO);
}

/// A signal that has this RMS level, in dBFS.
fn at(dbfs: f64, signal: &[i16]) -> Vec<i16> {
    let energy: f64 = signal.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / signal.len() as f64;
    let factor = 32_768.0 * 10_f64.powf(dbfs / 20.0) / energy.sqrt();
    signal.iter().map(|&sample| (f64::from(sample) * factor) as i16).collect()
}

#[test]
fn a_faint_voice_is_confirmed_as_soon_wherever_in_a_sentence_it_sets_in() {
    let Some(hearing) = hearing() else { return };
    for dbfs in [-23.0, -38.0, -50.0] {
        let (mut onsets, mut dismissed_first) = (0, 0);
        for voice in ["rms", "slt", "awb", "kal16"] {
            for text in [SENTENCE, "Can you tell me your address please?", "Let me speak to a person."] {
                let speech = at(dbfs, &speak(voice, text));
                for from in (0..speech.len().saturating_sub(800 * MS)).step_by(150 * MS) {
                    let (ear, events) = ear(&hearing);
                    ear.speech_started(0);
                    let heard = [&[0; 240 * MS], &speech[from..from + 600 * MS]].concat();
                    frames(&heard).for_each(|frame| ear.frame(&frame));
                    ear.speech_ended();
                    onsets += 1;
                    if next(&events) == DISMISSED {
                        dismissed_first += 1;
                        assert_eq!(
                            next(&events),
                            CONFIRMED,
                            "{voice} at {dbfs} dBFS, from sample {from} of \"{text}\""
                        );
                    }
                }
            }
        }
        assert!(dismissed_first * 50 <= onsets, "{dismissed_first} of {onsets} at {dbfs} dBFS");
    }
}

#[test]
fn faint_noises_are_dismissed_too() {
    let Some(hearing) = hearing() else { return };
    for (name, noise) in noises() {
        for dbfs in [-40.0, -50.0] {
            let (ear, events) = ear(&hearing);
            say(&ear, &at(dbfs, &noise));
            ear.speech_ended();
            assert_eq!(next(&events), DISMISSED, "{name} at {dbfs} dBFS");
            settle(&hearing);
            assert_eq!(events.try_recv(), Err(TryRecvError::Empty), "{name} at {dbfs} dBFS");
        }
    }
}
