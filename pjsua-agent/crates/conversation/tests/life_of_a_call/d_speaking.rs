use conversation::Timer;

use crate::line::{Line, NOTHING};

#[test]
fn a_pause_of_the_model_in_mid_reply_is_no_stall() {
    let mut line = Line::asked("tell me more");
    line.delta(2, "Gladly. And");
    line.ready(2, 0, 8_000);
    line.progress(2, 8_000);
    assert_eq!(line.deadline(), Some((6_000, Timer::Reply)), "all that is there was played");
}

#[test]
fn a_drain_before_the_end_of_the_reply_is_no_end() {
    let mut line = Line::asked("tell me more");
    line.delta(2, "Gladly. And");
    line.ready(2, 0, 8_000);
    line.progress(2, 8_000);
    assert_eq!(line.drained(2), NOTHING);
    assert_eq!(line.state(), "speaking");
}

#[test]
fn progress_keeps_the_playout_alive() {
    let mut line = Line::answered();
    assert_eq!(line.deadline(), Some((5_000, Timer::Playout)));
    line.wait(4_900);
    line.progress(2, 9_000);
    assert_eq!(line.deadline(), Some((5_000, Timer::Playout)));
    line.wait(1_000);
    line.progress(2, 9_000);
    assert_eq!(line.deadline(), Some((4_000, Timer::Playout)), "the same sample is no progress");
}

#[test]
fn a_turn_whose_end_is_lost_ends_by_itself() {
    let mut line = Line::answered();
    line.progress(2, 31_000);
    assert_eq!(line.wait(5_000), ["flush 2"]);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.flushed(2, 32_000), ["heard 2: We open at nine, and we close at five."]);
}

#[test]
fn a_turn_that_never_sounds_is_a_failure() {
    let mut line = Line::asked("are you open");
    line.delta(2, "Yes.");
    line.done(2);
    assert_eq!(line.wait(5_000), ["flush 2", "heard 2: ", "speak 3.0: FAILURE", "end 3"]);
    assert_eq!(line.wait(5_000), ["flush 3"], "the apology is not apologised for");
    assert_eq!(line.state(), "listening");
    assert_eq!(line.history(), ["agent: GREETING", "caller: are you open"]);
}
