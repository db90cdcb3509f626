//! An allocation guard over the real-time paths: once a call is set up, neither
//! the media clock nor the audio thread nor the driver's playout touches the
//! allocator. A violation ends the process, so it cannot be overlooked; the last
//! test proves that by violating it in a process of its own.

mod common;

use std::process::Command;
use std::time::Duration;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use common::{events, ms, noise, speak};
use media::{AudioEvent, AudioSettings, CallAudio, FRAME_SAMPLES, SILENCE, call_audio};

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

fn one_tick(call: &mut CallAudio, samples: &[i16]) {
    let samples = samples.try_into().expect("a whole frame");
    let mut out = SILENCE;
    assert_no_alloc(|| {
        call.clock.put_frame(samples);
        call.clock.get_frame(&mut out);
        call.audio.tick();
    });
}

fn is_start(event: &AudioEvent) -> bool {
    matches!(event, AudioEvent::SpeechStarted { .. })
}

#[test]
fn a_call_with_speech_both_ways_allocates_nothing() {
    let levels_interval = Duration::from_millis(100);
    let mut call = call_audio(&AudioSettings { levels_interval, ..AudioSettings::default() });
    let sentence = speak("slt", "what are your opening hours on saturday", -22.0, false);
    let line = [noise(-60.0, ms(800), 1), sentence, noise(-60.0, ms(800), 2)].concat();
    let reply = noise(-25.0, ms(300), 3);
    let mut starts = 0;
    for turn in 1..=20 {
        for (number, samples) in line.chunks_exact(FRAME_SAMPLES).enumerate() {
            assert_no_alloc(|| match number {
                0..10 => {
                    call.playout.push(turn, &reply);
                    call.playout.end_clause(turn);
                }
                20 => call.playout.duck(-18.0),
                30 => call.playout.pause(),
                40 => call.playout.resume(),
                60 if turn % 2 == 0 => {
                    call.playout.flush();
                }
                90 => {
                    call.playout.end_turn(turn);
                }
                _ => {}
            });
            one_tick(&mut call, samples);
            starts += events(&mut call).iter().filter(|event| is_start(event)).count();
        }
    }
    assert!(starts >= 20, "{starts}");
    assert!(call.stats.played_frames() > 0);
}

#[test]
fn a_call_whose_driver_does_not_listen_allocates_nothing() {
    let mut call = call_audio(&AudioSettings::default());
    let word = speak("slt", "yes", -22.0, false);
    let line = [vec![0; ms(500)], word, vec![0; ms(500)]].concat();
    for turn in 1..=100 {
        assert_no_alloc(|| call.playout.end_turn(turn));
        for samples in line.chunks_exact(FRAME_SAMPLES) {
            one_tick(&mut call, samples);
        }
    }
    assert!(call.stats.dropped_events() > 0 && call.stats.merged_utterances() > 0);
}

#[test]
fn a_late_audio_thread_makes_nobody_allocate() {
    let mut call = call_audio(&AudioSettings::default());
    assert_no_alloc(|| {
        for _ in 0..1_000 {
            call.clock.put_frame(&SILENCE);
        }
        call.audio.tick();
        call.clock.put_frame(&SILENCE);
        call.audio.tick();
    });
    assert!(call.stats.capture_overruns() > 0);
}

/// Set in the process that is to be ended by the guard.
const VIOLATE: &str = "MEDIA_TEST_VIOLATES_THE_ALLOCATION_GUARD";

#[test]
fn the_guard_ends_a_process_that_allocates_where_it_must_not() {
    if std::env::var_os(VIOLATE).is_some() {
        let allocated = assert_no_alloc(|| std::hint::black_box(vec![0u8; 64]));
        drop(allocated);
        return;
    }
    let name = "the_guard_ends_a_process_that_allocates_where_it_must_not";
    let violator = |is_violating: bool| {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", name, "--test-threads=1"]).env_remove(VIOLATE);
        if is_violating {
            command.env(VIOLATE, "yes");
        } else {
            command.args(["--skip", name]);
        }
        command.output().expect("the test binary runs").status
    };
    assert!(violator(false).success());
    let status = violator(true);
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(status.signal(), Some(6), "aborted: {status}");
}
