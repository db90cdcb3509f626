//! Both speak: the agent is paused, and goes on or gives way.

use std::time::Duration;

use crate::barge_in::{Interjection, Judgement, Moment, Recognition};
use crate::machine::Core;
use crate::reply::{Reply, Source};
use crate::state::State;
use crate::{Action, Instant, OnOverlap, Timer, UtteranceId};

/// So soon after the agent began nobody interrupts it for what it said, for three words have been heard: who speaks had
/// not finished. After that he begins a turn of his own.
pub const ANSWERED_INTO_A_PAUSE: Duration = Duration::from_millis(1_000);

impl Core {
    /// Something is heard over the agent that may be speech.
    pub(crate) fn sound_over_agent(&mut self, reply: Reply, aside: Option<Interjection>) -> State {
        let confirmed = !self.settings.confirmed_speech;
        match aside {
            Some(aside) if aside.answers => {
                State::Speaking { reply, aside: Some(Interjection { silent_since: None, ..aside }) }
            }
            None if self.is_spared(&reply) => self.listen_beside(reply, confirmed),
            // Both began at once, or he has just gone on: that is known when it is confirmed.
            None if !confirmed && reply.ledger.position() < samples(self.settings.barge_in_guard) => {
                State::Speaking { reply, aside: None }
            }
            aside => self.pause_for(reply, aside, confirmed),
        }
    }

    /// The caller speaks over the agent.
    pub(crate) fn speech_over_agent(&mut self, reply: Reply, aside: Option<Interjection>) -> State {
        match aside {
            Some(mut aside) => {
                aside.confirmed = true;
                self.judge(State::Speaking { reply, aside: Some(aside) }, Moment::Recognised)
            }
            None if self.is_spared(&reply) => self.listen_beside(reply, true),
            None => self.pause_for(reply, None, true),
        }
    }

    /// Speech now is no interruption: the turn is at its end, or it is one that must be heard.
    fn is_spared(&self, reply: &Reply) -> bool {
        let guard = if reply.ledger.asks() { self.settings.early_answer } else { self.settings.barge_in_guard };
        let is_ending = reply.ended && reply.ledger.remaining().is_some_and(|left| left <= samples(guard));
        is_ending || reply.ledger.is_protected()
    }

    fn listen_beside(&mut self, reply: Reply, confirmed: bool) -> State {
        let interjection = self.new_interjection(confirmed);
        State::Speaking { reply, aside: Some(Interjection { answers: true, ..interjection }) }
    }

    fn new_interjection(&mut self, confirmed: bool) -> Interjection {
        let utterance = self.next_utterance();
        self.act(Action::StartRecognition { utterance });
        Interjection::new(utterance, self.now, confirmed)
    }

    /// Who speaks just after the agent began had not finished: it answered into a pause of his.
    fn learn_from_interruption(&mut self, reply: &Reply, began: Instant) {
        if reply.source != Source::Script && reply.ledger.position() < samples(ANSWERED_INTO_A_PAUSE) {
            self.pauses.learn(began - self.silent_since, &self.settings);
        }
    }

    /// The agent makes room until it is known what the caller means.
    fn pause_for(&mut self, reply: Reply, aside: Option<Interjection>, confirmed: bool) -> State {
        let turn = reply.turn;
        self.act(match self.settings.on_overlap {
            OnOverlap::Pause => Action::PausePlayout { turn },
            OnOverlap::Duck => Action::DuckPlayout { turn },
        });
        let interjection = match aside {
            Some(aside) => {
                let confirmed = aside.confirmed || confirmed;
                Interjection { started: self.now, room_since: self.now, confirmed, ..aside }
            }
            None => self.new_interjection(confirmed),
        };
        self.timers.clear(Timer::Playout);
        self.listen_in_room(reply, interjection)
    }

    /// The next sound before the agent has gone on: it stays where it is.
    pub(crate) fn sound_before_going_on(&mut self, reply: Reply, settled: &Interjection) -> State {
        let next = self.new_interjection(!self.settings.confirmed_speech);
        self.listen_in_room(reply, Interjection { room_since: settled.room_since, ..next })
    }

    fn listen_in_room(&mut self, reply: Reply, interjection: Interjection) -> State {
        self.timers.set(Timer::Overlap, self.now + self.settings.overlap_limit);
        State::Overlap { reply, interjection }
    }

