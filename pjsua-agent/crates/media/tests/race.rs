//! The driver, the media clock and the audio thread at once, as fast as they can.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{FRAME, Noise};
use media::{AudioEvent, AudioSettings, FRAME_SAMPLES, Position, SILENCE, call_audio};

/// Miri, which checks each access, takes a hundredth of the steps.
const SHARE: u32 = if cfg!(miri) { 100 } else { 1 };

/// Turn and place of a frame, written into its samples.
fn frame_of(turn: u32, number: u32) -> [i16; FRAME_SAMPLES] {
    let mut frame = [1; FRAME_SAMPLES];
    let words = [turn, number].map(|word| [(word & 0x7fff) as i16, (word >> 15) as i16]);
    frame[..4].copy_from_slice(words.as_flattened());
    frame
}

fn turn_and_number(frame: &[i16; FRAME_SAMPLES]) -> (u32, u32) {
    let word = |low: i16, high: i16| u32::from(high.unsigned_abs()) << 15 | u32::from(low.unsigned_abs());
    (word(frame[0], frame[1]), word(frame[2], frame[3]))
}

#[test]
fn a_flush_tells_the_exact_position_while_the_clock_runs() {
    const TURNS: u32 = 2_000 / SHARE;
    let call = call_audio(&common::without_fades());
    let (mut clock, mut audio, mut playout, mut events) = (call.clock, call.audio, call.playout, call.events);
    let is_over = AtomicBool::new(false);
    let (heard, flushed, told) = thread::scope(|scope| {
        let clock = scope.spawn(|| {
            let mut heard = vec![0u64; TURNS as usize + 1];
            let mut last = (0, 0);
            let mut frame = SILENCE;
            while !is_over.load(Ordering::Acquire) {
                clock.put_frame(&SILENCE);
                clock.get_frame(&mut frame);
                if frame == SILENCE {
                    continue;
                }
                let (turn, number) = turn_and_number(&frame);
                assert_eq!(frame, frame_of(turn, number), "a frame is whole");
                assert!((turn, number) > last, "in order and once: {last:?}, {turn} {number}");
                assert_eq!(u64::from(number), heard[turn as usize], "and none is left out");
                last = (turn, number);
                heard[turn as usize] += 1;
            }
            heard
        });
        let audio = scope.spawn(|| {
            let mut told = Vec::new();
            while !is_over.load(Ordering::Acquire) {
                audio.tick();
                told.extend(std::iter::from_fn(|| events.try_recv()));
                thread::yield_now();
            }
            told
        });
        let mut flushed = Vec::new();
        let mut dice = Noise::new(7);
        for turn in 1..=TURNS {
            let frames = 1 + dice.next() % 40;
            for number in 0..frames as u32 {
                while playout.free_samples() < FRAME_SAMPLES {
                    playout.resume();
                    thread::yield_now();
                }
                playout.push(turn, &frame_of(turn, number));
                match dice.next() % 16 {
                    0 => playout.pause(),
                    1..=3 => playout.resume(),
                    _ => {}
                }
            }
            for _ in 0..dice.next() % u64::from(4_000 / SHARE) {
                std::hint::spin_loop();
            }
            flushed.push(playout.flush());
        }
        is_over.store(true, Ordering::Release);
        (clock.join().expect("clock"), flushed, audio.join().expect("audio"))
    });
    for (turn, position) in (1u32..).zip(&flushed) {
        let samples = heard[turn as usize] * FRAME;
        assert_eq!(*position, Position { turn, samples });
    }
    let partly = (1..).zip(&flushed).filter(|(_, position)| position.samples > 0).count();
    println!("{TURNS} turns flushed, {partly} of them partly heard, {} events", told.len());
    for event in told {
        let AudioEvent::PlayoutProgress { turn, samples } = event else { panic!("{event:?}") };
        assert!(samples <= heard[turn as usize] * FRAME, "progress never runs ahead");
    }
}

