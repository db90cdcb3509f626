//! The machine fed exactly as on the day.

use std::collections::VecDeque;
use std::time::Duration;

use conversation::{Action, Conversation, Instant};

use crate::journal::{Journal, What};

/// The first action that came out differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// When.
    pub at: Instant,
    /// What was asked for on the day.
    pub then: Option<Action>,
    /// What this version asks for.
    pub now: Option<Action>,
}

/// A silence is measured on the machine's clock, which the journal has to some microseconds only.
const CLOCK_SLACK: Duration = Duration::from_millis(2);

/// The same but for the clock's last digits.
pub(crate) fn is_same(one: &Action, other: &Action) -> bool {
    match (one, other) {
        (Action::ScoreEndOfTurn { pause, silence }, Action::ScoreEndOfTurn { pause: other, silence: as_long }) => {
            pause == other && silence.abs_diff(*as_long) <= CLOCK_SLACK
        }
        _ => one == other,
    }
}

/// How many actions came out as recorded, and the first that did not.
///
/// Actions are compared in their order only: the shell may tell the machine something while it still carries out the
/// actions before, so that recorded actions follow an input that they are no answer to.
pub(super) fn run(journal: &Journal) -> (usize, Option<Mismatch>) {
    let mut machine = Conversation::new(journal.settings.clone());
    let mut produced: VecDeque<(Instant, Action)> = VecDeque::new();
    let mut count = 0;
    let mut has_ended = false;
    for step in &journal.steps {
        match &step.what {
            What::Input(input) => {
                has_ended |= *input == conversation::Input::CallEnded;
                machine.handle_input(input.clone(), step.at);
            }
            What::Timeout(_) => machine.handle_timeout(step.at),
            What::Action(action) => {
                let now = produced.pop_front();
                if !now.as_ref().is_some_and(|(_, now)| is_same(action, now)) {
                    let at = now.as_ref().map_or(step.at, |(at, _)| *at);
                    let now = now.map(|(_, now)| now);
                    return (count, Some(Mismatch { at, then: Some(action.clone()), now }));
                }
                count += 1;
                continue;
            }
        }
        produced.extend(std::iter::from_fn(|| machine.poll_action()).map(|action| (step.at, action)));
    }
    // A journal that was cut may lack the last actions.
    let left = produced.pop_front().filter(|_| has_ended);
    (count, left.map(|(at, now)| Mismatch { at, then: None, now: Some(now) }))
}
