//! No line is held for nothing: each state that a call can be in has its bound, and ends with a reason.

mod wire;

use std::time::{Duration, Instant};

use pjsua_agent::leg::{Leg, LegEvent, LegId, Wait};
use pjsua_agent::sip::{Bounds, SipEvent};
use wire::{Agent, LOUD, Peer, TRANSPORTS, Tone, header};

const SECOND: Duration = Duration::from_secs(1);

/// The next two events must say that the call waited too long, and that it ended for it.
fn overdue(agent: &mut Agent, call: LegId) -> Wait {
    let wait = match agent.event() {
        SipEvent::Overdue { leg: overdue, wait } if overdue == call => wait,
        other => panic!("{other:?}"),
    };
    match agent.event() {
        SipEvent::Leg { leg: ended, event: LegEvent::Ended { reason, by_peer: false, overdue, .. } }
            if ended == call =>
        {
            assert_eq!((overdue, reason), (Some(wait), wait.to_string()));
        }
        other => panic!("{other:?}"),
    }
    wait
}

/// The BYE for which a call was ended has the reason in words.
fn bye(peer: &Peer, wait: Wait) {
    let bye = peer.expect("BYE", "200 OK");
    assert_eq!(header(&bye, "Reason"), format!("Q.850;cause=102;text=\"{wait}\""));
}

/// An offer of an ordinary one's form with its direction or its address changed.
fn on_hold(peer: &Peer, how: &str) -> String {
    let offer = peer.offer("0");
    match how {
        "0.0.0.0" => offer.replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"),
        direction => format!("{offer}a={direction}\r\n"),
    }
}

#[test]
fn calls_that_begin_on_hold_give_their_lines_back() {
    let mut agent = Agent::start(|config| {
        config.max_calls = 4;
        config.bounds.media = SECOND;
    });
    for transport in TRANSPORTS {
        let mut held = Vec::new();
        for how in ["inactive", "0.0.0.0", "inactive", "inactive"] {
            let mut peer = Peer::over(transport, agent.addr);
            let offer = on_hold(&peer, how);
            peer.invite_with(&offer);
            let (call, _) = agent.answer(&mut peer);
            held.push((peer, call));
        }
        let mut refused = Peer::over(transport, agent.addr);
        refused.invite("0");
        assert_eq!(refused.status(wire::PATIENCE), Some(503), "the lines are taken");
        for (peer, _) in &held {
            bye(peer, Wait::Media);
        }
        let mut ended: Vec<LegId> = Vec::new();
        while ended.len() < held.len() {
            match agent.event() {
                SipEvent::Overdue { wait: Wait::Media, .. } => {}
                SipEvent::Leg { leg, event: LegEvent::Ended { overdue: Some(Wait::Media), .. } } => ended.push(leg),
                other => panic!("{other:?}"),
            }
        }
        let (mut next, call, _heard) = agent.call(transport, "0");
        assert!(next.ask("BYE", "", "").starts_with("SIP/2.0 200"));
        agent.ended(call);
    }
}

#[test]
fn an_ack_without_the_answer_to_our_offer_ends_the_call() {
    let mut agent = Agent::start(|config| config.bounds.media = SECOND);
    for transport in TRANSPORTS {
        let mut peer = Peer::over(transport, agent.addr);
        let invite = peer.request("INVITE", "", "");
        peer.send(invite);
        let call = agent.incoming().leg;
        agent.handle.leg(call).answer(Tone::new(8000).0);
        assert!(peer.accept().contains("m=audio"), "our offer");
        bye(&peer, Wait::Media);
        assert_eq!(overdue(&mut agent, call), Wait::Media);
    }
}

