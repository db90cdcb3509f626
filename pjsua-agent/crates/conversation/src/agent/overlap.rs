//! Both speak: the agent is paused, and goes on or gives way.

use std::time::Duration;

use super::Agent;
use super::interjection::{Interjection, Judgement, Moment, TranscriptState};
use crate::call::Call;
use crate::next::Next;
use crate::reply::{Reply, Source};
use crate::{Action, Instant, OnOverlap, Timer};

/// So soon after the agent began nobody interrupts it for what it said, for three words have been heard: who speaks had
/// not finished. After that he begins a turn of his own.
pub const ANSWERED_INTO_A_PAUSE: Duration = Duration::from_millis(1_000);

/// Something is heard over the agent that may be speech.
pub(super) fn sound_over_agent(call: &mut Call, reply: Reply, aside: Option<Interjection>) -> Agent {
    let confirmed = !call.settings.confirmed_speech;
    match aside {
        Some(aside) if aside.answers => {
            Agent::Speaking { reply, aside: Some(Interjection { silent_since: None, ..aside }) }
        }
        None if is_spared(call, &reply) => listen_beside(call, reply, confirmed),
        // Both began at once, or he has just gone on: that is known when it is confirmed.
        None if !confirmed && reply.ledger.position() < samples(call.settings.overlap.barge_in_guard) => {
            Agent::Speaking { reply, aside: None }
        }
        aside => pause_for(call, reply, aside, confirmed),
    }
}

/// The caller speaks over the agent.
pub(super) fn speech_over_agent(call: &mut Call, reply: Reply, aside: Option<Interjection>) -> Next {
    match aside {
        Some(mut aside) => {
            aside.confirmed = true;
            Agent::Speaking { reply, aside: Some(aside) }.judge(call, Moment::Recognised)
        }
        None if is_spared(call, &reply) => listen_beside(call, reply, true).into(),
        None => pause_for(call, reply, None, true).into(),
    }
}

/// The next sound before the agent has gone on: it stays where it is.
pub(super) fn sound_before_going_on(call: &mut Call, reply: Reply, settled: &Interjection) -> Agent {
    let next = Interjection::begin(call, !call.settings.confirmed_speech);
    listen_in_room(call, reply, Interjection { room_since: settled.room_since, ..next })
}

/// Speech now is no interruption: the turn is at its end, or it is one that must be heard.
fn is_spared(call: &Call, reply: &Reply) -> bool {
    let guard =
        if reply.ledger.asks() { call.settings.overlap.early_answer } else { call.settings.overlap.barge_in_guard };
    let is_ending = reply.ended && reply.ledger.remaining().is_some_and(|left| left <= samples(guard));
    is_ending || reply.ledger.is_protected()
}

fn listen_beside(call: &mut Call, reply: Reply, confirmed: bool) -> Agent {
    let interjection = Interjection::begin(call, confirmed);
    Agent::Speaking { reply, aside: Some(Interjection { answers: true, ..interjection }) }
}

/// The agent makes room until it is known what the caller means.
fn pause_for(call: &mut Call, reply: Reply, aside: Option<Interjection>, confirmed: bool) -> Agent {
    let turn = reply.turn;
    call.act(match call.settings.overlap.on_overlap {
        OnOverlap::Pause => Action::PausePlayout { turn },
        OnOverlap::Duck => Action::DuckPlayout { turn },
    });
    let interjection = match aside {
        Some(aside) => {
            let confirmed = aside.confirmed || confirmed;
            Interjection { started: call.now, room_since: call.now, confirmed, ..aside }
        }
        None => Interjection::begin(call, confirmed),
    };
    call.timers.clear(Timer::Playout);
    listen_in_room(call, reply, interjection)
}

fn listen_in_room(call: &mut Call, reply: Reply, interjection: Interjection) -> Agent {
    call.timers.set(Timer::Overlap, call.now + call.settings.overlap.overlap_limit);
    Agent::Overlap { reply, interjection }
}

/// What the caller means is decided.
impl Agent {
    /// The agent cannot stay paused, or the caller is heard for longer than any backchannel lasts.
    pub(crate) fn overlap_limit_reached(self, call: &mut Call) -> Next {
        let moment = match self {
            Self::Overlap { .. } => Moment::LimitReached,
            Self::Replying(_) | Self::Speaking { .. } => Moment::BackchannelLimitReached,
        };
        self.judge(call, moment)
    }

    /// Decides, if it can be decided, what the caller's talking over the agent means.
    pub(super) fn judge(self, call: &mut Call, moment: Moment) -> Next {
        match self {
            Self::Overlap { reply, interjection } if interjection.is_settled => match moment {
                Moment::LimitReached => go_on(call, reply, interjection).into(),
                Moment::Recognised
                | Moment::Understood
                | Moment::FellSilent
                | Moment::Dismissed
                | Moment::BackchannelLimitReached => Self::Overlap { reply, interjection }.into(),
            },
            Self::Overlap { reply, interjection } => judge_in_room(call, reply, interjection, moment),
            Self::Speaking { reply, aside: Some(aside) } => judge_aside(call, reply, aside, moment),
            Self::Replying(_) | Self::Speaking { aside: None, .. } => self.into(),
        }
    }

