//! Recogniser, models, voice and playout of the what-if: they answer as on the day.

use std::collections::BTreeMap;
use std::time::Duration;

use conversation::{Action, ClauseId, Input, Instant, PauseId, Settings, TurnId};

use super::playout::Playout;
use super::replies::{Replies, Request, turn_of};
use super::tools::Tools;
use super::words::{Words, median};
use crate::course::Course;
use crate::journal::{Step, What};

/// A score that was asked for within this time of the recorded one is the same one.
const SAME_SCORE: Duration = Duration::from_millis(150);
/// From the queued sample to the frame that is sent: half a tick of the media clock.
const WIRE: Duration = Duration::from_millis(10);
/// Speech of a voice whose speed the record does not tell: 14 characters a second.
const SAMPLES_PER_CHAR: u64 = 1_150;

/// Something that is on its way.
#[derive(Clone, Debug, PartialEq)]
enum Due {
    Input(Input),
    Audio { turn: TurnId, clause: ClauseId, samples: u64 },
}

/// A clause of the day.
#[derive(Clone, Copy, Debug)]
struct Voiced {
    wait: Duration,
    samples: u64,
}

/// The world.
#[derive(Debug)]
pub(super) struct World {
    pub(super) words: Words,
    replies: Replies,
    tools: Tools,
    scores: Vec<(Instant, Duration, u16)>,
    sound_starts: Vec<Instant>,
    voiced: BTreeMap<String, Voiced>,
    typical_voice: Duration,
    samples_per_char: u64,
    transfer: Option<(Duration, Input)>,
    queue: Vec<(Instant, Due)>,
    playout: Playout,
    last_end: Option<Instant>,
    /// Turns whose reply is a stand-in.
    pub(super) stand_ins: Vec<TurnId>,
    /// A transfer whose outcome nobody knows.
    pub(super) has_unknown_transfer: bool,
}

/// Where the replay is in time, and in the record's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Instant,
    pub(super) recorded: Instant,
    /// How often the caller has fallen silent.
    pub(super) sounds: usize,
}

impl World {
    pub(super) fn of(steps: &[Step], settings: &Settings) -> World {
        let day = Course::of(steps, settings);
        let answered = day.scores.iter().filter_map(|score| Some((score, score.answered?)));
        let voiced = voiced(&day);
        let samples: u64 = voiced.values().map(|clause| clause.samples).sum();
        let chars: u64 = voiced.keys().map(|text| text.chars().count() as u64).sum();
        World {
            words: Words::of(&day),
            replies: Replies::of(steps),
            tools: Tools::of(steps),
            scores: answered.map(|(score, (at, per_mille))| (score.asked, at - score.asked, per_mille)).collect(),
            sound_starts: day.sounds.iter().filter_map(|sound| sound.confirmed.map(|_| sound.started)).collect(),
            typical_voice: median(voiced.values().map(|clause| clause.wait).collect(), Duration::from_millis(50)),
            samples_per_char: samples.checked_div(chars).unwrap_or(SAMPLES_PER_CHAR).max(1),
            voiced,
            transfer: transfer(steps),
            queue: Vec::new(),
            playout: Playout::default(),
            last_end: None,
            stand_ins: Vec::new(),
            has_unknown_transfer: false,
        }
    }

