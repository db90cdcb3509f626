//! Is this frame the caller's voice? WebRTC's detector and a level criterion
//! must both say so.
//!
//! The detector judges the shape of the spectrum and errs on loud noise; the
//! level criterion compares with the noise floor, and with what the agent says,
//! and errs on nothing quiet. Together they let neither comfort noise nor hum nor
//! a passing lorry nor the agent's own echo through.

use sendable_vad::SendableVad;

use crate::echo::EchoGuard;
use crate::frame::{FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples, frames_in};
use crate::level::{Loudness, dbfs_of, telephone_energy};
use crate::settings::AudioSettings;

/// Frames at the start of the call of which only the noise floor is learnt: noise
/// from the first frame on must not pass for speech. 100 ms: the agent speaks
/// first anyway, and the pre-roll keeps what a hasty caller says meanwhile.
const LEARNING_FRAMES: usize = 5;

/// The noise floor learnt at the start is no higher, in dBFS, so that a caller
/// who is speaking already is heard all the same.
const MAX_INITIAL_FLOOR_DBFS: f32 = -30.0;

/// Quieter is taken for this: digital silence says nothing about the line, and
/// the floor should not have to climb from there.
const LEAST_DBFS: f32 = -65.0;

/// The window's minimum is kept in this many parts, the oldest of which expires.
const FLOOR_PARTS: usize = 8;

/// An utterance goes on this far below what an echo may have, in dB: the
/// difference of the noise floor's two margins.
const ECHO_HOLD_DB: f32 = 3.0;

/// A sure voice is no brighter than this part of what a voice may be: the first
/// 40 ms of a vowel stay below 0.5, clicks and consonants do not.
const SURE_BRIGHTNESS: f32 = 0.5;

/// A sure voice has at least this part of its energy in the frame's second half:
/// it goes on, where a click is over.
const SURE_LASTING: f32 = 0.25;

/// A faint frame whose energy lies below this, in Hz, begins no utterance: it is
/// hum, of which what is left behind the high-pass lies about 190. Most vowels lie
/// above; the close ones of "you" and "tea" may not, and go on with an utterance.
const FAINT_MIN_HZ: f32 = 260.0;

/// A voice this far above the least level, in dB, is at an ordinary level; of that
/// many frames in all, half a second, its caller is.
const ORDINARY_DB: f32 = 10.0;
const ORDINARY_FRAMES: u32 = 25;

/// Behind a loud sound what is this much quieter is what is left of it, in dB; the
/// sound is forgotten by so much a frame, 10 dB a second.
const BELOW_PEAK_DB: f32 = 32.0;
const PEAK_FALL_DB: f32 = 0.2;

/// What one frame is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Verdict {
    /// Loud and speech-like enough to begin an utterance.
    pub(crate) may_begin: bool,
    /// May begin one, and so loud, so low and so lasting that it is hardly
    /// anything but a voice.
    pub(crate) is_sure: bool,
    /// Might begin one, but is a hiss: an "s" if a voice follows, else any noise.
    pub(crate) may_lead: bool,
    /// Loud and speech-like enough to continue one.
    pub(crate) may_continue: bool,
    /// RMS level above the high-pass's corner.
    pub(crate) level_dbfs: f32,
}

/// Judges the frames of one call, in order.
pub(crate) struct Vad {
    detector: SendableVad,
    high_pass: HighPass,
    floor: NoiseFloor,
    echo: EchoGuard,
    min_level_dbfs: f32,
    min_faint_level_dbfs: f32,
    ordinary_frames: u32,
    peak_dbfs: f32,
    onset_margin_db: f32,
    hold_margin_db: f32,
    sure_margin_db: f32,
    max_brightness: f32,
    min_faint_brightness: f32,
}

