use serde_json::json;

use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;
const TURN: TurnId = TurnId(2);

/// The caller ended at 1000, the endpoint was decided at 1500.
fn answered() -> TurnTiming {
    let mut timing = TurnTiming::default();
    timing.speech_started();
    timing.speech_ended(MS(1_000));
    timing.score_asked(PauseId(1), MS(1_150));
    timing.score_answered(PauseId(1), 400, MS(1_200));
    timing.final_asked(MS(1_500));
    timing.transcribed(MS(1_530));
    timing.reply_asked(TURN, MS(1_530));
    timing.text(TURN, MS(1_531));
    timing.text(TURN, MS(1_540));
    timing.clause(TURN, false, MS(1_541));
    timing.clause(TURN, false, MS(1_700));
    timing.first_audio(TURN, false, MS(1_551));
    timing
}

/// The caller ended at 1000, the reply was prepared from 1350 on, the endpoint was decided at 1600.
fn speculated() -> TurnTiming {
    let mut timing = TurnTiming::default();
    timing.speech_started();
    timing.speech_ended(MS(1_000));
    timing.final_asked(MS(1_350));
    timing.transcribed(MS(1_380));
    timing.held(TURN);
    timing.reply_asked(TURN, MS(1_380));
    timing.text(TURN, MS(1_400));
    timing.clause(TURN, false, MS(1_400));
    timing.first_audio(TURN, false, MS(1_450));
    timing
}

#[test]
fn each_stage_is_the_time_between_two_stations() {
    let line = answered().played(TURN, MS(1_560)).expect("the turn was followed");
    let waterfall = line.waterfall.expect("it answers the caller");
    assert_eq!(waterfall.endpoint, MS(500));
    assert_eq!(waterfall.stt, MS(30));
    assert_eq!(waterfall.llm, MS(1));
    assert_eq!(waterfall.tts, MS(10));
    assert_eq!(waterfall.total, MS(560));
    assert_eq!(waterfall.daemon, MS(9), "from the first audio to the first frame");
}

#[test]
fn the_line_has_every_station_and_the_scores() {
    let line = answered().played(TURN, MS(1_560)).unwrap();
    let json = serde_json::to_value(line).unwrap();
    assert_eq!(json["speech_end_us"], 1_000_000);
    assert_eq!(json["endpoint_us"], 1_500_000);
    assert_eq!(
        json["scores"],
        json!([
            { "pause": 1, "asked_us": 1_150_000, "answered_us": 1_200_000, "per_mille": 400 }
        ])
    );
    assert_eq!(
        (&json["speculated"], &json["filler"], &json["total_ms"]),
        (&json!(false), &json!(false), &json!(560.0))
    );
}

#[test]
fn a_turn_is_reported_once() {
    let mut timing = answered();
    assert!(timing.played(TURN, MS(1_560)).is_some());
    assert_eq!(timing.played(TURN, MS(1_660)), None);
    timing.clause(TURN, false, MS(1_900));
    assert_eq!(timing.played(TURN, MS(2_000)), None, "a further clause is no further turn");
}

#[test]
fn what_was_prepared_ahead_ends_waiting_when_it_is_released() {
    let mut timing = speculated();
    timing.released(TURN, MS(1_600));
    let line = timing.played(TURN, MS(1_620)).unwrap();
    assert!(line.speculated);
    let waterfall = line.waterfall.unwrap();
    assert_eq!((waterfall.endpoint, waterfall.daemon, waterfall.total), (MS(600), MS(20), MS(620)));
}

#[test]
fn a_reply_that_had_its_transcript_ahead_of_the_endpoint_was_decided_when_it_was_asked_for() {
    let mut timing = TurnTiming::default();
    timing.speech_ended(MS(1_000));
    timing.final_asked(MS(1_350));
    timing.transcribed(MS(1_380));
    timing.reply_asked(TURN, MS(1_600));
    let line = timing.played(TURN, MS(1_700)).unwrap();
    assert_eq!(line.endpoint_us, Some(1_600_000));
}

