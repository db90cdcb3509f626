//! `pjsua-agent ask` with the delivered configuration: an agent asked in writing.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

fn ask(arguments: &[&str]) -> Output {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf/pjsua-agent.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pjsua-agent"));
    command.args(["ask", "--config"]).arg(config).args(arguments).output().unwrap()
}

#[test]
fn a_number_that_the_caller_gives_is_read_back_and_an_act_is_told() {
    let output = ask(&["--json", "where is my order", "four five one seven", "i want to talk to a person"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers[0]["answer"], "What is your order number?");
    assert_eq!(answers[1]["answer"], "Order number 4 5 1 7 is packed. It leaves our shop tomorrow morning.");
    assert_eq!((&answers[1]["act"], &answers[2]["act"]), (&serde_json::Value::Null, &"transfer".into()));
}

#[test]
fn an_agent_that_is_not_there_is_named_with_those_that_are() {
    let output = ask(&["--agent", "nobody", "hello"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("“nobody”") && error.contains("demo"), "{error}");
}
