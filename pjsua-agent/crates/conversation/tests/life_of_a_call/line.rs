//! A call with a virtual clock. Actions are written as short lines so that whole lists can be read.

use std::time::Duration;

use conversation::{
    Act, Action, ClauseId, Conversation, Input, Instant, OnBargeIn, PauseId, Settings, Speaker, Stage, Timer,
    ToolCallId, TurnId, UtteranceId,
};

pub struct Line {
    pub conversation: Conversation,
    now_ms: u64,
}

/// Phrases of one word, so that tests show which one is said, and a machine that is told of no more than voice
/// activity and words.
pub fn settings() -> Settings {
    full_settings().with(|it| {
        it.confirmed_speech = false;
        it.endpointing.scored_endpoints = false;
        it.endpointing.speculation = false;
        it.replies.filler_after = Duration::ZERO;
        it.overlap.resume_after = Duration::ZERO;
    })
}

/// The same phrases, and every technique that is on by default.
pub fn full_settings() -> Settings {
    Settings::default().with(|it| {
        it.endpointing.sure_silence = Duration::from_millis(200);
        it.phrases.hello_answer = "HELLO".into();
        it.phrases.hold_answer = "HOLD".into();
        it.phrases.fillers = vec!["FILLER".into()];
        it.phrases.question_fillers = vec!["QUESTION-FILLER".into()];
        it.phrases.greeting = "GREETING".into();
        it.phrases.no_input_prompt = "PROMPT".into();
        it.phrases.no_input_goodbye = "NO-INPUT-GOODBYE".into();
        it.phrases.not_understood = "NOT-UNDERSTOOD".into();
        it.phrases.failure = "FAILURE".into();
        it.phrases.failure_goodbye = "FAILURE-GOODBYE".into();
        it.phrases.transfer_announcement = "ANNOUNCEMENT".into();
        it.phrases.transfer_failed = "TRANSFER-FAILED".into();
        it.phrases.goodbye = "GOODBYE".into();
        it.phrases.time_limit_goodbye = "TIME-LIMIT".into();
    })
}

pub fn with_human() -> Settings {
    settings().with(|it| it.human = true)
}

impl Line {
    pub fn new(settings: Settings) -> Self {
        Self { conversation: Conversation::new(settings), now_ms: 0 }
    }

    /// A call whose greeting (turn 1) has been heard.
    pub fn greeted() -> Self {
        Self::greeted_with(settings())
    }

    pub fn greeted_with(settings: Settings) -> Self {
        let mut line = Self::new(settings);
        line.give(Input::CallAnswered);
        line.play_to_end(1);
        line
    }

    /// A call on which the caller said `text` (utterance 1) and turn 2 is to answer.
    pub fn asked(text: &str) -> Self {
        Self::asked_with(settings(), text)
    }

    pub fn asked_with(settings: Settings, text: &str) -> Self {
        let mut line = Self::greeted_with(settings);
        line.say(1, text);
        line
    }

    /// A call on which turn 2 has two clauses of a second each and the first half second was heard:
    /// "We open at nine," and "and we close at five."
    pub fn answered() -> Self {
        Self::answered_with(settings())
    }

    pub fn answered_with(settings: Settings) -> Self {
        let mut line = Self::asked_with(settings, "when are you open");
        line.delta(2, "We open at nine, and we close at five.");
        line.done(2);
        line.ready(2, 0, 16_000);
        line.ready(2, 1, 32_000);
        line.progress(2, 8_000);
        line
    }

    pub fn wait(&mut self, millis: u64) -> Vec<String> {
        self.wait_until(self.now_ms + millis)
    }

    /// Lets time pass, with every deadline on the way kept exactly.
    pub fn wait_until(&mut self, millis: u64) -> Vec<String> {
        let mut actions = Vec::new();
        while let Some((deadline, _)) = self.conversation.poll_timeout()
            && deadline <= Instant::from_millis(millis)
        {
            self.conversation.handle_timeout(deadline);
            actions.extend(self.drain());
        }
        self.now_ms = millis;
        actions
    }

