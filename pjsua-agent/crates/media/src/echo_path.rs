//! The path by which the agent's voice comes back: how late and how much quieter, learnt from the rise and fall of both
//! sides.
//!
//! A voice rises and falls by 30 dB several times a second, and no other voice does so at the same moments. Where what was
//! captured follows what was played at one distance, it is an echo of it.

use crate::level::{Loudness, SILENT_DBFS};

/// The frames that are compared, 2.4 s: some seven words.
const WINDOW: usize = 120;

/// The sides are compared once in this many frames, 100 ms.
const EVERY: usize = 5;

/// What was played is remembered for so many frames: the window and the longest delay, and the length of a reverberation.
const REMEMBERED: usize = 256;

/// Frames of what was played that are compared.
const COMPARED: usize = WINDOW + MOST_DELAY;

/// The longest delay that is looked for, 0.8 s: two wireless links, and the jitter buffers on the way.
const MOST_DELAY: usize = 40;

/// Quieter is taken for this, in dBFS: what lies below is the line's noise, on either side.
const LEAST_DBFS: f32 = -58.0;

/// What is quieter than this, in dBFS, tells nothing of the path: its echo would be lost in the line's noise.
pub(crate) const TELLING_DBFS: f32 = -36.0;

/// The window holds at least so many frames that tell something, half a second.
const LEAST_TELLING: usize = 25;

/// Pearson's correlation of the two sides' levels from which one is the other's echo. Of two voices that speak at once it
/// stays below 0.7 at the best of 41 distances.
const LEAST_CORRELATION: f32 = 0.85;

/// A path is known when it was found again after so many more telling frames: one word may by chance follow another.
const TELLING_AGAIN: usize = 15;

/// After so many telling frames, some three seconds of speech, an echo would have been found.
const HEARD_OUT: usize = 60;

/// Two paths that differ by no more are the same: in frames and in dB.
const SAME_DELAY: usize = 1;
const SAME_LOSS_DB: f32 = 4.0;

/// A path is gone when so much less comes back, in dB.
const GONE_DB: f32 = 10.0;

/// An echo dies away behind its sound for so many frames, 160 ms, at 1.5 dB a frame: a room whose reverberation falls by 60
/// dB in 0.8 s, a furnished one at its worst.
const REVERBERATION: usize = 8;
const REVERBERATION_DB: f32 = 1.5;

/// A path: what comes back is `loss_db` quieter, `delay` frames later.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Path {
    delay: usize,
    loss_db: f32,
}

impl Path {
    fn is_like(self, other: Self) -> bool {
        self.delay.abs_diff(other.delay) <= SAME_DELAY && (self.loss_db - other.loss_db).abs() <= SAME_LOSS_DB
    }
}

/// Follows one call's two sides, frame by frame.
pub(crate) struct EchoPath {
    /// Rings of levels in dBFS.
    played: [f32; REMEMBERED],
    played_telephone: [f32; REMEMBERED],
    captured_telephone: [f32; REMEMBERED],
    now: usize,
    /// Telling frames among those that are compared.
    telling_now: usize,
    until_next: usize,
    telling: usize,
    candidate: Option<Candidate>,
    known: Option<Path>,
}

/// A path that was found, when so many telling frames had been played.
#[derive(Clone, Copy)]
struct Candidate {
    path: Path,
    telling: usize,
}

impl EchoPath {
    pub(crate) fn new() -> Self {
        Self {
            played: [SILENT_DBFS; REMEMBERED],
            played_telephone: [LEAST_DBFS; REMEMBERED],
            captured_telephone: [LEAST_DBFS; REMEMBERED],
            now: 0,
            telling_now: 0,
            until_next: EVERY,
            telling: 0,
            candidate: None,
            known: None,
        }
    }

    /// Takes the next frame of each side. Where `is_in_doubt` says that an echo would matter, the two are compared.
    pub(crate) fn follow(&mut self, captured: Loudness, played: Loudness, is_in_doubt: bool) {
        self.now = (self.now + 1) % REMEMBERED;
        self.played[self.now] = played.full_dbfs;
        self.played_telephone[self.now] = played.telephone_dbfs.max(LEAST_DBFS);
        self.captured_telephone[self.now] = captured.telephone_dbfs.max(LEAST_DBFS);
        let is_telling = |dbfs: f32| usize::from(dbfs >= TELLING_DBFS);
        self.telling += is_telling(played.telephone_dbfs);
        self.telling_now += is_telling(played.telephone_dbfs);
        self.telling_now -= is_telling(self.played_telephone[index(self.now, COMPARED)]);
        self.until_next -= 1;
        if self.until_next == 0 {
            self.until_next = EVERY;
            if self.telling_now >= LEAST_TELLING && (is_in_doubt || self.known.is_some()) {
                self.compare();
            }
        }
    }

