//! A daemon in virtual time: a scripted caller, workers of fixed speed, and the journal of it all.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use call_record::{Line, Words};
use call_report::Journal;
use conversation::{
    Action, ClauseId, Conversation, Input, Instant, OnBargeIn, Settings, ToolCallId, TurnId, UtteranceId,
};
use serde_json::{Value, json};

/// One thing that the caller says.
#[derive(Clone)]
pub struct Says {
    pub from_ms: u64,
    pub to_ms: u64,
    pub text: &'static str,
    pub score: u16,
    pub is_speech: bool,
}

pub fn says(from_ms: u64, to_ms: u64, text: &'static str) -> Says {
    Says { from_ms, to_ms, text, score: 900, is_speech: true }
}

enum Item {
    Input(Input),
    Partial(String),
    Score(u16),
}

/// The daemon.
pub struct Shell {
    machine: Conversation,
    now_us: u64,
    queue: Vec<(u64, Item)>,
    lines: Vec<Value>,
    utterance: u32,
    said: Vec<Says>,
    score: u16,
    playing: Option<(TurnId, u64, u64, bool)>,
    is_stopped: bool,
    ended: bool,
}

/// The machine is told the time a little after the journal's line was written.
const SKEW_US: u64 = 9;
const TIMER_LATE_US: u64 = 300;

pub fn settings() -> Settings {
    Settings::default().with(|it| it.phrases.greeting = "Hello, how can I help you?".into())
}

/// The journal of a call as JSON Lines.
pub fn call(settings: &Settings, caller: &[Says], ends_ms: u64) -> String {
    call_told(settings, caller, ends_ms, Vec::new())
}

/// The journal of a call whose machine is told more, each at its millisecond.
pub fn call_told(settings: &Settings, caller: &[Says], ends_ms: u64, told: Vec<(u64, Input)>) -> String {
    let mut shell = Shell {
        machine: Conversation::new(settings.clone()),
        now_us: 0,
        queue: Vec::new(),
        lines: Vec::new(),
        utterance: 0,
        said: caller.to_vec(),
        score: 0,
        playing: None,
        is_stopped: false,
        ended: false,
    };
    shell.line(
        "call",
        json!({"event": "started", "version": "0.1.0", "sip_call_id": "1@test", "account": null, "agent": "shop", "from": "sip:ann@example.org",
            "from_name": "Ann <b>", "to": "sip:shop@example.org", "context": {}, "settings": settings}),
    );
    shell.line("call", json!({"event": "answered", "codec": "PCMU/8000"}));
    shell.push(20, Item::Input(Input::CallAnswered));
    for (at_ms, input) in told {
        shell.push(at_ms, Item::Input(input));
    }
    for one in caller {
        shell.push(one.from_ms, Item::Input(Input::SpeechStarted));
        let verdict = if one.is_speech { Input::SpeechConfirmed } else { Input::SpeechDismissed };
        shell.push(one.from_ms + 60, Item::Input(verdict));
        let words: Vec<&str> = one.text.split_whitespace().collect();
        for count in 1..=words.len() {
            let at = one.from_ms + 150 + (one.to_ms - one.from_ms) * count as u64 / words.len() as u64;
            shell.push(at, Item::Partial(words[..count].join(" ")));
        }
        shell.push(one.to_ms + 99, Item::Score(one.score));
        shell.push(one.to_ms + 100, Item::Input(Input::SpeechEnded { silence: Duration::from_millis(100) }));
    }
    shell.push(ends_ms, Item::Input(Input::CallEnded));
    for tenth in 1..ends_ms / 100 {
        let loud = caller.iter().any(|one| one.from_ms <= tenth * 100 && tenth * 100 <= one.to_ms);
        let level = if loud { -20 } else { -100 };
        shell.now_us = tenth * 100_000;
        shell.line("levels", json!({"at_sample": tenth * 1_600, "captured_dbfs": level, "played_dbfs": -30}));
    }
    shell.now_us = 0;
    shell.run();
    shell.line("call", json!({"event": "ended", "code": 200, "by_peer": true}));
    shell.lines.sort_by_key(|line| line["t"].as_u64());
    shell.lines.iter().map(|line| format!("{line}\n")).collect()
}