    /// Decides, if it can be decided, what the caller's talking over the agent means.
    pub(crate) fn judge(&mut self, state: State, moment: Moment) -> State {
        match state {
            State::Overlap { reply, interjection } if interjection.is_settled => match moment {
                Moment::LimitReached => self.go_on(reply, interjection),
                Moment::Recognised
                | Moment::Understood
                | Moment::FellSilent
                | Moment::Dismissed
                | Moment::BackchannelLimitReached => State::Overlap { reply, interjection },
            },
            State::Overlap { reply, mut interjection } => match interjection.judge(moment, self.now, &self.settings) {
                Judgement::Interruption => self.give_way(reply, interjection),
                Judgement::FalseAlarm => self.settle(reply, interjection),
                Judgement::AskRecogniser => {
                    self.act(Action::FinishRecognition { utterance: interjection.utterance });
                    let limit = self.timers.get(Timer::Overlap);
                    let transcript = self.now + self.settings.overlap_transcript;
                    self.timers.set(Timer::Overlap, limit.map_or(transcript, |limit| limit.max(transcript)));
                    interjection.recognition = Recognition::Finishing;
                    State::Overlap { reply, interjection }
                }
                Judgement::Undecided if interjection.is_over() && interjection.resumed => {
                    let again = self.new_interjection(interjection.confirmed);
                    let Interjection { started, room_since, .. } = interjection;
                    State::Overlap { reply, interjection: Interjection { started, room_since, ..again } }
                }
                Judgement::Undecided => State::Overlap { reply, interjection },
            },
            State::Speaking { reply, aside: Some(mut aside) } => {
                if aside.answers && self.is_spared(&reply) {
                    return State::Speaking { reply, aside: Some(aside) };
                }
                aside.answers = false;
                match aside.judge(moment, self.now, &self.settings) {
                    Judgement::Interruption => self.give_way(reply, aside),
                    Judgement::FalseAlarm | Judgement::AskRecogniser | Judgement::Undecided => {
                        State::Speaking { reply, aside: Some(aside) }
                    }
                }
            }
            State::Unanswered
            | State::Listening
            | State::Hearing(_)
            | State::Endpointing(_)
            | State::Transcribing(_)
            | State::Keying(_)
            | State::Replying(_)
            | State::Speaking { aside: None, .. }
            | State::Closing { .. }
            | State::Transferring
            | State::HungUp
            | State::Ended => state,
        }
    }

    fn give_way(&mut self, reply: Reply, interjection: Interjection) -> State {
        self.learn_from_interruption(&reply, interjection.started);
        self.interrupt(reply);
        self.hear_interjection(interjection, true)
    }

    /// It was no interruption. What people say to show that they listen comes in pieces: between these the agent does not
    /// begin to speak.
    fn settle(&mut self, reply: Reply, interjection: Interjection) -> State {
        let Some(silent_since) = interjection.silent_since.filter(|_| interjection.confirmed) else {
            return self.go_on(reply, interjection);
        };
        let patience = interjection.room_since + self.settings.backchannel_limit;
        let until = patience.min(silent_since + self.settings.resume_after);
        if until <= self.now {
            return self.go_on(reply, interjection);
        }
        self.cancel_interjection(&interjection);
        self.timers.set(Timer::Overlap, until);
        State::Overlap {
            reply,
            interjection: Interjection { is_settled: true, recognition: Recognition::Lost, ..interjection },
        }
    }

    fn go_on(&mut self, reply: Reply, interjection: Interjection) -> State {
        self.act(Action::ResumePlayout { turn: reply.turn });
        self.timers.clear(Timer::Overlap);
        self.watch_playout(&reply);
        // What still sounds and may be speech is listened to beside the agent.
        let goes_on = interjection.silent_since.is_none() && interjection.confirmed;
        let aside = if goes_on {
            self.timers.set(Timer::Overlap, interjection.started + self.settings.backchannel_limit);
            Some(interjection)
        } else {
            self.cancel_interjection(&interjection);
            None
        };
        State::Speaking { reply, aside }
    }

    /// The caller's aside is over, or does not matter any more.
    pub(crate) fn drop_aside(&mut self, state: State) -> State {
        let State::Speaking { reply, aside: Some(aside) } = state else { return state };
        self.timers.clear(Timer::Overlap);
        self.cancel_interjection(&aside);
        State::Speaking { reply, aside: None }
    }

    pub(crate) fn cancel_interjection(&mut self, interjection: &Interjection) {
        match interjection.recognition {
            Recognition::Running | Recognition::Finishing => {
                self.act(Action::CancelRecognition { utterance: interjection.utterance });
            }
            Recognition::Ended(..) | Recognition::Lost => {}
        }
    }
}

impl Interjection {
    pub(crate) fn is_recognised_by(&self, utterance: UtteranceId) -> bool {
        let is_awaited = matches!(self.recognition, Recognition::Running | Recognition::Finishing);
        self.utterance == utterance && is_awaited
    }
}

/// A duration on the playout's time line, at 16 kHz.
fn samples(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).saturating_mul(16)
}
