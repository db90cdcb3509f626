//! Any input at any time: also those that a working shell never gives.

use std::time::Duration;

use conversation::{
    Act, ClauseId, Input, Instant, Key, OnBargeIn, OnOverlap, PauseId, Settings, Stage, ToolCallId, TurnId, UtteranceId,
};
use proptest::prelude::*;

use crate::call::Call;

#[derive(Clone, Debug)]
struct Step {
    wait_ms: u64,
    late: bool,
    event: Event,
}

/// An input whose turn or utterance is counted back from the newest one.
#[derive(Clone, Debug)]
enum Event {
    Answered,
    Speech,
    Confirmed,
    Dismissed,
    Silence(u64),
    Score(u32, u16),
    Opening(u32, String),
    Busy(bool),
    Language(bool),
    Partial(u32, String),
    Final(u32, String),
    Delta(u32, String),
    Act(u32, Act),
    Done(u32),
    Tool(u32, OnBargeIn),
    Outcome(u32, bool),
    Ready(u32, u32, u64),
    Progress(u32, u64),
    Drained(u32),
    Flushed(u32, u64),
    Key(char),
    Failed(Stage, Option<u32>),
    Transferred,
    NotTransferred,
    Ended,
    Nothing,
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        2 => Just("okay".to_owned()),
        1 => Just("uh huh".to_owned()),
        4 => Just("when are you open".to_owned()),
        1 => Just(" . ".to_owned()),
        2 => Just("and the".to_owned()),
        1 => Just("hello".to_owned()),
        1 => Just("one moment please".to_owned()),
        1 => Just("say that again".to_owned()),
    ]
}

fn reply_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("We open at nine. ".to_owned()),
        Just("It costs 3.50, I think, and".to_owned()),
        Just(" more.".to_owned()),
        Just("?! ".to_owned()),
        "[a-zA-Z0-9 .,!?:;\n\"é]{0,30}",
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let back = || prop_oneof![8 => Just(0_u32), 2 => 1_u32..4];
    let sample = || prop_oneof![Just(0_u64), 0_u64..60_000, Just(u64::MAX)];
    let act = || prop_oneof![Just(Act::Transfer), Just(Act::HangUp)];
    let barge_in = prop_oneof![Just(OnBargeIn::Cancel), Just(OnBargeIn::Await)];
    let stage = prop_oneof![Just(Stage::Stt), Just(Stage::Llm), Just(Stage::Tts)];
    prop_oneof![
        1 => Just(Event::Answered),
        12 => Just(Event::Speech),
        8 => Just(Event::Confirmed),
        3 => Just(Event::Dismissed),
        12 => (0_u64..800).prop_map(Event::Silence),
        6 => (0_u32..2, 0_u16..=1_000).prop_map(|(back, score)| Event::Score(back, score)),
        3 => (back(), words()).prop_map(|(back, text)| Event::Opening(back, text)),
        1 => any::<bool>().prop_map(Event::Busy),
        1 => any::<bool>().prop_map(Event::Language),
        6 => (back(), words()).prop_map(|(back, text)| Event::Partial(back, text)),
        10 => (back(), words()).prop_map(|(back, text)| Event::Final(back, text)),
        12 => (back(), reply_text()).prop_map(|(back, text)| Event::Delta(back, text)),
        2 => (back(), act()).prop_map(|(back, act)| Event::Act(back, act)),
        8 => back().prop_map(Event::Done),
        4 => (back(), barge_in).prop_map(|(back, on_barge_in)| Event::Tool(back, on_barge_in)),
        4 => (back(), any::<bool>()).prop_map(|(back, failed)| Event::Outcome(back, failed)),
        8 => (back(), 0_u32..4, sample()).prop_map(|(back, clause, end)| Event::Ready(back, clause, end)),
        10 => (back(), sample()).prop_map(|(back, sample)| Event::Progress(back, sample)),
        8 => back().prop_map(Event::Drained),
        5 => (back(), sample()).prop_map(|(back, sample)| Event::Flushed(back, sample)),
        2 => prop_oneof![Just('1'), Just('#'), Just('*'), Just('x')].prop_map(Event::Key),
        4 => (stage, prop::option::of(back())).prop_map(|(stage, back)| Event::Failed(stage, back)),
        1 => Just(Event::Transferred),
        1 => Just(Event::NotTransferred),
        1 => prop_oneof![6 => Just(Event::Nothing), 1 => Just(Event::Ended)],
        5 => Just(Event::Nothing),
    ]
}

fn script() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![4 => Just(0_u64), 6 => 1_u64..400, 3 => 400_u64..3_000, 1 => 3_000_u64..20_000];
    let step = (wait, prop::bool::weighted(0.1), event());
    prop::collection::vec(step.prop_map(|(wait_ms, late, event)| Step { wait_ms, late, event }), 1..90)
}

