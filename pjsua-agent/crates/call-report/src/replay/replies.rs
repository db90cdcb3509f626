//! The model of the what-if: the replies of the day.

use std::collections::BTreeMap;
use std::time::Duration;

use conversation::{Action, Input, Instant, Stage, TurnId};

use super::words::median;
use crate::journal::{Step, What};

/// A reply that answers the same words is asked for within this time of the recorded one, or it is another one. 4 s:
/// the longest wait for the end of a turn, the transcript, and some.
const SAME_REPLY: Duration = Duration::from_secs(4);

/// What is said where the record has no reply.
pub(super) const STAND_IN: &str = "A reply that was not recorded.";

/// What is asked of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The small model's first clause.
    Opening,
    Reply,
    /// The rest of a reply, with the outcome of the tools that it asked for.
    Rest,
}

/// One request of the day: what came of it, and how long after it was asked for.
#[derive(Clone, Debug)]
struct Recorded {
    request: Request,
    asked: Instant,
    after_sounds: usize,
    pieces: Vec<(Duration, Input)>,
}

impl Recorded {
    fn is_complete(&self) -> bool {
        let ends = |piece: &Input| matches!(piece, Input::ReplyDone { .. } | Input::ToolCall { .. });
        self.request == Request::Opening || self.pieces.iter().any(|(_, piece)| ends(piece))
    }
}

/// What `action` asks of a model, and for which turn.
fn request_of(action: &Action) -> Option<(TurnId, Request)> {
    match action {
        Action::StartPreResponse { turn } => Some((*turn, Request::Opening)),
        Action::StartReply { turn, .. } => Some((*turn, Request::Reply)),
        Action::ContinueReply { turn } => Some((*turn, Request::Rest)),
        _ => None,
    }
}

/// The model.
#[derive(Debug)]
pub(super) struct Replies {
    recorded: Vec<Recorded>,
    typical: Duration,
}

impl Replies {
    pub(super) fn of(steps: &[Step]) -> Replies {
        let mut running: BTreeMap<TurnId, Recorded> = BTreeMap::new();
        let mut recorded = Vec::new();
        let mut sounds = 0;
        for Step { at, what } in steps {
            match what {
                What::Action(action) => {
                    let Some((turn, request)) = request_of(action) else { continue };
                    let asked = Recorded { request, asked: *at, after_sounds: sounds, pieces: Vec::new() };
                    recorded.extend(running.insert(turn, asked));
                }
                What::Input(Input::SpeechEnded { .. }) => sounds += 1,
                What::Input(input) => {
                    let Some(turn) = turn_of(input) else { continue };
                    if let Some(reply) = running.get_mut(&turn) {
                        reply.pieces.push((*at - reply.asked, input.clone()));
                    }
                }
                What::Timeout(_) => {}
            }
        }
        recorded.extend(running.into_values());
        recorded.sort_by_key(|reply| reply.asked);
        let firsts = recorded.iter().filter_map(|reply| reply.pieces.first()).map(|(after, _)| *after);
        Replies { typical: median(firsts.collect(), Duration::from_millis(300)), recorded }
    }

    /// What `turn` answers that is asked for at `at`, after so many falls into silence; each piece with its delay.
    /// Nothing when the day has no such reply.
    pub(super) fn find(
        &self,
        turn: TurnId,
        at: Instant,
        after_sounds: usize,
        request: Request,
    ) -> Option<Vec<(Duration, Input)>> {
        let distance = |reply: &Recorded| at.since_answer().abs_diff(reply.asked.since_answer());
        let candidates = self.recorded.iter().filter(|reply| {
            let is_near = reply.after_sounds == after_sounds || distance(reply) < SAME_REPLY;
            reply.request == request && is_near && !reply.pieces.is_empty()
        });
        let rank = |reply: &&Recorded| (reply.after_sounds != after_sounds, !reply.is_complete(), distance(reply));
        let found = candidates.min_by_key(rank)?;
        Some(found.pieces.iter().map(|(after, piece)| (*after, renumbered(piece.clone(), turn))).collect())
    }

    /// Something in place of a reply that was never given.
    pub(super) fn stand_in(&self, turn: TurnId) -> Vec<(Duration, Input)> {
        vec![
            (self.typical, Input::ReplyDelta { turn, text: STAND_IN.into() }),
            (self.typical, Input::ReplyDone { turn }),
        ]
    }
}

/// The turn that the model speaks of.
pub(super) fn turn_of(input: &Input) -> Option<TurnId> {
    match input {
        Input::PreResponse { turn, .. }
        | Input::ReplyDelta { turn, .. }
        | Input::ReplyAct { turn, .. }
        | Input::ToolCall { turn, .. }
        | Input::ReplyDone { turn } => Some(*turn),
        Input::WorkerFailed { stage: Stage::Llm, turn, .. } => *turn,
        _ => None,
    }
}

fn renumbered(input: Input, turn: TurnId) -> Input {
    match input {
        Input::PreResponse { text, .. } => Input::PreResponse { turn, text },
        Input::ReplyDelta { text, .. } => Input::ReplyDelta { turn, text },
        Input::ReplyAct { act, .. } => Input::ReplyAct { turn, act },
        Input::ToolCall { call, name, arguments, on_barge_in, .. } => {
            Input::ToolCall { turn, call, name, arguments, on_barge_in }
        }
        Input::ReplyDone { .. } => Input::ReplyDone { turn },
        Input::WorkerFailed { stage, utterance, .. } => Input::WorkerFailed { stage, utterance, turn: Some(turn) },
        other => other,
    }
}