pub fn journal(text: &str) -> Journal {
    Journal::parse(Path::new("call.jsonl"), text).unwrap()
}

impl Shell {
    fn push(&mut self, at_ms: u64, item: Item) {
        self.queue.push((at_ms * 1_000, item));
    }

    fn after(&mut self, ms: u64, input: Input) {
        self.queue.push((self.now_us + ms * 1_000, Item::Input(input)));
    }

    fn line(&mut self, kind: &str, fields: Value) {
        let mut line = json!({"t": self.now_us, "call": 7, "kind": kind});
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.lines.push(line);
    }

    fn run(&mut self) {
        while !self.ended {
            let item = (0..self.queue.len()).min_by_key(|index| self.queue[*index].0);
            let at = item.map_or(u64::MAX, |index| self.queue[index].0);
            let timer = self.machine.poll_timeout().map(|(at, timer)| (at.as_micros() + TIMER_LATE_US, timer));
            if let Some((due, timer)) = timer.filter(|(due, _)| *due < at) {
                self.now_us = due.max(self.now_us);
                self.line("timeout", json!({"timer": timer}));
                self.machine.handle_timeout(Instant::from_micros(self.now_us));
                self.carry_out();
                continue;
            }
            let Some(index) = item else { return };
            let (at, item) = self.queue.remove(index);
            self.now_us = at.max(self.now_us);
            match item {
                Item::Input(input) => self.feed(input),
                Item::Partial(text) if self.utterance > 0 => {
                    self.feed(Input::PartialTranscript { utterance: UtteranceId(self.utterance), text: text.into() });
                }
                Item::Partial(_) => {}
                Item::Score(score) => self.score = score,
            }
        }
    }

    fn feed(&mut self, input: Input) {
        self.line("input", json!({"input": input}));
        self.machine.handle_input(input.clone(), Instant::from_micros(self.now_us + SKEW_US));
        self.carry_out();
        match input {
            Input::ClauseReady { turn, end_sample, .. } => self.extend(turn, end_sample),
            Input::PlayoutProgress { turn, sample } => self.played(turn, sample),
            Input::PlayoutDrained { .. } => self.playing = None,
            Input::CallEnded => self.ended = true,
            _ => {}
        }
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.machine.poll_action() {
            self.line("action", json!({"action": action}));
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::StartRecognition { utterance } => self.utterance = utterance.0,
            Action::CancelRecognition { .. } => self.utterance = 0,
            Action::FinishRecognition { utterance } => {
                let text = self.last_said().into();
                self.utterance = 0;
                self.after(60, Input::FinalTranscript { utterance, text, confidence_per_mille: 900 });
            }
            Action::ScoreEndOfTurn { pause, .. } => {
                self.after(45, Input::EndOfTurnScore { pause, per_mille: self.score });
            }
            Action::StartPreResponse { turn } => self.after(80, Input::PreResponse { turn, text: "".into() }),
            // Who asks for the weather has it looked up.
            Action::StartReply { turn, .. } if self.last_said().contains("weather") => {
                self.after(100, Input::ReplyDelta { turn, text: "Let me look. ".into() });
                self.after(
                    120,
                    Input::ToolCall {
                        turn,
                        call: ToolCallId(turn.0),
                        name: "weather".into(),
                        arguments: r#"{"of": "today"}"#.into(),
                        on_barge_in: OnBargeIn::Cancel,
                    },
                );
            }
            Action::CallTool { call, .. } => {
                self.after(700, Input::ToolResult { call, outcome: "12 degrees".into(), failed: false });
            }
            Action::ContinueReply { turn } => {
                self.after(120, Input::ReplyDelta { turn, text: "We have 12 degrees.".into() });
                self.after(130, Input::ReplyDone { turn });
            }
            Action::StartReply { turn, .. } => {
                self.after(120, Input::ReplyDelta { turn, text: format!("This is answer number {}, ", turn.0).into() });
                self.after(140, Input::ReplyDelta { turn, text: "which goes on for a little while.".into() });
                self.after(150, Input::ReplyDone { turn });
            }
            Action::CancelReply { turn } => self.forget(turn, false),
            Action::Speak { turn, clause, text } => self.speak(turn, clause, &text),
            Action::EndOfSpeech { turn } => {
                if let Some(playing) = self.playing.as_mut().filter(|playing| playing.0 == turn) {
                    playing.3 = true;
                }
            }
            Action::HoldPlayout { .. } | Action::PausePlayout { .. } => self.is_stopped = true,
            Action::ReleasePlayout { .. } | Action::ResumePlayout { .. } => {
                self.is_stopped = false;
                if let Some((turn, position, ..)) = self.playing {
                    self.after(20, Input::PlayoutProgress { turn, sample: position + 320 });
                }
            }
            Action::FlushPlayout { turn } => {
                self.is_stopped = false;
                let sent = self.playing.take_if(|playing| playing.0 == turn).map_or(0, |playing| playing.1);
                self.forget(turn, true);
                self.feed(Input::PlayoutFlushed { turn, sample: sent });
            }
            Action::HangUp => self.after(20, Input::CallEnded),
            Action::DuckPlayout { .. }
            | Action::TruncateHistory { .. }
            | Action::Transfer
            | Action::CancelTool { .. } => {}
        }
    }

