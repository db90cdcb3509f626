//! The agent's turn is heard: how far it is, where it ends, where it stalls.

use super::{Agent, Interjection};
use crate::call::Call;
use crate::next::Next;
use crate::reply::{Afterword, Reply};
use crate::{Act, Action, ClauseId, Timer, TurnId};

impl Agent {
    pub(crate) fn clause_ready(mut self, call: &mut Call, turn: TurnId, clause: ClauseId, end_sample: u64) -> Self {
        let reply = self.reply_mut();
        if reply.turn == turn {
            reply.ledger.ready(clause, end_sample);
            self.watch_playout(call);
        }
        self
    }

    pub(crate) fn playout_progress(mut self, call: &mut Call, turn: TurnId, sample: u64) -> Self {
        if !self.reply_mut().advance(turn, sample) {
            return self;
        }
        self.watch_playout(call);
        match self {
            Self::Replying(reply) => {
                if !reply.awaits_tools() {
                    call.timers.clear(Timer::Filler);
                }
                Self::Speaking { reply, aside: None }
            }
            Self::Speaking { .. } | Self::Overlap { .. } => self,
        }
    }

    pub(crate) fn playout_drained(self, call: &mut Call, turn: TurnId) -> Next {
        let reply = self.reply();
        if reply.turn == turn && reply.ended { self.turn_over(call) } else { self.into() }
    }

    /// All of the running turn was heard.
    pub(super) fn turn_over(self, call: &mut Call) -> Next {
        match self {
            Self::Replying(reply) | Self::Speaking { reply, aside: None } => {
                call.complete(&reply);
                follow(call, &reply)
            }
            Self::Speaking { reply, aside: Some(interjection) } => {
                call.complete(&reply);
                hear_after(call, &reply, interjection)
            }
            Self::Overlap { reply, interjection } => {
                call.act(Action::ResumePlayout { turn: reply.turn });
                call.complete(&reply);
                hear_after(call, &reply, interjection)
            }
        }
    }

    /// The playout of the running turn died, or its end was lost on the way.
    pub(crate) fn playout_stalled(self, call: &mut Call) -> Next {
        match self {
            Self::Replying(mut reply) | Self::Speaking { mut reply, aside: None } => {
                if reply.ledger.position() == 0 && !reply.failed {
                    reply.failed = true;
                    reply.afterword = Some(Afterword::Failure);
                    call.turns.failed += 1;
                }
                call.interrupt(reply.clone());
                follow(call, &reply)
            }
            Self::Speaking { reply, aside: Some(interjection) } => {
                call.interrupt(reply.clone());
                hear_after(call, &reply, interjection)
            }
            Self::Overlap { .. } => self.into(),
        }
    }
}

/// The turn is over while something is heard of the caller.
fn hear_after(call: &mut Call, reply: &Reply, interjection: Interjection) -> Next {
    if interjection.confirmed && !interjection.is_settled {
        return Next::HearOut { interjection, interrupts: false };
    }
    interjection.cancel(call);
    follow(call, reply)
}

/// What the agent does after a turn that was played.
fn follow(call: &Call, reply: &Reply) -> Next {
    match reply.afterword {
        Some(Afterword::Failure) if call.keeps_failing() => Next::SayAnd(call.last_phrase(), call.way_out()),
        Some(Afterword::Failure) => Next::Apologise,
        Some(Afterword::HangUp) => Next::Perform(Act::HangUp),
        Some(Afterword::NoHuman) | None => Next::Listen,
    }
}
