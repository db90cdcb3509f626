//! In which pieces the latent sequence of a sentence becomes sound. Pure.

use std::ops::Range;

use super::split::Context;

/// Frames of a piece, by its place in the sentence; the last of these goes for all that follow. A frame is 12 ms at
/// 22,050 Hz, and with Piper's medium quality on one core of a server takes 1.05 ms. Measured so, the second piece is
/// ready when 60 to 110 ms of the first are still to be heard, although 45 ms or more of silence are cut from its
/// front, and the third with 130 ms or more. Longer pieces come late on a slower machine, shorter ones are context for
/// the most part.
const FRAMES: [usize; 5] = [14, 16, 40, 100, 250];
/// A sentence that is no longer, two words in three quarters of a second, is one piece: it is computed soon enough, and
/// its own level can be heeded, which is up to 4 dB from that of longer ones.
const ONE_PIECE: usize = 64;

/// A piece of the sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Frames to be spoken.
    pub spoken: Range<usize>,
    /// Frames that the vocoder is given: the same and their context.
    pub heard: Range<usize>,
}

impl Chunk {
    /// `spoken` and its context in a sequence of `frames`.
    pub fn of(spoken: Range<usize>, context: Context, frames: usize) -> Self {
        let heard = spoken.start.saturating_sub(context.before)..frames.min(spoken.end + context.behind);
        Self { spoken, heard }
    }
}

/// The pieces of a sequence of `frames`, small ones first.
pub fn chunks(frames: usize, context: Context) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut begin = 0;
    while begin < frames {
        let size = FRAMES[chunks.len().min(FRAMES.len() - 1)];
        // A last piece shorter than the first would be context for the most part.
        let is_last = begin + size + FRAMES[0] > frames || frames <= ONE_PIECE;
        let end = if is_last { frames } else { begin + size };
        chunks.push(Chunk::of(begin..end, context, frames));
        begin = end;
    }
    chunks
}

/// All of a sequence of `frames`, if there are any.
pub fn one(frames: usize) -> Vec<Chunk> {
    if frames == 0 { Vec::new() } else { vec![Chunk { spoken: 0..frames, heard: 0..frames }] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: Context = Context { before: 12, behind: 11 };

    #[test]
    fn the_first_piece_is_small_and_the_next_ones_grow() {
        let spoken: Vec<Range<usize>> = chunks(700, CONTEXT).into_iter().map(|chunk| chunk.spoken).collect();
        assert_eq!(spoken, [0..14, 14..30, 30..70, 70..170, 170..420, 420..670, 670..700]);
    }

    #[test]
    fn each_piece_is_heard_with_its_context_as_far_as_there_is_any() {
        assert_eq!(
            chunks(65, CONTEXT),
            [
                Chunk { spoken: 0..14, heard: 0..25 },
                Chunk { spoken: 14..30, heard: 2..41 },
                Chunk { spoken: 30..65, heard: 18..65 },
            ]
        );
    }

    #[test]
    fn a_rest_shorter_than_the_first_piece_is_spoken_with_the_piece_before() {
        let last = |frames| chunks(frames, CONTEXT).pop().unwrap().spoken;
        assert_eq!((last(83), last(84)), (30..83, 70..84));
    }

    #[test]
    fn a_sentence_of_two_words_is_one_piece() {
        assert_eq!(chunks(64, CONTEXT), one(64));
        assert_eq!(one(64), [Chunk { spoken: 0..64, heard: 0..64 }]);
        assert_eq!((chunks(0, CONTEXT), one(0)), (vec![], vec![]));
    }

    #[test]
    fn every_frame_is_spoken_once_and_in_order() {
        for frames in 0..3_000 {
            let mut next = 0;
            for chunk in chunks(frames, CONTEXT) {
                assert_eq!(chunk.spoken.start, next);
                assert!(!chunk.spoken.is_empty());
                let least = next.saturating_sub(CONTEXT.before)..frames.min(chunk.spoken.end + CONTEXT.behind);
                assert_eq!(chunk.heard, least);
                next = chunk.spoken.end;
            }
            assert_eq!(next, frames);
        }
    }
}
