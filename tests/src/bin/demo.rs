//! `make demo`: one real call to the daemon as it is delivered, printed as it goes. With the models that people install, or,
//! with `DEMO=embedded`, with the engines that need none.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tests::caller::{Caller, Dial};
use tests::daemon::Daemon;
use tests::material::{backchannels, choose};
use tests::paths::{repository, target};
use tests::rtp::Codec;
use tests::scene::{self, ANSWER_PAUSE, PATIENCE};
use tests::speech::{Speech, Voice};

/// Three that the agent's file answers, and one that it does not.
const QUESTIONS: [&str; 4] = [
    "what are your opening hours on saturday",
    "how much is the blue teapot",
    "where is your shop",
    "do you repair old bicycles",
];
const STORY: &str = "please tell me about your history";
const INTERRUPTION: &str = "sorry how much is the green vase";

/// What hears and speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Engines {
    /// Whisper and Piper, from the model store.
    Real,
    /// pocketsphinx and flite, from Debian.
    Embedded,
}

impl Engines {
    fn wanted() -> Result<Self> {
        match std::env::var("DEMO").as_deref() {
            Ok("embedded") => Ok(Self::Embedded),
            Ok("real") | Err(_) => Ok(Self::Real),
            Ok(other) => bail!("DEMO={other}: it is \"real\" (the default) or \"embedded\""),
        }
    }

    /// What stands in the delivered configuration, and what in its place.
    fn lines(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Embedded => &[],
            Self::Real => &[
                ("engine = \"pocketsphinx\"", "engine = \"whisper\"\nmodel = \"whisper-tiny.en\""),
                ("engine = \"flite\"", "engine = \"piper\"\nmodel = \"piper-en-us-joe\""),
                ("voice = \"slt\"", "# voice = \"slt\""),
            ],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Real => "Whisper tiny.en, the agent's rules, Piper joe",
            Self::Embedded => "pocketsphinx, the agent's rules, flite",
        }
    }
}

fn main() -> Result<()> {
    let engines = Engines::wanted()?;
    let dir = target().join("demo");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    step("recording what the caller will say with flite", || {
        QUESTIONS.iter().chain([&STORY, &INTERRUPTION]).try_for_each(|text| Speech::new(Voice::Rms, text).map(drop))
    })?;
    let (config, sip, api) = configuration(engines, &dir)?;
    let daemon = step(&format!("starting pjsua-agent and its workers: {}", engines.name()), || {
        let mut daemon = Daemon::start_with(&config, sip, api, &dir)?;
        daemon.wait_ready()?;
        Ok(daemon)
    })?;
    let caller = step("calling it with SIPp", || {
        let caller = Caller::dial(&Dial::new(daemon.sip(), "agent").codec(Codec::Pcmu), &dir.join("sipp"))?;
        caller.answered(PATIENCE)?;
        Ok(caller)
    })?;
    println!("\nThe call, G.711 on 127.0.0.1; latencies are measured on the RTP packets at the caller's side.\n");
    let mut call = Call { caller: &caller, daemon: &daemon, spoken: 0, latencies: Vec::new() };
    let outcome = call.converse();
    let recording = dir.join("call.wav");
    caller.rtp().recording().write(&recording)?;
    outcome?;
    let journal = scene::hang_up(&caller, &daemon)?;
    println!("\nThe caller hangs up.\n");
    println!("  the call as the caller heard it (left: caller, right: agent)  {}", short(&recording));
    println!("  its journal                                                   {}", short(&journal.path));
    println!("  the daemon's log                                              {}", short(&dir.join("daemon.log")));
    step("stopping the daemon (SIGTERM, drain)", || {
        drop(daemon);
        Ok(())
    })?;
    print_next_steps();
    Ok(())
}

/// The call as it goes.
struct Call<'a> {
    caller: &'a Caller,
    daemon: &'a Daemon,
    /// Clauses that were printed.
    spoken: usize,
    latencies: Vec<Duration>,
}

