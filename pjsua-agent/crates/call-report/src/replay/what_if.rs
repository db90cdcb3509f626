//! The machine with other settings, or another version of it, in the world of the day.

use std::collections::BTreeMap;
use std::time::Duration;

use conversation::{Action, Conversation, Input, Instant, Settings, Stage};
use serde_json::Value;

use super::fields_that_differ;
use super::lockstep::is_same;
use super::replies::STAND_IN;
use super::world::{Moment, World};
use crate::journal::{Step, What};

/// For how long the caller waits for an agent that does not come to an end.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What the replay came to.
pub(super) struct Outcome {
    pub(super) steps: Vec<Step>,
    pub(super) parted: Option<Instant>,
    pub(super) limits: Vec<String>,
}

/// Runs the machine with `settings` over a call that had those of `then`. `is_reproduced`: this version decides as the
/// recorded one did when it is given the settings of the day.
pub(super) fn run(steps: &[Step], then: &Settings, settings: &Settings, is_reproduced: bool) -> Outcome {
    let mut what_if = WhatIf {
        machine: Conversation::new(settings.clone()),
        other: fields_that_differ(then, settings),
        world: World::of(steps, then),
        lines: lines(steps),
        next: 0,
        shift_us: 0,
        now: Instant::ZERO,
        sounds: 0,
        ended: false,
        waiting_since: None,
        waited_for: None,
        steps: Vec::new(),
        parted: None,
    };
    if is_reproduced {
        what_if.run_in_step(Conversation::new(then.clone()));
    } else {
        what_if.parted = Some(Instant::ZERO);
    }
    while what_if.parted.is_some() && !what_if.ended && what_if.step() {}
    what_if.outcome()
}

/// A step of the day that was no action.
struct Line {
    at: Instant,
    what: What,
    /// The agent had ended before, and was waited for: since when.
    agent_idle_since: Option<Instant>,
}

fn lines(steps: &[Step]) -> Vec<Line> {
    let (mut idle_since, mut lines) = (None, Vec::new());
    for Step { at, what } in steps {
        match what {
            What::Action(
                Action::StartReply { .. }
                | Action::StartPreResponse { .. }
                | Action::Speak { .. }
                | Action::FinishRecognition { .. }
                | Action::Transfer,
            ) => idle_since = None,
            What::Action(_) => {}
            What::Input(_) | What::Timeout(_) => {
                match what {
                    What::Input(Input::PlayoutDrained { .. }) => idle_since = Some(*at),
                    // A reply that nobody heard was flushed because the caller goes on.
                    What::Input(Input::PlayoutFlushed { sample, .. }) => idle_since = (*sample > 0).then_some(*at),
                    _ => {}
                }
                // Only his first sound after it is a reaction; the others go on with his own words.
                let agent_idle_since = if is_reaction(what) { idle_since.take() } else { None };
                lines.push(Line { at: *at, what: what.clone(), agent_idle_since });
            }
        }
    }
    lines
}

/// What a caller does when the agent has ended.
fn is_reaction(what: &What) -> bool {
    matches!(what, What::Input(Input::SpeechStarted | Input::Dtmf { .. } | Input::CallEnded))
}

struct WhatIf {
    machine: Conversation,
    /// What is other than on the day, whoever the agent is.
    other: BTreeMap<String, Value>,
    world: World,
    lines: Vec<Line>,
    next: usize,
    /// How much later than on the day the caller is.
    shift_us: i64,
    now: Instant,
    sounds: usize,
    ended: bool,
    waiting_since: Option<Instant>,
    /// The end of the agent's turn that the caller reacted to last.
    waited_for: Option<Instant>,
    steps: Vec<Step>,
    parted: Option<Instant>,
}

