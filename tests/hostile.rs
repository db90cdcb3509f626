//! Broken and hostile input: no crash, and the call that is up does not notice.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use call_record::CallEvent;
use tests::hostile;
use tests::paths::{program, repository, run_dir};
use tests::rtp::{Codec, WireTime};
use tests::scene;

const MESSAGES: usize = 200;

#[test]
fn two_hundred_malformed_messages_over_udp_and_tcp_do_not_touch_a_call() {
    let (mut daemon, dir) = scene::direct("hostile", |_| {}).unwrap();
    let pid = daemon.pid().unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();

    // Who connects and says nothing, or begins something, is not waited for.
    let mut silent = [b"".as_slice(), b"O"].map(|start| {
        let mut stream = std::net::TcpStream::connect(daemon.sip()).unwrap();
        stream.write_all(start).unwrap();
        stream
    });
    let start = WireTime::now();
    hostile::send_udp(daemon.sip(), MESSAGES, 1).unwrap();
    hostile::send_tcp(daemon.sip(), MESSAGES, 2).unwrap();
    let answer = scene::ask(&caller, "what are your opening hours on saturday").unwrap();
    let words = scene::understand(&caller, &answer).unwrap();
    assert!(words.contains("afternoon"), "{words}");
    let (gap, lost) = caller.rtp().heard(|heard| (heard.longest_gap(start), heard.pacing(start, WireTime::now()).lost));
    assert!(gap < Duration::from_millis(100) && lost == 0, "a hole of {gap:?}, {lost} packets lost");
    assert!(daemon.is_running() && daemon.pid().unwrap() == pid, "{}", daemon.log_tail());
    caller.hang_up().unwrap();
    caller.finish().unwrap();

    let log = daemon.log().to_lowercase();
    for word in ["panicked", "assertion", "timed-out trying to acquire"] {
        assert!(!log.contains(word), "“{word}” in the log:\n{}", daemon.log_tail());
    }
    // Some of the messages were calls after all; nobody acknowledges them, so they end by timer H (32 s).
    daemon.wait_calls(0, Duration::from_secs(60)).unwrap();
    let (_, metrics) = daemon.get("/metrics").unwrap();
    let strays = metrics.lines().find_map(|line| line.strip_prefix("pjsua_agent_calls_overdue_total{wait=\"peer\"} "));
    assert!(strays.is_some_and(|count| count != "0"), "{metrics}");
    for stream in &mut silent {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        assert_eq!(stream.read(&mut [0; 100]).unwrap(), 0, "the connection is closed");
    }
    let again = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("again")).unwrap();
    scene::hear_greeting(&again).unwrap();
    again.hang_up().unwrap();
}

