//! Registration on the wire: a registrar that challenges, refuses, falls silent and comes back.

mod wire;

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use pjsua_agent::leg::Leg;
use pjsua_agent::sip::{AccountConfig, RegistrationState, SipEvent};
use wire::{Agent, Peer, Stream, header};

/// A registrar on a UDP socket, reusing the answers of [`Peer`].
fn registrar() -> Peer {
    Peer::new(SocketAddr::from(([127, 0, 0, 1], 9)))
}

fn agent(registrar: &Peer, change: impl FnOnce(&mut AccountConfig)) -> Agent {
    let at = registrar.sip.local_addr().expect("an address");
    let mut account = AccountConfig::new("desk", format!("sip:desk@{at}"), format!("sip:{at}"), "desk", "s3cret");
    account.refresh_max = Duration::from_secs(1);
    change(&mut account);
    Agent::start(|config| {
        config.trusted.clear();
        config.accounts.push(account);
    })
}

/// The next REGISTER; from now on the registrar answers to where it came from.
fn register(registrar: &mut Peer) -> String {
    let mut buffer = [0; 4096];
    loop {
        let (length, from) = registrar.sip.recv_from(&mut buffer).expect("a REGISTER");
        registrar.agent = from;
        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if message.starts_with("REGISTER ") {
            return message;
        }
    }
}

/// Answers the next REGISTER with a challenge.
fn challenge(registrar: &mut Peer) {
    let request = register(registrar);
    registrar.answer(
        &request,
        "401 Unauthorized",
        "WWW-Authenticate: Digest realm=\"pbx\",nonce=\"abc\",algorithm=MD5\r\n",
    );
}

/// Grants the next REGISTER 60 s.
fn grant(registrar: &mut Peer) {
    let request = register(registrar);
    grant_to(registrar, &request);
}

fn grant_to(registrar: &Peer, request: &str) {
    let contact = header(request, "Contact");
    registrar.answer(request, "200 OK", &format!("Contact: {contact};expires=60\r\n"));
}

fn state(agent: &mut Agent) -> RegistrationState {
    match agent.event() {
        SipEvent::Registration { account, state } if account == "desk" => state,
        other => panic!("{other:?}"),
    }
}

const REGISTERED: RegistrationState = RegistrationState::Registered { expires: Duration::from_secs(60) };

#[test]
fn a_challenge_is_answered_and_the_registration_is_renewed() {
    let mut registrar = registrar();
    let mut agent = agent(&registrar, |_| {});
    challenge(&mut registrar);
    let answer = register(&mut registrar);
    let credentials = header(&answer, "Authorization");
    // md5(md5("desk:pbx:s3cret") ":abc:" md5("REGISTER:" uri)) is checked by a real registrar in the suites.
    for part in ["username=\"desk\"", "realm=\"pbx\"", "nonce=\"abc\"", "response=\""] {
        assert!(credentials.contains(part), "{credentials}");
    }
    assert!(!answer.contains("s3cret"));
    grant_to(&registrar, &answer);
    assert_eq!(state(&mut agent), REGISTERED);
    let before = Instant::now();
    grant(&mut registrar);
    assert_eq!(state(&mut agent), REGISTERED);
    assert!(before.elapsed() < Duration::from_secs(5), "renewed after refresh_max");
}

