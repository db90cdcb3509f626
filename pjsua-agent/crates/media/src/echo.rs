//! The agent's own voice on its way back: what is no louder than it may be an echo.
//!
//! An echo comes with an unknown delay, so the loudest frame played within the
//! longest one counts. How much quieter than that an echo can be is not assumed
//! for long: whatever the delay, what was played in the first half of a window of
//! twice the longest delay has come back within the window, no louder than the
//! loudest frame captured there. The ratio of the two loudest frames is therefore
//! an upper bound of the echo path's gain, whoever else is speaking; and on the
//! usual line, which has no echo, it falls to the noise floor within two seconds
//! of the agent's speech. So a soft caller is not asked to shout over an echo that
//! does not exist.
//!
//! Who comes back louder than the margin allows may be a caller or an echo: which
//! of them, [`EchoPath`] tells.

use std::time::Duration;

use crate::echo_path::{EchoPath, TELLING_DBFS};
use crate::frame::frames_in;
use crate::level::{Loudness, SILENT_DBFS};
use crate::settings::AudioSettings;

/// The echo path's gain is bounded once in this many frames, 100 ms.
const BLOCK_FRAMES: usize = 5;

/// The longest delay has at most this many blocks, 2 s; what is longer is as good
/// as another caller.
const MAX_TAIL_BLOCKS: usize = 20;

/// The path is trusted to be no better than the worst of this many telling blocks,
/// 1 s. Of a path that is not flat, single windows tell too much: one with little
/// but an "s" in it, which no telephone brings back.
const MEMORY_BLOCKS: usize = 10;

/// How much louder than the bound an echo may still be, in dB, since the path is
/// not equally good at all frequencies and what is compared not equally wide. 6:
/// over flite's voices, flat or through a telephone's band, the bound was up to
/// 2 dB too good; the rest is for a path with resonances.
const SPREAD_DB: f32 = 6.0;

/// What an echo is taken to lose, in dB, until the agent has said enough to know.
/// 10: a loudspeaker telephone without an echo canceller of its own. Who is quieter
/// than the agent by more and talks over its first words is heard where it pauses.
const UNKNOWN_LOSS_DB: f32 = 10.0;

/// Follows one call's two directions, frame by frame.
pub(crate) struct EchoGuard {
    margin_db: f32,
    loss: ReturnLoss,
    path: EchoPath,
    /// The block that is being filled, and the last ones, newest first.
    block: Block,
    filled: usize,
    blocks: [Block; 2 * MAX_TAIL_BLOCKS],
    tail_blocks: usize,
}

/// The loudest frames of a block, in dBFS.
#[derive(Clone, Copy)]
struct Block {
    /// In the telephone's band.
    captured: f32,
    played: Loudness,
}

const SILENT: Block = Block { captured: SILENT_DBFS, played: Loudness::SILENT };

impl EchoGuard {
    pub(crate) fn new(settings: &AudioSettings) -> Self {
        let tail = settings.echo_tail.min(Duration::from_secs(2));
        let tail_blocks = frames_in(tail).div_ceil(BLOCK_FRAMES).clamp(1, MAX_TAIL_BLOCKS);
        Self {
            margin_db: settings.echo_margin_db,
            loss: ReturnLoss::new(),
            path: EchoPath::new(),
            block: SILENT,
            filled: 0,
            blocks: [SILENT; 2 * MAX_TAIL_BLOCKS],
            tail_blocks,
        }
    }

    /// Takes what is to be known of the next frame in each direction; how far the
    /// captured one is above what may be an echo, in dB.
    pub(crate) fn follow(&mut self, captured: Loudness, played: Loudness) -> f32 {
        if self.margin_db.is_infinite() {
            return f32::INFINITY;
        }
        if self.filled == BLOCK_FRAMES {
            self.close_block();
        }
        self.filled += 1;
        self.block.captured = self.block.captured.max(captured.telephone_dbfs);
        self.block.played = self.block.played.max(played);
        let loudest = loudest(&self.blocks[..self.tail_blocks], |block| block.played.full_dbfs);
        let loudest = loudest.max(self.block.played.full_dbfs);
        let least_loss = self.loss.db - SPREAD_DB;
        self.path.follow(captured, played, least_loss < self.margin_db);
        let followed = self.path.expected_dbfs().map_or(SILENT_DBFS, |expected| expected + SPREAD_DB);
        if loudest.max(followed) <= SILENT_DBFS {
            return f32::INFINITY;
        }
        let margin = if self.path.was_heard_out() { self.margin_db } else { self.margin_db.min(UNKNOWN_LOSS_DB) };
        let unfollowed = loudest - margin.max(least_loss);
        captured.full_dbfs - unfollowed.max(followed)
    }

    fn close_block(&mut self) {
        let window = 2 * self.tail_blocks;
        self.blocks[..window].rotate_right(1);
        self.blocks[0] = std::mem::replace(&mut self.block, SILENT);
        self.filled = 0;
        let returned = loudest(&self.blocks[..window], |block| block.captured);
        let sent = loudest(&self.blocks[self.tail_blocks..window], |block| block.played.telephone_dbfs);
        if sent >= TELLING_DBFS {
            self.loss.learn(sent - returned);
        }
    }
}

fn loudest(blocks: &[Block], level: impl Fn(&Block) -> f32) -> f32 {
    blocks.iter().map(level).fold(SILENT_DBFS, f32::max)
}

/// The least loss that the echo path lately seemed to have.
struct ReturnLoss {
    db: f32,
    memory: [f32; MEMORY_BLOCKS],
    next: usize,
}

impl ReturnLoss {
    fn new() -> Self {
        Self { db: 0.0, memory: [0.0; MEMORY_BLOCKS], next: 0 }
    }

    fn learn(&mut self, loss_db: f32) {
        self.memory[self.next] = loss_db;
        self.next = (self.next + 1) % MEMORY_BLOCKS;
        self.db = self.memory.iter().copied().fold(f32::INFINITY, f32::min);
    }
}
