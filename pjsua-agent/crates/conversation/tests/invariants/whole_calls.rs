//! Whole calls with a shell that works: random callers, voices and delays, in steps of 20 ms.
//! Judged by what the caller said and what he heard.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use conversation::{Action, ClauseId, Conversation, Input, Instant, Settings, Speaker, TurnId, UtteranceId};
use proptest::prelude::*;

use crate::model::Model;

const TICK_MS: u64 = 20;
const TICK_SAMPLES: u64 = 320;
const HANG_OVER_MS: u64 = 200;

/// What a caller does: waits, then speaks. Words of at least 700 ms are recognised, shorter sounds
/// are not words.
#[derive(Clone, Debug)]
struct Speech {
    wait_ms: u64,
    length_ms: u64,
}

#[derive(Clone, Copy, Debug)]
struct Delays {
    partial_ms: u64,
    transcript_ms: u64,
    model_ms: u64,
    voice_ms: u64,
    samples_per_char: u64,
    /// Which techniques are on: the second detector, the score, speculation.
    techniques: [bool; 3],
    /// What the score says, in thousandths.
    score: u16,
}

fn caller(speeches: Range<usize>) -> impl Strategy<Value = Vec<Speech>> {
    let length = prop_oneof![3 => 700_u64..3_000, 1 => 40_u64..250];
    let speech = (0_u64..6_000, length).prop_map(|(wait_ms, length_ms)| Speech { wait_ms, length_ms });
    prop::collection::vec(speech, speeches)
}

fn delays() -> impl Strategy<Value = Delays> {
    let times = (20_u64..400, 0_u64..1_200, 0_u64..2_500, 0_u64..400, 600_u64..1_400);
    (times, prop::array::uniform3(any::<bool>()), 0_u16..=1_000).prop_map(|(times, techniques, score)| {
        let (partial_ms, transcript_ms, model_ms, voice_ms, samples_per_char) = times;
        Delays { partial_ms, transcript_ms, model_ms, voice_ms, samples_per_char, techniques, score }
    })
}

#[derive(Default)]
struct Playout {
    turn: u32,
    clauses: Vec<(String, u64)>,
    expected: usize,
    ended: bool,
    position: u64,
    paused: bool,
}

impl Playout {
    fn length(&self) -> u64 {
        self.clauses.last().map_or(0, |(_, end)| *end)
    }

    /// Independent of the ledger: the absolute end of each word.
    fn heard(&self) -> String {
        let mut heard = Vec::new();
        let mut start = 0;
        for (text, end) in &self.clauses {
            let mut at = 0;
            for word in text.split(' ') {
                at += word.len() as u64;
                let word_end = start + (at * (end - start)).div_ceil(text.len() as u64);
                if word_end <= self.position {
                    heard.push(word);
                }
                at += 1;
            }
            start = *end;
        }
        heard.join(" ")
    }
}

struct World {
    conversation: Conversation,
    model: Model,
    delays: Delays,
    now_ms: u64,
    due: Vec<(u64, Input)>,
    playout: Option<Playout>,
    held: Option<u32>,
    heard: Vec<String>,
    words_said: Vec<String>,
    recognising: Option<(u32, Vec<String>)>,
    word: Option<String>,
}

impl World {
    fn new(delays: Delays) -> Self {
        // No prompt may stand in for an answer.
        let [confirmed_speech, scored_endpoints, speculation] = delays.techniques;
        let settings = Settings::default().with(|it| {
            it.prompting.no_input_after = Duration::from_secs(3_600);
            it.confirmed_speech = confirmed_speech;
            it.endpointing.scored_endpoints = scored_endpoints;
            it.endpointing.speculation = speculation;
        });
        Self {
            conversation: Conversation::new(settings),
            model: Model::new(false),
            delays,
            now_ms: 0,
            due: Vec::new(),
            playout: None,
            held: None,
            heard: Vec::new(),
            words_said: Vec::new(),
            recognising: None,
            word: None,
        }
    }

    fn now(&self) -> Instant {
        Instant::from_millis(self.now_ms)
    }

    fn give(&mut self, input: Input) {
        self.model.input(&input);
        self.conversation.handle_input(input, self.now());
        self.carry_out();
    }

