//! Every constant of hearing, with the reason for its default.

use std::{path::PathBuf, time::Duration};

/// What [`Models`](crate::Models) runs, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct HearingConfig {
    /// `libonnxruntime.so`. A process loads one; a second [`Models`](crate::Models) must name the same file.
    pub onnxruntime: PathBuf,
    /// Silero VAD for 16 kHz (`silero_vad_16k_op15.onnx`). None: whatever stage 1 hears is speech.
    pub vad_model: Option<PathBuf>,
    /// smart-turn v3 (`smart-turn-v3.2-cpu.onnx`). None: no scores.
    pub end_of_turn_model: Option<PathBuf>,
    /// When speech counts as confirmed and when as dismissed.
    pub vad: VadSettings,
    /// How end-of-turn is scored.
    pub end_of_turn: EndOfTurnSettings,
    /// Threads that score, each with a copy of the model (about 40 MB). 1: a score takes 43 ms of one core and a
    /// call asks for one or two a turn, so one thread serves a dozen calls that end their turns in the same second.
    /// At least one.
    pub score_threads: usize,
}

impl HearingConfig {
    /// The defaults with this `libonnxruntime.so` and no model.
    pub fn new(onnxruntime: impl Into<PathBuf>) -> Self {
        Self {
            onnxruntime: onnxruntime.into(),
            vad_model: None,
            end_of_turn_model: None,
            vad: VadSettings::default(),
            end_of_turn: EndOfTurnSettings::default(),
            score_threads: 1,
        }
    }
}

/// The second stage of voice activity detection.
#[derive(Clone, Debug, PartialEq)]
pub struct VadSettings {
    /// A window of this probability or more is speech, 0 to 1. 0.5: Silero's own; in docs/benchmarks/hearing.md every
    /// utterance reached it, and of what is no speech only some music did.
    pub confirm_probability: f32,
    /// Windows in a row that must be speech, at least one. 1: a second one delays the slowest twentieth by 20 to 60 ms and
    /// rejects only music that the first took for a voice.
    pub confirm_windows: u32,
    /// Audio before the onset that comes with it; as `AudioSettings::pre_roll` of `media`. 300 ms.
    pub pre_roll: Duration,
    /// After this much audio from the onset on without speech the onset is dismissed. 240 ms: of 100 real onsets 98
    /// are confirmed by then, and a late confirmation still counts.
    pub dismiss_after: Duration,
    /// Between whole windows of 32 ms, judge the newest 32 ms at each frame while nothing is decided. On: it takes
    /// 20 to 60 ms off the slow onsets for at most one more run a frame.
    pub judge_every_frame: bool,
    /// Calls in one run of the model, at least one. 8: a window then takes 0.6 of the time that it takes alone, 64
    /// gain a tenth more; a run stays below a millisecond (docs/benchmarks/hearing.md).
    pub max_batch: usize,
    /// Frames, begins and ends that may wait for the model, of all calls. 4,096: 64 calls for more than a second;
    /// 2.7 MB. Frames that do not fit are dropped and counted; a beginning that does not fit counts as
    /// speech.
    pub queue: usize,
}

impl Default for VadSettings {
    fn default() -> Self {
        Self {
            confirm_probability: 0.5,
            confirm_windows: 1,
            pre_roll: Duration::from_millis(300),
            dismiss_after: Duration::from_millis(240),
            judge_every_frame: true,
            max_batch: 8,
            queue: 4_096,
        }
    }
}

/// The scoring of end-of-turn.
#[derive(Clone, Debug, PartialEq)]
pub struct EndOfTurnSettings {
    /// CPU threads of one score. 1: two make it 1.8 times as fast on an idle machine, and take the second core from
    /// recognition just when it finishes the utterance.
    pub threads_per_score: usize,
    /// Requests that may wait, at least one; the oldest gives way. 32: more would be answered too late anyway.
    pub queue: usize,
    /// A request that has waited longer is dropped without an answer. 400 ms: by then the conversation has decided
    /// without it, or asked again.
    pub max_wait: Duration,
    /// Silence at the end of an utterance that comes as audio; as `AudioSettings::hang_over` of `media`. What is missing of
    /// the silence asked for is filled with zeros. 240 ms.
    pub hang_over: Duration,
    /// Silence between two utterances is kept up to this. 1 s: longer says no more about the turn and pushes words out
    /// of the 8 s that the model hears.
    pub max_gap: Duration,
    /// Utterances this far apart belong to different turns: what was heard before is forgotten. 4 s: longer than callers
    /// pause within a turn; the model was trained on single turns.
    pub new_turn_after: Duration,
}

impl Default for EndOfTurnSettings {
    fn default() -> Self {
        Self {
            threads_per_score: 1,
            queue: 32,
            max_wait: Duration::from_millis(400),
            hang_over: Duration::from_millis(240),
            max_gap: Duration::from_secs(1),
            new_turn_after: Duration::from_secs(4),
        }
    }
}
