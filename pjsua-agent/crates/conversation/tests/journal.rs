//! Inputs, actions and settings as JSON lines.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use conversation::{
    Act, Action, ClauseId, Conversation, Entry, Input, Instant, OnBargeIn, PauseId, Settings, Speaker, Stage, Timer,
    ToolCallId, TurnId, UtteranceId,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn written<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> String {
    let line = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&line).unwrap(), value);
    line
}

#[test]
fn inputs_are_tagged_with_their_name() {
    let lines = [
        (Input::CallAnswered, r#"{"type":"call_answered"}"#),
        (Input::SpeechEnded { silence: Duration::from_millis(200) }, r#"{"type":"speech_ended","silence_us":200000}"#),
        (
            Input::FinalTranscript { utterance: UtteranceId(3), text: "hello".into(), confidence_per_mille: 730 },
            r#"{"type":"final_transcript","utterance":3,"text":"hello","confidence_per_mille":730}"#,
        ),
        (Input::ReplyAct { turn: TurnId(2), act: Act::HangUp }, r#"{"type":"reply_act","turn":2,"act":"hang_up"}"#),
        (
            Input::ClauseReady { turn: TurnId(2), clause: ClauseId(0), end_sample: 16_000 },
            r#"{"type":"clause_ready","turn":2,"clause":0,"end_sample":16000}"#,
        ),
        (
            Input::WorkerFailed { stage: Stage::Stt, utterance: Some(UtteranceId(1)), turn: None },
            r#"{"type":"worker_failed","stage":"stt","utterance":1,"turn":null}"#,
        ),
        (
            Input::ToolCall {
                turn: TurnId(2),
                call: ToolCallId(1),
                name: "weather".into(),
                arguments: r#"{"town":"Bonn"}"#.into(),
                on_barge_in: OnBargeIn::Await,
            },
            r#"{"type":"tool_call","turn":2,"call":1,"name":"weather","arguments":"{\"town\":\"Bonn\"}","on_barge_in":"await"}"#,
        ),
        (
            Input::ToolResult { call: ToolCallId(1), outcome: "12 degrees".into(), failed: false },
            r#"{"type":"tool_result","call":1,"outcome":"12 degrees","failed":false}"#,
        ),
        (Input::TransferFailed { code: 486 }, r#"{"type":"transfer_failed","code":486}"#),
        (Input::Dtmf { digit: '#'.into() }, r##"{"type":"dtmf","digit":"#"}"##),
    ];
    for (input, line) in lines {
        assert_eq!(written(&input), line);
    }
}

#[test]
fn actions_are_tagged_with_their_name() {
    let speak = Action::Speak { turn: TurnId(1), clause: ClauseId(0), text: "Hello.".into() };
    assert_eq!(written(&speak), r#"{"type":"speak","turn":1,"clause":0,"text":"Hello."}"#);
    let call = ToolCallId(1);
    let called = Action::CallTool { turn: TurnId(2), call, name: "weather".into(), arguments: "{}".into() };
    assert_eq!(written(&called), r#"{"type":"call_tool","turn":2,"call":1,"name":"weather","arguments":"{}"}"#);
    assert_eq!(written(&Action::CancelTool { call }), r#"{"type":"cancel_tool","call":1}"#);
    assert_eq!(written(&Action::ContinueReply { turn: TurnId(2) }), r#"{"type":"continue_reply","turn":2}"#);
    assert_eq!(written(&Action::HangUp), r#"{"type":"hang_up"}"#);
}

#[test]
fn the_history_tells_who_said_it() {
    let entry = Entry { speaker: Speaker::Tool, text: "weather: 12 degrees".into(), turn: TurnId(2) };
    assert_eq!(written(&entry), r#"{"speaker":"tool","text":"weather: 12 degrees","turn":2}"#);
}

#[test]
fn instants_are_microseconds_and_timers_names() {
    assert_eq!(written(&Instant::from_millis(1_500)), "1500000");
    assert_eq!(written(&Timer::NoInput), r#""no_input""#);
}

#[test]
fn settings_take_defaults_and_refuse_unknown_keys() {
    written(&Settings::default().with(|it| it.human = true));
    let some: Settings = serde_json::from_str(r#"{"greeting":"Hi.","endpoint_silence":400000}"#).unwrap();
    let expected = Settings::default().with(|it| {
        it.phrases.greeting = "Hi.".into();
        it.endpointing.endpoint_silence = Duration::from_millis(400);
    });
    assert_eq!(some, expected);
    assert!(serde_json::from_str::<Settings>(r#"{"greetings":"Hi."}"#).is_err());
}

#[test]
fn a_journal_is_a_replay() {
    let inputs = [
        (0, Input::CallAnswered),
        (100, Input::PlayoutProgress { turn: TurnId(1), sample: 320 }),
        (1_000, Input::PlayoutDrained { turn: TurnId(1) }),
        (2_000, Input::SpeechStarted),
        (2_050, Input::SpeechConfirmed),
        (3_000, Input::SpeechEnded { silence: Duration::from_millis(100) }),
        (3_050, Input::EndOfTurnScore { pause: PauseId(1), per_mille: 900 }),
        (
            3_090,
            Input::FinalTranscript { utterance: UtteranceId(1), text: "a teapot".into(), confidence_per_mille: 900 },
        ),
        (3_500, Input::ReplyDelta { turn: TurnId(2), text: "Here you are.".into() }),
        (3_510, Input::ReplyDone { turn: TurnId(2) }),
        (99_000, Input::CallEnded),
    ];
    let mut day = Conversation::new(Settings::default());
    let mut replay = Conversation::new(serde_json::from_str(&written(day.settings())).unwrap());
    let mut count = 0;
    for (at, input) in inputs {
        let at = Instant::from_millis(at);
        let line = written(&(at, input.clone()));
        day.handle_input(input, at);
        let (at, input): (Instant, Input) = serde_json::from_str(&line).unwrap();
        replay.handle_input(input, at);
        while let Some(action) = day.poll_action() {
            assert_eq!(replay.poll_action(), Some(serde_json::from_str(&written(&action)).unwrap()));
            count += 1;
        }
        assert_eq!(replay.poll_action(), None);
    }
    assert_eq!(day.history(), replay.history());
    assert!(count > 5);
}
