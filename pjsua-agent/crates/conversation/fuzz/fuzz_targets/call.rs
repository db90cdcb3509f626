//! Any inputs at any times, found by coverage, judged by the reference model of the property tests.
//!
//! ```sh
//! cd pjsua-agent/crates/conversation && RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none call -- -max_total_time=3600
//! ```
#![no_main]

#[path = "../../tests/invariants/call.rs"]
mod call;
#[path = "../../tests/invariants/model.rs"]
#[allow(dead_code)] // Some of it is for the other tests.
mod model;

use std::time::Duration;

use arbitrary::Arbitrary;
use call::Call;
use conversation::{Act, ClauseId, Input, Key, OnBargeIn, OnOverlap, PauseId, Settings, Stage, ToolCallId, TurnId, UtteranceId};
use libfuzzer_sys::fuzz_target;

/// What speakers and models say here; each stands for a way in which words are taken.
const WORDS: [&str; 16] = [
    "",
    " . ",
    "okay",
    "uh huh",
    "no",
    "stop",
    "when are you open",
    "and the",
    "four five one",
    "hello",
    "one moment please",
    "say that again",
    "We open at nine. ",
    "It costs 3.50, I think, and",
    " more.",
    "?!\n",
];

#[derive(Arbitrary, Debug)]
struct Script {
    techniques: u8,
    quiet: u8,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
struct Step {
    /// In units of 10 ms.
    wait: u8,
    /// The deadlines on the way are not kept.
    late: bool,
    event: Event,
}

/// An input whose turn or utterance is counted back from the newest one.
#[derive(Arbitrary, Debug)]
enum Event {
    Nothing,
    /// In seconds.
    LongWait(u8),
    Answered,
    Speech,
    Confirmed,
    Dismissed,
    Silence(u8),
    Score(u8, u16),
    Partial(u8, u8),
    Final(u8, u8),
    Opening(u8, u8),
    Delta(u8, u8),
    Act(u8, bool),
    Done(u8),
    Tool(u8, bool),
    Outcome(u8, bool),
    Ready(u8, u8, u16),
    Progress(u8, u16),
    Drained(u8),
    Flushed(u8, u16),
    Key(u8),
    Failed(u8, Option<u8>),
    Busy(bool),
    Language(bool),
    Transferred,
    NotTransferred,
    Ended,
}

fn settings(techniques: u8, quiet: u8) -> Settings {
    let is_on = |bit: u8| techniques & 1 << bit != 0;
    let mut settings = Settings::default().with(|it| { it.human = is_on(0); it.confirmed_speech = is_on(1); it.endpointing.scored_endpoints = is_on(2); it.endpointing.speculation = is_on(3); it.replies.pre_response = is_on(4); it.overlap.on_overlap = if is_on(5) { OnOverlap::Duck } else { OnOverlap::Pause }; it.bounds.max_call_duration = Duration::from_secs(if is_on(6) { 15 } else { 1_800 }); it.replies.longest_reply_chars = if is_on(7) { 40 } else { 600 }; });
    let phrases = [
        &mut settings.phrases.greeting,
        &mut settings.phrases.failure,
        &mut settings.phrases.not_understood,
        &mut settings.phrases.goodbye,
        &mut settings.phrases.transfer_announcement,
        &mut settings.phrases.hold_answer,
        &mut settings.phrases.no_input_goodbye,
    ];
    for (bit, phrase) in phrases.into_iter().enumerate() {
        if quiet & 1 << bit != 0 {
            phrase.clear();
        }
    }
    if quiet & 1 << 7 != 0 {
        settings.phrases.notice = "This call is recorded.".into();
    }
    settings
}

impl Call {
    fn input(&self, event: &Event) -> Option<Input> {
        let turn = |back: u8| TurnId(self.model.newest_turn().saturating_sub(u32::from(back % 4)));
        let utterance = |back: u8| UtteranceId(self.model.newest_utterance().saturating_sub(u32::from(back % 4)));
        let text = |index: u8| WORDS[usize::from(index) % WORDS.len()].to_owned();
        let sample = |at: u16| u64::from(at) * 4;
        Some(match *event {
            Event::Nothing | Event::LongWait(_) => return None,
            Event::Answered => Input::CallAnswered,
            Event::Speech => Input::SpeechStarted,
            Event::Confirmed => Input::SpeechConfirmed,
            Event::Dismissed => Input::SpeechDismissed,
            Event::Silence(tens) => Input::SpeechEnded { silence: Duration::from_millis(u64::from(tens) * 10) },
            Event::Score(back, per_mille) => Input::EndOfTurnScore {
                pause: PauseId(self.pauses.saturating_sub(u32::from(back % 2))),
                per_mille: per_mille % 1_001,
            },
            Event::Partial(back, words) => Input::PartialTranscript { utterance: utterance(back), text: text(words).into() },
            Event::Final(back, words) => Input::FinalTranscript {
                utterance: utterance(back),
                text: text(words).into(),
                confidence_per_mille: u16::from(words) * 7 % 1_001,
            },
            Event::Opening(back, words) => Input::PreResponse { turn: turn(back), text: text(words).into() },
            Event::Delta(back, words) => Input::ReplyDelta { turn: turn(back), text: text(words).into() },
            Event::Act(back, ends) => {
                Input::ReplyAct { turn: turn(back), act: if ends { Act::HangUp } else { Act::Transfer } }
            }
            Event::Done(back) => Input::ReplyDone { turn: turn(back) },
            Event::Tool(back, awaits) => Input::ToolCall {
                turn: turn(back),
                call: ToolCallId(self.model.newest_tool + 1),
                name: "weather".into(),
                arguments: "{}".into(),
                on_barge_in: if awaits { OnBargeIn::Await } else { OnBargeIn::Cancel },
            },
            Event::Outcome(back, failed) => Input::ToolResult {
                call: ToolCallId(self.model.newest_tool.saturating_sub(u32::from(back % 4))),
                outcome: "12 degrees".into(),
                failed,
            },
            Event::Ready(back, clause, end) => Input::ClauseReady {
                turn: turn(back),
                clause: ClauseId(u32::from(clause % 5)),
                end_sample: sample(end),
            },
            Event::Progress(back, at) => Input::PlayoutProgress { turn: turn(back), sample: sample(at) },
            Event::Drained(back) => Input::PlayoutDrained { turn: turn(back) },
            Event::Flushed(back, at) => Input::PlayoutFlushed { turn: turn(back), sample: sample(at) },
            Event::Key(key) => Input::Dtmf { digit: Key(b"0123456789*#Dx"[usize::from(key) % 14].into()) },
            Event::Failed(stage, back) => Input::WorkerFailed {
                stage: [Stage::Stt, Stage::Llm, Stage::Tts][usize::from(stage) % 3],
                utterance: back.map(utterance),
                turn: back.map(turn),
            },
            Event::Busy(busy) => Input::WorkersBusy { busy },
            Event::Language(german) => Input::SettingsChanged { settings: self.settings_in(german) },
            Event::Transferred => Input::TransferSucceeded,
            Event::NotTransferred => Input::TransferFailed { code: 486 },
            Event::Ended => Input::CallEnded,
        })
    }
}

fuzz_target!(|script: Script| {
    let settings = settings(script.techniques, script.quiet);
    let mut call = Call::new(settings);
    call.give(Input::CallAnswered);
    for step in &script.steps {
        call.wait(Duration::from_millis(u64::from(step.wait) * 10), step.late);
        match (call.input(&step.event), &step.event) {
            (Some(input), _) => call.give(input),
            (None, Event::LongWait(seconds)) => call.wait(Duration::from_secs(u64::from(*seconds)), false),
            (None, _) => {
                call.conversation.handle_timeout(call.now);
                call.drain();
            }
        }
    }
    // Whatever happened, the call ends, and leaves nothing behind.
    call.give(Input::CallEnded);
});
