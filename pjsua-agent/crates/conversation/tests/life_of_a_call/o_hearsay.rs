//! What a recogniser writes and nobody said, and what is said without certainty.

use conversation::Act;

use crate::line::{Line, NOTHING, settings};

/// The transcript of a sound of `millis` that may be speech.
fn after_a_sound(millis: u64, text: &str, confidence_per_mille: u16) -> (Line, Vec<String>) {
    let mut line = Line::greeted();
    line.speech();
    // The detector's hang-over is 200 ms.
    line.wait(millis + 200);
    line.silence();
    line.wait(300);
    let actions = line.understood(1, text, confidence_per_mille);
    (line, actions)
}

#[test]
fn a_phrase_that_a_breath_had_no_time_for_is_not_answered() {
    let (line, actions) = after_a_sound(200, "Thank you very much. Goodbye.", 300);
    assert_eq!(actions, NOTHING);
    assert_eq!(line.state(), "listening");
    let (_, actions) = after_a_sound(1_200, "Thank you very much. Goodbye.", 300);
    assert_eq!(actions, ["reply 2"], "he had the time to say it");
}

#[test]
fn remarks_are_not_answered() {
    for remark in ["[Music]", "(coughs)", "*breathing*", "♪", "[BLANK_AUDIO]", "(Music playing)", ".", "<noise>"] {
        let (line, actions) = after_a_sound(250, remark, 1_000);
        assert_eq!(actions, NOTHING, "{remark}");
        assert_eq!(line.history(), ["agent: GREETING"]);
    }
}

#[test]
fn a_remark_beside_words_is_left_out() {
    let (line, actions) = after_a_sound(1_000, "(coughs) When are you open?", 800);
    assert_eq!(actions, ["reply 2"]);
    assert_eq!(line.history(), ["agent: GREETING", "caller: When are you open?"]);
}

#[test]
fn a_goodbye_that_is_not_certain_leaves_the_caller_time_to_object() {
    let (mut line, _) = after_a_sound(900, "goodbye", 300);
    assert_eq!(line.delta(2, "Goodbye then. "), ["speak 2.0: Goodbye then."]);
    line.act(2, Act::HangUp);
    assert_eq!(line.done(2), ["end 2"]);
    line.ready(2, 0, 16_000);
    line.progress(2, 8_000);
    assert_eq!(line.state(), "speaking", "he can interrupt it");
    line.progress(2, 16_000);
    assert_eq!(line.drained(2), ["hang up"]);
}

#[test]
fn a_goodbye_that_is_certain_ends_the_call() {
    let (mut line, _) = after_a_sound(900, "goodbye", 900);
    line.delta(2, "Goodbye then. ");
    line.act(2, Act::HangUp);
    assert_eq!(line.state(), "closing");
}

#[test]
fn a_reply_that_comes_in_one_piece_is_as_bounded_as_one_that_comes_in_many() {
    let story = "Once there was a potter who lived by a river. ".repeat(30);
    let mut line = Line::asked_with(settings().with(|it| it.replies.longest_reply_chars = 200), "tell me a story");
    let spoken: usize =
        line.delta(2, &story).iter().filter(|action| action.starts_with("speak")).map(String::len).sum();
    assert!(spoken < 330, "{spoken} characters");
    let mut line = Line::asked_with(settings().with(|it| it.replies.longest_reply_chars = 200), "tell me a story");
    line.delta(2, "word ".repeat(300).trim());
    let rest: usize = line.done(2).iter().filter(|action| action.starts_with("speak")).map(String::len).sum();
    assert!(rest < 330, "{rest} characters");
}
