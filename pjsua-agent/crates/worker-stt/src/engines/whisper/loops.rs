//! Whisper's way to fail: it says the same again and again, until something stops it.

use std::collections::HashMap;

/// Tokens that a person says in a second, at the most; people who read aloud stay below 4.5.
const FASTEST_TOKENS_PER_SECOND: f32 = 5.5;

/// Nobody says a word twice in less, with the 0.2 s before the first sound: "nine", alone, is written "9 9" at times.
const SHORTEST_TWICE_SECONDS: f32 = 1.0;

/// Tokens that read alike: of each token that begins as the others do in all but case, the first; of all without a letter or
/// a digit, the same one.
pub(super) struct Alike(Vec<i32>);

impl Alike {
    /// Of a vocabulary whose tokens read so, in their order.
    pub(super) fn of<'a>(tokens: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut first = HashMap::new();
        let mut alike = Vec::new();
        for (id, text) in (0..).zip(tokens) {
            // A part of a letter reads like nothing else.
            let same = text.map_or(id, |text| {
                let has_words = text.contains(char::is_alphanumeric);
                let key = if has_words { text.to_lowercase() } else { String::new() };
                *first.entry(key).or_insert(id)
            });
            alike.push(same);
        }
        Self(alike)
    }

    /// What stands for `token`.
    pub(super) fn standing_for(&self, token: i32) -> i32 {
        usize::try_from(token).ok().and_then(|token| self.0.get(token)).copied().unwrap_or(token)
    }
}

/// How many of `tokens` were said before the decoder began to repeat itself; `None` while it does not.
///
/// `seconds` is the length of the audio. People repeat themselves as well ("hello? hello?", "five five five"): so a short
/// piece may come more often than a long one, and what there is time for is believed.
pub(super) fn said_before_loop(tokens: &[i32], seconds: f32) -> Option<usize> {
    let is_hasty = tokens.len() as f32 > FASTEST_TOKENS_PER_SECOND * seconds.max(1.0);
    (1..=tokens.len() / 2).find_map(|period| {
        let repeats = repeats(tokens, period);
        let is_all = repeats * period == tokens.len();
        let believed = match (period, is_hasty) {
            (1 | 2, _) if is_all && seconds < SHORTEST_TWICE_SECONDS => 1,
            (1, false) => 7,
            (1, true) => 4,
            (2 | 3, false) => 3,
            (2 | 3, true) => 2,
            (_, false) => 2,
            (_, true) => 1,
        };
        // Of a loop one is believed: the first.
        (repeats > believed).then(|| start(tokens, period) + period)
    })
}

/// How often the last `period` tokens come one behind the other at the end.
fn repeats(tokens: &[i32], period: usize) -> usize {
    let last = &tokens[tokens.len() - period..];
    tokens.rchunks_exact(period).take_while(|piece| *piece == last).count()
}

/// Where that begins which comes again after `period` tokens, up to the end.
fn start(tokens: &[i32], period: usize) -> usize {
    let again = tokens.iter().zip(&tokens[period..]).rev().take_while(|(token, later)| token == later).count();
    tokens.len() - period - again
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(times: usize) -> Vec<i32> {
        [1, 2, 3, 4, 5, 6].repeat(times)
    }

    #[test]
    fn a_sentence_that_comes_again_without_time_for_it_was_said_once() {
        assert_eq!(said_before_loop(&sentence(1), 2.0), None);
        assert_eq!(said_before_loop(&sentence(2), 2.0), Some(6));
        assert_eq!(said_before_loop(&sentence(2), 4.0), None, "he had time to say it twice");
        assert_eq!(said_before_loop(&sentence(3), 8.0), Some(6));
    }

    #[test]
    fn digits_and_greetings_are_said_more_than_once() {
        assert_eq!(said_before_loop(&[5, 5, 5], 1.0), None);
        assert_eq!(said_before_loop(&[5, 5], 0.9), Some(1), "no time for two");
        assert_eq!(said_before_loop(&[9, 5, 5], 0.9), None);
        assert_eq!(said_before_loop(&[5; 7], 3.0), None);
        assert_eq!(said_before_loop(&[5; 8], 3.0), Some(1));
        assert_eq!(said_before_loop(&[9, 5, 5, 5, 5, 5, 5], 1.0), Some(2));
        assert_eq!(said_before_loop(&[7, 8, 7, 8], 1.0), None, "hello? hello?");
        assert_eq!(said_before_loop(&[7, 8, 7, 8, 7, 8], 0.5), Some(2));
    }

    #[test]
    fn the_same_words_read_alike_however_they_are_written() {
        let alike =
            Alike::of([" Where", " where", ",", "?", " is", " Is", "where"].map(Some).into_iter().chain([None]));
        let plain: Vec<i32> = (0..9).map(|token| alike.standing_for(token)).collect();
        assert_eq!(plain, [0, 0, 2, 2, 4, 4, 6, 7, 8]);
    }

    #[test]
    fn what_was_said_before_the_loop_is_kept() {
        let mut tokens = vec![11, 12, 13];
        tokens.extend(sentence(2));
        assert_eq!(said_before_loop(&tokens, 1.0), Some(9));
        assert_eq!(said_before_loop(&[], 1.0), None);
        let seen_late = [&sentence(2)[..], &[1, 2]].concat();
        assert_eq!(said_before_loop(&seen_late, 2.3), Some(6), "nothing of the second time");
    }
}
