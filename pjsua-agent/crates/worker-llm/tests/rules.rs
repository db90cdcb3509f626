//! The real worker with the engine `rules`, over a Unix socket.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use inference::{
    GenerationAct,
    proto::{GenerateRequest, Rule, message::Role},
};
use support::{Worker, ask, message, run_to_end};

fn shop() -> GenerateRequest {
    GenerateRequest {
        rules: vec![
            Rule { r#match: vec!["opening hours".into()], say: "We open at nine.".into(), ..Rule::default() },
            Rule {
                r#match: vec!["my order".into()],
                say: "Order {slot} has left.".into(),
                slot: "digits".into(),
                ask: "What is your order number?".into(),
                ..Rule::default()
            },
            Rule { r#match: vec!["a person".into()], say: "One moment.".into(), transfer: true, ..Rule::default() },
        ],
        fallback: "Pardon?".into(),
        ..ask("call", "")
    }
}

#[tokio::test]
async fn the_worker_describes_itself() {
    let worker = Worker::start(&["--engine", "rules"]).await;
    let description = worker.client.describe().await.unwrap();
    assert_eq!(description.engine, "rules");
    assert!(description.capacity > 0);
}

#[tokio::test]
async fn rules_take_no_notice_of_an_opening() {
    let worker = Worker::start(&["--engine", "rules"]).await;
    let request = GenerateRequest { opening: "Well,".into(), ..shop() };
    assert_eq!(worker.reply(request).await.unwrap().text, "Pardon?");
}

#[tokio::test]
async fn a_call_runs_through_its_rules() {
    let worker = Worker::start(&["--engine", "rules"]).await;
    let mut request = shop();
    for (said, answer, act) in [
        ("what are your opening hours", "We open at nine.", None),
        ("where is my order", "What is your order number?", None),
        ("double four one seven", "Order 4 4 1 7 has left.", None),
        ("blah", "Pardon?", None),
        ("let me speak to a person", "One moment.", Some(GenerationAct::Transfer)),
    ] {
        request.messages.push(message(Role::Caller, said));
        let reply = worker.reply(request.clone()).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.act), (answer, act), "to {said:?}");
        assert_eq!(reply.deltas as usize, answer.split(' ').count(), "word by word");
        request.messages.push(message(Role::Agent, answer));
    }
}

#[tokio::test]
async fn replies_over_the_socket_take_about_a_millisecond() {
    let worker = Worker::start(&["--engine", "rules"]).await;
    let mut request = shop();
    request.messages.push(message(Role::Caller, "what are your opening hours"));
    worker.reply(request.clone()).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..200 {
        let begin = Instant::now();
        worker.reply(request.clone()).await.unwrap();
        times.push(begin.elapsed());
    }
    times.sort();
    println!("rules over a Unix socket: median {:?}, 99 % {:?}", times[100], times[197]);
    assert!(times[100] < Duration::from_secs(1), "only a hang is a failure here");
}

#[tokio::test]
async fn an_unknown_slot_is_refused_and_the_worker_serves_on() {
    let worker = Worker::start(&["--engine", "rules"]).await;
    let mut request = shop();
    request.rules[0].slot = "colour".into();
    let error = worker.reply(request).await.unwrap_err();
    assert!(error.to_string().contains("colour"), "{error}");
    assert_eq!(worker.reply(shop()).await.unwrap().text, "Pardon?");
}

#[test]
fn options_that_make_no_sense_are_refused_in_words() {
    let output = run_to_end(&["--engine", "rules"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--listen"));
    let output = run_to_end(&["--listen", "unix:/nowhere/x.sock", "--engine", "llama"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--model"));
    assert!(run_to_end(&["version"]).status.success());
}

#[tokio::test]
async fn rules_write_no_json() {
    let worker = Worker::start(&["--engine", "rules"]).await;
    let mut request = ask("call", "hello");
    request.json_schema = "{}".into();
    let refused = worker.reply(request).await.unwrap_err().to_string();
    assert!(refused.contains("in words, not in JSON"), "{refused}");
}