    /// The agent's voice is silent, and nothing is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.playout.is_idle()
    }

    /// When the agent's last turn ended.
    pub(super) fn last_end(&self) -> Option<Instant> {
        self.last_end
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.queue.iter().map(|(at, _)| *at).chain(self.playout.next()).min()
    }

    /// The next thing that comes; at `now` at the earliest.
    pub(super) fn take(&mut self, now: Instant) -> Option<Input> {
        let earliest = (0..self.queue.len()).min_by_key(|index| self.queue[*index].0);
        let input = match (earliest, self.playout.next()) {
            (Some(index), playing) if playing.is_none_or(|at| self.queue[index].0 <= at) => {
                match self.queue.remove(index).1 {
                    Due::Input(input) => Some(input),
                    Due::Audio { turn, clause, samples } => self
                        .playout
                        .add(turn, samples, now)
                        .map(|end_sample| Input::ClauseReady { turn, clause, end_sample }),
                }
            }
            _ => self.playout.report(now),
        };
        if matches!(input, Some(Input::PlayoutDrained { .. })) {
            self.last_end = Some(now);
        }
        input
    }

    /// The record says that this happened: it is not on its way any more.
    pub(super) fn observe(&mut self, input: &Input, now: Instant) {
        let is_it = |due: &Due| match (due, input) {
            (Due::Audio { turn, clause, .. }, Input::ClauseReady { turn: of, clause: which, .. }) => {
                turn == of && clause == which
            }
            (Due::Input(due), input) => is_same_subject(due, input),
            (Due::Audio { .. }, _) => false,
        };
        if let Some(index) = self.queue.iter().position(|(_, due)| is_it(due))
            && let (_, Due::Audio { turn, samples, .. }) = self.queue.remove(index)
        {
            self.playout.add(turn, samples, now);
        }
        match input {
            Input::PlayoutProgress { turn, sample } => self.playout.observe(*turn, *sample, now),
            Input::PlayoutDrained { turn } => {
                self.playout.observe_end(*turn);
                self.last_end = Some(now);
            }
            _ => {}
        }
    }

    /// The replay parts from the record: what should have come by now will not.
    pub(super) fn part(&mut self, now: Instant) {
        const LATE: Duration = Duration::from_millis(100);
        self.queue.retain(|(at, due)| matches!(due, Due::Audio { .. }) || *at + LATE >= now);
    }

    /// The machine asks for something.
    pub(super) fn carry_out(&mut self, action: &Action, moment: Moment) {
        let Moment { now, recorded, sounds } = moment;
        match action {
            Action::StartRecognition { utterance } => self.words.start(utterance.0, recorded),
            Action::FinishRecognition { utterance } => {
                let resumed = self.sound_starts.iter().copied().find(|start| *start > recorded);
                let (text, wait) = self.words.finish(utterance.0, recorded, resumed);
                // It may be put together from several of the day's.
                let transcript =
                    Input::FinalTranscript { utterance: *utterance, text: text.into(), confidence_per_mille: 1_000 };
                self.push(now + wait, transcript);
            }
            Action::CancelRecognition { utterance } => {
                self.words.cancel(utterance.0);
                let is_its = |due: &Due| matches!(due, Due::Input(Input::FinalTranscript { utterance: of, .. }) if of == utterance);
                self.queue.retain(|(_, due)| !is_its(due));
            }
            Action::ScoreEndOfTurn { pause, .. } => self.score(*pause, moment),
            Action::StartPreResponse { turn } => {
                let blank = || vec![(Duration::ZERO, Input::PreResponse { turn: *turn, text: "".into() })];
                let pieces = self.replies.find(*turn, recorded, sounds, Request::Opening).unwrap_or_else(blank);
                self.push_all(now, pieces);
            }
            Action::StartReply { turn, .. } => self.reply(*turn, Request::Reply, moment),
            Action::ContinueReply { turn } => self.reply(*turn, Request::Rest, moment),
            Action::CallTool { turn, call, name, arguments } => {
                let (wait, result) = self.tools.call(*call, name, arguments).unwrap_or_else(|| {
                    self.stand_ins.push(*turn);
                    self.tools.stand_in(*call)
                });
                self.push(now + wait, result);
            }
            Action::CancelTool { call } => {
                self.queue
                    .retain(|(_, due)| !matches!(due, Due::Input(Input::ToolResult { call: of, .. }) if of == call));
            }
            Action::CancelReply { turn } => {
                self.queue.retain(|(_, due)| !matches!(due, Due::Input(input) if turn_of(input) == Some(*turn)));
            }
            Action::Speak { turn, clause, text } => self.speak(*turn, *clause, text, now),
            Action::EndOfSpeech { turn } => self.playout.complete(*turn, now),
            Action::HoldPlayout { .. } | Action::PausePlayout { .. } => self.playout.stop(now),
            Action::ReleasePlayout { .. } | Action::ResumePlayout { .. } => self.playout.go_on(now),
            Action::FlushPlayout { turn } => {
                self.queue.retain(|(_, due)| !matches!(due, Due::Audio { turn: of, .. } if of == turn));
                let sample = self.playout.flush(*turn, now);
                self.last_end = Some(now);
                self.push(now, Input::PlayoutFlushed { turn: *turn, sample });
            }
            Action::Transfer => match self.transfer.clone() {
                Some((after, outcome)) => self.push(now + after, outcome),
                None => self.has_unknown_transfer = true,
            },
            Action::HangUp => self.push(now + Duration::from_millis(20), Input::CallEnded),
            Action::DuckPlayout { .. } | Action::TruncateHistory { .. } => {}
        }
    }

    fn push(&mut self, at: Instant, input: Input) {
        self.queue.push((at, Due::Input(input)));
    }

    fn push_all(&mut self, now: Instant, pieces: Vec<(Duration, Input)>) {
        self.queue.extend(pieces.into_iter().map(|(after, piece)| (now + after, Due::Input(piece))));
    }

    /// What the model said on the day, or a stand-in.
    fn reply(&mut self, turn: TurnId, request: Request, Moment { now, recorded, sounds }: Moment) {
        let pieces = self.replies.find(turn, recorded, sounds, request).unwrap_or_else(|| {
            self.stand_ins.push(turn);
            self.replies.stand_in(turn)
        });
        self.push_all(now, pieces);
    }

    /// The score that was asked for at that time of the day, else the last one of the same silence, else none.
    fn score(&mut self, pause: PauseId, Moment { now, recorded, .. }: Moment) {
        let distance = |asked: Instant| asked.since_answer().abs_diff(recorded.since_answer());
        let near = self.scores.iter().filter(|(asked, ..)| distance(*asked) <= SAME_SCORE);
        let silence_began = self.sound_starts.iter().copied().rev().find(|start| *start <= recorded);
        let is_same_silence = |asked: Instant| asked <= recorded && silence_began.is_none_or(|began| began <= asked);
        let before = self.scores.iter().rev().find(|(asked, ..)| is_same_silence(*asked));
        if let Some((_, wait, per_mille)) = near.min_by_key(|(asked, ..)| distance(*asked)).or(before).copied() {
            self.push(now + wait, Input::EndOfTurnScore { pause, per_mille });
        }
    }

    fn speak(&mut self, turn: TurnId, clause: ClauseId, text: &str, now: Instant) {
        let known = self.voiced.get(text).copied().unwrap_or_else(|| Voiced {
            wait: self.typical_voice,
            samples: self.samples_per_char * text.chars().count() as u64,
        });
        let wire = if self.playout.is_idle() { WIRE } else { Duration::ZERO };
        self.playout.expect(turn);
        let own = self.queue.iter().filter(|(_, due)| matches!(due, Due::Audio { turn: of, .. } if *of == turn));
        let before = own.map(|(at, _)| *at).max().unwrap_or(now);
        let at = before.max(now) + known.wait + wire;
        self.queue.push((at, Due::Audio { turn, clause, samples: known.samples }));
    }
}