#[test]
fn a_prepared_turn_that_is_thrown_away_was_not_heard() {
    let mut timing = speculated();
    timing.speech_started();
    let line = timing.dropped(TURN).unwrap();
    assert_eq!((line.played_us, line.waterfall), (None, None));
    assert_eq!(line.caller.speech_end_us, Some(1_000_000));
    assert_eq!(timing.played(TURN, MS(2_000)), None);
}

#[test]
fn a_noise_while_the_caller_is_silent_does_not_move_his_last_sound() {
    let mut timing = TurnTiming::default();
    timing.speech_started();
    timing.speech_confirmed();
    timing.speech_ended(MS(1_000));
    timing.speech_started();
    timing.speech_ended(MS(1_300));
    timing.final_asked(MS(1_350));
    timing.speech_dismissed();
    timing.transcribed(MS(1_400));
    timing.reply_asked(TURN, MS(1_400));
    let line = timing.played(TURN, MS(1_500)).unwrap();
    assert_eq!(line.caller.speech_end_us, Some(1_000_000));
    assert_eq!(line.endpoint_us, Some(1_350_000));

    timing.speech_started();
    timing.speech_dismissed();
    timing.speech_ended(MS(9_000));
    timing.reply_asked(TurnId(3), MS(9_500));
    assert_eq!(timing.played(TurnId(3), MS(9_600)).unwrap().caller.speech_end_us, Some(1_000_000));
}

#[test]
fn a_line_that_nobody_asked_for_has_no_waterfall() {
    let mut timing = TurnTiming::default();
    timing.clause(TurnId(1), false, MS(0));
    timing.first_audio(TurnId(1), true, MS(1));
    let line = timing.played(TurnId(1), MS(20)).unwrap();
    assert_eq!(line.waterfall, None);
    assert_eq!((line.cached, line.endpoint_us), (true, None));
}

#[test]
fn a_filler_is_the_turns_first_clause() {
    let mut timing = TurnTiming::default();
    timing.speech_ended(MS(1_000));
    timing.reply_asked(TURN, MS(1_500));
    timing.clause(TURN, true, MS(2_400));
    timing.first_audio(TURN, true, MS(2_400));
    let line = timing.played(TURN, MS(2_410)).unwrap();
    assert!(line.filler && line.cached);
    assert_eq!(line.waterfall.unwrap().daemon, MS(10), "the wait for the model is not the daemon's");
}

#[test]
fn a_filler_before_the_transcript_ends_the_wait_and_the_reply_behind_it_is_no_further_answer() {
    let mut timing = TurnTiming::default();
    timing.speech_ended(MS(1_000));
    timing.final_asked(MS(1_500));
    timing.clause(TURN, true, MS(2_400));
    timing.first_audio(TURN, true, MS(2_400));
    let line = timing.played(TURN, MS(2_410)).unwrap();
    let waterfall = line.waterfall.unwrap();
    assert!(line.filler);
    assert_eq!((waterfall.endpoint, waterfall.stt, waterfall.daemon), (MS(500), MS(900), MS(10)));
    timing.transcribed(MS(3_000));
    timing.reply_asked(TURN, MS(3_000));
    timing.clause(TURN, false, MS(3_001));
    assert_eq!(timing.played(TURN, MS(3_100)), None);
}

#[test]
fn a_scripted_answer_answers_once() {
    let mut timing = TurnTiming::default();
    timing.speech_ended(MS(1_000));
    timing.final_asked(MS(1_500));
    timing.transcribed(MS(1_540));
    timing.clause(TURN, false, MS(1_540));
    timing.first_audio(TURN, true, MS(1_540));
    let waterfall = timing.played(TURN, MS(1_550)).unwrap().waterfall.unwrap();
    assert_eq!((waterfall.endpoint, waterfall.stt, waterfall.daemon), (MS(500), MS(40), MS(10)));
    timing.clause(TurnId(3), false, MS(9_000));
    assert_eq!(timing.played(TurnId(3), MS(9_010)).unwrap().waterfall, None, "a prompt answers nothing");
}

#[test]
fn turns_that_end_without_a_sound_are_forgotten() {
    let mut timing = TurnTiming::default();
    (1..=10).for_each(|turn| timing.reply_asked(TurnId(turn), MS(1)));
    assert_eq!(timing.turns.len(), FOLLOWED);
}
