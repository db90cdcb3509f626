use conversation::Timer;

use crate::line::{Line, NOTHING, settings};

#[test]
fn speech_over_the_agent_pauses_it_at_once() {
    let mut line = Line::answered();
    assert_eq!(line.speech(), ["pause 2", "recognise 2"]);
    assert_eq!(line.state(), "overlap");
    assert_eq!(line.deadline(), Some((500, Timer::Overlap)));
}

#[test]
fn a_cough_is_forgotten_and_the_agent_goes_on() {
    let mut line = Line::answered();
    line.speech();
    line.wait(490);
    assert_eq!(line.silence(), ["finish 2"]);
    assert_eq!(line.transcript(2, ""), ["resume 2"]);
    assert_eq!(line.state(), "speaking");
    assert_eq!(line.deadline(), Some((5_000, Timer::Playout)));
    line.progress(2, 32_000);
    line.drained(2);
    assert_eq!(line.history().last().unwrap(), "agent: We open at nine, and we close at five.");
}

#[test]
fn a_word_interrupts_at_once() {
    let mut line = Line::answered();
    line.speech();
    line.wait(120);
    assert_eq!(line.partial(2, "stop"), ["flush 2"]);
    assert_eq!(line.state(), "listening");
    assert_eq!(line.flushed(2, 10_000), ["heard 2: We open at"]);
    assert_eq!(line.history().last().unwrap(), "agent: We open at");
}

#[test]
fn a_generation_that_still_runs_is_cancelled() {
    let mut line = Line::asked("are you open");
    line.delta(2, "Yes, we are. At");
    line.ready(2, 0, 12_000);
    line.progress(2, 6_000);
    line.speech();
    assert_eq!(line.partial(2, "stop"), ["flush 2", "cancel reply 2"]);
    assert_eq!(line.delta(2, " nine. In the morning."), NOTHING);
    assert_eq!(line.done(2), NOTHING);
    assert_eq!(line.ready(2, 0, 16_000), NOTHING);
}

#[test]
fn sustained_speech_without_words_interrupts_at_the_limit() {
    let mut line = Line::answered();
    line.speech();
    assert_eq!(line.wait(499), NOTHING);
    assert_eq!(line.wait(1), ["flush 2"]);
}

#[test]
fn a_short_word_is_known_from_its_final_transcript() {
    let mut line = Line::answered();
    line.speech();
    line.wait(400);
    assert_eq!(line.silence(), ["finish 2"]);
    line.wait(50);
    assert_eq!(line.transcript(2, "stop"), ["flush 2"]);
    assert_eq!(line.state(), "endpointing");
    // The half second since the end of his speech, of which a quarter has passed.
    assert_eq!(line.wait(249), NOTHING);
    assert_eq!(line.wait(1), ["heard 2: We open", "reply 3"]);
}

#[test]
fn a_backchannel_that_only_the_final_transcript_knows_resumes() {
    let mut line = Line::answered();
    line.speech();
    line.wait(400);
    line.silence();
    assert_eq!(line.transcript(2, "uh huh"), ["resume 2"]);
    assert_eq!(line.state(), "speaking");
}

#[test]
fn a_recogniser_that_does_not_answer_in_time_leaves_it_to_the_length() {
    let mut line = Line::answered();
    line.speech();
    line.wait(400);
    line.silence();
    assert_eq!(line.wait(149), NOTHING);
    assert_eq!(line.wait(1), ["resume 2", "cancel recognition 2"]);
    let settings = settings().with(|it| it.overlap.barge_in_confirm = std::time::Duration::from_millis(200));
    let mut line = Line::answered_with(settings);
    line.speech();
    line.wait(400);
    line.silence();
    assert_eq!(line.wait(150), ["flush 2"]);
    assert_eq!(line.state(), "endpointing");
    line.flushed(2, 10_000);
    assert_eq!(line.transcript(2, "stop"), NOTHING);
    assert_eq!(line.wait(300), ["reply 3"]);
}

#[test]
fn who_speaks_again_before_it_is_known_what_he_said_is_taken_down_anew() {
    let mut line = Line::answered();
    line.speech();
    line.wait(300);
    assert_eq!(line.silence(), ["finish 2"]);
    assert_eq!(line.speech(), NOTHING);
    assert_eq!(line.transcript(2, "let me"), ["flush 2", "recognise 3"]);
    assert_eq!(line.state(), "listening");
}

#[test]
fn who_coughs_and_then_speaks_is_heard() {
    let mut line = Line::answered();
    line.speech();
    line.wait(240);
    assert_eq!(line.silence(), ["finish 2"]);
    line.speech();
    assert_eq!(line.transcript(2, ""), ["recognise 3"]);
    assert_eq!(line.state(), "overlap");
    assert_eq!(line.partial(3, "let me speak"), ["flush 2"]);
}

#[test]
fn the_interruption_itself_is_answered() {
    let mut line = Line::answered();
    line.speech();
    line.partial(2, "what about sunday");
    line.flushed(2, 10_000);
    line.wait(900);
    line.silence();
    assert_eq!(line.wait(300), ["finish 2"]);
    assert_eq!(line.transcript(2, "what about sunday"), ["reply 3"]);
    assert_eq!(line.history()[1..], ["caller: when are you open", "agent: We open at", "caller: what about sunday"]);
}