impl Vad {
    pub(crate) fn new(settings: &AudioSettings) -> Self {
        Self {
            detector: SendableVad::new(settings.aggressiveness),
            high_pass: HighPass::new(settings.high_pass_hz),
            floor: NoiseFloor::new(settings),
            echo: EchoGuard::new(settings),
            min_level_dbfs: settings.min_level_dbfs,
            min_faint_level_dbfs: settings.min_faint_level_dbfs,
            ordinary_frames: 0,
            peak_dbfs: LEAST_DBFS,
            onset_margin_db: settings.onset_margin_db,
            hold_margin_db: settings.hold_margin_db,
            sure_margin_db: settings.sure_margin_db,
            max_brightness: brightness_of(settings.onset_max_hz),
            min_faint_brightness: brightness_of(FAINT_MIN_HZ),
        }
    }

    /// Of a frame captured when what the agent said was as loud as `played`.
    pub(crate) fn judge(&mut self, frame: &Samples, played: Loudness) -> Verdict {
        let is_voice = self.detector.is_voice(frame);
        let Measured { level_dbfs: level, brightness, lasting } = self.high_pass.measure(frame);
        let is_noisy = brightness > self.max_brightness;
        let floor = self.floor.learn(level.max(LEAST_DBFS));
        let captured = Loudness { full_dbfs: level, telephone_dbfs: dbfs_of(telephone_energy(frame)) };
        let above_echo = self.echo.follow(captured, played);
        self.peak_dbfs = level.max(self.peak_dbfs - PEAK_FALL_DB);
        let is_hum = brightness < self.min_faint_brightness;
        let above = |least: f32, margin: f32| level - least.max(floor + margin);
        let least = self.least_level_dbfs();
        let least_onset = if is_hum { self.min_level_dbfs } else { least };
        let above_onset = above(least_onset, self.onset_margin_db).min(above_echo);
        let above_hold = above(least, self.hold_margin_db);
        let is_loud = !self.floor.is_learning() && above_onset >= 0.0;
        let is_onset = is_voice && is_loud;
        let is_low = brightness <= self.max_brightness * SURE_BRIGHTNESS;
        let is_lasting = lasting >= SURE_LASTING;
        let may_begin = is_onset && !is_noisy;
        if may_begin && level >= self.min_level_dbfs + ORDINARY_DB {
            self.ordinary_frames = self.ordinary_frames.saturating_add(1);
        }
        Verdict {
            may_begin,
            is_sure: is_onset && is_low && is_lasting && above_onset >= self.sure_margin_db,
            may_lead: is_loud && is_noisy,
            may_continue: is_voice && above_hold >= 0.0 && above_echo >= -ECHO_HOLD_DB,
            level_dbfs: level,
        }
    }

    /// What a frame must reach to be speech.
    fn least_level_dbfs(&self) -> f32 {
        if self.ordinary_frames >= ORDINARY_FRAMES {
            return self.min_level_dbfs;
        }
        (self.peak_dbfs - BELOW_PEAK_DB).max(self.min_faint_level_dbfs).min(self.min_level_dbfs)
    }
}

/// What is measured of a frame's filtered signal.
struct Measured {
    level_dbfs: f32,
    /// Energy of the first difference over energy: [`brightness_of`] the
    /// frequency about which the signal's energy lies.
    brightness: f32,
    /// The second half's part of the energy.
    lasting: f32,
}

/// |1 − e^−jω|², the power gain of a first difference at a frequency.
fn brightness_of(hz: f32) -> f32 {
    2.0 - 2.0 * (std::f32::consts::TAU * hz / SAMPLE_RATE_HZ as f32).cos()
}

/// Fourth-order Butterworth high-pass, which feeds the measurements only.
struct HighPass {
    sections: [Section; 2],
    last: f32,
}

/// The pole qualities of a fourth-order Butterworth filter: 1 / (2 cos 22.5°)
/// and 1 / (2 cos 67.5°).
const BUTTERWORTH_Q: [f32; 2] = [0.541_196_1, 1.306_563];

impl HighPass {
    fn new(corner_hz: f32) -> Self {
        Self { sections: BUTTERWORTH_Q.map(|q| Section::new(corner_hz, q)), last: 0.0 }
    }