    /// What the caller has begun to say last.
    fn last_said(&self) -> &'static str {
        let now = self.now_us / 1_000;
        self.said.iter().rev().find(|one| one.from_ms <= now).map_or("", |one| one.text)
    }

    fn forget(&mut self, turn: TurnId, of_playout: bool) {
        self.queue.retain(|(_, item)| match item {
            Item::Input(Input::ReplyDelta { turn: of, .. } | Input::ReplyDone { turn: of }) => {
                of_playout || *of != turn
            }
            Item::Input(
                Input::ClauseReady { turn: of, .. }
                | Input::PlayoutProgress { turn: of, .. }
                | Input::PlayoutDrained { turn: of },
            ) => !of_playout || *of != turn,
            _ => true,
        });
    }

    fn speak(&mut self, turn: TurnId, clause: ClauseId, text: &str) {
        let samples = text.chars().count() as u64 * 1_000;
        if self.playing.is_none_or(|playing| playing.0 != turn) {
            self.playing = Some((turn, 0, 0, false));
        }
        let ready = |item: &Item| match item {
            Item::Input(Input::ClauseReady { turn: of, end_sample, .. }) if *of == turn => Some(*end_sample),
            _ => None,
        };
        let queued = self.queue.iter().filter_map(|(_, item)| ready(item)).max();
        let before = queued.or(self.playing.map(|playing| playing.2)).unwrap_or(0);
        let wait = 50 + u64::from(clause.0) * 20;
        self.after(wait, Input::ClauseReady { turn, clause, end_sample: before + samples });
    }

    fn extend(&mut self, turn: TurnId, end_sample: u64) {
        let Some(playing) = self.playing.as_mut().filter(|playing| playing.0 == turn) else { return };
        let was_dry = playing.1 >= playing.2;
        playing.2 = end_sample;
        if was_dry && !self.is_stopped {
            let sample = playing.1 + 320;
            self.after(20, Input::PlayoutProgress { turn, sample });
        }
    }

    fn played(&mut self, turn: TurnId, sample: u64) {
        let Some(playing) = self.playing.as_mut().filter(|playing| playing.0 == turn) else { return };
        playing.1 = sample;
        let (available, is_complete) = (playing.2, playing.3);
        if self.is_stopped {
            return;
        }
        if sample + 1_600 <= available {
            self.after(100, Input::PlayoutProgress { turn, sample: sample + 1_600 });
        } else if is_complete {
            self.after((available.saturating_sub(sample)) / 16, Input::PlayoutDrained { turn });
        }
    }
}

/// Two questions, a cough over the second answer, an interruption of it, and a last question.
pub fn conversation() -> Vec<Says> {
    vec![
        says(3_000, 4_500, "what are your opening hours"),
        says(10_000, 11_500, "and how much is the blue teapot"),
        Says { is_speech: false, ..says(12_800, 13_000, "") },
        says(14_000, 15_200, "stop i want another one"),
    ]
}

/// The same journal with every word replaced by its length.
pub fn without_words(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line: Line = serde_json::from_str(line).unwrap();
        format!("{}\n", line.to_json(Words::Withheld))
    });
    lines.collect()
}
