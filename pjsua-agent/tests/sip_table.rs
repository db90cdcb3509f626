//! The table of `docs/security.md`, cell for cell, over both transports: who may do what.

mod wire;

use std::time::Duration;

use pjsua_agent::leg::{Leg, LegEvent, LegId};
use pjsua_agent::sip::{AccountConfig, SipEvent, Transport};
use wire::{Agent, Peer, TRANSPORTS, Tone, header};

const TABLE: &str = include_str!("../../docs/security.md");

/// Who asks: the columns of the table, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Stranger,
    TrustedPeer,
    Registrar,
    InTheDialog,
    /// With a tag that is not the dialog's.
    Misnamed,
}

const WHO: [Who; 5] = [Who::Stranger, Who::TrustedPeer, Who::Registrar, Who::InTheDialog, Who::Misnamed];

/// Method and expected answers. A cell begins with a status, or with “–” where nothing is sent.
fn rows() -> Vec<(String, Vec<Option<u16>>)> {
    let rows = TABLE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let method = cells.next().and_then(|cell| cell.split('`').nth(1)).expect("a method").to_owned();
        let answers: Vec<Option<u16>> = cells
            .take(WHO.len())
            .map(|cell| match cell.split([' ', ',']).next() {
                Some("–") => None,
                status => Some(status.and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("no status: {cell}"))),
            })
            .collect();
        assert_eq!(answers.len(), WHO.len(), "{line}");
        (method, answers)
    })
    .collect()
}

fn request(peer: &mut Peer, method: &str) -> String {
    let offer = peer.offer("0");
    let sdp = "Content-Type: application/sdp\r\n";
    let (headers, body) = match method {
        "INVITE" | "UPDATE" => (sdp, offer.as_str()),
        "INFO" => ("Content-Type: application/dtmf-relay\r\n", "Signal=5\r\n"),
        "MESSAGE" => ("Content-Type: text/plain\r\n", "hello"),
        "NOTIFY" => ("Event: refer\r\nSubscription-State: active\r\n", ""),
        "PRACK" => ("RAck: 1 1 INVITE\r\n", ""),
        "REFER" => ("Refer-To: <sip:premium@example.com>\r\n", ""),
        "REGISTER" => ("Expires: 60\r\n", ""),
        "SUBSCRIBE" | "PUBLISH" => ("Event: presence\r\nExpires: 60\r\n", ""),
        _ => ("", ""),
    };
    peer.request(method, headers, body)
}

/// The answer to a request out of the blue; a call that comes of it is refused at once.
fn ask(agent: &mut Agent, peer: &mut Peer, method: &str) -> Option<u16> {
    let request = request(peer, method);
    peer.send(request);
    if method == "INVITE"
        && let Some(SipEvent::Incoming(call)) = agent.event_within(Duration::from_millis(200))
    {
        agent.handle.leg(call.leg).answer(Tone::new(8000).0);
        peer.accept();
        agent.media();
        end(agent, peer, call.leg);
        return Some(200);
    }
    peer.status(limit(method))
}

fn limit(method: &str) -> Duration {
    if method == "ACK" { Duration::from_millis(50) } else { wire::PATIENCE }
}

fn end(agent: &mut Agent, peer: &mut Peer, call: LegId) {
    assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
    while !matches!(agent.event(), SipEvent::Leg { leg: ended, event: LegEvent::Ended { .. } } if ended == call) {}
}

/// The answer to a request of a call, rightly or wrongly named.
fn ask_within(agent: &mut Agent, transport: Transport, method: &str, misnamed: bool) -> Option<u16> {
    if method == "CANCEL" && !misnamed {
        let mut peer = Peer::over(transport, agent.addr);
        peer.invite("0");
        let call = agent.incoming().leg;
        let cancel = peer.request("CANCEL", "", "");
        peer.send(cancel);
        let answers = [peer.status(wire::PATIENCE), peer.status(wire::PATIENCE)];
        assert_eq!(agent.ended(call), (487, true));
        return answers.into_iter().flatten().min();
    }
    let (mut peer, id, _heard) = agent.call(transport, "0");
    let right = peer.to_tag.clone();
    if misnamed {
        peer.to_tag = Some("x".into());
        // A CANCEL has no To tag.
        peer.from_tag = if method == "CANCEL" { "x".into() } else { peer.from_tag };
    }
    let request = request(&mut peer, method);
    peer.send(request);
    let answer = peer.status(limit(method));
    (peer.to_tag, peer.from_tag) = (right, "peer".into());
    if method == "INVITE" && answer == Some(200) {
        let ack = peer.request("ACK", "", "");
        peer.send(ack);
    }
    if method == "BYE" && !misnamed {
        while !matches!(agent.event(), SipEvent::Leg { leg: ended, event: LegEvent::Ended { .. } } if ended == id) {}
    } else {
        end(agent, &mut peer, id);
    }
    answer
}

/// An agent registered with a PBX on this host, which nobody else is trusted beside.
fn registered() -> (Agent, Peer) {
    let mut registrar = Peer::new(wire::free_port());
    let at = registrar.address();
    let account = AccountConfig::new("desk", format!("sip:agent@{at}"), format!("sip:{at}"), "agent", "s3cret");
    let mut agent = Agent::start(|config| {
        config.trusted.clear();
        config.accounts.push(account);
    });
    registrar.agent = agent.addr;
    let register = registrar.receive();
    let contact = header(&register, "Contact").to_owned();
    registrar.answer(&register, "200 OK", &format!("Contact: {contact};expires=60\r\n"));
    assert!(matches!(agent.event(), SipEvent::Registration { .. }));
    (agent, registrar)
}

#[test]
fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let rows = rows();
    assert!(rows.len() >= 14, "the table of docs/security.md was not found");
    let mut wrong = Vec::new();
    for (column, who) in WHO.into_iter().enumerate() {
        let (mut agent, _registrar) = match who {
            Who::Stranger => (Agent::start(|config| config.trusted = vec!["192.0.2.0/24".parse().unwrap()]), None),
            Who::Registrar => {
                let (agent, registrar) = registered();
                (agent, Some(registrar))
            }
            _ => (Agent::start(|_| {}), None),
        };
        for transport in TRANSPORTS {
            for (method, answers) in &rows {
                let answer = match who {
                    Who::InTheDialog => ask_within(&mut agent, transport, method, false),
                    Who::Misnamed => ask_within(&mut agent, transport, method, true),
                    _ => {
                        let mut peer = Peer::over(transport, agent.addr);
                        ask(&mut agent, &mut peer, method)
                    }
                };
                if answer != answers[column] {
                    wrong.push(format!("{who:?} {transport:?} {method}: {answer:?}, not {:?}", answers[column]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_test_that_the_page_names_exists() {
    let folders =
        ["tests", "src", "crates", "../tests"].map(|folder| format!("{}/{folder}", env!("CARGO_MANIFEST_DIR")));
    let mut sources = String::new();
    let mut waiting: Vec<std::path::PathBuf> = folders.iter().map(Into::into).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
    let named: Vec<&str> = TABLE
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.matches('_').count() > 3 && !word.starts_with("pjsua_agent_"))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for test in named {
        assert!(sources.contains(&format!("fn {test}()")), "docs/security.md names {test}, which is no test");
    }
}