    pub fn give(&mut self, input: Input) -> Vec<String> {
        self.conversation.handle_input(input, Instant::from_millis(self.now_ms));
        self.drain()
    }

    fn drain(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.conversation.poll_action()).map(|action| written(&action)).collect()
    }

    pub fn speech(&mut self) -> Vec<String> {
        self.give(Input::SpeechStarted)
    }

    /// The detector's hang-over is 200 ms.
    pub fn silence(&mut self) -> Vec<String> {
        self.give(Input::SpeechEnded { silence: Duration::from_millis(200) })
    }

    pub fn confirmed(&mut self) -> Vec<String> {
        self.give(Input::SpeechConfirmed)
    }

    pub fn dismissed(&mut self) -> Vec<String> {
        self.give(Input::SpeechDismissed)
    }

    /// The detector's hang-over is 100 ms.
    pub fn falls_silent(&mut self) -> Vec<String> {
        self.give(Input::SpeechEnded { silence: Duration::from_millis(100) })
    }

    pub fn score(&mut self, pause: u32, per_mille: u16) -> Vec<String> {
        self.give(Input::EndOfTurnScore { pause: PauseId(pause), per_mille })
    }

    pub fn opening(&mut self, turn: u32, text: &str) -> Vec<String> {
        self.give(Input::PreResponse { turn: TurnId(turn), text: text.into() })
    }

    pub fn partial(&mut self, utterance: u32, text: &str) -> Vec<String> {
        self.give(Input::PartialTranscript { utterance: UtteranceId(utterance), text: text.into() })
    }

    pub fn transcript(&mut self, utterance: u32, text: &str) -> Vec<String> {
        self.understood(utterance, text, 1_000)
    }

    pub fn understood(&mut self, utterance: u32, text: &str, confidence_per_mille: u16) -> Vec<String> {
        let utterance = UtteranceId(utterance);
        self.give(Input::FinalTranscript { utterance, text: text.into(), confidence_per_mille })
    }

    /// Speech of a second, its end, and its transcript.
    pub fn say(&mut self, utterance: u32, text: &str) -> Vec<String> {
        let mut actions = self.speech();
        actions.extend(self.wait(1_200));
        actions.extend(self.silence());
        actions.extend(self.wait(300));
        actions.extend(self.transcript(utterance, text));
        actions
    }

    pub fn delta(&mut self, turn: u32, text: &str) -> Vec<String> {
        self.give(Input::ReplyDelta { turn: TurnId(turn), text: text.into() })
    }

    pub fn act(&mut self, turn: u32, act: Act) -> Vec<String> {
        self.give(Input::ReplyAct { turn: TurnId(turn), act })
    }

    pub fn done(&mut self, turn: u32) -> Vec<String> {
        self.give(Input::ReplyDone { turn: TurnId(turn) })
    }

    /// The reply of `turn` asks for the weather.
    pub fn asks_tool(&mut self, turn: u32, call: u32, on_barge_in: OnBargeIn) -> Vec<String> {
        let (turn, call) = (TurnId(turn), ToolCallId(call));
        self.give(Input::ToolCall { turn, call, name: "weather".into(), arguments: "{}".into(), on_barge_in })
    }

    pub fn tool_says(&mut self, call: u32, outcome: &str) -> Vec<String> {
        self.give(Input::ToolResult { call: ToolCallId(call), outcome: outcome.into(), failed: false })
    }

    pub fn ready(&mut self, turn: u32, clause: u32, end_sample: u64) -> Vec<String> {
        self.give(Input::ClauseReady { turn: TurnId(turn), clause: ClauseId(clause), end_sample })
    }

    pub fn progress(&mut self, turn: u32, sample: u64) -> Vec<String> {
        self.give(Input::PlayoutProgress { turn: TurnId(turn), sample })
    }

    pub fn drained(&mut self, turn: u32) -> Vec<String> {
        self.give(Input::PlayoutDrained { turn: TurnId(turn) })
    }

    pub fn flushed(&mut self, turn: u32, sample: u64) -> Vec<String> {
        self.give(Input::PlayoutFlushed { turn: TurnId(turn), sample })
    }

    /// A turn of one clause is synthesised and played in a second.
    pub fn play_to_end(&mut self, turn: u32) -> Vec<String> {
        let mut actions = self.ready(turn, 0, 16_000);
        actions.extend(self.progress(turn, 320));
        actions.extend(self.wait(1_000));
        actions.extend(self.progress(turn, 16_000));
        actions.extend(self.drained(turn));
        actions
    }

    pub fn keys(&mut self, digits: &str) -> Vec<String> {
        digits.chars().flat_map(|digit| self.give(Input::Dtmf { digit: digit.into() })).collect()
    }

    pub fn stt_fails(&mut self, utterance: u32) -> Vec<String> {
        self.give(Input::WorkerFailed { stage: Stage::Stt, utterance: Some(UtteranceId(utterance)), turn: None })
    }

    pub fn llm_fails(&mut self, turn: u32) -> Vec<String> {
        self.give(Input::WorkerFailed { stage: Stage::Llm, utterance: None, turn: Some(TurnId(turn)) })
    }

    pub fn tts_fails(&mut self, turn: u32) -> Vec<String> {
        self.give(Input::WorkerFailed { stage: Stage::Tts, utterance: None, turn: Some(TurnId(turn)) })
    }

    pub fn state(&self) -> &'static str {
        self.conversation.state_name()
    }

    /// The next deadline: milliseconds from now, and its name.
    pub fn deadline(&self) -> Option<(u64, Timer)> {
        let (at, timer) = self.conversation.poll_timeout()?;
        Some((at.as_micros() / 1_000 - self.now_ms, timer))
    }

    pub fn history(&self) -> Vec<String> {
        let lines = self.conversation.history().iter().map(|entry| match entry.speaker {
            Speaker::Caller => format!("caller: {}", entry.text.as_str()),
            Speaker::Agent => format!("agent: {}", entry.text.as_str()),
            Speaker::Tool => format!("tool: {}", entry.text.as_str()),
        });
        lines.collect()
    }
}

