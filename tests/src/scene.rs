//! The usual scene: Asterisk, the daemon registered on it, a person's phone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::asterisk::{Asterisk, Pbx};
use crate::caller::{Caller, Dial, Person};
use crate::daemon::{Account, Daemon, Setup};
use crate::journal::Journal;
use crate::rtp::{Codec, Said, WireTime};
use crate::speech::{Speech, Voice};

/// How long a person waits for an answer before he thinks the line is dead.
pub const PATIENCE: Duration = Duration::from_secs(12);

/// A pause that ends an answer: longer than flite's rests between sentences (0.35–0.44 s).
pub const ANSWER_PAUSE: Duration = Duration::from_millis(900);

/// Asterisk with the extension `agent`, the daemon behind it, and the person at extension `human`.
pub struct Scene {
    /// Files of this test.
    pub dir: PathBuf,
    /// The daemon; first, so that it ends before Asterisk does and can unregister.
    pub daemon: Daemon,
    /// The PBX.
    pub asterisk: Asterisk,
    /// The person.
    pub person: Person,
}

impl Scene {
    /// Opens the scene: everything runs, and the agent is registered. `None` where Asterisk cannot be started.
    ///
    /// # Panics
    /// When a part of it does not start.
    pub fn open(name: &str, change: impl FnOnce(&mut Setup)) -> Option<Self> {
        let dir = crate::paths::run_dir(name).expect("the target folder can be written");
        let person = Person::at_desk(Codec::Pcmu, &dir.join("person")).expect("SIPp starts");
        let mut setup = Setup::new().expect("there are free ports");
        let pbx = Pbx { agent: Some(setup.sip), human: Some(person.address()), ..Pbx::default() };
        let asterisk = Asterisk::for_suite(&pbx, &dir.join("asterisk"))?;
        setup.account = Some(Account::agent(asterisk.sip()));
        setup.human = Some(format!("sip:human@{}", asterisk.sip()));
        change(&mut setup);
        let daemon = match Daemon::start(setup, &dir.join("daemon")) {
            Ok(daemon) => daemon,
            Err(error) => panic!("the daemon does not start: {error:#}"),
        };
        asterisk.wait_registered("agent", Duration::from_secs(10)).unwrap_or_else(|error| panic!("{error:#}"));
        Some(Self { dir, daemon, asterisk, person })
    }

    /// A caller of an extension of Asterisk, answered.
    ///
    /// # Errors
    /// The call is not answered.
    pub fn call(&self, extension: &str, codec: Codec) -> Result<Caller> {
        let caller = Caller::dial(&Dial::new(self.asterisk.sip(), extension).codec(codec), &self.dir.join("caller"))?;
        caller.answered(PATIENCE)?;
        Ok(caller)
    }
}

/// A daemon without a PBX: callers reach it directly, from a trusted address.
///
/// # Errors
/// It does not start.
pub fn direct(name: &str, change: impl FnOnce(&mut Setup)) -> Result<(Daemon, PathBuf)> {
    let dir = crate::paths::run_dir(name)?;
    let mut setup = Setup::new()?;
    change(&mut setup);
    Ok((Daemon::start(setup, &dir.join("daemon"))?, dir))
}

/// A direct caller, answered.
///
/// # Errors
/// The call is not answered.
pub fn call_directly(daemon: &Daemon, codec: Codec, dir: &Path) -> Result<Caller> {
    let caller = Caller::dial(&Dial::new(daemon.sip(), "agent").codec(codec), dir)?;
    caller.answered(PATIENCE)?;
    Ok(caller)
}

/// An answer as the caller heard it.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The question on the wire.
    pub question: Said,
    /// Arrival of its first audible packet.
    pub first: WireTime,
    /// Arrival of its last audible packet.
    pub last: WireTime,
}

impl Answer {
    /// The silence the caller sat through.
    pub fn latency(&self) -> Duration {
        self.first.since(self.question.end)
    }
}

/// Hears the greeting to its end; gives the arrival of its first and last audible packet.
///
/// # Errors
/// There is none.
pub fn hear_greeting(caller: &Caller) -> Result<(WireTime, WireTime)> {
    let first = caller.rtp().wait_audible(WireTime::BEGINNING, PATIENCE)?;
    let last = caller.rtp().wait_finished(WireTime::BEGINNING, ANSWER_PAUSE, Duration::from_secs(30))?;
    Ok((first, last))
}

/// Asks aloud and hears the answer to its end.
///
/// # Errors
/// No answer comes.
pub fn ask(caller: &Caller, question: &str) -> Result<Answer> {
    ask_speech(caller, &Speech::new(Voice::Rms, question)?)
}

/// The same with speech that is there already.
///
/// # Errors
/// No answer comes.
pub fn ask_speech(caller: &Caller, question: &Speech) -> Result<Answer> {
    let question = caller.rtp().say_and_wait(question)?;
    let first = caller.rtp().wait_audible(question.end, PATIENCE)?;
    let last = caller.rtp().wait_finished(question.end, ANSWER_PAUSE, Duration::from_secs(60))?;
    Ok(Answer { question, first, last })
}

/// The words of an answer as pocketsphinx understands the caller's recording.
///
/// # Errors
/// The recogniser fails.
pub fn understand(caller: &Caller, answer: &Answer) -> Result<String> {
    let margin = Duration::from_millis(200);
    let recording = caller.rtp().recording();
    crate::recognise::words(recording.agent_between(answer.first - margin, answer.last + margin))
}

/// Hangs up, and gives the journal of the call.
///
/// # Errors
/// The daemon does not take the BYE, or writes no journal.
pub fn hang_up(caller: &Caller, daemon: &Daemon) -> Result<Journal> {
    caller.hang_up()?;
    daemon.wait_calls(0, PATIENCE)?;
    daemon.newest_journal()
}
