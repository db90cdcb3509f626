//! The second opinion on what one caller's gate lets through, told to the machine.

use std::time::Duration;

use conversation::{Input, PauseId, TurnId};
use hearing::{Ear, EarEvent, Hearing};

/// One call's place at the neural models, or none where they are switched off.
///
/// # Threads
/// tokio; no method waits.
#[derive(Default)]
pub struct CallEar {
    ear: Option<Ear>,
    openings: Openings,
    /// The agent's newest turn that the caller has heard enough of.
    answered: Option<TurnId>,
}

impl CallEar {
    /// A place at `hearing`; what it finds goes to `report`, from a thread of its own.
    pub fn new(hearing: Option<&Hearing>, report: impl Fn(EarEvent) + Send + Sync + 'static) -> CallEar {
        CallEar { ear: hearing.map(|hearing| hearing.ear(report)), ..CallEar::default() }
    }

    /// The gate opened; its frames follow.
    pub fn speech_started(&mut self) {
        if let Some(ear) = &self.ear {
            self.openings.opened();
            ear.speech_started();
        }
    }

    /// The next frame of the opening; one that belongs to no known opening is left out.
    pub fn frame(&self, frame: &media::Samples) {
        if let Some(ear) = self.ear.as_ref().filter(|_| self.openings.opened > 0) {
            ear.frame(frame);
        }
    }

    /// The gate closed.
    pub fn speech_ended(&self) {
        if let Some(ear) = &self.ear {
            ear.speech_ended();
        }
    }

    /// The agent's turn has answered the caller's: the model was trained on single turns, and what was said before lowers
    /// its scores. Once for each of the agent's turns, since what the caller says into its rest is a turn of his own.
    pub fn answered_in(&mut self, turn: TurnId) {
        if let Some(ear) = &self.ear
            && self.answered.replace(turn) != Some(turn)
        {
            ear.turn_over();
        }
    }

    pub fn score_end_of_turn(&self, pause: PauseId, silence: Duration) {
        if let Some(ear) = &self.ear {
            ear.score_end_of_turn(pause.0, silence);
        }
    }

    /// What the machine is to know of `event`: nothing of a former opening of the gate.
    pub fn heard(&mut self, event: EarEvent) -> Option<Input> {
        match event {
            EarEvent::Confirmed => self.openings.confirmed().then_some(Input::SpeechConfirmed),
            EarEvent::Dismissed => self.openings.dismissed().then_some(Input::SpeechDismissed),
            EarEvent::Score { pause, probability } => {
                Some(Input::EndOfTurnScore { pause: PauseId(pause), per_mille: per_mille(probability) })
            }
        }
    }
}

/// Which opening of the gate a verdict is about. The models may be behind the gate; they give each opening one
/// verdict, in order, and a dismissed one perhaps a confirmation before the gate closes.
#[derive(Debug, Default, PartialEq)]
struct Openings {
    opened: u64,
    judged: u64,
    /// The newest opening has been confirmed.
    is_confirmed: bool,
}

impl Openings {
    fn opened(&mut self) {
        self.opened += 1;
        self.is_confirmed = false;
    }

    /// Whether this confirms the newest opening, and is news.
    fn confirmed(&mut self) -> bool {
        self.judged = self.opened.min(self.judged + 1);
        let is_news = self.is_newest_judged() && !self.is_confirmed;
        self.is_confirmed |= is_news;
        is_news
    }

    /// Whether this dismisses the newest opening.
    fn dismissed(&mut self) -> bool {
        // An opening is dismissed at most once, and before it is confirmed.
        let is_due = self.judged < self.opened;
        self.judged = self.opened.min(self.judged + 1);
        is_due && self.is_newest_judged()
    }

    fn is_newest_judged(&self) -> bool {
        self.opened > 0 && self.judged == self.opened
    }
}

/// A probability in thousandths, as the conversation takes it.
pub(super) fn per_mille(probability: f32) -> u16 {
    (probability.clamp(0.0, 1.0) * 1_000.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(times: u64) -> Openings {
        let mut openings = Openings::default();
        (0..times).for_each(|_| openings.opened());
        openings
    }

    #[test]
    fn an_opening_is_confirmed_once() {
        let mut openings = opened(1);
        assert!(openings.confirmed());
        assert!(!openings.confirmed());
    }

    #[test]
    fn what_was_dismissed_may_still_be_confirmed() {
        let mut openings = opened(1);
        assert!(openings.dismissed());
        assert!(openings.confirmed());
    }

    #[test]
    fn a_verdict_on_a_former_opening_says_nothing_about_the_newest() {
        let mut openings = opened(2);
        assert!(!openings.confirmed());
        assert!(openings.dismissed());
        let mut openings = opened(3);
        assert!(!openings.dismissed());
        assert!(!openings.confirmed());
        assert!(openings.confirmed());
    }

    #[test]
    fn before_the_gate_has_opened_there_is_no_verdict() {
        let mut openings = Openings::default();
        assert!(!openings.confirmed());
        assert!(!openings.dismissed());
    }

    #[test]
    fn a_probability_is_told_in_thousandths() {
        let mut ear = CallEar::default();
        let score = |probability| EarEvent::Score { pause: 3, probability };
        let told = ear.heard(score(0.8765));
        assert_eq!(told, Some(Input::EndOfTurnScore { pause: PauseId(3), per_mille: 877 }));
        assert_eq!(ear.heard(score(1.5)), Some(Input::EndOfTurnScore { pause: PauseId(3), per_mille: 1_000 }));
    }
}
