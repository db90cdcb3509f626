//! Steps read into a course.

use std::time::Duration;

use conversation::{Action, Input, Instant, Settings, Spoken, Timer};

use super::{Clause, Course, Ending, Overlap, Phrase, Score, Sound, Turn, Utterance, samples_to_duration};
use crate::journal::{Step, What};

/// What the steps of a call with these settings decided.
pub(super) fn read(steps: &[Step], settings: &Settings) -> Course {
    let mut reader = Reader { course: Course::default(), settings, caller: Caller::default(), was_told: false };
    for Step { at, what } in steps {
        match what {
            What::Input(input) => {
                reader.was_told = matches!(input, Input::FinalTranscript { .. });
                reader.input(input, *at);
            }
            What::Timeout(timer) => {
                reader.was_told = false;
                if *timer == Timer::Endpoint {
                    reader.caller.silence_over = Some(*at);
                }
            }
            What::Action(action) => reader.action(action, *at),
        }
    }
    reader.course
}

/// The caller's words that are still to be answered.
#[derive(Default)]
struct Caller {
    falls: usize,
    speech_end: Option<Instant>,
    words: Vec<String>,
    finish_asked: Option<Instant>,
    transcript: Option<Instant>,
    silence_over: Option<Instant>,
}

struct Reader<'a> {
    course: Course,
    settings: &'a Settings,
    caller: Caller,
    /// The step before was a final transcript.
    was_told: bool,
}

