//! The last 8 s that a caller said, pauses included. Pure.

use std::time::{Duration, Instant};

use crate::{FRAME_SAMPLES, samples_in, settings::EndOfTurnSettings, smart_turn::SAMPLES};

/// What the gate in front of us needs to open, beyond the pre-roll: 60 ms of voiced frames, which come late.
const ONSET: Duration = Duration::from_millis(60);

/// A ring of what was heard; allocated when the first frame comes.
#[derive(Debug)]
pub(crate) struct Heard {
    ring: Vec<i16>,
    next: usize,
    filled: usize,
    is_open: bool,
    /// The turn is over: the next utterance begins another.
    is_over: bool,
    newest_at: Option<Instant>,
    hang_over: Duration,
    max_gap: Duration,
    new_turn_after: Duration,
    pre_roll: Duration,
}

impl Heard {
    pub(crate) fn new(settings: &EndOfTurnSettings, pre_roll: Duration) -> Self {
        Self {
            ring: Vec::new(),
            next: 0,
            filled: 0,
            is_open: false,
            is_over: false,
            newest_at: None,
            hang_over: settings.hang_over,
            max_gap: settings.max_gap,
            new_turn_after: settings.new_turn_after,
            pre_roll,
        }
    }

    /// Speech again: the silence since the last frame, which nobody brought, is put in its place.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.is_open = true;
        if std::mem::take(&mut self.is_over) {
            self.filled = 0;
            return;
        }
        let Some(newest_at) = self.newest_at else { return };
        let brought = self.pre_roll + ONSET;
        let gap = now.saturating_duration_since(newest_at).saturating_sub(brought);
        if gap >= self.new_turn_after {
            self.filled = 0;
        } else {
            self.silence(gap.min(self.max_gap));
        }
    }

    pub(crate) fn push(&mut self, frame: &[i16], now: Instant) {
        self.newest_at = Some(now);
        self.append(frame);
    }

    pub(crate) fn end(&mut self) {
        self.is_open = false;
    }

    /// The next utterance belongs to another turn. One that is under way belongs to the old one and is added to it; what
    /// was heard last is kept until then, for it may still be scored.
    pub(crate) fn turn_over(&mut self) {
        self.is_over = !self.is_open;
    }

    /// What was heard, at most 8 s, with `silence` at its end.
    pub(crate) fn last(&self, silence: Duration) -> Vec<i16> {
        let missing = if self.is_open { Duration::ZERO } else { silence.saturating_sub(self.hang_over) };
        let missing = samples_in(missing).min(SAMPLES);
        let kept = self.filled.min(SAMPLES - missing);
        let mut last = Vec::with_capacity(kept + missing);
        if kept > 0 {
            let from = (self.next + SAMPLES - kept) % SAMPLES;
            let (to_the_end, from_the_start) =
                if from < self.next { (from..self.next, 0..0) } else { (from..SAMPLES, 0..self.next) };
            last.extend_from_slice(&self.ring[to_the_end]);
            last.extend_from_slice(&self.ring[from_the_start]);
        }
        last.resize(kept + missing, 0);
        last
    }

    fn silence(&mut self, length: Duration) {
        const PIECE: [i16; FRAME_SAMPLES] = [0; FRAME_SAMPLES];
        let mut left = samples_in(length).min(SAMPLES);
        while left > 0 {
            let piece = left.min(PIECE.len());
            self.append(&PIECE[..piece]);
            left -= piece;
        }
    }

    fn append(&mut self, samples: &[i16]) {
        if self.ring.is_empty() {
            self.ring = vec![0; SAMPLES];
        }
        let (head, tail) = samples.split_at(samples.len().min(SAMPLES - self.next));
        self.ring[self.next..][..head.len()].copy_from_slice(head);
        self.ring[..tail.len()].copy_from_slice(tail);
        self.next = (self.next + samples.len()) % SAMPLES;
        self.filled = (self.filled + samples.len()).min(SAMPLES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: usize = 16;

    fn heard() -> Heard {
        Heard::new(&EndOfTurnSettings::default(), Duration::from_millis(300))
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// An utterance of frames that all have the value `value`.
    fn speak(heard: &mut Heard, value: i16, frames: usize, now: Instant) {
        heard.begin(now);
        (0..frames).for_each(|_| heard.push(&[value; 320], now));
        heard.end();
    }

    #[test]
    fn nothing_was_heard_before_the_first_frame_and_nothing_is_allocated() {
        let mut heard = heard();
        heard.begin(Instant::now());
        assert!(heard.last(Duration::ZERO).is_empty());
        assert_eq!(heard.ring.capacity(), 0);
    }

    #[test]
    fn of_a_long_utterance_the_last_eight_seconds_are_kept_in_order() {
        let (mut heard, now) = (heard(), Instant::now());
        heard.begin(now);
        for nth in 0..500_i16 {
            heard.push(&[nth; 320], now);
        }
        let last = heard.last(Duration::ZERO);
        assert_eq!((last.len(), last[0], last[SAMPLES - 1]), (SAMPLES, 100, 499));
        assert!(last.is_sorted());
    }

    #[test]
    fn silence_that_did_not_come_as_audio_is_added_once_the_utterance_is_over() {
        let (mut heard, now) = (heard(), Instant::now());
        heard.begin(now);
        heard.push(&[7; 320], now);
        assert_eq!(heard.last(ms(600)).len(), 320);
        heard.end();
        assert_eq!(heard.last(ms(200)).len(), 320);
        let last = heard.last(ms(600));
        assert_eq!(last.len(), 320 + 360 * MS);
        assert!(last[320..].iter().all(|&sample| sample == 0));
        assert_eq!(heard.last(Duration::MAX), vec![0; SAMPLES]);
    }

    #[test]
    fn a_gap_between_utterances_is_kept_less_what_the_pre_roll_brings_again() {
        let (mut heard, now) = (heard(), Instant::now());
        speak(&mut heard, 1, 1, now);
        speak(&mut heard, 2, 1, now + ms(760));
        let last = heard.last(Duration::ZERO);
        assert_eq!(last.len(), 2 * 320 + 400 * MS);
        assert_eq!((last[319], last[320], last[last.len() - 320]), (1, 0, 2));
    }

    #[test]
    fn a_long_gap_is_shortened_and_a_very_long_one_begins_a_new_turn() {
        let (mut heard, now) = (heard(), Instant::now());
        speak(&mut heard, 1, 1, now);
        speak(&mut heard, 2, 1, now + ms(3_000));
        assert_eq!(heard.last(Duration::ZERO).len(), 2 * 320 + 1_000 * MS);
        speak(&mut heard, 3, 1, now + ms(3_000 + 4_360));
        assert_eq!(heard.last(Duration::ZERO), [3; 320]);
    }

    #[test]
    fn a_turn_that_is_over_is_forgotten_unless_it_goes_on() {
        let (mut heard, now) = (heard(), Instant::now());
        speak(&mut heard, 1, 1, now);
        heard.begin(now + ms(400));
        heard.turn_over();
        heard.push(&[2; 320], now + ms(400));
        heard.end();
        assert_eq!(heard.last(Duration::ZERO).len(), 2 * 320 + 40 * MS);
        heard.turn_over();
        speak(&mut heard, 3, 1, now + ms(900));
        assert_eq!(heard.last(Duration::ZERO), [3; 320]);
    }

    #[test]
    fn an_answer_that_came_before_the_turn_was_over_can_still_be_scored() {
        let (mut heard, now) = (heard(), Instant::now());
        speak(&mut heard, 1, 2, now);
        heard.turn_over();
        assert_eq!(heard.last(Duration::ZERO), [1; 640]);
    }

    proptest::proptest! {
        #[test]
        fn the_ring_holds_what_a_plain_list_holds(lengths in proptest::collection::vec(1_usize..=320, 0..1_000)) {
            let (mut heard, mut list, now) = (heard(), Vec::new(), Instant::now());
            heard.begin(now);
            for (nth, length) in (1_i16..).zip(lengths) {
                heard.push(&vec![nth; length], now);
                list.extend(vec![nth; length]);
            }
            assert_eq!(heard.last(Duration::ZERO), list[list.len().saturating_sub(SAMPLES)..]);
        }
    }
}
