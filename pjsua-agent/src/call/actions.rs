//! What the driver does when the machine asks for it.

use std::sync::Arc;
use std::time::Instant;

use conversation::{Action, Input, TurnId, UtteranceId};
use inference::proto::RecogniseOptions;
use serde_json::json;
use tracing::info;

use super::driver::{Driver, TaskResult};
use super::hearing::Recognition;
use super::reply::Reply;
use crate::agent;
use crate::metrics::{self, CallOutcome};

impl Driver {
    pub(super) fn carry_out(&mut self) {
        while let Some(action) = self.conversation.poll_action() {
            self.line("action", json!({ "action": action }));
            self.act(action);
        }
        let state = self.conversation.state_name();
        let turns = self.conversation.turn().map_or(0, |turn| turn.0);
        self.entry.update(|summary| {
            summary.state = state.to_owned();
            summary.turns = turns;
        });
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::StartRecognition { utterance } => self.start_recognition(utterance),
            Action::FinishRecognition { utterance } => {
                self.timing.endpointed(self.now());
                if let Some(recognition) = self.recognitions.get_mut(&utterance) {
                    recognition.finish();
                }
            }
            Action::CancelRecognition { utterance } => {
                self.recognitions.remove(&utterance);
            }
            Action::StartReply { turn } => self.start_reply(turn),
            Action::CancelReply { turn } => {
                self.reply.take_if(|reply| reply.turn == turn);
            }
            Action::Speak { turn, clause, text } => self.voice.speak(turn, clause, text),
            Action::EndOfSpeech { turn } => self.voice.end_turn(turn),
            Action::PausePlayout { .. } => self.voice.pause(),
            Action::ResumePlayout { .. } => {
                metrics::false_interruption();
                self.voice.resume();
            }
            Action::FlushPlayout { turn } => {
                metrics::barge_in();
                let heard = self.voice.flush();
                let sample = if heard.turn == turn.0 { heard.samples } else { 0 };
                self.feed(Input::PlayoutFlushed { turn, sample });
            }
            Action::TruncateHistory { .. } => {}
            Action::Transfer => self.transfer(),
            Action::HangUp => self.hang_up(),
        }
    }

    fn start_recognition(&mut self, utterance: UtteranceId) {
        let options = RecogniseOptions {
            sample_rate_hz: media::SAMPLE_RATE_HZ,
            language: self.agent.language.clone(),
            adaptation: self.adaptation.clone(),
        };
        let results = self.results_in.clone();
        let recognition = Recognition::start(Arc::clone(&self.speech), options, move |heard| {
            let _ = results.send(TaskResult::Heard { utterance, heard });
        });
        self.recognitions.insert(utterance, recognition);
    }

    fn start_reply(&mut self, turn: TurnId) {
        self.timing.replying(turn, self.now());
        let request = agent::request_for(
            self.call.0,
            &self.agent,
            &self.context,
            self.conversation.history(),
            self.max_tokens,
            self.temperature,
        );
        if !self.prompt_written {
            self.prompt_written = true;
            self.line("prompt", json!({ "prompt": agent::system_prompt(&self.agent, &self.context) }));
        }
        let results = self.results_in.clone();
        self.reply = Some(Reply::start(Arc::clone(&self.speech), turn, request, move |input| {
            let _ = results.send(TaskResult::Machine(input));
        }));
    }

    fn transfer(&mut self) {
        match &self.agent.human {
            Some(human) => {
                info!("transfer to a human");
                self.sip.transfer(self.call, human.to_string());
            }
            None => self.feed(Input::TransferFailed { code: 404 }),
        }
    }

    pub(super) fn hang_up(&mut self) {
        if self.hung_up.is_none() {
            self.hung_up = Some(Instant::now());
            if self.outcome == CallOutcome::Failed {
                self.outcome = CallOutcome::Completed;
            }
            self.sip.hang_up(self.call);
        }
    }
}
