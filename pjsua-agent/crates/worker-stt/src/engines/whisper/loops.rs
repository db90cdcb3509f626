//! Whisper's way to fail: it says the same again and again, until something stops it.

/// Tokens that a person says in a second, at the most; people who read aloud stay below 4.5.
const FASTEST_TOKENS_PER_SECOND: f32 = 5.5;

/// How many of `tokens` were said before the decoder began to repeat itself; `None` while it does not.
///
/// `seconds` is the length of the audio. People repeat themselves as well ("hello? hello?", "five five five"): so a short
/// piece may come more often than a long one, and what there is time for is believed.
pub(super) fn said_before_loop(tokens: &[i32], seconds: f32) -> Option<usize> {
    let is_hasty = tokens.len() as f32 > FASTEST_TOKENS_PER_SECOND * seconds.max(1.0);
    (1..=tokens.len() / 2).find_map(|period| {
        let repeats = repeats(tokens, period);
        let believed = match (period, is_hasty) {
            (1, false) => 7,
            (1, true) => 4,
            (2 | 3, false) => 3,
            (2 | 3, true) => 2,
            (_, false) => 2,
            (_, true) => 1,
        };
        // Of a loop one is believed: the first.
        (repeats > believed).then(|| tokens.len() - (repeats - 1) * period)
    })
}

/// How often the last `period` tokens come one behind the other at the end.
fn repeats(tokens: &[i32], period: usize) -> usize {
    let last = &tokens[tokens.len() - period..];
    tokens.rchunks_exact(period).take_while(|piece| *piece == last).count()
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
        assert_eq!(said_before_loop(&[5; 7], 3.0), None);
        assert_eq!(said_before_loop(&[5; 8], 3.0), Some(1));
        assert_eq!(said_before_loop(&[9, 5, 5, 5, 5, 5, 5], 1.0), Some(2));
        assert_eq!(said_before_loop(&[7, 8, 7, 8], 1.0), None, "hello? hello?");
        assert_eq!(said_before_loop(&[7, 8, 7, 8, 7, 8], 0.5), Some(2));
    }

    #[test]
    fn what_was_said_before_the_loop_is_kept() {
        let mut tokens = vec![11, 12, 13];
        tokens.extend(sentence(2));
        assert_eq!(said_before_loop(&tokens, 1.0), Some(9));
        assert_eq!(said_before_loop(&[], 1.0), None);
    }
}
