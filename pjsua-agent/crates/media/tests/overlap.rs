//! What the caller hears of the agent when both speak: ducking, pausing, stopping,
//! to the sample.

mod common;

use common::{FRAME, ms, next_frame, ramp, tones, without_fades};
use media::{AudioSettings, CallAudio, FRAME_SAMPLES, Position, SILENCE, Samples, call_audio};

/// Samples in a ramp of the default settings.
const FADE: usize = 128;
const DUCK_DB: f32 = -18.0;

fn attenuated(sample: i16, db: f32) -> i16 {
    (f32::from(sample) * 10f32.powf(db / 20.0)).round() as i16
}

fn assert_near(heard: &[i16], expected: impl Iterator<Item = i16>, what: &str) {
    for (i, (&heard, expected)) in heard.iter().zip(expected).enumerate() {
        assert!(heard.abs_diff(expected) <= 1, "{what}, sample {i}: {heard} for {expected}");
    }
}

/// A call that has played the first `frames` of `speech`.
fn speaking(settings: &AudioSettings, speech: &[i16], frames: usize) -> CallAudio {
    let mut call = call_audio(settings);
    assert_eq!(call.playout.push(1, speech), speech.len());
    for part in speech.chunks_exact(FRAME_SAMPLES).take(frames) {
        assert_eq!(next_frame(&mut call), part);
    }
    call
}

/// One that is as loud in every sample, so that a gain can be read off.
fn loud() -> Vec<i16> {
    vec![10_000; ms(400)]
}

#[test]
fn a_ducked_turn_goes_on_quieter_from_the_next_frame_and_its_position_counts_on() {
    let speech = ramp(5_000, ms(200));
    let mut call = speaking(&without_fades(), &speech, 2);
    call.playout.duck(DUCK_DB);
    for (number, part) in speech.chunks_exact(FRAME_SAMPLES).enumerate().skip(2).take(4) {
        assert_near(&next_frame(&mut call), part.iter().map(|&s| attenuated(s, DUCK_DB)), "ducked");
        assert_eq!(call.playout.position(), Position { turn: 1, samples: (number as u64 + 1) * FRAME });
    }
    call.playout.resume();
    assert_eq!(next_frame(&mut call), speech[6 * FRAME_SAMPLES..][..FRAME_SAMPLES], "as it was pushed");
}

#[test]
fn ducking_and_its_end_are_ramps_of_eight_milliseconds() {
    let mut call = speaking(&AudioSettings::default(), &loud(), 1);
    let low = attenuated(10_000, DUCK_DB);
    call.playout.duck(DUCK_DB);
    let down = next_frame(&mut call);
    assert!(down[..FADE].is_sorted_by(|a, b| a > b) && down[0] > 9_900);
    assert_eq!(down[FADE - 1..], [low; FRAME_SAMPLES][FADE - 1..]);
    assert_eq!(next_frame(&mut call), [low; FRAME_SAMPLES]);
    call.playout.resume();
    let up = next_frame(&mut call);
    assert!(up[..FADE].is_sorted_by(|a, b| a < b) && up[0] > low && up[0] < low + 100);
    assert_eq!(up[FADE - 1..], [10_000; FRAME_SAMPLES][FADE - 1..]);
    assert_eq!(next_frame(&mut call), [10_000; FRAME_SAMPLES]);
}

#[test]
fn a_gain_that_is_none_and_one_that_would_amplify_change_nothing() {
    let mut call = speaking(&AudioSettings::default(), &loud(), 1);
    for gain_db in [0.0, 6.0, f32::INFINITY, f32::NAN] {
        call.playout.duck(gain_db);
        assert_eq!(next_frame(&mut call), [10_000; FRAME_SAMPLES], "{gain_db}");
    }
    call.playout.duck(f32::NEG_INFINITY);
    next_frame(&mut call);
    assert_eq!(next_frame(&mut call), SILENCE);
    assert_eq!(call.playout.position().samples, 7 * FRAME, "inaudible, and counted");
}

#[test]
fn of_ducking_and_pausing_the_last_command_holds() {
    let mut call = speaking(&AudioSettings::default(), &loud(), 1);
    let low = attenuated(10_000, DUCK_DB);
    call.playout.duck(DUCK_DB);
    call.playout.pause();
    next_frame(&mut call);
    assert_eq!(next_frame(&mut call), SILENCE);
    assert_eq!(call.playout.position().samples, FRAME);
    call.playout.duck(DUCK_DB);
    assert_eq!(next_frame(&mut call)[FADE..], [low; FRAME_SAMPLES][FADE..]);
    call.playout.pause();
    next_frame(&mut call);
    call.playout.resume();
    assert_eq!(next_frame(&mut call)[FADE..], [10_000; FRAME_SAMPLES][FADE..], "at full level again");
}

#[test]
fn a_turn_that_begins_while_ducked_is_ducked_and_one_that_begins_after_a_flush_is_not() {
    let mut call = speaking(&AudioSettings::default(), &[10_000; FRAME_SAMPLES], 1);
    let low = attenuated(10_000, DUCK_DB);
    call.playout.duck(DUCK_DB);
    call.playout.push(2, &[10_000; 4 * FRAME_SAMPLES]);
    assert_eq!(next_frame(&mut call)[FADE..], [low; FRAME_SAMPLES][FADE..]);
    call.playout.flush();
    next_frame(&mut call);
    call.playout.push(3, &[10_000; FRAME_SAMPLES]);
    assert_eq!(next_frame(&mut call), [10_000; FRAME_SAMPLES], "from its first sample on");
}