#[test]
fn calls_that_begin_on_hold_are_ended_with_a_reason_in_their_journals_and_a_metric() {
    let more = "media_start_timeout = \"2s\"\n".to_owned();
    let (daemon, _dir) = scene::direct("hostile-hold", |setup| setup.sip_more = more).unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (me, to) = (peer.local_addr().unwrap(), daemon.sip());
    let mut buffer = [0; 8192];
    let mut receive = |start: &str| loop {
        let length = peer.recv(&mut buffer).unwrap_or_else(|_| panic!("no {start}\n{}", daemon.log_tail()));
        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if message.starts_with(start) {
            break message;
        }
    };
    let direction = ["inactive"; 3];
    for (number, direction) in direction.iter().enumerate() {
        let request = |method: &str, tag: &str, body: &str| {
            let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
            format!(
                "{method} sip:agent@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bK{number}{method}\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:x@{me}>;tag=x\r\nTo: <sip:agent@{to}>{tag}\r\nCall-ID: hold-{number}\r\n\
                 CSeq: 1 {method}\r\nContact: <sip:x@{me}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let offer = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\na={direction}\r\n"
        );
        peer.send_to(request("INVITE", "", &offer).as_bytes(), to).unwrap();
        let answer = receive("SIP/2.0 200");
        let answered = answer.lines().find_map(|line| line.strip_prefix("To:")).unwrap();
        let tag = format!(";tag={}", answered.split("tag=").nth(1).unwrap().trim());
        peer.send_to(request("ACK", &tag, "").as_bytes(), to).unwrap();
    }
    for _ in direction {
        let bye = receive("BYE ");
        assert!(bye.contains("Reason: Q.850;cause=102;text=\"no media in time after the answer\""), "{bye}");
        let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let head: Vec<&str> = bye.lines().filter(|line| copied.iter().any(|name| line.starts_with(name))).collect();
        let ok = format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", head.join("\r\n"));
        peer.send_to(ok.as_bytes(), to).unwrap();
    }
    daemon.wait_calls(0, Duration::from_secs(10)).unwrap();
    let journals = tests::until("the journals should be complete", Duration::from_secs(8), || {
        daemon.journals().ok().filter(|journals| journals.iter().all(|journal| journal.is_complete()))
    })
    .unwrap();
    assert_eq!(journals.len(), direction.len());
    for journal in &journals {
        let ended = journal.events().find_map(|event| match event {
            CallEvent::Ended { overdue, reason, .. } => Some((overdue.as_deref(), reason.as_str())),
            _ => None,
        });
        assert_eq!(ended, Some((Some("media"), "no media in time after the answer")));
    }
    let (_, metrics) = daemon.get("/metrics").unwrap();
    assert!(metrics.contains("pjsua_agent_calls_overdue_total{wait=\"media\"} 3"), "{metrics}");
}

/// A copy of `conf/` in which line `line` (from 0) of `file` is replaced.
fn configuration_with(dir: &Path, file: &str, line: usize, replacement: &str) -> PathBuf {
    let conf = dir.join("conf");
    let _ = std::fs::remove_dir_all(&conf);
    std::fs::create_dir_all(conf.join("agents")).unwrap();
    for source in ["pjsua-agent.toml", "agents/demo.toml"] {
        let text = std::fs::read_to_string(repository().join("conf").join(source)).unwrap();
        let changed: Vec<&str> = text
            .lines()
            .enumerate()
            .map(|(number, old)| if source == file && number == line { replacement } else { old })
            .collect();
        std::fs::write(conf.join(source), changed.join("\n") + "\n").unwrap();
    }
    conf.join("pjsua-agent.toml")
}

fn check(config: &Path) -> (bool, String) {
    let output =
        Command::new(program("pjsua-agent").unwrap()).args(["check", "--config"]).arg(config).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// The key of a line `key = value` or, as the documented defaults are written, `# key = value`.
fn key_of(line: &str) -> Option<&str> {
    let code = line.trim_start().trim_start_matches('#').trim_start();
    let (key, value) = code.split_once('=')?;
    let key = key.trim_end();
    let looks_like_a_key =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit());
    (looks_like_a_key && !value.trim().is_empty()).then_some(key)
}

#[test]
fn the_configuration_as_delivered_is_valid() {
    let (valid, text) = check(&repository().join("conf/pjsua-agent.toml"));
    assert!(valid, "{text}");
}

#[test]
fn each_key_of_the_configuration_misspelt_in_turn_is_named_with_its_line() {
    let dir = run_dir("hostile-keys").unwrap();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for file in ["pjsua-agent.toml", "agents/demo.toml"] {
        let text = std::fs::read_to_string(repository().join("conf").join(file)).unwrap();
        for (number, line) in text.lines().enumerate() {
            let Some(key) = key_of(line) else { continue };
            let code = line.trim_start().trim_start_matches('#').trim_start();
            let misspelt = code.replacen(key, &format!("{key}x"), 1);
            let (valid, answer) = check(&configuration_with(&dir, file, number, &misspelt));
            let place = format!("{}:{}", Path::new(file).file_name().unwrap().to_string_lossy(), number + 1);
            tried += 1;
            if valid || !answer.contains(&place) || !answer.contains(&format!("{key}x")) {
                wrong.push(format!("{place}: {misspelt}\n    {}", answer.trim()));
            }
        }
    }
    assert!(tried > 20, "only {tried} keys found");
    assert!(
        wrong.is_empty(),
        "{} of {tried} misspellings are not named with their line:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn each_section_of_the_configuration_misspelt_in_turn_is_named_with_its_line() {
    let dir = run_dir("hostile-sections").unwrap();
    let text = std::fs::read_to_string(repository().join("conf/pjsua-agent.toml")).unwrap();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| line.starts_with('[')) {
        let misspelt = line.replacen(']', "x]", 1);
        let (valid, answer) = check(&configuration_with(&dir, "pjsua-agent.toml", number, &misspelt));
        assert!(!valid && answer.contains("pjsua-agent.toml:"), "{misspelt}: {answer}");
    }
}
