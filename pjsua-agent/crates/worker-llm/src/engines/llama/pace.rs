//! How much of new prompts one step may compute. Pure.
//!
//! A caller whose prompt is not computed yet hears nothing; one whose reply is being written listens to what was written a
//! while ago. So a step may take as long as the replies are ahead of the mouth, and no longer.

use std::time::Duration;

/// What a token takes to be said: English is spoken with 150 words a minute, of 1.3 to 1.6 tokens each.
const SPOKEN_TOKEN: Duration = Duration::from_millis(250);
/// A reply so far ahead of its mouth can wait while prompts are computed.
pub const AMPLE: Duration = Duration::from_secs(4);
/// But for no longer: the daemon gives a reply up whose next token does not come for three seconds.
pub const LONGEST_REST: Duration = Duration::from_millis(1_500);
/// What a step may take when no reply is written: a request that comes meanwhile waits for its end. Small steps cost: the
/// weights are read for each.
const LONGEST_STEP: Duration = Duration::from_secs(1);
/// What prompts may add to a step in any case.
const SHORTEST_STEP: Duration = Duration::from_millis(200);
/// Below so many tokens a step takes hardly less time.
const LEAST_TOKENS: usize = 16;
/// A prompt overtakes those that are shorter by a second of work when it has waited so many seconds longer.
const AGEING: f32 = 4.0;
/// How much a new measurement counts.
const LEARNING: f32 = 0.3;

/// The speed of this machine with this model.
#[derive(Debug)]
pub struct Pace {
    prompt_tokens_per_second: f32,
    /// Nothing was measured yet.
    is_guessed: bool,
    /// How long a request has its place.
    stay: Duration,
}

impl Default for Pace {
    /// Two older cores with half a billion parameters.
    fn default() -> Self {
        Pace { prompt_tokens_per_second: 100.0, is_guessed: true, stay: Duration::ZERO }
    }
}

impl Pace {
    /// A step with so many tokens of prompts took so long.
    pub fn learn(&mut self, prompt_tokens: usize, took: Duration) {
        if prompt_tokens >= LEAST_TOKENS && !took.is_zero() {
            let speed = prompt_tokens as f32 / took.as_secs_f32();
            self.prompt_tokens_per_second += LEARNING * (speed - self.prompt_tokens_per_second);
            self.is_guessed = false;
        }
    }

    /// A request had its place for so long.
    pub fn learn_stay(&mut self, stay: Duration) {
        self.stay = self.stay.mul_f32(1.0 - LEARNING) + stay.mul_f32(LEARNING);
    }

    /// How long a request waits for a place that all `at_once` have and `ahead` others wait for.
    pub fn until_placed(&self, ahead: usize, at_once: usize) -> Duration {
        self.stay.mul_f32((ahead + 1) as f32 / at_once as f32)
    }

    /// Which of the waiting prompts are not computed in time: of each, in their order, the tokens that are left and how long
    /// its caller still waits. Never the first, for which nobody makes room by leaving, and none for whom the time would not
    /// be enough alone: what is computed of it now serves its next turn.
    pub fn too_late(&self, waiting: &[(usize, Option<Duration>)]) -> Vec<usize> {
        if self.is_guessed {
            return Vec::new();
        }
        let takes = |tokens: usize| Duration::from_secs_f32(tokens as f32 / self.prompt_tokens_per_second);
        let mut before = 0;
        let mut late = Vec::new();
        for (at, &(left, patience)) in waiting.iter().enumerate() {
            if at > 0 && patience.is_some_and(|patience| takes(before + left) > patience && takes(left) <= patience) {
                late.push(at);
            } else {
                before += left;
            }
        }
        late
    }

    /// Tokens of prompts for the next step, when the reply that is least ahead of its mouth is `ahead` by so much; `None`:
    /// none is written.
    pub fn room(&self, ahead: Option<Duration>) -> usize {
        let step = ahead.map_or(LONGEST_STEP, |ahead| (ahead / 2).clamp(SHORTEST_STEP, LONGEST_STEP));
        let tokens = (self.prompt_tokens_per_second * step.as_secs_f32()) as usize;
        tokens.max(LEAST_TOKENS)
    }

    /// Whose prompt comes first, the smaller: who has little left, and who has waited long.
    pub fn rank(&self, tokens_left: usize, waited: Duration) -> f32 {
        tokens_left as f32 / self.prompt_tokens_per_second - waited.as_secs_f32() / AGEING
    }
}

/// How far a reply of so many tokens, the first of them so long ago, is ahead of its mouth.
pub fn ahead(tokens: u32, since_first: Duration) -> Duration {
    (SPOKEN_TOKEN * tokens).saturating_sub(since_first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_lasts_as_long_as_the_replies_are_ahead() {
        let mut pace = Pace::default();
        for _ in 0..30 {
            pace.learn(200, Duration::from_secs(1));
        }
        assert_eq!(pace.room(None), 199, "a second, nearly learnt");
        assert_eq!(pace.room(Some(Duration::from_secs(10))), 199);
        assert_eq!(pace.room(Some(Duration::from_millis(800))), 79);
        assert_eq!(pace.room(Some(Duration::ZERO)), 39);
        pace.learn(3, Duration::from_secs(9));
        assert_eq!(pace.room(None), 199, "a few tokens tell nothing");
    }

    #[test]
    fn a_slow_machine_goes_on_all_the_same() {
        let mut pace = Pace::default();
        for _ in 0..30 {
            pace.learn(16, Duration::from_secs(4));
        }
        assert_eq!(pace.room(Some(Duration::ZERO)), LEAST_TOKENS);
    }

    #[test]
    fn a_short_prompt_passes_a_long_one_that_has_not_waited_long() {
        let pace = Pace::default();
        let second = Duration::from_secs(1);
        assert!(pace.rank(20, Duration::ZERO) < pace.rank(200, second));
        assert!(pace.rank(20, Duration::ZERO) > pace.rank(200, 8 * second));
    }

    #[test]
    fn who_would_give_up_behind_others_is_told_at_once() {
        let mut pace = Pace::default();
        let within = |ms| Some(Duration::from_millis(ms));
        let waiting = [(100, within(500)), (100, within(1_900)), (100, within(2_500)), (300, None), (500, within(100))];
        assert_eq!(pace.too_late(&waiting), [0; 0], "nothing was measured yet");
        for _ in 0..30 {
            pace.learn(100, Duration::from_secs(1));
        }
        assert_eq!(
            pace.too_late(&waiting),
            [1],
            "the third has the time of the second; alone the last has none either"
        );
    }

    #[test]
    fn a_place_is_waited_for_as_long_as_others_have_theirs() {
        let mut pace = Pace::default();
        assert_eq!(pace.until_placed(3, 4), Duration::ZERO, "nothing was measured yet");
        for _ in 0..30 {
            pace.learn_stay(Duration::from_secs(2));
        }
        assert_eq!(pace.until_placed(0, 4).as_millis(), 499);
        assert_eq!(pace.until_placed(3, 4).as_millis(), 1_999);
    }

    #[test]
    fn ten_tokens_last_two_and_a_half_seconds() {
        assert_eq!(ahead(10, Duration::from_millis(500)), Duration::from_secs(2));
        assert_eq!(ahead(1, Duration::from_secs(2)), Duration::ZERO);
    }
}
