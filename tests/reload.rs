//! SIGHUP: the configuration is read again, for the next calls.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use tests::caller::Caller;
use tests::daemon::Daemon;
use tests::rtp::Codec;
use tests::scene::{self, PATIENCE};

const NEW_GREETING: &str = "Good morning. On Saturday we are closed in the afternoon.";

fn edit(file: &Path, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, change(text)).unwrap();
}

/// Tells the daemon, and waits until its log says `outcome` once more.
fn reload(daemon: &Daemon, outcome: &str) {
    let times = |log: String| log.matches(outcome).count();
    let before = times(daemon.log());
    daemon.signal(Signal::SIGHUP);
    tests::until("the log should tell of the reload", Duration::from_secs(5), || {
        (times(daemon.log()) > before).then_some(())
    })
    .unwrap_or_else(|error| panic!("{error:#}: {}", daemon.log_tail()));
}

/// What the caller hears first.
fn greeting(caller: &Caller) -> String {
    let (first, last) = scene::hear_greeting(caller).unwrap();
    let margin = Duration::from_millis(200);
    let recording = caller.rtp().recording();
    tests::recognise::words(recording.agent_between(first - margin, last + margin)).unwrap()
}

fn hang_up(caller: &Caller, daemon: &Daemon) {
    caller.hang_up().unwrap();
    daemon.wait_calls(0, PATIENCE).unwrap();
}

#[test]
fn a_new_greeting_is_for_the_next_call_and_the_running_one_goes_on_as_it_began() {
    let (daemon, dir) = scene::direct("reload", |_| {}).unwrap();
    let running = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("running")).unwrap();
    let words = greeting(&running);
    assert!(!words.contains("afternoon"), "{words}");

    edit(&dir.join("daemon/agents/shop.toml"), |agent| {
        let without_greeting = agent.lines().filter(|line| !line.starts_with("greeting = ")).collect::<Vec<_>>();
        let agent = without_greeting.join("\n").replace("one in the afternoon", "one at night");
        format!("greeting = \"{NEW_GREETING}\"\n{agent}\n")
    });
    reload(&daemon, "the configuration was reloaded");
    let answer = scene::ask(&running, "what are your opening hours on saturday").unwrap();
    let words = scene::understand(&running, &answer).unwrap();
    assert!(words.contains("afternoon"), "the running call has changed: {words}");
    hang_up(&running, &daemon);

    let next = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("next")).unwrap();
    let words = greeting(&next);
    assert!(words.contains("afternoon"), "{words}");
    hang_up(&next, &daemon);
    assert_eq!(daemon.metric("config_reloads_total").unwrap(), 1.0);
}

#[test]
fn a_broken_file_changes_nothing_and_says_why_and_what_needs_a_restart_is_named() {
    let (mut daemon, dir) = scene::direct("reload-broken", |_| {}).unwrap();
    let config = dir.join("daemon/pjsua-agent.toml");
    let good = std::fs::read_to_string(&config).unwrap();
    let pid = daemon.pid().unwrap();

    edit(&config, |text| format!("{text}\n[turns]\nendpoint_silence = \"1 parsec\"\nsure_silence = \"4s\"\n"));
    edit(&dir.join("daemon/agents/shop.toml"), |agent| agent.replace("greeting = ", "greting = "));
    reload(&daemon, "the one before it stays in force");
    let log = daemon.log();
    let line = good.lines().count() + 3;
    assert!(log.contains(&format!("pjsua-agent.toml:{line}: [turns] endpoint_silence: ")), "{log}");
    assert!(log.contains(&format!("pjsua-agent.toml:{}: [turns] sure_silence: ", line + 1)), "{log}");
    assert!(log.contains("shop.toml:2: greting: unknown, did you mean “greeting”?"), "{log}");
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    let words = greeting(&caller);
    assert!(words.contains("hello"), "{words}");
    hang_up(&caller, &daemon);

    // Put right, with a change that a running daemon cannot make.
    std::fs::write(&config, good.replace("max_calls = 64", "max_calls = 65")).unwrap();
    edit(&dir.join("daemon/agents/shop.toml"), |agent| agent.replace("greting = ", "greeting = "));
    reload(&daemon, "the configuration was reloaded");
    let log = daemon.log();
    assert_eq!(log.matches("[sip] max_calls: has changed; needs a restart").count(), 1, "{log}");
    assert_eq!(log.matches("needs a restart").count(), 1, "{log}");
    assert!(daemon.is_running() && daemon.pid().unwrap() == pid);
    daemon.wait_ready().unwrap();
}

#[test]
fn what_was_said_before_a_restart_is_not_synthesised_again() {
    let (mut daemon, _dir) = scene::direct("phrase-cache", |_| {}).unwrap();
    let made = daemon.metric("phrase_cache_misses_total").unwrap();
    assert!(made > 10.0, "{made}");
    daemon.signal(Signal::SIGTERM);
    daemon.wait_end(PATIENCE).unwrap();
    daemon.start_again().unwrap();
    daemon.wait_ready().unwrap();
    assert_eq!(daemon.metric("phrase_cache_misses_total").unwrap(), 0.0);
    let hits = daemon.metric("phrase_cache_hits_total").unwrap();
    assert!(hits >= made, "{hits} of {made}");
}