    fn carry_out(&mut self) {
        let mut flushed = VecDeque::new();
        while let Some(action) = self.conversation.poll_action() {
            self.model.action(&action);
            flushed.extend(self.act(action));
        }
        self.model.at_rest(&self.conversation, self.now());
        for input in flushed {
            self.give(input);
        }
    }

    fn later(&mut self, delay_ms: u64, input: Input) {
        self.due.push((self.now_ms + delay_ms, input));
    }

    fn act(&mut self, action: Action) -> Option<Input> {
        let Delays { transcript_ms, model_ms, voice_ms, samples_per_char, .. } = self.delays;
        match action {
            Action::StartRecognition { utterance } => {
                self.recognising = Some((utterance.0, self.word.iter().cloned().collect()));
            }
            Action::FinishRecognition { utterance } => {
                let (_, words) = self.recognising.take().unwrap();
                let confidence_per_mille = if words.len() == 1 { 150 } else { 900 };
                let text = words.join(" ");
                self.later(transcript_ms, Input::FinalTranscript { utterance, text: text.into(), confidence_per_mille });
            }
            Action::CancelRecognition { utterance } => {
                self.recognising.take_if(|(one, _)| *one == utterance.0);
                self.due.retain(|(_, input)| !matches!(input, Input::FinalTranscript { utterance: one, .. } if *one == utterance));
            }
            Action::ScoreEndOfTurn { pause, .. } => {
                let per_mille = self.delays.score;
                self.later(40, Input::EndOfTurnScore { pause, per_mille });
            }
            Action::StartPreResponse { .. }
            | Action::DuckPlayout { .. }
            | Action::CallTool { .. }
            | Action::CancelTool { .. }
            | Action::ContinueReply { .. } => panic!("{action:?} was not asked for"),
            Action::HoldPlayout { turn } => self.held = Some(turn.0),
            Action::ReleasePlayout { .. } => self.held = None,
            Action::StartReply { turn, .. } => {
                self.later(model_ms, Input::ReplyDelta { turn, text: "We are glad you asked. From nine".into() });
                self.later(model_ms + 300, Input::ReplyDelta { turn, text: " to five, I think. ".into() });
                self.later(model_ms + 500, Input::ReplyDelta { turn, text: "Does that help you?".into() });
                self.later(model_ms + 520, Input::ReplyDone { turn });
            }
            Action::CancelReply { turn } => self.due.retain(|(_, input)| {
                !matches!(input, Input::ReplyDelta { turn: one, .. } | Input::ReplyDone { turn: one } if *one == turn)
            }),
            Action::Speak { turn, clause, text } => self.synthesise(turn, clause, text.into_string(), voice_ms, samples_per_char),
            Action::EndOfSpeech { .. } => self.playout.as_mut().unwrap().ended = true,
            Action::PausePlayout { .. } => self.playout.as_mut().unwrap().paused = true,
            Action::ResumePlayout { .. } => {
                if let Some(playout) = &mut self.playout {
                    playout.paused = false;
                }
            }
            Action::FlushPlayout { turn } => {
                let playout = self.playout.take().unwrap();
                self.due.retain(|(_, input)| !matches!(input, Input::ClauseReady { .. }));
                if self.held.take().is_none() {
                    self.heard.push(playout.heard());
                }
                return Some(Input::PlayoutFlushed { turn, sample: playout.position });
            }
            Action::TruncateHistory { heard, .. } => assert_eq!(Some(heard.as_str()), self.heard.last().map(String::as_str)),
            Action::Transfer | Action::HangUp => panic!("{action:?} was not asked for"),
        }
        None
    }

    fn synthesise(&mut self, turn: TurnId, clause: ClauseId, text: String, voice_ms: u64, samples_per_char: u64) {
        let playout = self.playout.get_or_insert_with(|| Playout { turn: turn.0, ..Playout::default() });
        assert_eq!(playout.turn, turn.0);
        playout.expected += 1;
        let end_sample = playout.length() + text.len() as u64 * samples_per_char;
        // What is synthesised may be played from its first sample, before the clause is ready.
        playout.clauses.push((text, end_sample));
        self.later(voice_ms, Input::ClauseReady { turn, clause, end_sample });
    }