#[test]
fn if_the_flush_is_not_answered_in_time_the_last_progress_counts() {
    let mut line = Line::answered();
    line.progress(2, 10_000);
    line.speech();
    line.partial(2, "what about sunday");
    assert_eq!(line.history().last().unwrap(), "agent: We open at");
    line.wait(900);
    line.silence();
    line.wait(300);
    assert_eq!(line.transcript(2, "what about sunday"), ["heard 2: We open at", "reply 3"]);
    assert_eq!(line.flushed(2, 16_000), NOTHING);
    assert_eq!(line.history().last().unwrap(), "caller: what about sunday");
}

#[test]
fn an_uh_huh_does_not_stop_the_agent() {
    let mut line = Line::answered();
    line.speech();
    line.wait(300);
    assert_eq!(line.partial(2, "uh huh"), NOTHING);
    line.wait(150);
    assert_eq!(line.silence(), ["resume 2", "cancel recognition 2"]);
}

#[test]
fn a_long_uh_huh_is_listened_to_beside_the_agents_voice() {
    let mut line = Line::answered();
    line.speech();
    line.wait(300);
    line.partial(2, "okay");
    assert_eq!(line.wait(200), ["resume 2"]);
    assert_eq!(line.state(), "speaking");
    line.wait(200);
    assert_eq!(line.silence(), ["cancel recognition 2"]);
    assert_eq!(line.deadline().unwrap().1, Timer::Playout);
}

#[test]
fn an_okay_that_becomes_a_sentence_interrupts() {
    let mut line = Line::answered();
    line.speech();
    line.partial(2, "okay");
    line.wait(500);
    assert_eq!(line.partial(2, "okay okay"), NOTHING);
    assert_eq!(line.partial(2, "okay but wait"), ["flush 2"]);
    assert_eq!(line.state(), "listening");
}

#[test]
fn an_okay_that_does_not_end_interrupts() {
    let mut line = Line::answered();
    line.speech();
    line.partial(2, "okay");
    assert_eq!(line.wait(500), ["resume 2"]);
    assert_eq!(line.wait(999), NOTHING);
    assert_eq!(line.wait(1), ["flush 2"]);
}

#[test]
fn speech_at_the_very_end_of_the_turn_is_the_answer_to_it() {
    let mut line = Line::answered();
    line.progress(2, 31_900);
    line.speech();
    assert_eq!(line.drained(2), NOTHING, "it was not paused");
    assert_eq!(line.state(), "listening");
    line.wait(500);
    line.silence();
    assert_eq!(line.wait(300), ["finish 2"]);
    assert_eq!(line.transcript(2, "yes"), ["reply 3"]);
    assert_eq!(line.history()[2..], ["agent: We open at nine, and we close at five.", "caller: yes"]);
}

#[test]
fn an_aside_that_outlasts_the_turn_is_the_callers_turn() {
    let mut line = Line::answered();
    line.speech();
    line.partial(2, "yes");
    line.wait(500);
    assert_eq!(line.drained(2), NOTHING);
    assert_eq!(line.state(), "listening");
    line.silence();
    assert_eq!(line.wait(300), ["finish 2"]);
}

#[test]
fn the_reply_goes_on_growing_while_it_is_paused() {
    let mut line = Line::asked("are you open");
    line.delta(2, "Yes, we are. At");
    line.ready(2, 0, 12_000);
    line.progress(2, 6_000);
    line.speech();
    assert_eq!(line.delta(2, " nine. In"), ["speak 2.1: At nine."]);
    assert_eq!(line.deadline().unwrap().1, Timer::Overlap, "a paused playout is not late");
    assert_eq!(line.done(2), ["speak 2.2: In", "end 2"]);
    line.wait(300);
    assert_eq!(line.silence(), ["finish 2"]);
    assert_eq!(line.transcript(2, ""), ["resume 2"]);
}

#[test]
fn a_noise_that_cut_the_agent_off_is_asked_about() {
    let mut line = Line::answered();
    line.speech();
    assert_eq!(line.wait(500), ["flush 2"]);
    line.flushed(2, 10_000);
    line.silence();
    line.wait(300);
    assert_eq!(line.transcript(2, ""), ["speak 3.0: NOT-UNDERSTOOD", "end 3"]);
}

#[test]
fn a_recogniser_that_ends_itself_during_the_overlap_still_counts() {
    let mut line = Line::answered();
    line.speech();
    assert_eq!(line.transcript(2, "stop it"), ["cancel recognition 2", "flush 2", "recognise 3"]);
    line.silence();
    assert_eq!(line.wait(300), ["finish 3"]);
    assert_eq!(line.transcript(3, "please"), ["heard 2: We open", "reply 3"]);
    assert_eq!(line.history().last().unwrap(), "caller: stop it please");
}

#[test]
fn without_a_recogniser_the_voice_alone_decides() {
    let mut line = Line::answered();
    line.speech();
    assert_eq!(line.stt_fails(2), ["cancel recognition 2"]);
    line.wait(400);
    assert_eq!(line.silence(), ["resume 2"]);
    assert_eq!(line.speech(), ["pause 2", "recognise 3"]);
    line.stt_fails(3);
    assert_eq!(line.wait(500), ["flush 2"]);
    line.flushed(2, 10_000);
    line.silence();
    assert_eq!(line.wait(300), ["speak 3.0: NOT-UNDERSTOOD", "end 3"]);
}