fn settings() -> impl Strategy<Value = Settings> {
    let quiet = || prop::bool::weighted(0.1);
    let techniques = prop::array::uniform5(any::<bool>());
    (any::<bool>(), quiet(), quiet(), quiet(), prop::bool::weighted(0.1), techniques).prop_map(
        |(human, no_greeting, no_failure, no_closing, brief, techniques)| {
            let [confirmed_speech, scored_endpoints, speculation, pre_response, duck] = techniques;
            let mut settings = Settings::default().with(|it| {
                it.human = human;
                it.confirmed_speech = confirmed_speech;
                it.endpointing.scored_endpoints = scored_endpoints;
                it.endpointing.speculation = speculation;
                it.replies.pre_response = pre_response;
                it.overlap.on_overlap = if duck { OnOverlap::Duck } else { OnOverlap::Pause };
                it.replies.longest_reply_chars = if brief { 40 } else { 600 };
            });
            if !no_greeting && duck {
                settings.phrases.notice = "This call is recorded.".into();
            }
            if no_greeting {
                settings.phrases.greeting.clear();
            }
            if no_failure {
                settings.phrases.failure.clear();
                settings.phrases.not_understood.clear();
            }
            if no_closing {
                settings.phrases.goodbye.clear();
                settings.phrases.transfer_announcement.clear();
                settings.phrases.failure_goodbye.clear();
            }
            if brief {
                settings.bounds.max_call_duration = Duration::from_secs(15);
            }
            settings
        },
    )
}

impl Call {
    fn input(&self, event: &Event) -> Option<Input> {
        let turn = |back: &u32| TurnId(self.model.newest_turn().saturating_sub(*back));
        let utterance = |back: &u32| UtteranceId(self.model.newest_utterance().saturating_sub(*back));
        Some(match event {
            Event::Answered => Input::CallAnswered,
            Event::Speech => Input::SpeechStarted,
            Event::Confirmed => Input::SpeechConfirmed,
            Event::Dismissed => Input::SpeechDismissed,
            Event::Score(back, per_mille) => {
                Input::EndOfTurnScore { pause: PauseId(self.pauses.saturating_sub(*back)), per_mille: *per_mille }
            }
            Event::Opening(back, text) => Input::PreResponse { turn: turn(back), text: text.clone().into() },
            Event::Busy(busy) => Input::WorkersBusy { busy: *busy },
            Event::Language(german) => Input::SettingsChanged { settings: self.settings_in(*german) },
            Event::Silence(millis) => Input::SpeechEnded { silence: Duration::from_millis(*millis) },
            Event::Partial(back, text) => {
                Input::PartialTranscript { utterance: utterance(back), text: text.clone().into() }
            }
            Event::Final(back, text) => Input::FinalTranscript {
                utterance: utterance(back),
                text: text.clone().into(),
                confidence_per_mille: if text.len() % 2 == 0 { 900 } else { 100 },
            },
            Event::Delta(back, text) => Input::ReplyDelta { turn: turn(back), text: text.clone().into() },
            Event::Act(back, act) => Input::ReplyAct { turn: turn(back), act: *act },
            Event::Done(back) => Input::ReplyDone { turn: turn(back) },
            Event::Tool(back, on_barge_in) => Input::ToolCall {
                turn: turn(back),
                call: ToolCallId(self.model.newest_tool + 1),
                name: "weather".into(),
                arguments: "{}".into(),
                on_barge_in: *on_barge_in,
            },
            Event::Outcome(back, failed) => Input::ToolResult {
                call: ToolCallId(self.model.newest_tool.saturating_sub(*back)),
                outcome: "12 degrees".into(),
                failed: *failed,
            },
            Event::Ready(back, clause, end_sample) => {
                Input::ClauseReady { turn: turn(back), clause: ClauseId(*clause), end_sample: *end_sample }
            }
            Event::Progress(back, sample) => Input::PlayoutProgress { turn: turn(back), sample: *sample },
            Event::Drained(back) => Input::PlayoutDrained { turn: turn(back) },
            Event::Flushed(back, sample) => Input::PlayoutFlushed { turn: turn(back), sample: *sample },
            Event::Key(digit) => Input::Dtmf { digit: Key(*digit) },
            Event::Failed(stage, back) => Input::WorkerFailed {
                stage: *stage,
                utterance: back.as_ref().map(utterance),
                turn: back.as_ref().map(turn),
            },
            Event::Transferred => Input::TransferSucceeded,
            Event::NotTransferred => Input::TransferFailed { code: 486 },
            Event::Ended => Input::CallEnded,
            Event::Nothing => return None,
        })
    }

    fn run(&mut self, script: &[Step]) {
        self.give(Input::CallAnswered);
        for step in script {
            self.wait(Duration::from_millis(step.wait_ms), step.late);
            match self.input(&step.event) {
                Some(input) => self.give(input),
                None => {
                    self.conversation.handle_timeout(self.now);
                    self.drain();
                }
            }
        }
        self.conversation.handle_timeout(self.now);
        self.drain();
    }
}

