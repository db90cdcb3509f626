//! Which input, and which deadline, is whose: by what has happened, then by who has the floor.

use crate::agent::Agent;
use crate::call::Call;
use crate::caller::{Caller, key};
use crate::leaving::Leaving;
use crate::next::Next;
use crate::reply::ToolCall;
use crate::state::State;
use crate::{Input, Stage, Timer, TurnId, UtteranceId, floor};

pub(crate) fn take_input(state: State, call: &mut Call, input: Input) -> Next {
    match input {
        Input::CallAnswered => floor::call_answered(state, call),
        Input::SpeechStarted => heard(state, call, Caller::speech_started, Agent::speech_started),
        Input::SpeechConfirmed => heard(state, call, Caller::speech_confirmed, Agent::speech_confirmed),
        Input::SpeechDismissed => heard(state, call, Caller::speech_dismissed, Agent::speech_dismissed),
        Input::SpeechEnded { silence } => {
            heard(state, call, |it, call| it.speech_ended(call, silence), |it, call| it.speech_ended(call, silence))
        }
        Input::EndOfTurnScore { pause, per_mille } => {
            of_caller(state, call, |caller, call| caller.end_of_turn_score(call, pause, per_mille))
        }
        Input::PartialTranscript { utterance, text } => heard(
            state,
            call,
            |caller, call| caller.partial_transcript(call, utterance, &text),
            |agent, call| agent.partial_transcript(call, utterance, &text),
        ),
        Input::FinalTranscript { utterance, text, confidence_per_mille: confidence } => heard(
            state,
            call,
            |caller, call| caller.final_transcript(call, utterance, &text, confidence),
            |agent, call| agent.final_transcript(call, utterance, &text, confidence),
        ),
        Input::Dtmf { digit } => match key(digit.0) {
            Some(key) => heard(state, call, |it, call| it.key_pressed(call, key), |it, call| it.key_pressed(call, key)),
            None => state.into(),
        },
        Input::PreResponse { turn, text } => heard(
            state,
            call,
            |caller, call| caller.pre_response(call, turn, &text),
            |agent, call| agent.pre_response(call, turn, &text),
        ),
        Input::ReplyDelta { turn, text } => said(
            state,
            call,
            |caller, call| caller.reply_delta(call, turn, &text),
            |agent, call| agent.reply_delta(call, turn, &text),
            |leaving, call| leaving.reply_delta(call, turn, &text),
        ),
        Input::ReplyAct { turn, act } => {
            heard(state, call, |it, _| it.reply_act(turn, act), |it, call| it.reply_act(call, turn, act))
        }
        Input::ToolCall { turn, call: id, name, arguments, on_barge_in } => {
            floor::tool_called(state, call, turn, ToolCall { call: id, name, arguments, on_barge_in }).into()
        }
        Input::ToolResult { call: id, outcome, failed } => said(
            state,
            call,
            |caller, call| caller.tool_answered(call, id, &outcome, failed),
            |agent, call| agent.tool_answered(call, id, &outcome, failed),
            |leaving, call| leaving.tool_answered(call, id, &outcome, failed),
        ),
        Input::ReplyDone { turn } => floor::reply_done(state, call, turn),
        Input::ClauseReady { turn, clause, end_sample: end } => {
            call.turns.note_ready(turn, clause, end);
            said(
                state,
                call,
                |caller, call| caller.clause_ready(call, turn, clause, end),
                |agent, call| agent.clause_ready(call, turn, clause, end),
                |leaving, call| leaving.clause_ready(call, turn, clause, end),
            )
        }
        Input::PlayoutProgress { turn, sample } => {
            call.turns.note_progress(turn, sample);
            said(
                state,
                call,
                |caller, call| caller.playout_progress(call, turn, sample),
                |agent, call| agent.playout_progress(call, turn, sample),
                |leaving, call| leaving.playout_progress(call, turn, sample),
            )
        }
        Input::PlayoutDrained { turn } => spoken(
            state,
            call,
            |agent, call| agent.playout_drained(call, turn),
            |leaving, call| leaving.playout_drained(call, turn),
        ),
        Input::PlayoutFlushed { turn, sample } => {
            call.flushed(turn, sample);
            state.into()
        }
        Input::WorkerFailed { stage, utterance, turn } => worker_failed(state, call, stage, utterance, turn),
        Input::WorkersBusy { busy } => {
            call.busy = busy;
            state.into()
        }
        Input::SettingsChanged { settings } => {
            call.settings = *settings;
            of_caller(state, call, Caller::without_draft)
        }
        Input::TransferSucceeded => floor::transfer_succeeded(state, call),
        Input::TransferFailed { code: _ } => transfer_failed(state, call),
        Input::CallEnded => floor::call_ended(state, call),
    }
}

