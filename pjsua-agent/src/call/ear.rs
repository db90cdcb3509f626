//! The second opinion on what one caller's gate lets through, told to the machine.

use std::time::Duration;

use conversation::{Input, PauseId, TurnId};
use hearing::{Ear, EarEvent, Models};

/// One call's place at the neural models, or none where they are switched off.
///
/// # Threads
/// tokio; no method waits.
#[derive(Default)]
pub struct CallEar {
    ear: Option<Ear>,
    /// The newest opening of the gate, from 1; 0 before the first.
    opening: u32,
    /// The agent's newest turn that the caller has heard enough of.
    answered: Option<TurnId>,
}

impl CallEar {
    /// A place at `hearing`; what it finds goes to `report`, from a thread of its own.
    pub fn new(hearing: Option<&Models>, report: impl Fn(EarEvent) + Send + Sync + 'static) -> CallEar {
        CallEar { ear: hearing.map(|hearing| hearing.ear(report)), ..CallEar::default() }
    }

    /// The gate opened; its frames follow.
    pub fn speech_started(&mut self) {
        if let Some(ear) = &self.ear {
            self.opening += 1;
            ear.speech_started(self.opening);
        }
    }

    /// The next frame of the opening; one that belongs to no known opening is left out.
    pub fn frame(&self, frame: &media::Samples) {
        if let Some(ear) = self.ear.as_ref().filter(|_| self.opening > 0) {
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

    /// What the machine is to know of `event`: nothing of a former opening of the gate, which the models may be behind.
    pub fn heard(&self, event: EarEvent) -> Option<Input> {
        match event {
            EarEvent::Confirmed { utterance } => (utterance == self.opening).then_some(Input::SpeechConfirmed),
            EarEvent::Dismissed { utterance } => (utterance == self.opening).then_some(Input::SpeechDismissed),
            EarEvent::Score { pause, probability } => {
                Some(Input::EndOfTurnScore { pause: PauseId(pause), per_mille: per_mille(probability) })
            }
        }
    }
}

/// A probability in thousandths, as the conversation takes it.
pub(super) fn per_mille(probability: f32) -> u16 {
    (probability.clamp(0.0, 1.0) * 1_000.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_of_the_newest_opening_counts() {
        let ear = CallEar { opening: 2, ..CallEar::default() };
        for (utterance, dismissed, confirmed) in
            [(1, None, None), (2, Some(Input::SpeechDismissed), Some(Input::SpeechConfirmed))]
        {
            assert_eq!(ear.heard(EarEvent::Dismissed { utterance }), dismissed);
            assert_eq!(ear.heard(EarEvent::Confirmed { utterance }), confirmed);
        }
    }

    #[test]
    fn a_probability_is_told_in_thousandths() {
        let ear = CallEar::default();
        let score = |probability| EarEvent::Score { pause: 3, probability };
        let told = ear.heard(score(0.8765));
        assert_eq!(told, Some(Input::EndOfTurnScore { pause: PauseId(3), per_mille: 877 }));
        assert_eq!(ear.heard(score(1.5)), Some(Input::EndOfTurnScore { pause: PauseId(3), per_mille: 1_000 }));
    }
}
