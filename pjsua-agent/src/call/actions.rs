//! What the driver does when the machine asks for it.

use std::sync::Arc;
use std::time::Instant;

use call_record::Record;
use conversation::{Action, Entry, Input, Speaker, Spoken, TurnId, UtteranceId};
use inference::proto::GenerateRequest;
use tracing::info;

use super::driver::{Driver, ReplyBounds};
use super::inputs::TaskResult;
use super::reply::{Reading, Reply};
use crate::agent;
use crate::metrics::{self, CallOutcome};

impl Driver {
    pub(super) fn carry_out(&mut self) {
        while let Some(action) = self.conversation.poll_action() {
            self.record(Record::Action { action: action.clone() });
            self.act(action);
        }
        let state = self.conversation.state_name();
        let turns = self.conversation.turn().map_or(0, |turn| turn.0);
        self.entry.update(|summary| {
            if summary.state != state {
                summary.state = state.to_owned();
            }
            summary.turns = turns;
        });
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::StartRecognition { utterance } => self.start_recognition(utterance),
            Action::FinishRecognition { utterance } => {
                self.timing.final_asked(self.now());
                self.recogniser.finish(utterance);
            }
            Action::CancelRecognition { utterance } => self.recogniser.cancel(utterance),
            Action::ScoreEndOfTurn { pause, silence } => {
                self.timing.score_asked(pause, self.now());
                self.ear.score_end_of_turn(pause, silence);
            }
            Action::StartPreResponse { turn } => self.start_pre_response(turn),
            Action::StartReply { turn, opening } => self.start_reply(turn, opening.into_string()),
            // The daemon has no tools yet.
            Action::CallTool { call, .. } => {
                self.feed(Input::ToolResult { call, outcome: "no such tool".into(), failed: true });
            }
            Action::CancelTool { call: _ } => {}
            Action::ContinueReply { turn } => self.start_reply(turn, String::new()),
            Action::CancelReply { turn } => {
                self.reply.take_if(|reply| reply.turn == turn);
            }
            Action::Speak { turn, clause, text } => {
                self.timing.clause(turn, self.settings().phrases.is_filler(&text), self.now());
                self.voice.speak(turn, clause, text.into_string());
            }
            Action::EndOfSpeech { turn } => self.voice.end_turn(turn),
            Action::HoldPlayout { turn } => {
                self.timing.held(turn);
                self.voice.pause();
            }
            Action::ReleasePlayout { turn } => {
                self.timing.released(turn, self.now());
                self.voice.resume();
            }
            Action::PausePlayout { .. } => self.voice.pause(),
            Action::DuckPlayout { .. } => self.voice.duck(self.agent().turns.duck_db),
            Action::ResumePlayout { .. } => {
                metrics::false_interruption();
                self.voice.resume();
            }
            Action::FlushPlayout { turn } => self.flush(turn),
            Action::TruncateHistory { .. } => {}
            Action::Transfer => self.transfer(),
            Action::HangUp => self.hang_up(),
        }
    }

    fn flush(&mut self, turn: TurnId) {
        let heard = self.voice.flush();
        let sample = if heard.turn == turn.0 { heard.samples } else { 0 };
        // A reply that was prepared in silence, or overtaken before it began, was not interrupted.
        if sample > 0 {
            metrics::barge_in();
        }
        let dropped = self.timing.dropped(turn);
        self.record_times(dropped);
        self.feed(Input::PlayoutFlushed { turn, sample });
    }

    fn start_recognition(&mut self, utterance: UtteranceId) {
        let results = self.results.clone();
        self.recogniser.start(utterance, move |heard| {
            results.report(TaskResult::Heard { utterance, heard });
        });
    }

    fn start_pre_response(&mut self, turn: TurnId) {
        self.timing.reply_asked(turn, self.now());
        let Some(pre_response) = &self.agent().pre_response else {
            return self.feed(Input::PreResponse { turn, text: Spoken::default() });
        };
        let request = agent::pre_response_request(
            self.leg.id().0,
            self.agent(),
            pre_response,
            &self.context,
            &self.history_before(turn),
            self.pre_response_bounds.max_tokens,
            self.pre_response_bounds.temperature,
        );
        let results = self.results.clone();
        let language = self.agent().language.clone();
        self.reply = Some(Reply::start_pre_response(Arc::clone(&self.speech), turn, request, language, move |input| {
            results.report(TaskResult::Machine(input));
        }));
    }

    fn start_reply(&mut self, turn: TurnId, opening: String) {
        self.timing.reply_asked(turn, self.now());
        self.reading = None;
        let request = GenerateRequest { opening, ..self.request_after(&self.history_before(turn)) };
        if !self.prompt_written {
            self.prompt_written = true;
            self.record(Record::Prompt { prompt: agent::system_prompt(self.agent(), &self.context).into() });
        }
        let results = self.results.clone();
        let language = self.agent().language.clone();
        self.reply = Some(Reply::start(Arc::clone(&self.speech), turn, request, language, move |input| {
            results.report(TaskResult::Machine(input));
        }));
    }

    fn request_after(&self, history: &[Entry]) -> GenerateRequest {
        let ReplyBounds { max_tokens, temperature } = self.bounds;
        agent::request_for(self.leg.id().0, self.agent(), &self.context, history, max_tokens, temperature)
    }

    /// Lets the model read what the caller has said so far: the prompt of the reply begins so.
    pub(super) fn read_ahead(&mut self) {
        let text = self.conversation.said_so_far();
        if text.is_empty() || self.is_busy {
            return;
        }
        // Of no turn that has begun.
        let turn = TurnId(u32::MAX);
        let mut history = self.history_before(turn);
        history.push(Entry { speaker: Speaker::Caller, text: text.into(), turn });
        self.reading = Some(Reading::start(Arc::clone(&self.speech), self.request_after(&history)));
    }

    /// The conversation as the model that answers it is told: nothing of its own `turn`, and no fillers. A model that reads
    /// "One moment, please." as its own answer answers so itself.
    fn history_before(&self, turn: TurnId) -> Vec<Entry> {
        let is_own = |entry: &&Entry| entry.speaker == Speaker::Agent && entry.turn == turn;
        let answer = |entry: &Entry| match entry.speaker {
            Speaker::Agent => Entry { text: self.settings().without_filler(&entry.text).into(), ..entry.clone() },
            Speaker::Caller | Speaker::Tool => entry.clone(),
        };
        self.conversation.history().iter().filter(|entry| !is_own(entry)).map(answer).collect()
    }

    fn transfer(&mut self) {
        match &self.agent().human {
            Some(human) => {
                info!("transfer to a human");
                self.leg.transfer(&human.to_string());
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
            self.leg.hang_up();
        }
    }
}
