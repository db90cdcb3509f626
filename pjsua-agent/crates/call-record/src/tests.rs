#![allow(clippy::unwrap_used, reason = "a line that cannot be read is a test that fails")]

use conversation::{OnBargeIn, Speaker, ToolCallId, TurnId, UtteranceId};
use redaction::Key;
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
        context: [("x-pin".to_owned(), "4".into())].into(),
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
    let settings = Settings::default().with(|it| {
        it.phrases.greeting = "Hello Ms Bell.".into();
        it.phrases.fillers = vec!["One moment.".into()];
    });
    let withheld = |record| serde_json::from_str::<Value>(&line(record).to_json(Words::Withheld)).unwrap();
    let input = |input| withheld(Record::Input { input })["input"].clone();
    let start = withheld(started(settings.clone()));
    assert_eq!((&start["from"], &start["context"]), (&json!("(19 characters)"), &json!({"x-pin": "(1 characters)"})));
    assert_eq!(start["agent"], "shop");
    let text = "my pin is four".into();
    let heard = Input::FinalTranscript { utterance: UtteranceId(1), text, confidence_per_mille: 900 };
    assert_eq!(input(heard)["text"], "(14 characters)");
    assert_eq!(input(Input::Dtmf { digit: Key('4') })["digit"], "(1 characters)");
    let outcome = Input::ToolResult { call: ToolCallId(1), outcome: "Ann lives in Bonn".into(), failed: false };
    assert_eq!(input(outcome)["outcome"], "(17 characters)");
    let changed = input(Input::SettingsChanged { settings: Box::new(settings.clone()) });
    for written in [&start["settings"], &changed["settings"]] {
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
}

/// What is written of `value` although words are withheld: every text in it but lengths, with its path.
fn texts(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if redaction::withheld_length(text).is_none() => found.push(format!("{path} = {text}")),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| texts(value, &format!("{path}.{name}"), found)),
        Value::Array(items) => items.iter().for_each(|item| texts(item, path, found)),
        _ => {}
    }
}

#[test]
fn only_texts_that_nobody_says_are_written_when_words_are_withheld() {
    const SECRET: &str = "my pin is four";
    let secret = || SECRET.into();
    let (turn, utterance, clause, call) = (TurnId(1), UtteranceId(1), conversation::ClauseId(0), ToolCallId(1));
    let settings = Settings::default().with(|it| it.phrases = it.phrases.clone().map(|_| SECRET.to_owned()));
    let inputs = [
        Input::PartialTranscript { utterance, text: secret() },
        Input::FinalTranscript { utterance, text: secret(), confidence_per_mille: 900 },
        Input::PreResponse { turn, text: secret() },
        Input::ReplyDelta { turn, text: secret() },
        Input::ToolCall { turn, call, name: "weather".into(), arguments: secret(), on_barge_in: OnBargeIn::Await },
        Input::ToolResult { call, outcome: secret(), failed: true },
        Input::SettingsChanged { settings: Box::new(settings) },
    ];
    let actions = [
        Action::StartReply { turn, opening: secret() },
        Action::CallTool { turn, call, name: "weather".into(), arguments: secret() },
        Action::Speak { turn, clause, text: secret() },
        Action::TruncateHistory { turn, heard: secret() },
    ];
    let records = inputs.into_iter().map(|input| Record::Input { input });
    let records = records.chain(actions.into_iter().map(|action| Record::Action { action })).chain([
        Record::Prompt { prompt: secret() },
        Record::History { entries: vec![Entry { speaker: Speaker::Caller, text: secret(), turn }] },
    ]);
    let mut found = Vec::new();
    for record in records {
        let value = serde_json::from_str(&line(record).to_json(Words::Withheld)).unwrap();
        texts(&value, "", &mut found);
    }
    assert!(!found.iter().any(|text| text.contains(SECRET)), "{found:?}");
    found.retain(|text| !text.contains("kind = ") && !text.contains("type = "));
    assert_eq!(
        found,
        [
            ".input.name = weather",
            ".input.on_barge_in = await",
            ".input.settings.language = en",
            ".input.settings.on_overlap = pause",
            ".action.name = weather",
            ".entries.speaker = caller",
        ]
    );
}