pub(crate) fn expire(state: State, call: &mut Call, timer: Timer) -> Next {
    match timer {
        Timer::Endpoint | Timer::Utterance => of_caller(state, call, Caller::utterance_over),
        Timer::Score => of_caller(state, call, Caller::score_again),
        Timer::Speculation => of_caller(state, call, Caller::speculation_due),
        Timer::Transcript => of_caller(state, call, Caller::transcript_overdue),
        Timer::Keys => of_caller(state, call, Caller::keys_complete),
        Timer::NoInput => of_caller(state, call, Caller::stays_silent),
        Timer::PreResponse => heard(state, call, Caller::without_opening, Agent::without_opening),
        Timer::Filler => heard(state, call, Caller::reply_is_late, Agent::reply_is_late),
        Timer::Reply => worker_failed(state, call, Stage::Llm, None, None),
        Timer::Overlap => of_agent(state, call, Agent::overlap_limit_reached),
        Timer::Tool => spoken(state, call, Agent::tools_overdue, Leaving::tools_overdue),
        Timer::Playout => spoken(state, call, Agent::playout_stalled, Leaving::playout_stalled),
        Timer::Transfer => transfer_failed(state, call),
        Timer::CallLimit => floor::time_is_up(state, call),
    }
}

fn worker_failed(
    state: State,
    call: &mut Call,
    stage: Stage,
    utterance: Option<UtteranceId>,
    turn: Option<TurnId>,
) -> Next {
    match stage {
        Stage::Stt => heard(
            state,
            call,
            |caller, call| caller.recogniser_failed(call, utterance),
            |agent, call| agent.recogniser_failed(call, utterance),
        ),
        Stage::Llm => said(
            state,
            call,
            |caller, call| caller.model_failed(call, turn),
            |agent, call| agent.model_failed(call, turn),
            |leaving, call| leaving.model_failed(call, turn),
        ),
        Stage::Tts => said(
            state,
            call,
            |caller, call| caller.voice_failed(call, turn),
            |agent, call| agent.voice_failed(call, turn),
            |leaving, call| leaving.voice_failed(call, turn),
        ),
    }
}

fn transfer_failed(state: State, call: &mut Call) -> Next {
    match state {
        State::Leaving(leaving) => leaving.transfer_failed(call),
        State::Unanswered | State::Caller(_) | State::Agent(_) | State::Ended => state.into(),
    }
}

/// What matters in the caller's turn only.
fn of_caller<N: Into<Next>>(state: State, call: &mut Call, caller: impl FnOnce(Caller, &mut Call) -> N) -> Next {
    match state {
        State::Caller(it) => caller(it, call).into(),
        State::Unanswered | State::Agent(_) | State::Leaving(_) | State::Ended => state.into(),
    }
}

/// What matters in the agent's turn only.
fn of_agent(state: State, call: &mut Call, agent: impl FnOnce(Agent, &mut Call) -> Next) -> Next {
    match state {
        State::Agent(it) => agent(it, call),
        State::Unanswered | State::Caller(_) | State::Leaving(_) | State::Ended => state.into(),
    }
}

/// What matters while the call goes on: nobody is listened to who leaves.
fn heard<C: Into<Next>, A: Into<Next>>(
    state: State,
    call: &mut Call,
    caller: impl FnOnce(Caller, &mut Call) -> C,
    agent: impl FnOnce(Agent, &mut Call) -> A,
) -> Next {
    match state {
        State::Caller(it) => caller(it, call).into(),
        State::Agent(it) => agent(it, call).into(),
        State::Unanswered | State::Leaving(_) | State::Ended => state.into(),
    }
}

/// What matters to a turn that can be heard.
fn spoken<A: Into<Next>>(
    state: State,
    call: &mut Call,
    agent: impl FnOnce(Agent, &mut Call) -> A,
    leaving: impl FnOnce(Leaving, &mut Call) -> Leaving,
) -> Next {
    match state {
        State::Agent(it) => agent(it, call).into(),
        State::Leaving(it) => leaving(it, call).into(),
        State::Unanswered | State::Caller(_) | State::Ended => state.into(),
    }
}

/// What matters to a turn: a draft, one that runs, the last one.
fn said<A: Into<Next>>(
    state: State,
    call: &mut Call,
    caller: impl FnOnce(Caller, &mut Call) -> Caller,
    agent: impl FnOnce(Agent, &mut Call) -> A,
    leaving: impl FnOnce(Leaving, &mut Call) -> Leaving,
) -> Next {
    match state {
        State::Caller(it) => caller(it, call).into(),
        State::Agent(it) => agent(it, call).into(),
        State::Leaving(it) => leaving(it, call).into(),
        State::Unanswered | State::Ended => state.into(),
    }
}
