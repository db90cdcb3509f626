//! Every constant of the audio path, with the reason for its default.

use std::time::Duration;

use sendable_vad::Aggressiveness;

/// Sizes, thresholds and times of one call's audio.
///
/// Durations are rounded up to whole frames of 20 ms, except `fade`.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioSettings {
    /// What the capture ring holds. 500 ms: longer than any scheduling hiccup
    /// that leaves a conversation worth having; 33 KB with the writer's backlog.
    pub capture_ring: Duration,
    /// What the playout ring holds. 1.5 s: enough for a synthesiser that
    /// delivers in bursts, little enough that back-pressure reaches it; 50 KB.
    pub playout_ring: Duration,
    /// Events that may wait for the driver, at least 32. 128: the pre-roll burst
    /// (19) and two seconds of a stalled driver; 84 KB.
    pub event_queue: usize,
    /// Least time between two `PlayoutProgress` events of a turn. 100 ms: less
    /// than half a spoken word.
    pub progress_interval: Duration,
    /// Time between two `Levels` events. Zero, the default, switches them off: a
    /// call that nobody draws pays nothing. 100 ms draws words apart.
    pub levels_interval: Duration,
    /// Length of the ramps at a pause, a flush, an underrun, a resumption and a
    /// change of gain, at most a frame. 8 ms: a period of the lowest voice, so
    /// that a cut in it is not heard as a click, and short enough that the stop
    /// is not heard as a fade. Zero switches them off.
    pub fade: Duration,

    /// WebRTC's operating point. `Aggressive`: the highest that still hears soft
    /// voices through G.711; the level criterion takes care of the rest.
    pub aggressiveness: Aggressiveness,
    /// Corner of the high-pass in front of the level meter, in Hz. 180: takes
    /// 44 dB off mains hum at 50 Hz and 20 off its second harmonic; a telephone
    /// passes little of a voice below 300.
    pub high_pass_hz: f32,
    /// A frame below this is never speech, in dBFS RMS. −48: the quietest active
    /// speech level a telephone network is planned for is about −40 (ITU-T P.56
    /// levels, G.111 loss plan), comfort noise stays below −50.
    pub min_level_dbfs: f32,
    /// A frame below this is never speech as long as nobody at an ordinary level was
    /// heard in the call, in dBFS RMS. Somebody far from his microphone is heard so:
    /// his level does not tell him from others in the room. −60: the hold margin above the quietest noise floor
    /// that is reckoned with.
    pub min_faint_level_dbfs: f32,
    /// An utterance begins only this far above the noise floor, in dB. 8: the
    /// level of stationary noise in 20 ms frames stays within ±3 dB of its mean.
    pub onset_margin_db: f32,
    /// An utterance begins only with frames whose energy lies below this, in Hz:
    /// with a voice. 1,800: vowels lie below 1,500, white noise at 4,000 (1,950
    /// on a telephone line). A sudden hiss, a breath or a cough is not taken for
    /// a caller; an "s" before the voice comes with the pre-roll.
    pub onset_max_hz: f32,
    /// An utterance goes on this far above the noise floor, in dB. 5: below the
    /// onset's, so that the soft end of a word does not chatter.
    pub hold_margin_db: f32,
    /// Two thirds of [`onset_frames`](Self::onset_frames) in a row begin an
    /// utterance if the last is a vowel this far above what a frame needs, in dB.
    /// 5: takes 20 ms off the median onset of recorded prompts and adds no false
    /// one in clicks, tones, noises or music, where 0 does in music. Infinite
    /// switches the short cut off.
    pub sure_margin_db: f32,
    /// The stretch whose quietest moment is the noise floor. 1.6 s: speech
    /// pauses between words well within it.
    pub floor_window: Duration,
    /// How fast the noise floor may rise, in dB a second. 20: a hum that starts
    /// is learnt within two seconds, a held vowel is not.
    pub floor_rise_db: f32,
    /// While the agent speaks, what is quieter than its loudest moment by more
    /// than this is its echo, in dB, until the line is known to return less. 20:
    /// a two-wire hybrid returns −25 dB after balancing, a caller who talks over
    /// the agent is within 15 dB of it. Infinite switches the criterion off.
    pub echo_margin_db: f32,
    /// How late an echo may come. 500 ms: 400 of the line and of a loudspeaker
    /// behind a wireless link, and the rest for jitter buffers; at most 2 s.
    pub echo_tail: Duration,
    /// Voiced frames within [`onset_window`](Self::onset_window) that begin an
    /// utterance. 3 of 4 (60 to 80 ms): a click or a plosive of line noise
    /// reaches two frames.
    pub onset_frames: usize,
    /// The frames among which the onset is looked for, at most 32.
    pub onset_window: usize,
    /// Audio before the first voiced frame that is delivered with it. 300 ms:
    /// an unvoiced start ("s", "f", "h") may precede the first voiced frame by
    /// 150 ms, and recognisers want some silence first.
    pub pre_roll: Duration,
    /// Silence that ends an utterance. 100 ms: it is reported as soon as it is
    /// worth thinking about, and the conversation decides how much more ends the
    /// turn. What follows within the pre-roll is delivered without a gap, and two
    /// frames begin it, as they would have prolonged it before.
    pub hang_over: Duration,
}

impl Default for AudioSettings {
    fn default() -> Self {
        Self {
            capture_ring: Duration::from_millis(500),
            playout_ring: Duration::from_millis(1_500),
            event_queue: 128,
            progress_interval: Duration::from_millis(100),
            levels_interval: Duration::ZERO,
            fade: Duration::from_millis(8),
            aggressiveness: Aggressiveness::Aggressive,
            high_pass_hz: 180.0,
            min_level_dbfs: -48.0,
            min_faint_level_dbfs: -60.0,
            onset_margin_db: 8.0,
            onset_max_hz: 1_800.0,
            hold_margin_db: 5.0,
            sure_margin_db: 5.0,
            floor_window: Duration::from_millis(1_600),
            floor_rise_db: 20.0,
            echo_margin_db: 20.0,
            echo_tail: Duration::from_millis(500),
            onset_frames: 3,
            onset_window: 4,
            pre_roll: Duration::from_millis(300),
            hang_over: Duration::from_millis(100),
        }
    }
}
