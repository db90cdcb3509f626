//! The tools of the what-if: they answer as on the day.

use std::time::Duration;

use conversation::{Action, Input, Instant, Spoken, ToolCallId};

use super::words::median;
use crate::journal::{Step, What};

/// What a tool says that was not called on the day.
const STAND_IN: &str = "An outcome that was not recorded.";

/// One call of a tool on the day; `answer` is how long it took, what it said, and whether it failed.
#[derive(Clone, Debug)]
struct Recorded {
    call: ToolCallId,
    name: String,
    arguments: Spoken,
    called: Instant,
    answer: Option<(Duration, Spoken, bool)>,
}

/// All tools.
#[derive(Debug)]
pub(super) struct Tools {
    recorded: Vec<Recorded>,
    typical: Duration,
}

impl Tools {
    pub(super) fn of(steps: &[Step]) -> Tools {
        let mut recorded: Vec<Recorded> = Vec::new();
        for Step { at, what } in steps {
            match what {
                What::Action(Action::CallTool { call, name, arguments, .. }) => recorded.push(Recorded {
                    call: *call,
                    name: name.clone(),
                    arguments: arguments.clone(),
                    called: *at,
                    answer: None,
                }),
                What::Input(Input::ToolResult { call, outcome, failed }) => {
                    if let Some(tool) = recorded.iter_mut().find(|tool| tool.call == *call) {
                        tool.answer = Some((*at - tool.called, outcome.clone(), *failed));
                    }
                }
                What::Input(_) | What::Action(_) | What::Timeout(_) => {}
            }
        }
        let waits = recorded.iter().filter_map(|tool| tool.answer.as_ref()).map(|(wait, ..)| *wait).collect();
        Tools { typical: median(waits, Duration::from_millis(300)), recorded }
    }

    /// What the tool said on the day to the same arguments, and after how long; of several calls the one of that number.
    pub(super) fn call(&self, call: ToolCallId, name: &str, arguments: &str) -> Option<(Duration, Input)> {
        let same = self.recorded.iter().filter(|tool| tool.name == name && tool.arguments == *arguments);
        let answered = same.filter_map(|tool| Some((tool.call, tool.answer.as_ref()?)));
        let (_, (wait, outcome, failed)) = answered.min_by_key(|(of, _)| *of != call)?;
        Some((*wait, Input::ToolResult { call, outcome: outcome.clone(), failed: *failed }))
    }

    /// Something in place of an outcome that nobody knows.
    pub(super) fn stand_in(&self, call: ToolCallId) -> (Duration, Input) {
        (self.typical, Input::ToolResult { call, outcome: STAND_IN.into(), failed: true })
    }
}