#[test]
fn what_fades_out_at_a_pause_and_in_at_the_resumption_adds_up_to_the_speech() {
    let speech = tones(&[(440.0, -12.0), (130.0, -15.0)], ms(400));
    for (played, ends_clause) in [(1, false), (3, false), (7, false), (5, true)] {
        let mut call = call_audio(&AudioSettings::default());
        call.playout.push(1, &speech[..played * FRAME_SAMPLES]);
        if ends_clause {
            call.playout.end_clause(1);
        }
        call.playout.push(1, &speech[played * FRAME_SAMPLES..]);
        for _ in 0..played {
            next_frame(&mut call);
        }
        let here = Position { turn: 1, samples: played as u64 * FRAME };
        call.playout.pause();
        let faded_out = next_frame(&mut call);
        assert_eq!(call.playout.position(), here, "what fades out is not counted");
        for _ in 0..5 {
            assert_eq!(next_frame(&mut call), SILENCE);
        }
        assert_eq!(call.playout.position(), here);
        call.playout.resume();
        let faded_in = next_frame(&mut call);
        let sum: Vec<i16> = faded_out.iter().zip(faded_in).map(|(out, faded_in)| out + faded_in).collect();
        let expected = &speech[played * FRAME_SAMPLES..][..FRAME_SAMPLES];
        assert_near(&sum, expected.iter().copied(), "the two together");
        assert_eq!(faded_out[FADE..], SILENCE[FADE..], "nothing beyond the ramp is heard twice");
        assert_eq!(faded_in[FADE..], expected[FADE..]);
        let next = &speech[(played + 1) * FRAME_SAMPLES..][..FRAME_SAMPLES];
        assert_eq!(next_frame(&mut call), next, "and nothing is left out");
    }
}

#[test]
fn a_flush_fades_out_the_samples_after_its_position_and_nothing_follows() {
    let speech = ramp(1_000, ms(400));
    let mut call = speaking(&AudioSettings::default(), &speech, 4);
    assert_eq!(call.playout.flush(), Position { turn: 1, samples: 4 * FRAME });
    let faded = next_frame(&mut call);
    let gain = |i: usize| (FADE - 1 - i) as f32 / FADE as f32;
    let next = speech[4 * FRAME_SAMPLES..].iter().take(FADE).enumerate();
    assert_near(&faded[..FADE], next.map(|(i, &s)| (f32::from(s) * gain(i)) as i16), "the ramp");
    assert_eq!(faded[FADE..], SILENCE[FADE..]);
    assert_eq!(next_frame(&mut call), SILENCE);
}

#[test]
fn a_flush_in_a_pause_is_silent() {
    let mut call = speaking(&AudioSettings::default(), &loud(), 4);
    call.playout.pause();
    next_frame(&mut call);
    assert_eq!(call.playout.flush(), Position { turn: 1, samples: 4 * FRAME });
    assert_eq!(next_frame(&mut call), SILENCE);
    call.playout.push(2, &loud());
    assert_eq!(next_frame(&mut call), [10_000; FRAME_SAMPLES], "a new turn's first clause does not fade in");
}

#[test]
fn a_turn_that_replaces_another_at_once_is_heard_whole_while_that_one_fades() {
    let mut call = speaking(&AudioSettings::default(), &loud(), 4);
    call.playout.flush();
    call.playout.push(2, &[1_000; 2 * FRAME_SAMPLES]);
    let both = next_frame(&mut call);
    assert!(both[..FADE].is_sorted_by(|a, b| a > b) && both[0] > 10_900);
    assert_eq!(both[FADE - 1..], [1_000; FRAME_SAMPLES][FADE - 1..]);
    assert_eq!(next_frame(&mut call), [1_000; FRAME_SAMPLES]);
}

#[test]
fn an_underrun_fades_from_the_last_sample() {
    let mut call = speaking(&AudioSettings::default(), &[10_000; FRAME_SAMPLES], 1);
    let faded = next_frame(&mut call);
    assert!(faded[..FADE].is_sorted_by(|a, b| a > b) && faded[0] > 9_900);
    assert_eq!(faded[FADE - 1..], SILENCE[FADE - 1..]);
}

/// The greatest step between two samples.
fn steepest(frames: &[Samples]) -> u16 {
    frames.as_flattened().windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().expect("samples")
}

#[test]
fn no_command_makes_a_step_that_the_voice_does_not_make() {
    // A low voice at its loudest, stopped at every possible place of its period.
    let speech = tones(&[(110.0, -6.0)], ms(1_400));
    let own = steepest(speech.as_chunks().0);
    // What a ramp adds to a step: the peak over the ramp's length.
    let allowed = own + 32_767 / FADE as u16 + 2;
    type Act = fn(&mut CallAudio);
    let acts: [(&str, Act, Act); 4] = [
        ("pause", |call| call.playout.pause(), |call| call.playout.resume()),
        ("duck", |call| call.playout.duck(DUCK_DB), |call| call.playout.resume()),
        ("duck, pause", |call| call.playout.duck(-6.0), |call| call.playout.pause()),
        ("duck, flush", |call| call.playout.duck(-6.0), |call| _ = call.playout.flush()),
    ];
    for (what, first, second) in acts {
        for played in 1..40 {
            let mut call = speaking(&AudioSettings::default(), &speech, played);
            let mut heard = vec![speech[(played - 1) * FRAME_SAMPLES..].as_chunks().0[0]];
            first(&mut call);
            heard.extend([next_frame(&mut call), next_frame(&mut call)]);
            second(&mut call);
            heard.extend([next_frame(&mut call), next_frame(&mut call)]);
            let step = steepest(&heard);
            assert!(step <= allowed, "{what} after {played} frames: a step of {step}, the voice makes {own}");
        }
    }
}