impl WhatIf {
    /// As recorded, until `day`, which has the settings of the day, asks for something else.
    fn run_in_step(&mut self, mut day: Conversation) {
        while self.parted.is_none() && !self.ended && self.next < self.lines.len() {
            let Line { at, ref what, .. } = self.lines[self.next];
            let what = what.clone();
            // A timer that the day's machine has as well expires when it did, however late that was.
            while let Some((due, timer)) = self.machine.poll_timeout()
                && due < at
                && day.poll_timeout() != Some((due, timer))
            {
                if !self.expire(due).is_empty() {
                    self.part();
                    return;
                }
            }
            let mut wanted = Vec::new();
            match &what {
                What::Input(input) => day.handle_input(input.clone(), at),
                What::Timeout(_) | What::Action(_) => day.handle_timeout(at),
            }
            wanted.extend(std::iter::from_fn(|| day.poll_action()));
            self.next += 1;
            let actions = match what {
                What::Input(input) => {
                    self.world.observe(&input, at);
                    self.feed(input, at)
                }
                What::Timeout(_) | What::Action(_) => self.expire(at),
            };
            if actions.len() != wanted.len() || !actions.iter().zip(&wanted).all(|(one, other)| is_same(one, other)) {
                self.part();
            }
        }
    }

    fn part(&mut self) {
        self.parted = Some(self.now);
        self.world.part(self.now);
        self.waited_for = self.world.last_end();
    }

    /// The next thing, whatever it is; false when there is none.
    fn step(&mut self) -> bool {
        self.skip_answers();
        if self.next == self.lines.len() && self.is_quiet() && self.world.is_idle() {
            // The record was cut: what the caller does next is not known.
            return false;
        }
        let line = self.next_line();
        let world = self.world.next();
        let timer = self.machine.poll_timeout().map(|(at, _)| at);
        let Some(earliest) = [line, world, timer].into_iter().flatten().min() else { return false };
        if line == Some(earliest) {
            self.take_line(earliest);
        } else if world == Some(earliest) {
            let now = self.now.max(earliest);
            if let Some(input) = self.world.take(now) {
                self.feed(input, now);
            }
        } else {
            self.expire(earliest);
        }
        true
    }

    /// Passes over what the world of the replay says itself.
    fn skip_answers(&mut self) {
        let is_answer = |what: &What| match what {
            What::Input(input) => !is_of_the_caller(input),
            What::Timeout(_) | What::Action(_) => true,
        };
        while self.lines.get(self.next).is_some_and(|line| is_answer(&line.what)) {
            self.next += 1;
        }
    }

    /// When the next line of the record is due; nothing while the caller waits for the agent.
    fn next_line(&mut self) -> Option<Instant> {
        let line = self.lines.get(self.next)?;
        let Some(idle_since) = line.agent_idle_since else {
            return Some(self.shifted(line.at));
        };
        let at = line.at;
        let due = self.shifted(at);
        let is_quiet = self.is_quiet();
        let is_idle = is_quiet && self.world.is_idle();
        let waited = *self.waiting_since.get_or_insert(due.max(self.now));
        if !is_idle && self.now < waited + LONGEST_WAIT && (self.world.next().is_some() || !is_quiet) {
            // What comes before he would speak is none of his waiting.
            return None;
        }
        let end = self.world.last_end().filter(|end| self.waited_for != Some(*end));
        if let Some(end) = end {
            self.waited_for = Some(end);
            self.shift_us = micros(end) - micros(idle_since);
        }
        Some(self.shifted(at))
    }

    /// The agent neither speaks nor is about to.
    fn is_quiet(&self) -> bool {
        matches!(self.machine.state_name(), "unanswered" | "listening" | "closing" | "ended")
    }

    fn take_line(&mut self, due: Instant) {
        let Some(Line { what: What::Input(input), .. }) = self.lines.get(self.next) else { return };
        let input = input.clone();
        self.next += 1;
        self.waiting_since = None;
        let at = self.now.max(due);
        let recorded = self.recorded(at);
        let input = match input {
            Input::PartialTranscript { .. } | Input::FinalTranscript { .. } => self.world.words.partial(recorded),
            Input::WorkerFailed { stage: Stage::Stt, .. } => self
                .world
                .words
                .open()
                .map(|utterance| Input::WorkerFailed { stage: Stage::Stt, utterance: Some(utterance), turn: None }),
            Input::WorkerFailed { stage: Stage::Tts, .. } => self.machine.turn().map(|turn| Input::WorkerFailed {
                stage: Stage::Tts,
                utterance: None,
                turn: Some(turn),
            }),
            other => Some(other),
        };
        if let Some(input) = input {
            self.feed(input, at);
        }
    }

