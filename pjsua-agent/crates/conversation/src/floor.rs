//! The one place where the floor passes from one room to another.

use crate::agent::Agent;
use crate::call::Call;
use crate::caller::Caller;
use crate::leaving::Leaving;
use crate::next::Next;
use crate::reply::ToolCall;
use crate::state::State;
use crate::{Act, Timer, TurnId};

/// Hands the floor on until somebody keeps it.
pub(crate) fn settle(next: Next, call: &mut Call) -> State {
    let mut next = next;
    loop {
        next = match next {
            Next::State(state) => return state,
            Next::Listen => Caller::listen(call).into(),
            Next::Hear => Caller::hear(call, true).into(),
            Next::HearOut { interjection, interrupts } => Caller::hear_out(call, interjection, interrupts).into(),
            Next::Press(key) => Caller::press_first(call, key),
            Next::Say(phrase) => Agent::say(call, &phrase),
            Next::SayBeforeHangingUp(phrase) => Agent::say_before_hanging_up(call, &phrase),
            Next::Apologise => Agent::apologise(call),
            Next::Ask(said) => Agent::ask(call, &said).into(),
            Next::Conclude(reply) => Agent::conclude(call, reply),
            Next::Release { reply, act, tools, done } => {
                let turn = reply.turn;
                let state = settle(Agent::release(call, reply, act, done), call);
                let state = tools.into_iter().fold(state, |state, tool| tool_called(state, call, turn, tool));
                if done { reply_done(state, call, turn) } else { state.into() }
            }
            Next::Close { reply, act, is_complete: false } => Leaving::Closing { reply, act }.into(),
            Next::Close { reply, act, is_complete: true } => Leaving::Closing { reply, act }.end_of_text(call).into(),
            Next::SayAnd(phrase, act) => Leaving::say_and(call, &phrase, act).into(),
            Next::Perform(act) => Leaving::perform(call, act).into(),
        }
    }
}

/// The call was answered: the notice, then the greeting.
pub(crate) fn call_answered(state: State, call: &mut Call) -> Next {
    match state {
        State::Unanswered => {
            call.timers.set(Timer::CallLimit, call.now + call.settings.bounds.max_call_duration);
            Agent::greet(call)
        }
        State::Caller(_) | State::Agent(_) | State::Leaving(_) | State::Ended => state.into(),
    }
}

/// The reply of `turn` is complete.
pub(crate) fn reply_done(state: State, call: &mut Call, turn: TurnId) -> Next {
    match state {
        State::Caller(caller) => caller.reply_done(call, turn).into(),
        State::Agent(agent) => agent.reply_done(call, turn),
        State::Leaving(leaving) => leaving.reply_done(call, turn).into(),
        State::Unanswered | State::Ended => state.into(),
    }
}

/// The reply of `turn` asks for a tool.
pub(crate) fn tool_called(state: State, call: &mut Call, turn: TurnId, tool: ToolCall) -> State {
    match state {
        State::Caller(caller) => State::Caller(caller.tool_called(turn, tool)),
        State::Agent(agent) => State::Agent(agent.tool_called(call, turn, tool)),
        State::Leaving(leaving) => State::Leaving(leaving.tool_called(call, turn, tool)),
        State::Unanswered | State::Ended => state,
    }
}

/// The human has the caller, perhaps later than we waited for it.
pub(crate) fn transfer_succeeded(state: State, call: &mut Call) -> Next {
    if !call.departure.was_asked_for() {
        return state.into();
    }
    match state {
        State::Leaving(Leaving::HungUp) | State::Ended => state.into(),
        State::Unanswered | State::Caller(_) | State::Agent(_) | State::Leaving(_) => {
            drop_everything(state, call);
            Next::Perform(Act::HangUp)
        }
    }
}

/// The call has lasted as long as one may.
pub(crate) fn time_is_up(state: State, call: &mut Call) -> Next {
    match state {
        State::Caller(_) | State::Agent(_) => {
            drop_everything(state, call);
            Next::SayAnd(call.settings.phrases.time_limit_goodbye.clone(), Act::HangUp)
        }
        State::Leaving(leaving) => leaving.time_is_up(call).into(),
        State::Unanswered | State::Ended => {
            call.departure.overdue = true;
            state.into()
        }
    }
}

/// Nothing is left to do but to stop the workers.
pub(crate) fn call_ended(state: State, call: &mut Call) -> Next {
    drop_everything(state, call);
    call.turns.flushing = None;
    call.cancel_left_tools();
    call.timers.clear_all();
    call.actions.retain(crate::Action::is_cancellation);
    State::Ended.into()
}

/// Ends what is going on without an answer; only the call's limit keeps running.
fn drop_everything(state: State, call: &mut Call) {
    match state {
        State::Caller(caller) => caller.leave(call),
        State::Agent(agent) => agent.leave(call),
        State::Leaving(leaving) => leaving.leave(call),
        State::Unanswered | State::Ended => {}
    }
    call.clear_floor();
}
