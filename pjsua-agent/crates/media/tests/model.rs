//! Random conversations against a model that is too simple to be wrong.

mod common;

use std::collections::VecDeque;
use std::time::Duration;

use common::{FRAME, next_frame};
use media::{AudioEvent, AudioSettings, CallAudio, FRAME_SAMPLES, Position, SILENCE, call_audio};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    EndClause,
    EndTurn,
    NextTurn,
    PushLate(usize),
    Pause,
    Duck(i8),
    Resume,
    Flush,
    GetFrame,
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0usize..2_000).prop_map(Step::Push),
        2 => Just(Step::EndClause),
        1 => Just(Step::EndTurn),
        1 => Just(Step::NextTurn),
        1 => (0usize..700).prop_map(Step::PushLate),
        1 => Just(Step::Pause),
        1 => (-30i8..=0).prop_map(Step::Duck),
        2 => Just(Step::Resume),
        1 => Just(Step::Flush),
        8 => Just(Step::GetFrame),
        2 => Just(Step::Tick),
    ]
}

/// What the caller should hear, sample by sample.
#[derive(Default)]
struct Model {
    turn: u32,
    is_closed: bool,
    /// Of the newest turn, padding included.
    queued: u64,
    partial: Vec<i16>,
    frames: VecDeque<Queued>,
    is_paused: bool,
    gain_db: i8,
    audible: Position,
    drained: Vec<u32>,
}

enum Queued {
    Frame(u32, Vec<i16>),
    End(u32),
}

impl Model {
    fn push(&mut self, samples: &[i16]) {
        if self.is_closed {
            return;
        }
        for &sample in samples {
            self.partial.push(sample);
            if self.partial.len() == FRAME_SAMPLES {
                self.queue();
            }
        }
    }

    fn queue(&mut self) {
        self.partial.resize(FRAME_SAMPLES, 0);
        self.frames.push_back(Queued::Frame(self.turn, std::mem::take(&mut self.partial)));
        self.queued += FRAME;
    }

    fn pad(&mut self) {
        if !self.partial.is_empty() {
            self.queue();
        }
    }

    fn begin(&mut self, turn: u32) {
        self.pad();
        *self = Model {
            turn,
            frames: std::mem::take(&mut self.frames),
            drained: std::mem::take(&mut self.drained),
            is_paused: self.is_paused,
            gain_db: self.gain_db,
            audible: self.audible,
            ..Model::default()
        };
    }

    fn end_turn(&mut self) {
        if !self.is_closed {
            self.pad();
            self.frames.push_back(Queued::End(self.turn));
            self.is_closed = true;
        }
    }

    fn flush(&mut self) {
        self.partial.clear();
        self.frames.clear();
        self.is_closed = true;
        self.go_on(0);
    }

    fn go_on(&mut self, gain_db: i8) {
        self.is_paused = false;
        self.gain_db = gain_db;
    }

    fn get_frame(&mut self) -> Vec<i16> {
        while !self.is_paused {
            match self.frames.pop_front() {
                None => break,
                Some(Queued::End(turn)) => self.drained.push(turn),
                Some(Queued::Frame(turn, samples)) => {
                    if self.audible.turn != turn {
                        self.audible = Position { turn, samples: 0 };
                    }
                    self.audible.samples += FRAME;
                    let gain = 10f64.powf(f64::from(self.gain_db) / 20.0);
                    return samples.iter().map(|&sample| (f64::from(sample) * gain).round() as i16).collect();
                }
            }
        }
        SILENCE.to_vec()
    }

    /// How much of `turn` the caller has heard.
    fn heard_of(&self, turn: u32) -> u64 {
        if self.audible.turn == turn { self.audible.samples } else { 0 }
    }
}

/// Numbers samples from 1 on, so that none is like another or like silence.
struct Numbers(i16);

impl Numbers {
    fn take(&mut self, len: usize) -> Vec<i16> {
        let next = |_| {
            self.0 = self.0 % i16::MAX + 1;
            self.0
        };
        (0..len).map(next).collect()
    }
}

