//! Both speak: the agent is paused, and goes on or gives way.

use crate::barge_in::{Interjection, Judgement, Moment, Recognition};
use crate::machine::Core;
use crate::reply::Reply;
use crate::state::State;
use crate::{Action, Timer, UtteranceId};

impl Core {
    /// The caller begins to speak, or after an aside begins again.
    pub(crate) fn pause_for(&mut self, reply: Reply, aside: Option<Interjection>) -> State {
        self.act(Action::PausePlayout { turn: reply.turn });
        let interjection = match aside {
            Some(aside) => Interjection { started: self.now, ..aside },
            None => {
                let utterance = self.next_utterance();
                self.act(Action::StartRecognition { utterance });
                Interjection::new(utterance, self.now)
            }
        };
        self.timers.clear(Timer::Playout);
        self.timers.set(Timer::Overlap, self.now + self.settings.overlap_limit);
        State::Overlap { reply, interjection }
    }

    /// Decides, if it can be decided, what the caller's talking over the agent means.
    pub(crate) fn judge(&mut self, state: State, moment: Moment) -> State {
        match state {
            State::Overlap { reply, interjection } => match interjection.judge(moment, &self.settings) {
                Judgement::Interruption => self.give_way(reply, interjection),
                Judgement::FalseAlarm => self.go_on(reply, interjection, moment),
                Judgement::Undecided => State::Overlap { reply, interjection },
            },
            State::Speaking { reply, aside: Some(aside) } => match aside.judge(moment, &self.settings) {
                Judgement::Interruption => self.give_way(reply, aside),
                Judgement::FalseAlarm | Judgement::Undecided => State::Speaking { reply, aside: Some(aside) },
            },
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
        self.interrupt(reply);
        State::Hearing(self.hear_interjection(interjection, true))
    }

    fn go_on(&mut self, reply: Reply, interjection: Interjection, moment: Moment) -> State {
        self.act(Action::ResumePlayout { turn: reply.turn });
        self.timers.clear(Timer::Overlap);
        self.watch_playout(&reply);
        let aside = match moment {
            Moment::FellSilent(_) => {
                self.cancel_interjection(&interjection);
                None
            }
            Moment::Recognised | Moment::LimitReached | Moment::BackchannelLimitReached => {
                self.timers.set(Timer::Overlap, interjection.started + self.settings.backchannel_limit);
                Some(interjection)
            }
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
            Recognition::Running => {
                self.act(Action::CancelRecognition { utterance: interjection.utterance });
            }
            Recognition::Ended(_) | Recognition::Lost => {}
        }
    }
}

impl Interjection {
    pub(crate) fn is_recognised_by(&self, utterance: UtteranceId) -> bool {
        self.utterance == utterance && self.recognition == Recognition::Running
    }
}
