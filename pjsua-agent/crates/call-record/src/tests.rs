#![allow(clippy::unwrap_used, reason = "a line that cannot be read is a test that fails")]

use conversation::{Speaker, TurnId, UtteranceId};
use serde_json::{Value, json};

use super::*;

fn line(record: Record) -> Line {
    Line { t: 20_000, call: 7, record }
}

fn started(settings: Settings) -> Record {
    Record::Call(CallEvent::Started(Box::new(Started {
        format: FORMAT,
        version: "0.1.0".into(),
        sip_call_id: "1-2@kit".into(),
        account: None,
        agent: "shop".into(),
        from: "sip:ann@example.org".into(),
        from_name: "Ann".into(),
        to: "sip:shop@example.org".into(),
        context: [("x-pin".to_owned(), "4".to_owned())].into(),
        settings,
    })))
}

/// One of each kind.
fn records() -> Vec<Record> {
    let times = TurnTimes {
        turn: 2,
        caller: CallerTimes {
            speech_end_us: Some(1_000_000),
            scores: vec![Score { pause: 1, asked_us: 1_150_000, answered_us: Some(1_200_000), per_mille: Some(400) }],
            ..CallerTimes::default()
        },
        endpoint_us: Some(1_500_000),
        played_us: Some(1_560_000),
        ..TurnTimes::default()
    };
    vec![
        started(Settings::default()),
        Record::Call(CallEvent::Answered { codec: "PCMU/8000".into() }),
        Record::Call(CallEvent::Media { codec: "PCMA/8000".into() }),
        Record::Call(CallEvent::Transfer { code: 200, done: true }),
        Record::Call(CallEvent::Agent { agent: "accueil".into(), language: "fr".into() }),
        Record::Call(CallEvent::Ended { code: 200, reason: "OK".into(), by_peer: true, overdue: Some("rtp".into()) }),
        Record::Input { input: Input::SpeechStarted },
        Record::Action { action: Action::StartReply { turn: TurnId(2), opening: "Well,".into() } },
        Record::Timeout { timer: Timer::NoInput },
        Record::Levels(Levels { at_sample: 1_600, captured_dbfs: -48, played_dbfs: -100 }),
        Record::Timing(Box::new(times.clone())),
        Record::Timing(Box::new(times.with_waterfall())),
        Record::Prompt { prompt: "You answer the telephone.".into() },
        Record::Failure { stage: Stage::Tts, reason: "it is away".into() },
        Record::History { entries: vec![Entry { speaker: Speaker::Agent, text: "Hello.".into(), turn: TurnId(1) }] },
        Record::Audio(AudioCounters { captured_frames: 9, ..AudioCounters::default() }),
        Record::Gap { lost: 3 },
        Record::Rtp(RtpStats { received: 500, lost: 2, jitter_us: 900, ..RtpStats::default() }),
    ]
}

#[test]
fn what_is_written_is_read_again() {
    for record in records() {
        let line = line(record);
        let text = line.to_json(Words::Written);
        assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line, "{text}");
    }
}

#[test]
fn a_line_is_one_flat_object_with_time_call_and_kind() {
    let value = |record| serde_json::from_str::<Value>(&line(record).to_json(Words::Written)).unwrap();
    assert_eq!(
        value(Record::Input { input: Input::SpeechStarted }),
        json!({"t": 20_000, "call": 7, "kind": "input", "input": {"type": "speech_started"}})
    );
    assert_eq!(
        value(Record::Call(CallEvent::Transfer { code: 180, done: false })),
        json!({"t": 20_000, "call": 7, "kind": "call", "event": "transfer", "code": 180, "done": false})
    );
    assert_eq!(
        value(Record::Levels(Levels { at_sample: 1_600, captured_dbfs: -48, played_dbfs: -100 })),
        json!({"t": 20_000, "call": 7, "kind": "levels", "at_sample": 1_600, "captured_dbfs": -48, "played_dbfs": -100})
    );
}

#[test]
fn withheld_words_leave_their_length_and_lines_that_can_be_read() {
    let settings = Settings {
        greeting: "Hello Ms Bell.".into(),
        fillers: vec!["One moment.".into()],
        notice: String::new(),
        ..Settings::default()
    };
    let withheld = |record| serde_json::from_str::<Value>(&line(record).to_json(Words::Withheld)).unwrap();
    let start = withheld(started(settings.clone()));
    assert_eq!((&start["from"], &start["context"]), (&json!("(19 characters)"), &json!("(withheld)")));
    assert_eq!(start["agent"], "shop");
    let text = "my pin is four".to_owned();
    let heard = Input::FinalTranscript { utterance: UtteranceId(1), text, confidence_per_mille: 900 };
    assert_eq!(withheld(Record::Input { input: heard })["input"]["text"], "(14 characters)");
    let mut headers = json!({"headers": [["X-Pin", "4"]], "agent": "demo"});
    withhold(&mut headers);
    assert_eq!(headers, json!({"headers": "(withheld)", "agent": "demo"}));
    let call = conversation::ToolCallId(1);
    let outcome = Input::ToolResult { call, outcome: "Ann lives in Bonn".into(), failed: false };
    assert_eq!(withheld(Record::Input { input: outcome })["input"]["outcome"], "(17 characters)");
    let changed = Record::Input { input: Input::SettingsChanged { settings: Box::new(settings.clone()) } };
    for written in [&start["settings"], &withheld(changed)["input"]["settings"]] {
        assert_eq!((&written["greeting"], &written["notice"]), (&json!("(14 characters)"), &json!("")));
        assert_eq!((&written["fillers"], &written["language"]), (&json!(["(11 characters)"]), &json!("en")));
        serde_json::from_value::<Settings>(written.clone()).unwrap();
        assert_eq!(written["sure_silence"], json!(settings)["sure_silence"]);
    }
    for record in records() {
        let text = line(record).to_json(Words::Withheld);
        for words in ["Well,", "Hello.", "You answer", "ann@example.org", "\"Ann\""] {
            assert!(!text.contains(words), "{text}");
        }
    }
    assert_eq!(withheld_length("(14 characters)"), Some(14));
    assert_eq!(withheld_length("Hello."), None);
}