    /// The caller's aside is over, or does not matter any more.
    pub(super) fn without_aside(call: &mut Call, reply: Reply, aside: &Interjection) -> Self {
        call.timers.clear(Timer::Overlap);
        aside.cancel(call);
        Self::Speaking { reply, aside: None }
    }

    /// The caller is not listened to any more; what the agent says goes on.
    pub(super) fn take_room(self, call: &mut Call) -> Reply {
        match self {
            Self::Overlap { reply, interjection } => {
                call.act(Action::ResumePlayout { turn: reply.turn });
                interjection.cancel(call);
                call.timers.clear(Timer::Overlap);
                call.watch_playout(&reply);
                reply
            }
            Self::Speaking { reply, aside: Some(aside) } => {
                call.timers.clear(Timer::Overlap);
                aside.cancel(call);
                reply
            }
            Self::Replying(reply) | Self::Speaking { reply, aside: None } => reply,
        }
    }
}

fn judge_in_room(call: &mut Call, reply: Reply, mut interjection: Interjection, moment: Moment) -> Next {
    match interjection.judge(moment, call.now, &call.settings) {
        Judgement::Interruption => return give_way(call, reply, interjection),
        Judgement::FalseAlarm => return settle(call, reply, interjection).into(),
        Judgement::AskRecogniser => {
            call.act(Action::FinishRecognition { utterance: interjection.utterance });
            let limit = call.timers.get(Timer::Overlap);
            let transcript = call.now + call.settings.overlap.overlap_transcript;
            call.timers.set(Timer::Overlap, limit.map_or(transcript, |limit| limit.max(transcript)));
            interjection.recognition = TranscriptState::Finishing;
        }
        Judgement::Undecided if interjection.is_over() && interjection.resumed => {
            let again = Interjection::begin(call, interjection.confirmed);
            let Interjection { started, room_since, .. } = interjection;
            interjection = Interjection { started, room_since, ..again };
        }
        Judgement::Undecided => {}
    }
    Agent::Overlap { reply, interjection }.into()
}

fn judge_aside(call: &mut Call, reply: Reply, mut aside: Interjection, moment: Moment) -> Next {
    if !(aside.answers && is_spared(call, &reply)) {
        aside.answers = false;
        match aside.judge(moment, call.now, &call.settings) {
            Judgement::Interruption => return give_way(call, reply, aside),
            Judgement::FalseAlarm | Judgement::AskRecogniser | Judgement::Undecided => {}
        }
    }
    Agent::Speaking { reply, aside: Some(aside) }.into()
}

fn give_way(call: &mut Call, reply: Reply, interjection: Interjection) -> Next {
    learn_from_interruption(call, &reply, interjection.started);
    call.interrupt(reply);
    Next::HearOut { interjection, interrupts: true }
}

/// Who speaks just after the agent began had not finished: it answered into a pause of his.
fn learn_from_interruption(call: &mut Call, reply: &Reply, began: Instant) {
    if reply.source != Source::Script && reply.ledger.position() < samples(ANSWERED_INTO_A_PAUSE) {
        call.caller.goes_on_after(began, &call.settings);
    }
}

/// The sound was no interruption. What people say to show that they listen comes in pieces: between these the agent does not
/// begin to speak.
fn settle(call: &mut Call, reply: Reply, interjection: Interjection) -> Agent {
    let Some(silent_since) = interjection.silent_since.filter(|_| interjection.confirmed) else {
        return go_on(call, reply, interjection);
    };
    let patience = interjection.room_since + call.settings.overlap.backchannel_limit;
    let until = patience.min(silent_since + call.settings.overlap.resume_after);
    if until <= call.now {
        return go_on(call, reply, interjection);
    }
    interjection.cancel(call);
    call.timers.set(Timer::Overlap, until);
    let interjection = Interjection { is_settled: true, recognition: TranscriptState::Lost, ..interjection };
    Agent::Overlap { reply, interjection }
}

fn go_on(call: &mut Call, reply: Reply, interjection: Interjection) -> Agent {
    call.act(Action::ResumePlayout { turn: reply.turn });
    call.timers.clear(Timer::Overlap);
    call.watch_playout(&reply);
    // What still sounds and may be speech is listened to beside the agent.
    let goes_on = interjection.silent_since.is_none() && interjection.confirmed;
    let aside = if goes_on {
        call.timers.set(Timer::Overlap, interjection.started + call.settings.overlap.backchannel_limit);
        Some(interjection)
    } else {
        interjection.cancel(call);
        None
    };
    Agent::Speaking { reply, aside }
}

/// A duration on the playout's time line, at 16 kHz.
fn samples(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).saturating_mul(16)
}
