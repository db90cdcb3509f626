//! Host names, looked up off the SIP thread: a name server that does not answer holds up nobody else.

use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use tracing::{debug, warn};

use super::Listen;
use super::ffi::Endpoint;

/// Each lookup takes a thread for as long as the resolver of the system takes, some 10 s if no server answers.
const MAX_LOOKUPS: usize = 32;
/// Names whose last address is remembered.
const MAX_KNOWN: usize = 256;

/// Looks up what PJSIP wants to know.
pub(super) struct Resolver {
    names: Names,
    answers_in: Sender<Answer>,
    answers: Receiver<Answer>,
    wake: Arc<UnixDatagram>,
}

impl Resolver {
    /// `wake` makes the SIP thread look for answers.
    pub(super) fn new(listen: &[Listen], wake: Arc<UnixDatagram>) -> Self {
        let (answers_in, answers) = crossbeam_channel::bounded(MAX_LOOKUPS);
        Self { names: Names::new(listen), answers_in, answers, wake }
    }

    /// Starts a lookup of PJSIP's, unless the same name is being looked up already.
    pub(super) fn look_up(&mut self, lookup: u64, host: String, endpoint: &Endpoint) {
        match self.names.ask(lookup, &host) {
            Next::Wait => {}
            Next::LookUp => {
                let (answers, wake, of) = (self.answers_in.clone(), Arc::clone(&self.wake), host.clone());
                let spawned = std::thread::Builder::new().name("sip-names".into()).spawn(move || {
                    // The SIP thread may have ended meanwhile, which takes the receiver along.
                    let _ = answers.send(look_up(of));
                    let _ = wake.send(&[0]);
                });
                if let Err(error) = spawned {
                    let _ = self.answers_in.try_send(Answer { host, found: Err(error.to_string()) });
                }
            }
            Next::GiveUp(addresses) => {
                warn!(host, known = addresses.len(), "too many names are being looked up; this one is not");
                endpoint.resolved(lookup, &addresses);
            }
        }
    }

    /// Hands PJSIP the addresses that have been found.
    pub(super) fn take(&mut self, endpoint: &Endpoint) {
        while let Ok(answer) = self.answers.try_recv() {
            let (lookups, addresses) = self.names.answered(answer);
            lookups.iter().for_each(|lookup| endpoint.resolved(*lookup, &addresses));
        }
    }

    /// Whether [`Resolver::take`] has something to do.
    pub(super) fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }
}

/// The outcome of a lookup; the error in the resolver's words.
struct Answer {
    host: String,
    found: Result<Vec<IpAddr>, String>,
}

/// Who waits for which name, and where each was found last. Pure.
struct Names {
    waiting: HashMap<String, Vec<u64>>,
    known: HashMap<String, Vec<IpAddr>>,
    /// Families that we have a listener of: nothing can be sent by another one.
    has_v4: bool,
    has_v6: bool,
}

/// What is to be done for a name.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Look it up; [`Names::answered`] has the outcome.
    LookUp,
    /// The name is being looked up already.
    Wait,
    /// Too many are being looked up: it is where it was last, if it was anywhere.
    GiveUp(Vec<IpAddr>),
}

impl Names {
    fn new(listen: &[Listen]) -> Self {
        let has_v6 = listen.iter().any(|listen| listen.addr.is_ipv6());
        let has_v4 = listen.iter().any(|listen| listen.addr.is_ipv4());
        Self { waiting: HashMap::new(), known: HashMap::new(), has_v4, has_v6 }
    }

    /// PJSIP wants to know a name, as its lookup of this number.
    fn ask(&mut self, lookup: u64, host: &str) -> Next {
        if let Some(lookups) = self.waiting.get_mut(host) {
            lookups.push(lookup);
            return Next::Wait;
        }
        if self.waiting.len() >= MAX_LOOKUPS {
            return Next::GiveUp(self.known.get(host).cloned().unwrap_or_default());
        }
        self.waiting.insert(host.to_owned(), vec![lookup]);
        Next::LookUp
    }