#[test]
fn a_call_that_begins_on_hold_and_is_taken_off_in_time_goes_on() {
    let mut agent = Agent::start(|config| config.bounds.media = 2 * SECOND);
    let mut peer = Peer::new(agent.addr);
    let offer = on_hold(&peer, "inactive");
    peer.invite_with(&offer);
    let (call, _heard) = agent.answer(&mut peer);
    std::thread::sleep(SECOND);
    let offer = peer.offer("0").replace("o=- 1 1", "o=- 1 2");
    peer.invite_with(&offer);
    peer.accept();
    agent.media();
    let until = Instant::now() + 3 * SECOND;
    while Instant::now() < until {
        peer.speak(&LOUD);
        peer.hear();
    }
    assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"));
    assert_eq!(agent.ended(call), (200, true));
}

#[test]
fn a_hold_without_end_ends_the_call() {
    for (how, transport) in [
        ("inactive", TRANSPORTS[0]),
        ("0.0.0.0", TRANSPORTS[1]),
        ("recvonly", TRANSPORTS[0]),
        ("sendonly", TRANSPORTS[1]),
    ] {
        // Silence on hold is no absence.
        let bounds = Bounds { hold: 3 * SECOND, rtp: SECOND, ..Bounds::default() };
        let mut agent = Agent::start(|config| config.bounds = bounds);
        let (mut peer, call, _heard) = agent.call(transport, "0");
        let offer = on_hold(&peer, how).replace("o=- 1 1", "o=- 1 2");
        peer.invite_with(&offer);
        peer.accept();
        bye(&peer, Wait::Hold);
        while let Some(event) = agent.event_within(SECOND) {
            match event {
                SipEvent::Leg { event: LegEvent::Media { .. }, .. } => {}
                SipEvent::Overdue { leg: overdue, wait } => assert_eq!((overdue, wait), (call, Wait::Hold), "{how}"),
                SipEvent::Leg { event: LegEvent::Ended { overdue, .. }, .. } => {
                    assert_eq!(overdue, Some(Wait::Hold), "{how}")
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(agent.handle.calls(), 0, "{how}");
    }
}

#[test]
fn a_call_that_its_owner_forgets_is_refused() {
    let mut agent = Agent::start(|config| config.bounds.answer = SECOND);
    for transport in TRANSPORTS {
        let mut peer = Peer::over(transport, agent.addr);
        peer.invite("0");
        let call = agent.incoming().leg;
        assert_eq!(peer.status(wire::PATIENCE), Some(603));
        assert_eq!(overdue(&mut agent, call), Wait::Answer);
        let ack = peer.request("ACK", "", "");
        peer.send(ack);
    }
}

#[test]
fn a_call_whose_answer_is_never_acknowledged_frees_its_line_when_it_is_hung_up() {
    let mut agent = Agent::start(|config| config.max_calls = 1);
    for transport in TRANSPORTS {
        let mut peer = Peer::over(transport, agent.addr);
        peer.invite("0");
        let call = agent.incoming().leg;
        agent.handle.leg(call).answer(Tone::new(8000).0);
        assert!(peer.response().starts_with("SIP/2.0 200"));
        agent.media();
        agent.handle.leg(call).hang_up();
        assert!(!agent.ended(call).1);
    }
}

#[test]
fn a_transfer_without_an_outcome_is_given_up_and_the_caller_kept() {
    let mut agent = Agent::start(|config| config.bounds.transfer = SECOND);
    let (mut peer, call, _heard) = agent.call(TRANSPORTS[0], "0");
    agent.handle.leg(call).transfer("sip:human@127.0.0.1:5099");
    peer.expect("REFER", "202 Accepted");
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Transfer { code: 100, done: false }, .. }));
    assert!(matches!(agent.event(), SipEvent::Overdue { wait: Wait::Transfer, .. }));
    assert!(matches!(agent.event(), SipEvent::Leg { event: LegEvent::Transfer { code: 408, done: true }, .. }));
    assert!(peer.ask("BYE", "", "").starts_with("SIP/2.0 200"), "the call is still up");
    assert_eq!(agent.ended(call), (200, true));
}
