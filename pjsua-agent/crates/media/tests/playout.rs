//! What the caller hears of what the driver says, in the order of a call's life.

mod common;

use common::{FRAME, events, ms, next_frame, ramp, without_fades};
use media::{AudioEvent, AudioSettings, FRAME_SAMPLES, MAX_TURN, Position, SILENCE, call_audio};

#[test]
fn before_anything_is_said_the_caller_hears_silence() {
    let mut call = call_audio(&AudioSettings::default());
    assert_eq!(next_frame(&mut call), SILENCE);
    assert_eq!(call.playout.position(), Position { turn: 0, samples: 0 });
    call.audio.tick();
    assert_eq!(events(&mut call), []);
}

#[test]
fn what_is_pushed_is_heard_frame_by_frame() {
    let mut call = call_audio(&without_fades());
    let speech = ramp(1, 3 * FRAME_SAMPLES);
    assert_eq!(call.playout.push(1, &speech[..500]), 500);
    assert_eq!(call.playout.push(1, &speech[500..]), speech.len() - 500);
    for (number, part) in (1u64..).zip(speech.chunks(FRAME_SAMPLES)) {
        assert_eq!(next_frame(&mut call), part);
        assert_eq!(call.playout.position(), Position { turn: 1, samples: number * FRAME });
    }
    assert_eq!(next_frame(&mut call), SILENCE);
}

#[test]
fn less_than_a_frame_waits_for_more_or_for_the_end_of_the_clause() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &[7; 100]);
    assert_eq!(next_frame(&mut call), SILENCE);
    call.playout.push(1, &[7; 100]);
    assert_eq!(next_frame(&mut call), SILENCE);
    assert_eq!(call.playout.end_clause(1), FRAME);
    let frame = next_frame(&mut call);
    assert_eq!((&frame[..200], &frame[200..]), (&[7; 200][..], &[0; 120][..]));
    assert_eq!(call.playout.end_clause(1), FRAME, "an empty clause adds nothing");
}

#[test]
fn the_ring_takes_a_second_and_a_half_and_the_end_of_a_clause_still_fits() {
    let mut call = call_audio(&AudioSettings::default());
    assert_eq!(call.playout.free_samples(), ms(1_500));
    assert_eq!(call.playout.push(1, &vec![1; ms(3_000)]), ms(1_500));
    assert_eq!(call.playout.free_samples(), 0);
    next_frame(&mut call);
    assert_eq!(call.playout.push(1, &[1; 100]), 100);
    assert_eq!(call.playout.free_samples(), FRAME_SAMPLES - 100);
    assert_eq!(call.playout.end_clause(1), ms(1_520) as u64);
    assert!(call.playout.end_turn(1));
}

#[test]
fn progress_is_told_with_the_first_frame_and_then_every_100_ms() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &vec![1; ms(400)]);
    let mut told = Vec::new();
    for _ in 0..20 {
        call.clock.put_frame(&SILENCE);
        next_frame(&mut call);
        call.audio.tick();
        told.extend(events(&mut call));
    }
    let progress = |frames: u64| AudioEvent::PlayoutProgress { turn: 1, samples: frames * FRAME };
    assert_eq!(told, [1, 6, 11, 16].map(progress));
}

#[test]
fn a_turn_that_was_heard_to_its_end_is_drained_once() {
    let mut call = call_audio(&without_fades());
    call.playout.push(4, &[1; FRAME_SAMPLES]);
    assert!(call.playout.end_turn(4));
    assert!(call.playout.end_turn(4), "ending it again changes nothing");
    next_frame(&mut call);
    call.audio.tick();
    let first = AudioEvent::PlayoutProgress { turn: 4, samples: FRAME };
    assert_eq!(events(&mut call), [first]);
    for _ in 0..10 {
        next_frame(&mut call);
    }
    call.audio.tick();
    assert_eq!(events(&mut call), [AudioEvent::PlayoutDrained { turn: 4 }]);
}

#[test]
fn a_turn_without_a_sound_is_drained_as_well() {
    let mut call = call_audio(&AudioSettings::default());
    assert!(call.playout.end_turn(9));
    next_frame(&mut call);
    call.audio.tick();
    assert_eq!(events(&mut call), [AudioEvent::PlayoutDrained { turn: 9 }]);
}

#[test]
fn turns_follow_each_other_and_are_told_in_order() {
    let mut call = call_audio(&without_fades());
    for turn in 1..=3 {
        call.playout.push(turn, &[turn as i16; FRAME_SAMPLES]);
        assert!(call.playout.end_turn(turn));
    }
    for turn in 1..=3 {
        assert_eq!(next_frame(&mut call), [turn as i16; FRAME_SAMPLES]);
        assert_eq!(call.playout.position(), Position { turn, samples: FRAME });
    }
    assert_eq!(next_frame(&mut call), SILENCE);
    call.audio.tick();
    assert_eq!(events(&mut call), [1, 2, 3].map(|turn| AudioEvent::PlayoutDrained { turn }));
}

#[test]
fn a_turn_that_begins_before_the_last_was_ended_does_not_swallow_its_rest() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &[1; 10]);
    call.playout.push(2, &[2; FRAME_SAMPLES]);
    assert_eq!(next_frame(&mut call)[..10], [1; 10]);
    assert_eq!(next_frame(&mut call), [2; FRAME_SAMPLES]);
}