    /// The lookups that an answer is for, and their addresses. While no server answers, the name is where it was last.
    fn answered(&mut self, answer: Answer) -> (Vec<u64>, Vec<IpAddr>) {
        let lookups = self.waiting.remove(&answer.host).unwrap_or_default();
        let fits = |ip: &IpAddr| if ip.is_ipv4() { self.has_v4 } else { self.has_v6 };
        let found = answer.found.map(|addresses| addresses.into_iter().filter(fits).collect::<Vec<IpAddr>>());
        let found = found.and_then(|addresses| match addresses.is_empty() {
            true => Err("no address of a family that we listen on".to_owned()),
            false => Ok(addresses),
        });
        let addresses = match found {
            Ok(addresses) => {
                if self.known.len() < MAX_KNOWN || self.known.contains_key(&answer.host) {
                    self.known.insert(answer.host, addresses.clone());
                }
                addresses
            }
            Err(error) => match self.known.get(&answer.host) {
                Some(addresses) => {
                    warn!(host = answer.host, error, "the name cannot be looked up; its last address is used");
                    addresses.clone()
                }
                None => {
                    debug!(host = answer.host, error, "the name cannot be looked up");
                    Vec::new()
                }
            },
        };
        (lookups, addresses)
    }
}

/// Asks the system's resolver. Blocks as long as that takes.
fn look_up(host: String) -> Answer {
    let found = (host.as_str(), 0).to_socket_addrs();
    let found = found.map(|addresses| addresses.map(|address| address.ip()).collect()).map_err(|e| e.to_string());
    Answer { host, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new(&["udp://127.0.0.1:5060".parse().unwrap()])
    }

    fn found(host: &str, addresses: &[&str]) -> Answer {
        Answer { host: host.into(), found: Ok(addresses.iter().map(|ip| ip.parse().unwrap()).collect()) }
    }

    fn failed(host: &str) -> Answer {
        Answer { host: host.into(), found: Err("no server answers".into()) }
    }

    #[test]
    fn a_name_is_looked_up_once_for_all_who_wait() {
        let mut names = names();
        assert_eq!(
            (names.ask(1, "pbx"), names.ask(2, "pbx"), names.ask(3, "other")),
            (Next::LookUp, Next::Wait, Next::LookUp)
        );
        let (lookups, addresses) = names.answered(found("pbx", &["192.0.2.1", "192.0.2.2"]));
        assert_eq!((lookups, addresses.len()), (vec![1, 2], 2));
        assert_eq!(names.ask(4, "pbx"), Next::LookUp);
    }

    #[test]
    fn addresses_that_we_cannot_send_to_are_left_out() {
        let mut names = names();
        names.ask(1, "pbx");
        assert_eq!(
            names.answered(found("pbx", &["2001:db8::1", "192.0.2.1"])).1,
            ["192.0.2.1".parse::<IpAddr>().unwrap()]
        );
    }

    #[test]
    fn a_name_that_was_known_outlives_its_server() {
        let mut names = names();
        names.ask(1, "pbx");
        assert_eq!(names.answered(failed("pbx")), (vec![1], vec![]));
        names.ask(2, "pbx");
        names.answered(found("pbx", &["192.0.2.1"]));
        for answer in [failed("pbx"), found("pbx", &["2001:db8::1"]), failed("pbx")] {
            names.ask(3, "pbx");
            assert_eq!(names.answered(answer).1, ["192.0.2.1".parse::<IpAddr>().unwrap()]);
        }
    }

    #[test]
    fn lookups_are_bounded() {
        let mut names = names();
        let mut number = 0..;
        for lookup in number.by_ref().take(MAX_LOOKUPS) {
            assert_eq!(names.ask(lookup, &format!("host{lookup}")), Next::LookUp);
        }
        assert_eq!(names.ask(99, "one more"), Next::GiveUp(vec![]));
    }
}