impl Call<'_> {
    fn converse(&mut self) -> Result<()> {
        scene::hear_greeting(self.caller)?;
        self.print_agent(None)?;
        for question in QUESTIONS {
            self.ask(question)?;
        }
        self.interrupt()?;
        let worst = self.latencies.iter().max().context("there were questions")?;
        println!("\n  The caller waited {} ms at most for an answer.", worst.as_millis());
        Ok(())
    }

    fn ask(&mut self, question: &str) -> Result<()> {
        println!("  caller  {question}?");
        let said = self.caller.rtp().say_and_wait(&Speech::new(Voice::Rms, question)?)?;
        let first = self.caller.rtp().wait_audible(said.end, PATIENCE)?;
        self.caller.rtp().wait_finished(said.end, ANSWER_PAUSE, Duration::from_secs(60))?;
        self.print_understood(question)?;
        let latency = first.since(said.end);
        self.latencies.push(latency);
        self.print_agent(Some(latency))
    }

    /// A long answer, through which the caller says "uh-huh", and which he then interrupts.
    fn interrupt(&mut self) -> Result<()> {
        let rtp = self.caller.rtp();
        println!("  caller  {STORY}?");
        let said = rtp.say_and_wait(&Speech::new(Voice::Rms, STORY)?)?;
        let first = rtp.wait_audible(said.end, PATIENCE)?;
        let latency = first.since(said.end);
        self.latencies.push(latency);
        self.print_understood(STORY)?;
        std::thread::sleep(Duration::from_secs(3));
        self.print_agent(Some(latency))?;
        let known = backchannels()?;
        let hum = choose(&known, 1, 1)[0];
        rtp.say_and_wait(&hum.speech())?;
        println!("  caller  {}   (while the agent speaks, who goes on)", hum.text.as_deref().unwrap_or("mm-hmm"));
        std::thread::sleep(Duration::from_secs(3));
        println!("  caller  {INTERRUPTION}?   (while the agent speaks, who stops)");
        let said = rtp.say_and_wait(&Speech::new(Voice::Rms, INTERRUPTION)?)?;
        let first = rtp.wait_audible(said.end, PATIENCE)?;
        rtp.wait_finished(said.end, ANSWER_PAUSE, Duration::from_secs(60))?;
        self.print_understood(INTERRUPTION)?;
        self.print_agent(Some(first.since(said.end)))
    }

    fn print_understood(&self, said: &str) -> Result<()> {
        let journal = self.daemon.running_journal()?;
        let understood = journal.and_then(|journal| journal.transcripts().last().cloned()).unwrap_or_default();
        if words(&understood) != words(said) {
            println!("          (understood as: {understood})");
        }
        Ok(())
    }

    /// Prints what the agent has said since the last time.
    fn print_agent(&mut self, latency: Option<Duration>) -> Result<()> {
        let clauses = self.daemon.running_journal()?.context("the daemon writes a journal")?.spoken();
        ensure!(clauses.len() > self.spoken, "the journal does not say what the agent said");
        let latency = latency.map_or_else(String::new, |latency| format!("  [after {} ms]", latency.as_millis()));
        println!("  agent   {}{latency}", clauses[self.spoken..].join(" "));
        self.spoken = clauses.len();
        Ok(())
    }
}

/// Without case and punctuation.
fn words(text: &str) -> Vec<String> {
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().map(str::to_lowercase).collect()
}

/// The delivered configuration with its journal in the demo's folder, on other ports where its own are taken.
fn configuration(engines: Engines, dir: &Path) -> Result<(PathBuf, SocketAddr, SocketAddr)> {
    let source = repository().join("conf/pjsua-agent.toml");
    let mut text = std::fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let sip =
        SocketAddr::from((Ipv4Addr::LOCALHOST, free_or(5080, std::net::UdpSocket::bind("127.0.0.1:5080").is_ok())?));
    let api =
        SocketAddr::from((Ipv4Addr::LOCALHOST, free_or(8088, std::net::TcpListener::bind("127.0.0.1:8088").is_ok())?));
    let agents = repository().join("conf/agents");
    for (delivered, here) in [
        ("udp://127.0.0.1:5080", format!("udp://{sip}")),
        ("listen = \"127.0.0.1:8088\"", format!("listen = \"{api}\"")),
        ("dir = \"agents\"", format!("dir = \"{}\"", agents.display())),
        ("dir = \"journal\"", format!("dir = \"{}\"", dir.join("journal").display())),
    ] {
        ensure!(text.contains(delivered), "{} has no line with {delivered}", source.display());
        text = text.replacen(delivered, &here, 1);
    }
    for (delivered, here) in engines.lines() {
        ensure!(text.contains(delivered), "{} has no line with {delivered}", source.display());
        text = text.replacen(delivered, here, 1);
    }
    let config = dir.join("pjsua-agent.toml");
    std::fs::write(&config, text)?;
    Ok((config, sip, api))
}

fn free_or(port: u16, is_free: bool) -> Result<u16> {
    if is_free { Ok(port) } else { Ok(loopback_ports::one()?) }
}

/// Says what takes long, and how long it took.
fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    print!("demo: {what} … ");
    std::io::stdout().flush()?;
    let started = Instant::now();
    let result = work().with_context(|| what.to_owned());
    println!("{}", if result.is_ok() { format!("{:.1} s", started.elapsed().as_secs_f64()) } else { "failed".into() });
    result
}

fn short(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}

fn print_next_steps() {
    println!(
        "
Talk to it yourself:

  target/release/pjsua-agent run --config conf/pjsua-agent.toml

  From a softphone on this machine (baresip, Linphone, …), without an account: dial  sip:agent@127.0.0.1:5080
  From another machine: set  [sip] listen = [\"udp://0.0.0.0:5080\"]  and name the phone's address under  trusted.

Register it on your own PBX:

  Asterisk   include conf/asterisk/pjsip-agent.conf in pjsip.conf and conf/asterisk/extensions-agent.conf in
             extensions.conf; `asterisk -rx 'core reload'`
  FreePBX    conf/asterisk/freepbx/README.md
  here       in conf/pjsua-agent.toml under [[account]]: aor, registrar, username, password of the extension, enabled = true

What it says and knows: conf/agents/demo.toml"
    );
}