    fn tick(&mut self) {
        self.now_ms += TICK_MS;
        while let Some((deadline, _)) = self.conversation.poll_timeout()
            && deadline <= self.now()
        {
            self.conversation.handle_timeout(self.now());
            self.carry_out();
        }
        self.due.sort_by_key(|(at, _)| *at);
        while self.due.first().is_some_and(|(at, _)| *at <= self.now_ms) {
            let (_, input) = self.due.remove(0);
            self.give(input);
        }
        self.play();
    }

    fn play(&mut self) {
        let waits_for_voice = self.due.iter().any(|(_, input)| matches!(input, Input::ClauseReady { .. }));
        let Some(playout) = &mut self.playout else { return };
        if playout.paused || waits_for_voice || self.held.is_some() {
            return;
        }
        let turn = TurnId(playout.turn);
        playout.position = (playout.position + TICK_SAMPLES).min(playout.length());
        let sample = playout.position;
        let drained = playout.ended && sample == playout.length();
        if self.now_ms.is_multiple_of(100) || sample <= TICK_SAMPLES {
            self.give(Input::PlayoutProgress { turn, sample });
        }
        if drained {
            let playout = self.playout.take_if(|playout| playout.turn == turn.0).unwrap();
            self.heard.push(playout.heard());
            self.give(Input::PlayoutDrained { turn });
        }
    }

    fn wait(&mut self, millis: u64) {
        for _ in 0..millis.div_ceil(TICK_MS) {
            self.tick();
        }
    }

    fn speak(&mut self, speech: &Speech) {
        self.wait(speech.wait_ms);
        let is_word = speech.length_ms >= 700;
        if is_word {
            let word = format!("word{}", self.words_said.len());
            self.words_said.push(word.clone());
            self.word = Some(word.clone());
            if let Some((_, words)) = &mut self.recognising {
                words.push(word);
            }
        }
        self.give(Input::SpeechStarted);
        if is_word {
            self.later(40, Input::SpeechConfirmed);
        } else if speech.length_ms > 150 {
            self.later(120, Input::SpeechDismissed);
        }
        if is_word {
            self.wait(self.delays.partial_ms);
            if let Some((utterance, words)) = &self.recognising {
                let (utterance, text) = (UtteranceId(*utterance), words.join(" "));
                self.give(Input::PartialTranscript { utterance, text: text.into() });
            }
            self.wait(speech.length_ms.saturating_sub(self.delays.partial_ms));
        } else {
            self.wait(speech.length_ms);
        }
        self.wait(HANG_OVER_MS);
        self.word = None;
        self.give(Input::SpeechEnded { silence: Duration::from_millis(HANG_OVER_MS) });
    }
}

/// Runs the call and compares the history with what was said and what was heard.
fn converse(caller: &[Speech], delays: Delays) -> Result<World, TestCaseError> {
    let mut world = World::new(delays);
    world.give(Input::CallAnswered);
    for speech in caller {
        world.speak(speech);
    }
    world.wait(30_000);
    while world.playout.is_some() {
        world.wait(100);
    }
    let history = world.conversation.history();
    let by = |speaker| history.iter().filter(move |entry| entry.speaker == speaker).map(|entry| entry.text.as_str());
    let said: Vec<_> = by(Speaker::Caller).flat_map(|text| text.split(' ')).collect();
    prop_assert_eq!(&said, &world.words_said, "{:#?}", history);
    let heard: Vec<_> = world.heard.iter().filter(|text| !text.is_empty()).collect();
    prop_assert_eq!(by(Speaker::Agent).collect::<Vec<_>>(), heard);
    let answered = history.last().is_none_or(|last| last.speaker == Speaker::Agent);
    prop_assert!(answered, "the caller is left without an answer: {:#?}", history);
    Ok(world)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_word_said_is_in_the_history_once_and_the_agents_words_are_those_heard(
        caller in caller(1..7),
        delays in delays(),
    ) {
        converse(&caller, delays)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ten_minutes_of_talking_on_both_sides_lose_no_word(caller in caller(150..160), delays in delays()) {
        let world = converse(&caller, delays)?;
        prop_assert!(world.now_ms >= 10 * 60 * 1_000, "only {} ms", world.now_ms);
    }
}