/// The same kind of thing about the same turn, utterance or pause.
fn is_same_subject(due: &Input, input: &Input) -> bool {
    match (due, input) {
        (Input::FinalTranscript { utterance, .. }, Input::FinalTranscript { utterance: of, .. }) => utterance == of,
        (Input::EndOfTurnScore { pause, .. }, Input::EndOfTurnScore { pause: of, .. }) => pause == of,
        (Input::PlayoutFlushed { turn, .. }, Input::PlayoutFlushed { turn: of, .. }) => turn == of,
        (Input::PreResponse { turn, .. }, Input::PreResponse { turn: of, .. }) => turn == of,
        (Input::ToolResult { call, .. }, Input::ToolResult { call: of, .. }) => call == of,
        _ => due == input,
    }
}

/// How long each clause took to sound, and how long it is. A clause that follows another one is awaited no longer than
/// it takes to make it: what the record has is when it fitted into the queue.
fn voiced(day: &Course) -> BTreeMap<String, Voiced> {
    let mut voiced = BTreeMap::new();
    for turn in &day.turns {
        let mut start = 0;
        for (index, clause) in turn.clauses.iter().enumerate() {
            let Some(end) = clause.end_sample else { break };
            let is_prompt = index == 0 && turn.overlaps.is_empty();
            let from = turn.endpoint.filter(|_| turn.held.is_some()).unwrap_or(clause.at).max(clause.at);
            let wait = turn.played.filter(|_| is_prompt).map_or(Duration::ZERO, |played| played - from);
            let wait = if index == 0 { wait.saturating_sub(WIRE) } else { Duration::ZERO };
            let samples = end.saturating_sub(start);
            voiced.entry(clause.text.clone()).or_insert(Voiced { wait, samples });
            start = end;
        }
    }
    voiced
}

fn transfer(steps: &[Step]) -> Option<(Duration, Input)> {
    let is_asked = |step: &&Step| step.what == What::Action(Action::Transfer);
    let asked = steps.iter().find(is_asked)?.at;
    steps.iter().find_map(|step| match &step.what {
        What::Input(input @ (Input::TransferSucceeded | Input::TransferFailed { .. })) if step.at >= asked => {
            Some((step.at - asked, input.clone()))
        }
        _ => None,
    })
}
