//! The agent as an extension of Asterisk: it registers, comes back, and says what is wrong.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tests::asterisk::{Asterisk, Pbx};
use tests::daemon::{Account, Daemon, Setup};
use tests::paths::run_dir;
use tests::scene::Scene;

#[test]
fn the_agent_registers_and_takes_itself_out_when_it_ends() {
    let Some(mut scene) = Scene::open("registration", |_| {}) else { return };
    let contact = scene.asterisk.contact("agent").unwrap();
    assert!(contact.contains(&scene.daemon.sip().to_string()), "{contact}");
    let endpoint = scene.asterisk.command("pjsip show endpoint agent").unwrap();
    assert!(endpoint.contains("Not in use") || endpoint.contains("Avail"), "{endpoint}");

    scene.daemon.signal(Signal::SIGTERM);
    scene.asterisk.wait_unregistered("agent", Duration::from_secs(5)).unwrap();
    assert!(scene.daemon.wait_end(Duration::from_secs(15)).unwrap().success());
}

#[test]
fn after_a_restart_of_asterisk_the_agent_is_registered_again_within_30_seconds() {
    let Some(mut scene) = Scene::open("registration-restart", |_| {}) else { return };
    scene.asterisk.kill();
    // Long enough that a refresh or a retry meets a closed port.
    std::thread::sleep(Duration::from_secs(3));
    scene.asterisk.start_again().unwrap();
    assert_eq!(scene.asterisk.contact("agent"), None, "this Asterisk must have forgotten the agent");
    let started = Instant::now();
    scene.asterisk.wait_registered("agent", Duration::from_secs(30)).unwrap();
    eprintln!("registered again {:.1} s after Asterisk was back", started.elapsed().as_secs_f64());
    scene.daemon.wait_ready().unwrap();
}

#[test]
fn an_agent_that_is_there_before_its_registrar_finds_it_by_itself() {
    let dir = run_dir("registration-late").unwrap();
    let setup = Setup::new().unwrap();
    let pbx = Pbx { agent: Some(setup.sip), ..Pbx::default() };
    let Some(mut asterisk) = Asterisk::for_suite(&pbx, &dir.join("asterisk")) else { return };
    asterisk.kill();
    let account = Account::agent(asterisk.sip());
    let mut daemon = Daemon::start_unready(Setup { account: Some(account), ..setup }, &dir.join("daemon")).unwrap();
    std::thread::sleep(Duration::from_secs(6));
    asterisk.start_again().unwrap();
    asterisk.wait_registered("agent", Duration::from_secs(30)).unwrap();
    daemon.wait_ready().unwrap();
}

#[test]
fn a_wrong_password_is_one_clear_line_and_no_end() {
    let dir = run_dir("registration-password").unwrap();
    let setup = Setup::new().unwrap();
    let Some(asterisk) = Asterisk::for_suite(&Pbx::default(), &dir.join("asterisk")) else { return };
    let account = Account { password: "wrong".into(), ..Account::agent(asterisk.sip()) };
    let mut daemon = Daemon::start_unready(Setup { account: Some(account), ..setup }, &dir.join("daemon")).unwrap();
    let complaints = |log: &str| log.lines().filter(|line| line.to_lowercase().contains("password")).count();
    tests::until("a line about the password", Duration::from_secs(40), || {
        (complaints(&daemon.log()) > 0).then_some(())
    })
    .unwrap_or_else(|error| panic!("{error:#}\n{}", daemon.log_tail()));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(complaints(&daemon.log()), 1, "{}", daemon.log_tail());
    assert!(!daemon.log().contains("secret") && !daemon.log().contains("\"wrong\""), "{}", daemon.log_tail());
    assert!(daemon.is_running());
    assert_eq!(asterisk.contact("agent"), None);
    // It can be reached, and says itself that it is not ready.
    assert_ne!(daemon.get("/ready").unwrap().0, 200);
    assert_eq!(daemon.get("/live").unwrap().0, 200);
}