#[test]
fn a_wrong_password_is_reported_once_per_back_off() {
    let mut registrar = registrar();
    let mut agent = agent(&registrar, |account| account.retry_refused = Duration::from_secs(2));
    for _ in 0..2 {
        challenge(&mut registrar);
        challenge(&mut registrar);
        let before = Instant::now();
        match state(&mut agent) {
            RegistrationState::Failed { code: 401, wrong_password: true, retry_in, .. } => {
                assert!((1.0..=2.0).contains(&retry_in.as_secs_f32()), "{retry_in:?}");
            }
            other => panic!("{other:?}"),
        }
        assert!(agent.event_within(Duration::from_millis(800)).is_none(), "once");
        assert!(before.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_registrar_that_refuses_for_now_is_tried_again() {
    let mut registrar = registrar();
    let mut agent = agent(&registrar, |account| account.retry_min = Duration::from_millis(200));
    for _ in 0..3 {
        let request = register(&mut registrar);
        registrar.answer(&request, "503 Service Unavailable", "");
        let failed = state(&mut agent);
        assert!(matches!(failed, RegistrationState::Failed { code: 503, wrong_password: false, .. }), "{failed:?}");
    }
    grant(&mut registrar);
    assert_eq!(state(&mut agent), REGISTERED);
}

#[test]
fn a_registrar_that_was_away_is_found_again() {
    let mut registrar = registrar();
    let mut agent = agent(&registrar, |_| {});
    grant(&mut registrar);
    assert_eq!(state(&mut agent), REGISTERED);
    // Away: what comes meanwhile is lost.
    std::thread::sleep(Duration::from_secs(4));
    registrar.sip.set_nonblocking(true).unwrap();
    while registrar.sip.recv_from(&mut [0; 4096]).is_ok() {}
    registrar.sip.set_nonblocking(false).unwrap();
    let back = Instant::now();
    grant(&mut registrar);
    assert_eq!(state(&mut agent), REGISTERED);
    assert!(back.elapsed() < Duration::from_secs(30));
}

#[test]
fn calls_of_a_registration_come_from_its_registrar_only() {
    let mut registrar = registrar();
    let mut agent = agent(&registrar, |_| {});
    let mut early = Peer::new(agent.addr);
    early.invite("0");
    assert!(early.response().starts_with("SIP/2.0 403"), "before the registration");
    let request = register(&mut registrar);
    let contact = header(&request, "Contact").split(['<', '>']).nth(1).unwrap().to_owned();
    grant_to(&registrar, &request);
    assert_eq!(state(&mut agent), REGISTERED);
    registrar.contact = contact;
    registrar.invite("0");
    let call = agent.incoming();
    assert_eq!(call.account.as_deref(), Some("desk"));
    let stranger = UdpSocket::bind("127.0.0.2:0").unwrap();
    let mut other = Peer::new(agent.addr);
    other.sip = stranger;
    other.sip.set_read_timeout(Some(wire::PATIENCE)).unwrap();
    other.invite("0");
    assert!(other.response().starts_with("SIP/2.0 403"), "from another address");
}

#[test]
fn a_registration_is_taken_back() {
    let mut registrar = registrar();
    let mut agent = agent(&registrar, |_| {});
    grant(&mut registrar);
    assert_eq!(state(&mut agent), REGISTERED);
    agent.handle.unregister();
    loop {
        let request = register(&mut registrar);
        let gone = header(&request, "Expires") == "0" || header(&request, "Contact").contains("expires=0");
        if gone {
            registrar.answer(&request, "200 OK", "");
            break;
        }
        grant_to(&registrar, &request);
    }
    loop {
        match state(&mut agent) {
            RegistrationState::Unregistered => break,
            other => assert_eq!(other, REGISTERED),
        }
    }
    assert!(agent.event_within(Duration::from_secs(3)).is_none(), "and stays so");
}

/// Answers the agent's next BYE with a challenge for `realm`, and returns what comes after it.
fn challenge_bye(peer: &Peer, realm: &str) -> String {
    let mut buffer = [0; 4096];
    let (bye, from) = loop {
        let (length, from) = peer.sip.recv_from(&mut buffer).expect("a BYE");
        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if message.starts_with("BYE ") {
            break (message, from);
        }
    };
    let mut answer = Peer::new(from);
    answer.sip = peer.sip.try_clone().expect("the same socket");
    let headers = format!("Proxy-Authenticate: Digest realm=\"{realm}\",nonce=\"mine\",algorithm=MD5\r\n");
    answer.answer(&bye, "407 Proxy Authentication Required", &headers);
    loop {
        match peer.receive_within(Duration::from_millis(400)) {
            // Sent again before the answer was there.
            Some(message) if message == bye => {}
            after => return after.unwrap_or_default(),
        }
    }
}

#[test]
fn a_digest_is_for_the_registrar_and_its_realm_alone() {
    let mut registrar = registrar();
    let mut agent = agent(&registrar, |account| account.refresh_max = Duration::from_secs(60));
    challenge(&mut registrar);
    let request = register(&mut registrar);
    let contact = header(&request, "Contact").split(['<', '>']).nth(1).unwrap().to_owned();
    grant_to(&registrar, &request);
    assert_eq!(state(&mut agent), REGISTERED);

    let elsewhere = Peer { sip: UdpSocket::bind("127.0.0.2:0").unwrap(), ..Peer::new(agent.addr) };
    elsewhere.sip.set_read_timeout(Some(wire::PATIENCE)).unwrap();
    for (from_elsewhere, realm, is_answered) in [(true, "pbx", false), (false, "other", false), (false, "pbx", true)] {
        let mut pbx = Peer::new(agent.addr);
        (pbx.sip, pbx.contact) = (registrar.sip.try_clone().unwrap(), contact.clone());
        let offer = pbx.offer("0");
        let invite = pbx.request("INVITE", "Content-Type: application/sdp\r\n", &offer);
        let challenger = if from_elsewhere { &elsewhere } else { &registrar };
        let own = format!("Contact: <sip:peer@{}>", pbx.address());
        pbx.send(invite.replace(&own, &format!("Contact: <sip:peer@{}>", challenger.address())));
        let (call, _heard) = agent.answer(&mut pbx);
        agent.media();
        agent.handle.leg(call).hang_up();
        let after = challenge_bye(challenger, realm);
        assert_eq!(agent.ended(call), (200, false));
        assert_eq!(after.contains("Proxy-Authorization: Digest"), is_answered, "{from_elsewhere} {realm}: {after}");
        if is_answered {
            assert!(after.starts_with("BYE ") && after.contains("username=\"desk\""), "{after}");
            challenger.answer(&after, "200 OK", "");
        } else {
            assert_eq!(after, "");
        }
    }
}

#[test]
fn a_connection_on_which_nothing_comes_back_is_replaced() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let registrar = format!("sip:{at};transport=tcp");
    let mut account = AccountConfig::new("desk", format!("sip:desk@{at}"), registrar, "desk", "s3cret");
    (account.refresh_max, account.retry_min) = (Duration::from_secs(1), Duration::from_millis(200));
    let mut agent = Agent::start(|config| {
        config.trusted.clear();
        config.bounds.stream = Duration::from_secs(2);
        config.accounts.push(account);
    });
    let grant = |connection: Stream| {
        let peer = Peer { stream: Some(connection.into()), ..Peer::new(at) };
        grant_to(&peer, &peer.receive());
        peer
    };
    listener.set_nonblocking(true).unwrap();
    let connection = || {
        let until = Instant::now() + wire::PATIENCE;
        loop {
            match listener.accept() {
                Ok((socket, _)) => {
                    socket.set_nonblocking(false).unwrap();
                    break Stream::new(socket);
                }
                Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
                Err(error) => panic!("no connection: {error}"),
            }
        }
    };
    // The first one stays open, and what comes in on it after the registration is never read.
    let first = Peer { stream: Some(connection().into()), ..Peer::new(at) };
    first.answer(&first.receive(), "401 Unauthorized", "WWW-Authenticate: Digest realm=\"pbx\",nonce=\"abc\"\r\n");
    let answer = first.receive();
    assert!(header(&answer, "Authorization").contains("realm=\"pbx\""), "{answer}");
    grant_to(&first, &answer);
    assert_eq!(state(&mut agent), REGISTERED);
    let second = grant(connection());
    loop {
        match state(&mut agent) {
            RegistrationState::Registered { .. } => break,
            RegistrationState::Failed { wrong_password: false, .. } => {}
            other => panic!("{other:?}"),
        }
    }
    drop((first, second));
}