fn written(action: &Action) -> String {
    match action {
        Action::StartRecognition { utterance } => format!("recognise {}", utterance.0),
        Action::FinishRecognition { utterance } => format!("finish {}", utterance.0),
        Action::CancelRecognition { utterance } => format!("cancel recognition {}", utterance.0),
        Action::ScoreEndOfTurn { pause, silence } => format!("score {} after {}", pause.0, silence.as_millis()),
        Action::StartPreResponse { turn } => format!("open {}", turn.0),
        Action::StartReply { turn, opening } if opening.is_empty() => format!("reply {}", turn.0),
        Action::StartReply { turn, opening } => format!("reply {} after: {}", turn.0, opening.as_str()),
        Action::CallTool { turn, call, name, arguments } => {
            format!("call {} for {}: {name} {}", call.0, turn.0, arguments.as_str())
        }
        Action::CancelTool { call } => format!("cancel call {}", call.0),
        Action::ContinueReply { turn } => format!("continue {}", turn.0),
        Action::HoldPlayout { turn } => format!("hold {}", turn.0),
        Action::ReleasePlayout { turn } => format!("release {}", turn.0),
        Action::DuckPlayout { turn } => format!("duck {}", turn.0),
        Action::CancelReply { turn } => format!("cancel reply {}", turn.0),
        Action::Speak { turn, clause, text } => format!("speak {}.{}: {}", turn.0, clause.0, text.as_str()),
        Action::EndOfSpeech { turn } => format!("end {}", turn.0),
        Action::PausePlayout { turn } => format!("pause {}", turn.0),
        Action::ResumePlayout { turn } => format!("resume {}", turn.0),
        Action::FlushPlayout { turn } => format!("flush {}", turn.0),
        Action::TruncateHistory { turn, heard } => format!("heard {}: {}", turn.0, heard.as_str()),
        Action::Transfer => "transfer".into(),
        Action::HangUp => "hang up".into(),
    }
}

pub const NOTHING: [&str; 0] = [];