    fn feed(&mut self, input: Input, at: Instant) -> Vec<Action> {
        let input = match input {
            Input::SettingsChanged { settings } => Input::SettingsChanged { settings: self.with_other(settings) },
            other => other,
        };
        self.now = self.now.max(at);
        self.sounds += usize::from(matches!(input, Input::SpeechEnded { .. }));
        self.ended |= input == Input::CallEnded;
        self.steps.push(Step { at: self.now, what: What::Input(input.clone()) });
        self.machine.handle_input(input, self.now);
        self.carry_out()
    }

    fn expire(&mut self, at: Instant) -> Vec<Action> {
        self.now = self.now.max(at);
        if let Some((_, timer)) = self.machine.poll_timeout().filter(|(due, _)| *due <= self.now) {
            self.steps.push(Step { at: self.now, what: What::Timeout(timer) });
        }
        self.machine.handle_timeout(self.now);
        self.carry_out()
    }

    fn carry_out(&mut self) -> Vec<Action> {
        let actions: Vec<Action> = std::iter::from_fn(|| self.machine.poll_action()).collect();
        let moment = Moment { now: self.now, recorded: self.recorded(self.now), sounds: self.sounds };
        for action in &actions {
            self.steps.push(Step { at: self.now, what: What::Action(action.clone()) });
            self.world.carry_out(action, moment);
        }
        actions
    }

    /// The settings that an agent took the call over with, changed as those that the call began with are.
    fn with_other(&self, settings: Box<Settings>) -> Box<Settings> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(&settings) else { return settings };
        fields.extend(self.other.clone());
        serde_json::from_value(Value::Object(fields)).map_or(settings, Box::new)
    }

    fn shifted(&self, recorded: Instant) -> Instant {
        Instant::from_micros(recorded.as_micros().saturating_add_signed(self.shift_us))
    }

    fn recorded(&self, now: Instant) -> Instant {
        Instant::from_micros(now.as_micros().saturating_add_signed(-self.shift_us))
    }

    fn outcome(self) -> Outcome {
        let mut limits = Vec::new();
        if !self.world.stand_ins.is_empty() {
            let turns: Vec<String> = self.world.stand_ins.iter().map(|turn| turn.0.to_string()).collect();
            limits.push(format!(
                "The model was not asked at that point on the day; \"{STAND_IN}\" stands for its reply in turn {}.",
                turns.join(", ")
            ));
        }
        if self.world.has_unknown_transfer {
            limits.push("Nobody was called on the day: the transfer has no outcome.".into());
        }
        Outcome { steps: self.steps, parted: self.parted, limits }
    }
}

fn micros(at: Instant) -> i64 {
    i64::try_from(at.as_micros()).unwrap_or(i64::MAX)
}

/// What happens whatever the machine decides.
fn is_of_the_caller(input: &Input) -> bool {
    match input {
        Input::CallAnswered
        | Input::SpeechStarted
        | Input::SpeechConfirmed
        | Input::SpeechDismissed
        | Input::SpeechEnded { .. }
        | Input::PartialTranscript { .. }
        | Input::FinalTranscript { .. }
        | Input::Dtmf { .. }
        | Input::WorkersBusy { .. }
        | Input::SettingsChanged { .. }
        | Input::WorkerFailed { stage: Stage::Stt | Stage::Tts, .. }
        | Input::CallEnded => true,
        Input::EndOfTurnScore { .. }
        | Input::PreResponse { .. }
        | Input::ReplyDelta { .. }
        | Input::ReplyAct { .. }
        | Input::ReplyDone { .. }
        | Input::ToolCall { .. }
        | Input::ToolResult { .. }
        | Input::ClauseReady { .. }
        | Input::PlayoutProgress { .. }
        | Input::PlayoutDrained { .. }
        | Input::PlayoutFlushed { .. }
        | Input::WorkerFailed { stage: Stage::Llm, .. }
        | Input::TransferSucceeded
        | Input::TransferFailed { .. } => false,
    }
}