fn of_turn(turn: u32) -> Vec<Input> {
    let turn = TurnId(turn);
    let failed = |stage| Input::WorkerFailed { stage, utterance: Some(UtteranceId(u32::MAX)), turn: Some(turn) };
    vec![
        Input::ReplyDelta { turn, text: "Stale. Very stale. ".into() },
        Input::ReplyAct { turn, act: Act::HangUp },
        Input::ReplyDone { turn },
        Input::ToolCall {
            turn,
            call: ToolCallId(u32::MAX),
            name: "stale".into(),
            arguments: "".into(),
            on_barge_in: OnBargeIn::Await,
        },
        Input::ToolResult { call: ToolCallId(u32::MAX), outcome: "stale".into(), failed: false },
        Input::PreResponse { turn, text: "Stale.".into() },
        Input::ClauseReady { turn, clause: ClauseId(0), end_sample: 1 },
        Input::PlayoutProgress { turn, sample: u64::MAX },
        Input::PlayoutDrained { turn },
        Input::PlayoutFlushed { turn, sample: 0 },
        failed(Stage::Llm),
        failed(Stage::Tts),
    ]
}

fn of_utterance(utterance: u32) -> Vec<Input> {
    let utterance = UtteranceId(utterance);
    vec![
        Input::PartialTranscript { utterance, text: "stale".into() },
        Input::FinalTranscript { utterance, text: "stale".into(), confidence_per_mille: 1_000 },
        Input::WorkerFailed { stage: Stage::Stt, utterance: Some(utterance), turn: None },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_input_at_any_time_breaks_the_order_of_actions(settings in settings(), script in script()) {
        Call::new(settings).run(&script);
    }

    #[test]
    fn the_end_of_the_call_leaves_nothing_pending(settings in settings(), script in script()) {
        let mut call = Call::new(settings);
        call.run(&script);
        call.give(Input::CallEnded);
        let ended = call.conversation.clone();
        call.run(&script);
        prop_assert_eq!(ended.history(), call.conversation.history());
    }

    #[test]
    fn actions_nobody_took_do_not_outlive_the_call(settings in settings(), script in script()) {
        let mut call = Call::new(settings);
        call.run(&script);
        if let Some(input) = call.input(&script[0].event) {
            call.model.input(&input);
            call.conversation.handle_input(input, call.now);
        }
        call.conversation.handle_input(Input::CallEnded, call.now);
        while let Some(action) = call.conversation.poll_action() {
            let is_cancellation = matches!(
                action,
                conversation::Action::CancelRecognition { .. }
                    | conversation::Action::CancelReply { .. }
                    | conversation::Action::CancelTool { .. }
            );
            prop_assert!(is_cancellation, "{:?}", action);
        }
        prop_assert_eq!(call.conversation.poll_timeout(), None);
    }

    #[test]
    fn stale_results_change_nothing(settings in settings(), script in script()) {
        let mut call = Call::new(settings);
        call.run(&script);
        let stale_turns = (0..=call.model.newest_turn() + 1).filter(|turn| call.model.is_settled(*turn));
        let running = call.conversation.turn().map(|turn| turn.0);
        let turns = stale_turns.filter(|turn| Some(*turn) != running).flat_map(of_turn);
        let newest = call.model.newest_utterance();
        let utterances = (0..=newest + 1).filter(|one| call.model.is_closed(*one)).flat_map(of_utterance);
        for input in turns.chain(utterances).collect::<Vec<_>>() {
            let mut told = call.conversation.clone();
            told.handle_input(input.clone(), call.now);
            prop_assert!(told == call.conversation, "{input:?} changed {:#?}", call.conversation);
        }
    }

    #[test]
    fn a_call_on_which_nothing_answers_any_more_ends_by_itself(settings in settings(), script in script()) {
        let mut call = Call::new(settings);
        call.run(&script);
        let mut timeouts = 0;
        while let Some((deadline, _)) = call.conversation.poll_timeout() {
            timeouts += 1;
            prop_assert!(timeouts < 40, "goes on for ever in {}", call.conversation.state_name());
            call.now = deadline;
            call.conversation.handle_timeout(deadline);
            call.drain();
        }
        prop_assert!(call.model.hung_up || call.model.ended);
    }

    #[test]
    fn time_that_runs_backwards_is_taken_for_the_latest(settings in settings(), script in script()) {
        let mut call = Call::new(settings);
        call.run(&script);
        let mut early = call.conversation.clone();
        for step in script.iter().take(10) {
            let Some(input) = call.input(&step.event) else { continue };
            call.conversation.handle_input(input.clone(), call.now);
            early.handle_input(input, Instant::ZERO);
            prop_assert!(early == call.conversation);
        }
    }
}