    /// Whether the agent has said so much that an echo would be known.
    pub(crate) fn was_heard_out(&self) -> bool {
        self.telling >= HEARD_OUT
    }

    /// How loud the echo of what was played is now, in dBFS; `None` when no path is known.
    pub(crate) fn expected_dbfs(&self) -> Option<f32> {
        let path = self.known?;
        let earliest = path.delay.saturating_sub(SAME_DELAY);
        let heard = (earliest..=path.delay + REVERBERATION).map(|ago| {
            let behind = ago.saturating_sub(path.delay + SAME_DELAY) as f32;
            self.played[index(self.now, ago)] - behind * REVERBERATION_DB
        });
        Some(heard.fold(SILENT_DBFS, f32::max) - path.loss_db)
    }

    fn compare(&mut self) {
        let played: [f32; COMPARED] = std::array::from_fn(|ago| self.played_telephone[index(self.now, ago)]);
        let captured: [f32; WINDOW] = std::array::from_fn(|ago| self.captured_telephone[index(self.now, ago)]);
        let best = (0..=MOST_DELAY)
            .filter_map(|delay| Some((delay, correlation(&played[delay..][..WINDOW], &captured)?)))
            .max_by(|(_, one), (_, other)| one.total_cmp(other));
        let found = best.filter(|(_, correlation)| *correlation >= LEAST_CORRELATION);
        let loss_at = |delay: usize| loss_db(&played[delay..][..WINDOW], &captured);
        let found = found.and_then(|(delay, _)| Some(Path { delay, loss_db: loss_at(delay)? }));
        let Some(found) = found else {
            let is_gone = |path: Path| loss_at(path.delay).is_some_and(|loss| loss > path.loss_db + GONE_DB);
            self.known = self.known.filter(|path| !is_gone(*path));
            return;
        };
        match self.candidate {
            Some(candidate) if candidate.path.is_like(found) => {
                if self.telling >= candidate.telling + TELLING_AGAIN {
                    self.known = Some(found);
                }
            }
            _ => self.candidate = Some(Candidate { path: found, telling: self.telling }),
        }
    }
}

/// How much less came back of the loud frames' energy, in dB; `None` if there are too few of them.
fn loss_db(played: &[f32], captured: &[f32]) -> Option<f32> {
    let energy = |dbfs: f32| 10f32.powf(dbfs / 10.0);
    let (mut sent, mut returned, mut count) = (0.0, 0.0, 0);
    for (played, captured) in played.iter().zip(captured).filter(|(played, _)| **played >= TELLING_DBFS) {
        sent += energy(*played);
        returned += energy(*captured);
        count += 1;
    }
    (count >= LEAST_TELLING).then(|| 10.0 * f32::log10(sent / returned))
}

/// Pearson's correlation of the levels, in dB; `None` where too little was said, or nothing rose and fell.
fn correlation(played: &[f32], captured: &[f32]) -> Option<f32> {
    let (mut x, mut y, mut xx, mut yy, mut xy, mut telling) = (0.0f32, 0.0f32, 0.0f32, 0.0f32, 0.0f32, 0);
    for (played, captured) in played.iter().zip(captured) {
        x += played;
        y += captured;
        xx += played * played;
        yy += captured * captured;
        xy += played * captured;
        telling += usize::from(*played >= TELLING_DBFS);
    }
    let n = played.len() as f32;
    let (spread_x, spread_y) = (xx - x * x / n, yy - y * y / n);
    // A variance of 9 dB²: neither side may be even.
    let is_telling = telling >= LEAST_TELLING && spread_x > 9.0 * n && spread_y > 9.0 * n;
    is_telling.then(|| (xy - x * y / n) / (spread_x * spread_y).sqrt())
}

fn index(now: usize, ago: usize) -> usize {
    (now + REMEMBERED - ago) % REMEMBERED
}

const _: () = assert!(COMPARED < REMEMBERED && MOST_DELAY + REVERBERATION < REMEMBERED);
