//! The agent as an extension of Asterisk: it registers, comes back, and says what is wrong.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tests::asterisk::{Asterisk, Pbx};
use tests::daemon::{Account, Daemon, Setup};
use tests::paths::run_dir;
use tests::scene::{self, Scene};

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

#[test]
fn a_name_server_that_does_not_answer_delays_no_call_and_a_failure_counts_once() {
    if !nix::unistd::geteuid().is_root() {
        assert!(std::env::var("CI").is_err(), "this suite must be run as root: it puts a file over /etc/resolv.conf");
        eprintln!("SKIPPED: a file is put over /etc/resolv.conf, which only root can do");
        return;
    }
    // Takes what it is asked, and says nothing.
    let server = UdpSocket::bind("127.0.0.153:53").unwrap();
    let dir = run_dir("registration-names").unwrap();
    let account = |name: &str, transport: &str| {
        format!(
            "[[account]]\nname = \"{name}\"\naor = \"sip:agent@pbx.example.test\"\nregistrar = \"sip:pbx.example.test{transport}\"\n\
             username = \"agent\"\npassword = \"secret\"\nagent = \"shop\"\n"
        )
    };
    let setup = Setup {
        more: account("far", "") + &account("far-tcp", ";transport=tcp"),
        resolv_conf: Some("nameserver 127.0.0.153\noptions timeout:5 attempts:1\n".into()),
        ..Setup::new().unwrap()
    };
    let began = Instant::now();
    let daemon = Daemon::start_unready(setup, &dir.join("daemon")).unwrap();
    let mut question = [0_u8; 4096];
    server.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    server.recv(&mut question).expect("the daemon asks for the name");
    tests::until("the workers should serve", Duration::from_secs(60), || {
        daemon.get("/ready").is_ok_and(|(_, body)| body.matches("\"ok\":true").count() >= 3).then_some(())
    })
    .unwrap_or_else(|error| panic!("{error:#}\n{:?}\n{}", daemon.get("/ready"), daemon.log_tail()));

    // Within this time every answer would have to wait for the resolver's five seconds, were it asked by the SIP thread.
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let me = peer.local_addr().unwrap();
    let started = Instant::now();
    let mut asked = 0;
    while started.elapsed() < Duration::from_secs(12) {
        asked += 1;
        let options = format!(
            "OPTIONS sip:agent@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bK{asked}\r\nMax-Forwards: 70\r\n\
             From: <sip:x@{me}>;tag=x\r\nTo: <sip:agent@{to}>\r\nCall-ID: {asked}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            to = daemon.sip()
        );
        peer.send_to(options.as_bytes(), daemon.sip()).unwrap();
        peer.recv(&mut question).unwrap_or_else(|_| panic!("OPTIONS {asked} was not answered\n{}", daemon.log_tail()));
        std::thread::sleep(Duration::from_millis(20));
    }
    let caller = scene::call_directly(&daemon, tests::rtp::Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    caller.hang_up().unwrap();

    // Nor does a call whose Contact is a name to which PJSUA would connect.
    let offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n";
    let invite = format!(
        "INVITE sip:agent@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bKinvite\r\nMax-Forwards: 70\r\n\
         From: <sip:x@{me}>;tag=x\r\nTo: <sip:agent@{to}>\r\nCall-ID: by-name\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:x@elsewhere.example.test;transport=tcp>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{offer}",
        offer.len(),
        to = daemon.sip()
    );
    peer.send_to(invite.as_bytes(), daemon.sip()).unwrap();
    let length = peer.recv(&mut question).unwrap_or_else(|_| panic!("no answer\n{}", daemon.log_tail()));
    assert!(question[..length].starts_with(b"SIP/2.0 "), "{}", String::from_utf8_lossy(&question[..length]));

    // One failure for each lookup of five seconds, in plain words.
    let since = began.elapsed().as_secs();
    let log = daemon.log();
    let failures = log.lines().filter(|line| line.contains("app: registration failed account=\"far\"")).count() as u64;
    assert!((1..=since / 5 + 1).contains(&failures), "{failures} failures in {since} s\n{}", daemon.log_tail());
    assert!(daemon.log().contains("reason=\"its host name cannot be looked up\""), "{}", daemon.log_tail());
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log_tail());
}
