//! In the order of a call's life.

use super::*;

fn caller(text: &str) -> Message {
    Message { role: Role::Caller, text: text.to_owned() }
}

fn agent(text: &str) -> Message {
    Message { role: Role::Agent, text: text.to_owned() }
}

fn rule(phrases: &[&str], say: &str) -> Rule {
    Rule {
        phrases: phrases.iter().map(|phrase| (*phrase).to_owned()).collect(),
        say: say.to_owned(),
        ..Rule::default()
    }
}

fn shop(messages: Vec<Message>) -> Request {
    let order = Rule {
        slot: "digits".to_owned(),
        ask: "What is your order number?".to_owned(),
        ..rule(&["my order", "order status"], "Order {slot} is on its way.")
    };
    let person = Rule { transfer: true, ..rule(&["a person", "human"], "I will connect you.") };
    let goodbye = Rule { hangup: true, ..rule(&["goodbye", "bye"], "Goodbye!") };
    Request {
        messages,
        rules: vec![
            rule(&["opening hours", "open"], "We are open every day from nine to six."),
            rule(&["hours on saturday", "opening hours on saturday"], "On Saturday we close at four."),
            order,
            person,
            goodbye,
        ],
        fallback: "Please ask about hours, or your order.".to_owned(),
        ..Request::default()
    }
}

fn said(messages: Vec<Message>) -> Reply {
    reply(&shop(messages)).unwrap()
}

fn plain(text: &str) -> Reply {
    Reply { text: text.to_owned(), act: None }
}

#[test]
fn a_rule_answers_without_regard_to_case_and_punctuation() {
    let reply = said(vec![caller("What are your OPENING, hours?!")]);
    assert_eq!(reply, plain("We are open every day from nine to six."));
}

#[test]
fn a_part_of_a_word_selects_no_rule() {
    assert_eq!(said(vec![caller("is it an openly stated policy")]), plain("Please ask about hours, or your order."));
}

#[test]
fn the_first_of_two_rules_that_match_different_words_answers() {
    assert_eq!(said(vec![caller("goodbye, and when do you open")]), plain("We are open every day from nine to six."));
}

#[test]
fn a_later_rule_that_covers_an_earlier_ones_words_and_more_answers() {
    assert_eq!(said(vec![caller("your opening hours on saturday please")]), plain("On Saturday we close at four."));
}

#[test]
fn a_phrase_split_over_two_utterances_is_still_found() {
    let reply = said(vec![agent("Hello!"), caller("what are your opening"), caller("hours please")]);
    assert_eq!(reply, plain("We are open every day from nine to six."));
}

#[test]
fn a_number_given_at_once_is_read_back_digit_by_digit() {
    assert_eq!(said(vec![caller("where is my order four five double one")]), plain("Order 4 5 1 1 is on its way."));
}

#[test]
fn a_missing_number_is_asked_for() {
    assert_eq!(said(vec![caller("where is my order")]), plain("What is your order number?"));
}

#[test]
fn the_number_given_next_fills_the_open_question() {
    let reply = said(vec![caller("my order"), agent("What is your order number?"), caller("it is 4517")]);
    assert_eq!(reply, plain("Order 4 5 1 7 is on its way."));
}

#[test]
fn a_question_cut_short_by_the_caller_is_still_open() {
    let reply = said(vec![caller("my order"), agent("What is your"), caller("forty five seventeen")]);
    assert_eq!(reply, plain("Order 4 5 1 7 is on its way."));
}

#[test]
fn a_question_of_which_nothing_was_heard_is_answered_from_both_utterances() {
    let reply = said(vec![caller("my order"), agent(""), caller("four five one seven")]);
    assert_eq!(reply, plain("Order 4 5 1 7 is on its way."));
}

#[test]
fn an_open_question_is_repeated_when_the_answer_holds_no_number() {
    let reply = said(vec![caller("my order"), agent("What is your order number?"), caller("let me look")]);
    assert_eq!(reply, plain("What is your order number?"));
}

#[test]
fn a_caller_may_leave_an_open_question_for_another_matter() {
    let reply = said(vec![caller("my order"), agent("What is your order number?"), caller("give me a human")]);
    assert_eq!(reply, Reply { text: "I will connect you.".to_owned(), act: Some(GenerationAct::Transfer) });
}

#[test]
fn a_number_answers_nothing_when_none_was_asked_for() {
    let reply = said(vec![agent("Hello!"), caller("four five one seven")]);
    assert_eq!(reply, plain("Please ask about hours, or your order."));
}

#[test]
fn a_farewell_ends_the_call() {
    assert_eq!(said(vec![caller("bye")]), Reply { text: "Goodbye!".to_owned(), act: Some(GenerationAct::HangUp) });
}

#[test]
fn an_empty_conversation_gets_the_fallback() {
    assert_eq!(said(vec![]), plain("Please ask about hours, or your order."));
    assert_eq!(said(vec![caller("")]), plain("Please ask about hours, or your order."));
}

#[test]
fn an_unknown_slot_is_refused_by_name() {
    let mut request = shop(vec![caller("hello")]);
    request.rules[0].slot = "colour".to_owned();
    assert!(reply(&request).unwrap_err().to_string().contains("colour"));
}

#[test]
fn the_words_of_a_reply_add_up_to_its_text_and_the_act_comes_after_them() {
    let events = Reply { text: "I will  connect you.".to_owned(), act: Some(GenerationAct::Transfer) }.into_events();
    let text: String = events
        .iter()
        .filter_map(|event| match event {
            Event::Delta(text) => Some(text.as_str()),
            Event::Act(_) | Event::Done(_) => None,
        })
        .collect();
    assert_eq!(text, "I will  connect you.");
    assert_eq!(events[events.len() - 2], Event::Act(GenerationAct::Transfer));
    assert!(matches!(events[events.len() - 1], Event::Done(_)));
}