#[test]
fn a_pause_is_silence_from_the_next_frame_and_a_resumption_goes_on_at_the_sample() {
    let mut call = call_audio(&without_fades());
    let speech = ramp(1, 4 * FRAME_SAMPLES);
    call.playout.push(1, &speech);
    next_frame(&mut call);
    call.playout.pause();
    for _ in 0..100 {
        assert_eq!(next_frame(&mut call), SILENCE);
    }
    assert_eq!(call.playout.position(), Position { turn: 1, samples: FRAME });
    call.playout.resume();
    assert_eq!(next_frame(&mut call), speech[FRAME_SAMPLES..2 * FRAME_SAMPLES]);
    assert_eq!(call.stats.playout_underruns(), 0, "a pause is not an underrun");
}

#[test]
fn a_paused_turn_reports_where_it_stands_and_is_not_drained() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &[1; 2 * FRAME_SAMPLES]);
    call.playout.end_turn(1);
    let mut told = Vec::new();
    for tick in 0..20 {
        if tick == 2 {
            call.playout.pause();
        }
        call.clock.put_frame(&SILENCE);
        next_frame(&mut call);
        call.audio.tick();
        told.extend(events(&mut call));
    }
    let progress = |frames: u64| AudioEvent::PlayoutProgress { turn: 1, samples: frames * FRAME };
    assert_eq!(told, [1, 2].map(progress));
}

#[test]
fn a_flush_is_silence_from_the_next_frame_and_tells_what_was_heard() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &vec![1; ms(1_000)]);
    for _ in 0..7 {
        next_frame(&mut call);
    }
    assert_eq!(call.playout.flush(), Position { turn: 1, samples: 7 * FRAME });
    for _ in 0..100 {
        assert_eq!(next_frame(&mut call), SILENCE);
    }
    assert_eq!(call.playout.position(), Position { turn: 1, samples: 7 * FRAME });
    assert_eq!(call.playout.free_samples(), ms(1_500), "the ring is free again");
    call.audio.tick();
    assert_eq!(events(&mut call), [], "a flushed turn is neither drained nor in progress");
}

#[test]
fn a_turn_flushed_before_its_first_frame_was_heard_up_to_nothing() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &[1; FRAME_SAMPLES]);
    call.playout.end_turn(1);
    next_frame(&mut call);
    next_frame(&mut call);
    call.playout.push(2, &[2; FRAME_SAMPLES]);
    assert_eq!(call.playout.flush(), Position { turn: 2, samples: 0 });
    assert_eq!(next_frame(&mut call), SILENCE);
    call.playout.push(3, &[3; 10]);
    assert_eq!(call.playout.flush(), Position { turn: 3, samples: 0 });
}

#[test]
fn a_flush_ends_a_pause_and_the_next_turn_is_heard() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &vec![1; ms(100)]);
    call.playout.pause();
    assert_eq!(call.playout.flush(), Position { turn: 1, samples: 0 });
    call.playout.push(2, &[2; FRAME_SAMPLES]);
    assert_eq!(next_frame(&mut call), [2; FRAME_SAMPLES]);
    assert_eq!(call.playout.position(), Position { turn: 2, samples: FRAME });
}

#[test]
fn what_arrives_late_for_a_flushed_or_overtaken_turn_is_thrown_away() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &[1; FRAME_SAMPLES]);
    call.playout.flush();
    assert_eq!(call.playout.push(1, &[1; 3_000]), 3_000, "taken, so that nobody retries");
    assert_eq!(call.playout.end_clause(1), FRAME);
    assert!(call.playout.end_turn(1));
    call.playout.push(2, &[2; FRAME_SAMPLES]);
    call.playout.push(1, &[1; FRAME_SAMPLES]);
    assert_eq!(next_frame(&mut call), [2; FRAME_SAMPLES]);
    assert_eq!(next_frame(&mut call), SILENCE);
    assert_eq!(call.stats.stale_samples(), 3_000 + FRAME);
    call.audio.tick();
    let first = AudioEvent::PlayoutProgress { turn: 2, samples: FRAME };
    assert_eq!(events(&mut call), [first]);
}

#[test]
fn thousands_of_flushes_without_a_clock_revive_nothing() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &[1; FRAME_SAMPLES]);
    for turn in 2..40_000 {
        call.playout.flush();
        call.playout.push(turn, &[2; 10]);
    }
    assert_eq!(next_frame(&mut call), SILENCE);
}

#[test]
fn a_gap_within_a_clause_is_an_underrun_and_one_between_clauses_is_not() {
    let mut call = call_audio(&without_fades());
    call.playout.push(1, &[1; FRAME_SAMPLES]);
    for _ in 0..4 {
        next_frame(&mut call);
    }
    assert_eq!(call.stats.playout_underruns(), 0, "it may have been the clause's end");
    call.playout.push(1, &[1; FRAME_SAMPLES]);
    next_frame(&mut call);
    assert_eq!(call.stats.playout_underruns(), 3);
    call.playout.end_clause(1);
    for _ in 0..10 {
        next_frame(&mut call);
    }
    call.playout.push(1, &[1; FRAME_SAMPLES]);
    next_frame(&mut call);
    assert_eq!(call.stats.playout_underruns(), 3);
}

#[test]
#[should_panic(expected = "out of range")]
fn a_turn_number_that_cannot_be_counted_is_refused() {
    call_audio(&AudioSettings::default()).playout.push(MAX_TURN + 1, &[0]);
}
