//! The caller's audio on its way to the driver when somebody is late.

mod common;

use std::future::Future;
use std::task::{Context, Poll, Waker};

use common::{FRAME, events, ms, next_frame, noise, speak};
use media::{AudioEvent, AudioSettings, CallAudio, FRAME_SAMPLES, SILENCE, call_audio};

fn put(call: &mut CallAudio, signal: &[i16]) {
    for samples in signal.chunks_exact(FRAME_SAMPLES) {
        call.clock.put_frame(samples.try_into().expect("a whole frame"));
    }
}

#[test]
fn an_audio_thread_that_is_late_by_half_a_second_loses_nothing() {
    let mut call = call_audio(&AudioSettings::default());
    for _ in 0..25 {
        call.clock.put_frame(&SILENCE);
    }
    assert!(call.audio.tick());
    assert!(!call.audio.tick(), "there is nothing more");
    assert_eq!((call.stats.captured_frames(), call.stats.capture_overruns()), (25, 0));
}

#[test]
fn an_audio_thread_that_is_later_loses_the_oldest_and_counts_them() {
    let mut call = call_audio(&AudioSettings::default());
    for _ in 0..300 {
        call.clock.put_frame(&SILENCE);
    }
    call.audio.tick();
    call.clock.put_frame(&SILENCE);
    call.audio.tick();
    assert_eq!((call.stats.captured_frames(), call.stats.capture_overruns()), (25, 276));
    for _ in 0..20 {
        call.clock.put_frame(&SILENCE);
        call.audio.tick();
    }
    assert_eq!((call.stats.captured_frames(), call.stats.capture_overruns()), (45, 276));
}

#[test]
fn positions_stay_true_across_a_loss() {
    let mut call = call_audio(&AudioSettings::default());
    let quiet = noise(-65.0, ms(2_000), 1);
    put(&mut call, &quiet);
    call.audio.tick();
    for samples in speak("slt", "where is my order", -22.0, false).chunks_exact(FRAME_SAMPLES) {
        put(&mut call, samples);
        call.audio.tick();
    }
    let start = events(&mut call).into_iter().find_map(|event| match event {
        AudioEvent::SpeechStarted { at_sample } => Some(at_sample),
        _ => None,
    });
    let start = start.expect("the sentence is heard");
    assert!(start.abs_diff(ms(2_000) as u64) <= 3 * FRAME, "{start}");
}

fn voiced(len: usize) -> Vec<i16> {
    speak("rms", "where are you", -20.0, false).into_iter().cycle().take(len).collect()
}

#[test]
fn a_driver_that_is_late_loses_frames_but_no_beginning_and_no_end() {
    let mut call = call_audio(&AudioSettings::default());
    let silence = vec![0; ms(700)];
    let utterances = 60;
    for _ in 0..utterances {
        for signal in [&silence, &voiced(ms(600)), &silence] {
            for samples in signal.chunks_exact(FRAME_SAMPLES) {
                put(&mut call, samples);
                call.audio.tick();
            }
        }
    }
    let (mut starts, mut ends, mut frames) = (0, 0, 0);
    loop {
        let batch = events(&mut call);
        if batch.is_empty() {
            break;
        }
        for event in batch {
            match event {
                AudioEvent::SpeechStarted { .. } => {
                    assert_eq!(starts, ends, "beginnings and ends alternate");
                    starts += 1;
                }
                AudioEvent::SpeechEnded { .. } => {
                    ends += 1;
                    assert_eq!(starts, ends, "beginnings and ends alternate");
                }
                AudioEvent::Frame(_) => frames += 1,
                other => panic!("{other:?}"),
            }
        }
        call.audio.tick();
    }
    assert_eq!(starts, ends);
    assert_eq!(starts + call.stats.merged_utterances(), call.stats.utterances());
    assert_eq!(call.stats.utterances(), utterances);
    assert!(call.stats.dropped_events() > 0 && frames > 0);
}

#[test]
fn a_driver_that_is_late_is_told_of_every_turn_that_ended() {
    let mut call = call_audio(&AudioSettings::default());
    let mut told = Vec::new();
    let mut refusals = 0;
    for turn in 1..=500 {
        while !call.playout.end_turn(turn) {
            // What nobody fetches holds the clock in front of the next ending.
            refusals += 1;
            told.extend(events(&mut call));
            next_frame(&mut call);
            call.audio.tick();
        }
        next_frame(&mut call);
        call.audio.tick();
    }
    for _ in 0..100 {
        told.extend(events(&mut call));
        next_frame(&mut call);
        call.audio.tick();
    }
    let ended: Vec<_> = (1..=500).map(|turn| AudioEvent::PlayoutDrained { turn }).collect();
    assert_eq!(told, ended);
    assert!(refusals > 0);
}

#[test]
fn the_events_end_with_the_audio_end() {
    let mut call = call_audio(&AudioSettings::default());
    call.playout.end_turn(1);
    next_frame(&mut call);
    call.audio.tick();
    drop(call.audio);
    let mut context = Context::from_waker(Waker::noop());
    let mut receive = || {
        let mut next = Box::pin(call.events.recv());
        next.as_mut().poll(&mut context)
    };
    assert_eq!(receive(), Poll::Ready(Some(AudioEvent::PlayoutDrained { turn: 1 })));
    assert_eq!(receive(), Poll::Ready(None));
}

#[test]
fn an_audio_end_whose_driver_is_gone_goes_on_without_harm() {
    let mut call = call_audio(&AudioSettings::default());
    drop(call.events);
    for samples in voiced(ms(3_000)).chunks_exact(FRAME_SAMPLES) {
        call.clock.put_frame(samples.try_into().expect("a whole frame"));
        call.audio.tick();
    }
    assert_eq!(call.stats.captured_frames(), 150);
}