/// Samples of a frame that a fade of 8 ms may change.
const FADE: usize = 128;

/// The gain is rounded, and so is what it makes of a sample.
fn is_near(heard: &[i16], expected: &[i16]) -> bool {
    heard.iter().zip(expected).all(|(heard, expected)| heard.abs_diff(*expected) <= 1)
}

fn play(call: &mut CallAudio, steps: Vec<Step>, is_faded: bool) {
    let mut model = Model { turn: 1, ..Model::default() };
    let mut numbers = Numbers(0);
    let mut told = Vec::new();
    call.playout.push(model.turn, &[]);
    for step in steps {
        match step {
            Step::Push(len) => {
                let samples = numbers.take(len);
                let free = call.playout.free_samples();
                let taken = call.playout.push(model.turn, &samples);
                if model.is_closed {
                    assert_eq!(taken, len);
                } else {
                    assert_eq!(taken, len.min(free));
                }
                model.push(&samples[..taken]);
            }
            Step::PushLate(len) if model.turn > 1 => {
                assert_eq!(call.playout.push(model.turn - 1, &numbers.take(len)), len);
            }
            Step::PushLate(_) => {}
            Step::EndClause => {
                let end = call.playout.end_clause(model.turn);
                if !model.is_closed {
                    model.pad();
                }
                assert_eq!(end, model.queued);
            }
            Step::EndTurn => {
                if call.playout.end_turn(model.turn) {
                    model.end_turn();
                } else {
                    model.pad();
                }
            }
            Step::NextTurn => {
                model.begin(model.turn + 1);
                assert_eq!(call.playout.push(model.turn, &[]), 0);
            }
            Step::Pause => {
                call.playout.pause();
                model.is_paused = true;
            }
            Step::Duck(gain_db) => {
                call.playout.duck(f32::from(gain_db));
                model.go_on(gain_db);
            }
            Step::Resume => {
                call.playout.resume();
                model.go_on(0);
            }
            Step::Flush => {
                let position = call.playout.flush();
                assert_eq!(position.samples, model.heard_of(position.turn), "{position:?}");
                model.flush();
            }
            Step::GetFrame => {
                let (heard, expected) = (next_frame(call), model.get_frame());
                let from = if is_faded { FADE } else { 0 };
                let is_right = match model.gain_db {
                    0 => heard[from..] == expected[from..],
                    _ => is_near(&heard[from..], &expected[from..]),
                };
                assert!(is_right, "{} heard, {} expected", heard[319], expected[319]);
            }
            Step::Tick => {
                call.audio.tick();
                take_events(call, &mut told);
            }
        }
        let position = call.playout.position();
        assert_eq!(position.samples, model.heard_of(position.turn), "{position:?}");
    }
    for _ in 0..500 {
        next_frame(call);
        model.get_frame();
        call.audio.tick();
        take_events(call, &mut told);
    }
    assert_eq!(told, model.drained);
}

/// Keeps the turns that ended; checks that progress never goes back.
fn take_events(call: &mut CallAudio, drained: &mut Vec<u32>) {
    let mut last = Position::default();
    for event in common::events(call) {
        match event {
            AudioEvent::PlayoutDrained { turn } => drained.push(turn),
            AudioEvent::PlayoutProgress { turn, samples } => {
                assert!((turn, samples) > (last.turn, last.samples));
                assert!(drained.last().is_none_or(|&ended| ended < turn), "after its end");
                last = Position { turn, samples };
            }
            other => panic!("{other:?}"),
        }
    }
}

fn settings(fade: Duration) -> AudioSettings {
    let playout_ring = Duration::from_millis(200);
    AudioSettings { fade, playout_ring, ..AudioSettings::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_caller_hears_what_the_model_says(
        steps in prop::collection::vec(step(), 0..200)
    ) {
        play(&mut call_audio(&settings(Duration::ZERO)), steps, false);
    }

    #[test]
    fn fades_change_neither_places_nor_positions(steps in prop::collection::vec(step(), 0..200)) {
        play(&mut call_audio(&settings(Duration::from_millis(8))), steps, true);
    }
}
