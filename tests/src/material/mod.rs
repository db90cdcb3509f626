//! What callers bring along: recorded people, synthetic voices, pauses in the middle, noises, and how loud all of it is.
//!
//! Everything is 16 kHz mono, in memory, and the same for the same seed. Recordings come from Debian's packages by
//! `vendor/fetch-sounds` and lie in the cache; nothing of them is in the repository.
//!
//! ```no_run
//! use std::time::Duration;
//! use rand::{SeedableRng, rngs::StdRng};
//! use tests::material::{self, Noise};
//!
//! # fn main() -> anyhow::Result<()> {
//! let people = material::prompts("en")?;
//! let mut rng = StdRng::seed_from_u64(1);
//! for prompt in material::choose(&people, 10, 1) {
//!     let Some((paused, at)) = material::with_inner_pause(prompt, Duration::from_secs(1), &mut rng) else { continue };
//!     println!("{}: silent from sample {} to {}, over at {}", paused.name, at.start, at.end, paused.last_speech_sample);
//! }
//! let babble = material::at_snr(&Noise::Babble.samples(1, Duration::from_secs(5))?, material::SPEECH_LEVEL_DBFS, 10.0);
//! let noisy = people[0].with_noise(&babble, Duration::from_millis(500));
//! # drop(noisy);
//! # Ok(())
//! # }
//! ```

mod ambience;
mod bursts;
mod edges;
mod filter;
mod inner_pause;
mod level;
mod phrases;
mod prompt;
mod recorded;
mod studio;
mod transcripts;
mod voices;

pub use ambience::{comfort_noise, hum};
pub use bursts::{cough, door_slam, keyboard};
pub use edges::{Edges, speech_edges};
pub use inner_pause::with_inner_pause;
pub use level::{SPEECH_LEVEL_DBFS, active_level_dbfs, at_level, at_snr, mix};
pub use phrases::{backchannels, interruptions};
pub use prompt::{Prompt, choose};
pub use recorded::{babble, music, prompts, single_words, sounds_dir, studio};
pub use voices::{Talker, spoken};

use std::time::Duration;

use anyhow::Result;

/// A noise that must not end an agent's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Noise {
    /// One or two bursts of shaped noise, 150–350 ms each.
    Cough,
    /// A thud with a low tail.
    Door,
    /// Typing.
    Keyboard,
    /// Recorded music on hold.
    Music,
    /// Several people at once, none of them understood.
    Babble,
    /// 50 Hz and its harmonics.
    Hum,
    /// What a silent line sounds like.
    Comfort,
}

impl Noise {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Cough, Self::Door, Self::Keyboard, Self::Music, Self::Babble, Self::Hum, Self::Comfort];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cough => "cough",
            Self::Door => "door slam",
            Self::Keyboard => "keyboard",
            Self::Music => "music",
            Self::Babble => "babble",
            Self::Hum => "line hum",
            Self::Comfort => "comfort noise",
        }
    }

    /// Its samples, unscaled: [`at_snr`] sets the level. A cough and a door are as long as they are, whatever `duration` says.
    ///
    /// # Errors
    /// Recordings are needed (music, babble) and cannot be had.
    pub fn samples(self, seed: u64, duration: Duration) -> Result<Vec<i16>> {
        Ok(match self {
            Self::Cough => cough(seed),
            Self::Door => door_slam(seed),
            Self::Keyboard => keyboard(seed, duration),
            Self::Music => music(seed, duration)?,
            Self::Babble => babble(seed, duration)?,
            Self::Hum => hum(duration),
            Self::Comfort => comfort_noise(seed, duration),
        })
    }
}