#[test]
fn nothing_is_lost_or_doubled_while_all_threads_run() {
    const FRAMES: u32 = 50_000 / SHARE;
    let call = call_audio(&common::without_fades());
    let (mut clock, mut playout) = (call.clock, call.playout);
    thread::scope(|scope| {
        let clock = scope.spawn(move || {
            let mut frame = SILENCE;
            let mut next = 0;
            while next < FRAMES {
                clock.get_frame(&mut frame);
                if frame == SILENCE {
                    thread::yield_now();
                    continue;
                }
                assert_eq!(turn_and_number(&frame), (1, next));
                next += 1;
            }
            clock.get_frame(&mut frame);
            assert_eq!(frame, SILENCE);
        });
        for number in 0..FRAMES {
            while playout.push(1, &frame_of(1, number)) == 0 {
                thread::yield_now();
            }
            if number % 7 == 0 {
                playout.pause();
                playout.resume();
            }
        }
        clock.join().expect("clock");
    });
    assert_eq!(playout.position().samples, u64::from(FRAMES) * FRAME);
}

#[test]
fn a_gain_reaches_no_other_turn_than_the_one_it_was_meant_for() {
    const TURNS: u32 = 20_000 / SHARE;
    const DUCKED: i16 = 10_000;
    const UNDUCKED: i16 = 20_000;
    let call = call_audio(&common::without_fades());
    let (mut clock, mut playout) = (call.clock, call.playout);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let clock = scope.spawn(|| {
            let mut frame = SILENCE;
            let (mut low, mut high) = (0, 0);
            while !is_over.load(Ordering::Acquire) {
                clock.get_frame(&mut frame);
                assert_eq!(frame, [frame[0]; FRAME_SAMPLES], "a frame has one gain");
                match frame[0] {
                    0 => {}
                    DUCKED | UNDUCKED => high += 1,
                    5_012 => low += 1,
                    other => panic!("{other}: a turn that nobody ducked is attenuated"),
                }
            }
            (low, high)
        });
        let mut dice = Noise::new(11);
        for turn in 1..=TURNS {
            let is_ducked = turn % 2 == 1;
            let sample = if is_ducked { DUCKED } else { UNDUCKED };
            for _ in 0..1 + dice.next() % 8 {
                playout.push(turn, &[sample; FRAME_SAMPLES]);
                match dice.next() % 4 {
                    0 if is_ducked => playout.duck(-6.0),
                    1 => playout.pause(),
                    2 if !is_ducked => playout.resume(),
                    _ => {}
                }
            }
            // However the threads are scheduled, some of each are heard.
            if turn % 100 <= 1 {
                if is_ducked {
                    playout.duck(-6.0)
                } else {
                    playout.resume()
                }
                while playout.position().samples == 0 {
                    // It may have been refused before: the ring was full of flushed turns.
                    playout.push(turn, &[sample; FRAME_SAMPLES]);
                    thread::yield_now();
                }
            }
            for _ in 0..dice.next() % u64::from(2_000 / SHARE) {
                std::hint::spin_loop();
            }
            playout.flush();
        }
        is_over.store(true, Ordering::Release);
        let (low, high) = clock.join().expect("clock");
        println!("{low} frames ducked, {high} not");
        assert!(low > 0 && high > 0);
    });
}

#[test]
fn a_capture_ring_that_overflows_loses_whole_frames_and_counts_each() {
    let call = call_audio(&AudioSettings::default());
    let (mut clock, mut audio) = (call.clock, call.audio);
    let is_over = AtomicBool::new(false);
    const FRAMES: u64 = 100_000 / SHARE as u64;
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                audio.tick();
            }
            audio.tick();
        });
        for number in 0..FRAMES {
            clock.put_frame(&SILENCE);
            if number % 1_000 > 900 {
                thread::yield_now();
            }
        }
        is_over.store(true, Ordering::Release);
    });
    clock.put_frame(&SILENCE);
    audio.tick();
    let (captured, lost) = (call.stats.captured_frames(), call.stats.capture_overruns());
    println!("{captured} frames listened to, {lost} lost");
    assert_eq!(captured + lost, FRAMES + 1);
}