impl Reader<'_> {
    fn input(&mut self, input: &Input, at: Instant) {
        match input {
            Input::SpeechStarted => {
                self.course.sounds.push(Sound { started: at, confirmed: None, dismissed: None, ended: None });
            }
            Input::SpeechConfirmed => {
                if let Some(sound) = self.course.sounds.last_mut() {
                    sound.confirmed.get_or_insert(at);
                }
            }
            Input::SpeechDismissed => {
                if let Some(sound) = self.course.sounds.last_mut() {
                    sound.dismissed.get_or_insert(at);
                }
            }
            Input::SpeechEnded { silence } => self.fell_silent(at - *silence),
            Input::EndOfTurnScore { pause, per_mille } => {
                let asked = self.course.scores.iter_mut().rev().find(|score| score.pause == pause.0);
                if let Some(score) = asked.filter(|score| score.answered.is_none()) {
                    score.answered = Some((at, *per_mille));
                }
            }
            Input::PartialTranscript { utterance, text } => {
                if let Some(recognition) = self.recognition(utterance.0) {
                    recognition.partials.push((at, text.to_string()));
                }
            }
            Input::FinalTranscript { utterance, text, .. } => {
                if let Some(recognition) = self.recognition(utterance.0) {
                    recognition.transcript = Some((at, text.to_string()));
                }
                self.caller.transcript = Some(at);
                if !text.trim().is_empty() {
                    self.caller.words.push(text.trim().to_owned());
                }
            }
            // Words that nobody asked for make a turn, too.
            Input::ReplyDelta { turn, .. } => {
                self.turn(turn.0);
            }
            Input::ClauseReady { turn, clause, end_sample } => {
                if let Some(clause) = self.turn(turn.0).clauses.get_mut(clause.0 as usize) {
                    clause.end_sample = Some(*end_sample);
                }
            }
            Input::PlayoutProgress { turn, sample } => {
                self.turn(turn.0).played.get_or_insert(at - samples_to_duration(*sample));
            }
            Input::PlayoutDrained { turn } => self.turn(turn.0).ending = Some(Ending::Drained(at)),
            Input::PlayoutFlushed { turn, sample } => {
                let turn = self.turn(turn.0);
                let is_heard = *sample > 0;
                if !turn.is_discarded() {
                    turn.ending = Some(if is_heard { Ending::Interrupted(at) } else { Ending::Dropped(at) });
                }
            }
            Input::Dtmf { digit } => self.course.keys.push((at, digit.0)),
            Input::CallEnded => self.course.ended = Some(at),
            Input::CallAnswered
            | Input::PreResponse { .. }
            | Input::ReplyAct { .. }
            | Input::ReplyDone { .. }
            | Input::ToolCall { .. }
            | Input::ToolResult { .. }
            | Input::WorkerFailed { .. }
            | Input::WorkersBusy { .. }
            | Input::SettingsChanged { .. }
            | Input::TransferSucceeded
            | Input::TransferFailed { .. } => {}
        }
    }

    fn fell_silent(&mut self, at: Instant) {
        let needs_confirmation = self.settings.confirmed_speech;
        let Some(sound) = self.course.sounds.last_mut() else { return };
        sound.ended = Some(at);
        self.caller.falls += 1;
        if sound.confirmed.is_some() || !needs_confirmation {
            self.caller.speech_end = Some(at);
        }
    }

    fn action(&mut self, action: &Action, at: Instant) {
        match action {
            Action::StartRecognition { utterance } => self.course.recognitions.push(Utterance {
                utterance: utterance.0,
                started: at,
                partials: Vec::new(),
                finish_asked: None,
                transcript: None,
                cancelled: None,
            }),
            Action::FinishRecognition { utterance } => {
                if let Some(recognition) = self.recognition(utterance.0) {
                    recognition.finish_asked = Some(at);
                }
                self.caller.finish_asked = Some(at);
                self.caller.silence_over = self.caller.silence_over.filter(|over| at - *over < MOMENT);
            }
            Action::CancelRecognition { utterance } => {
                if let Some(recognition) = self.recognition(utterance.0) {
                    recognition.cancelled = Some(at);
                }
            }
            Action::ScoreEndOfTurn { pause, .. } => {
                self.course.scores.push(Score { pause: pause.0, asked: at, answered: None });
            }
            Action::StartPreResponse { turn } | Action::StartReply { turn, .. } => {
                self.turn(turn.0).asked.get_or_insert(at);
                self.answers(turn.0, at);
            }
            Action::CancelReply { turn } => self.turn(turn.0).cancelled = true,
            Action::Speak { turn, text, .. } => self.clause(turn.0, text, at),
            Action::HoldPlayout { turn } => self.turn(turn.0).held = Some(at),
            Action::ReleasePlayout { turn } => self.released(turn.0, at),
            Action::DuckPlayout { turn } | Action::PausePlayout { turn } => {
                let is_ducked = matches!(action, Action::DuckPlayout { .. });
                self.turn(turn.0).overlaps.push(Overlap { at, is_ducked, judged: None });
            }
            Action::ResumePlayout { turn } => self.judged(turn.0, at, false),
            Action::FlushPlayout { turn } => {
                self.judged(turn.0, at, true);
                let turn = self.turn(turn.0);
                if turn.held.is_some() && turn.endpoint.is_none() {
                    turn.ending = Some(Ending::Discarded(at));
                }
            }
            Action::TruncateHistory { turn, heard } => self.turn(turn.0).heard = Some(heard.to_string()),
            Action::Transfer => self.course.transfers.push(at),
            Action::HangUp => self.course.hung_up = Some(at),
            Action::EndOfSpeech { .. }
            | Action::CallTool { .. }
            | Action::CancelTool { .. }
            | Action::ContinueReply { .. } => {}
        }
    }

    fn judged(&mut self, turn: u32, at: Instant, interrupts: bool) {
        if let Some(overlap) = self.turn(turn).overlaps.last_mut() {
            overlap.judged.get_or_insert((at, interrupts));
        }
    }

    fn clause(&mut self, turn: u32, text: &str, at: Instant) {
        let is_filler = self.settings.phrases.is_filler(text);
        let name = phrase_name(self.settings, text);
        // A filler may come before it is known what the turn answers, and whether a model is asked.
        let is_first = !is_filler && self.turn(turn).clauses.iter().all(|clause| clause.is_filler);
        if is_first && self.turn(turn).asked.is_none() {
            self.turn(turn).phrase = Phrase::Scripted(name.unwrap_or("scripted"));
            if self.caller.speech_end.is_some() {
                self.answers(turn, at);
            }
        }
        self.turn(turn).clauses.push(Clause { at, text: text.to_owned(), is_filler, end_sample: None });
    }

    fn released(&mut self, turn: u32, at: Instant) {
        let held = self.turn(turn);
        if held.cancelled {
            held.ending = Some(Ending::Discarded(at));
        } else {
            self.commit(turn, at);
        }
    }

    /// The turn answers what the caller said; when it is held that is not certain yet.
    fn answers(&mut self, turn: u32, at: Instant) {
        let (is_held, is_known) = (self.turn(turn).held.is_some(), self.turn(turn).endpoint.is_some());
        if !is_held && !is_known {
            // A reply that follows the transcript at once was decided on when the transcript was asked for.
            let decided = if self.was_told { self.caller.silence_over.or(self.caller.finish_asked) } else { None };
            self.commit(turn, decided.unwrap_or(at));
        }
    }

    fn commit(&mut self, number: u32, endpoint: Instant) {
        self.give_back_unheard();
        let Caller { falls, speech_end, words, finish_asked, transcript, .. } = std::mem::take(&mut self.caller);
        self.caller.falls = falls;
        let turn = self.turn(number);
        turn.endpoint = Some(endpoint);
        turn.after_sounds = falls;
        turn.speech_end = speech_end;
        turn.answers = words.join(" ");
        turn.transcript = finish_asked.zip(transcript).filter(|(asked, came)| asked <= came);
    }

    /// The words that a dropped turn was to answer are answered by the next one.
    fn give_back_unheard(&mut self) {
        let last = self.course.turns.iter_mut().rev().find(|turn| turn.endpoint.is_some());
        if let Some(last) = last.filter(|last| last.played.is_none() && !last.answers.is_empty()) {
            self.caller.words.insert(0, std::mem::take(&mut last.answers));
        }
    }

    fn recognition(&mut self, utterance: u32) -> Option<&mut Utterance> {
        self.course.recognitions.iter_mut().rev().find(|recognition| recognition.utterance == utterance)
    }

    fn turn(&mut self, number: u32) -> &mut Turn {
        let turns = &mut self.course.turns;
        let index = turns.iter().rposition(|turn| turn.turn == number).unwrap_or_else(|| {
            turns.push(Turn {
                turn: number,
                phrase: Phrase::Reply,
                after_sounds: self.caller.falls,
                speech_end: None,
                answers: String::new(),
                transcript: None,
                endpoint: None,
                asked: None,
                held: None,
                clauses: Vec::new(),
                played: None,
                overlaps: Vec::new(),
                ending: None,
                heard: None,
                cancelled: false,
            });
            turns.len() - 1
        });
        &mut turns[index]
    }
}

/// Two things that happen within it are one decision of the machine's: it takes microseconds.
const MOMENT: Duration = Duration::from_millis(1);

/// Which of the machine's own phrases this is, by its key.
fn phrase_name(settings: &Settings, text: &str) -> Option<&'static str> {
    let is_it = |phrase: &Spoken| !phrase.trim().is_empty() && phrase.trim() == text.trim();
    settings.phrases.iter().find(|(_, wordings)| wordings.iter().any(is_it)).map(|(key, _)| key)
}