    fn measure(&mut self, frame: &Samples) -> Measured {
        let [first, second] = &mut self.sections;
        let (mut energy, mut difference_energy, mut early_energy) = (0.0f32, 0.0f32, 0.0f32);
        let mut last = self.last;
        for (i, &sample) in frame.iter().enumerate() {
            if i == FRAME_SAMPLES / 2 {
                early_energy = energy;
            }
            let output = second.filter(first.filter(f32::from(sample)));
            energy += output * output;
            difference_energy += (output - last) * (output - last);
            last = output;
        }
        self.last = last;
        first.settle();
        second.settle();
        let relative = |part: f32| part / energy.max(1.0);
        Measured {
            level_dbfs: dbfs_of(energy),
            brightness: relative(difference_energy),
            lasting: relative(energy - early_energy),
        }
    }
}

/// One second-order section (bilinear transform; R. Bristow-Johnson, "Cookbook
/// formulae for audio EQ biquad filter coefficients"), transposed direct form 2.
struct Section {
    b0: f32,
    a1: f32,
    a2: f32,
    state: [f32; 2],
}

impl Section {
    fn new(corner_hz: f32, q: f32) -> Self {
        let omega = std::f32::consts::TAU * corner_hz / SAMPLE_RATE_HZ as f32;
        let alpha = omega.sin() / (2.0 * q);
        let a0 = 1.0 + alpha;
        Self {
            b0: (1.0 + omega.cos()) / 2.0 / a0,
            a1: -2.0 * omega.cos() / a0,
            a2: (1.0 - alpha) / a0,
            state: [0.0; 2],
        }
    }

    fn filter(&mut self, input: f32) -> f32 {
        let output = self.b0 * input + self.state[0];
        self.state[0] = self.state[1] - 2.0 * self.b0 * input - self.a1 * output;
        self.state[1] = self.b0 * input - self.a2 * output;
        output
    }

    /// In digital silence the filter's tail would otherwise end in denormal
    /// numbers, which take a hundred times as long to compute with.
    fn settle(&mut self) {
        for value in &mut self.state {
            if value.abs() < 1e-10 {
                *value = 0.0;
            }
        }
    }
}

/// The level of what is always there: the quietest moment of the last while
/// (minimum statistics, R. Martin, IEEE Trans. Speech and Audio Proc. 9(5), 2001,
/// reduced to one band). Falls at once, rises at a bounded rate.
struct NoiseFloor {
    dbfs: f32,
    smoothed: f32,
    /// Minima of the parts of the window; infinite before they were heard.
    parts: [f32; FLOOR_PARTS],
    current: usize,
    frames_in_part: usize,
    part_frames: usize,
    rise_per_frame_db: f32,
    learning: usize,
}

impl NoiseFloor {
    fn new(settings: &AudioSettings) -> Self {
        let part_frames = frames_in(settings.floor_window).div_ceil(FLOOR_PARTS).max(1);
        let frames_per_second = SAMPLE_RATE_HZ as f32 / FRAME_SAMPLES as f32;
        Self {
            dbfs: MAX_INITIAL_FLOOR_DBFS,
            smoothed: MAX_INITIAL_FLOOR_DBFS,
            parts: [f32::INFINITY; FLOOR_PARTS],
            current: 0,
            frames_in_part: 0,
            part_frames,
            rise_per_frame_db: settings.floor_rise_db / frames_per_second,
            learning: LEARNING_FRAMES,
        }
    }

    fn is_learning(&self) -> bool {
        self.learning > 0
    }

    /// Takes the next frame's level in; returns the floor before it.
    fn learn(&mut self, level: f32) -> f32 {
        let before = self.dbfs;
        self.learning = self.learning.saturating_sub(1);
        self.smoothed += 0.5 * (level - self.smoothed);
        if self.frames_in_part == self.part_frames {
            self.current = (self.current + 1) % FLOOR_PARTS;
            self.parts[self.current] = self.smoothed;
            self.frames_in_part = 0;
        }
        self.frames_in_part += 1;
        self.parts[self.current] = self.parts[self.current].min(self.smoothed);
        let quietest = self.parts.iter().copied().fold(f32::INFINITY, f32::min);
        self.dbfs = quietest.min(self.dbfs + self.rise_per_frame_db);
        before
    }
}
