//! `make demo`: one real call to the daemon as it is delivered, printed as it goes.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tests::caller::{Caller, Dial};
use tests::daemon::Daemon;
use tests::paths::{repository, target};
use tests::rtp::Codec;
use tests::scene::{self, ANSWER_PAUSE, PATIENCE};
use tests::speech::{Speech, Voice};

const QUESTIONS: [&str; 3] =
    ["what are your opening hours on saturday", "how much is the blue teapot", "where is your shop"];

fn main() -> Result<()> {
    let dir = target().join("demo");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    let questions = step("recording three questions with flite", || {
        QUESTIONS.iter().map(|text| Speech::new(Voice::Rms, text)).collect::<Result<Vec<_>>>()
    })?;
    let (config, sip, api) = configuration(&dir)?;
    let daemon = step("starting pjsua-agent and its three workers (the recogniser loads its model)", || {
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
    let outcome = converse(&caller, &daemon, &questions);
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

fn converse(caller: &Caller, daemon: &Daemon, questions: &[Speech]) -> Result<()> {
    scene::hear_greeting(caller)?;
    let mut spoken = print_agent(daemon, 0, None)?;
    let mut latencies = Vec::new();
    for (text, question) in QUESTIONS.iter().zip(questions) {
        println!("  caller  {text}?");
        let said = caller.rtp().say_and_wait(question)?;
        let first = caller.rtp().wait_audible(said.end, PATIENCE)?;
        let latency = first.since(said.end);
        caller.rtp().wait_finished(said.end, ANSWER_PAUSE, Duration::from_secs(60))?;
        let understood =
            daemon.running_journal()?.and_then(|journal| journal.transcripts().last().cloned()).unwrap_or_default();
        if understood != *text {
            println!("          (understood as: {understood})");
        }
        spoken = print_agent(daemon, spoken, Some(latency))?;
        latencies.push(latency);
    }
    let worst = latencies.iter().max().context("there were questions")?;
    println!("\n  The caller waited {} ms at most for an answer.", worst.as_millis());
    Ok(())
}

/// Prints what the agent has said since the clause number `known`; gives the number of all clauses.
fn print_agent(daemon: &Daemon, known: usize, latency: Option<Duration>) -> Result<usize> {
    let clauses = daemon.running_journal()?.context("the daemon writes a journal")?.spoken();
    ensure!(clauses.len() > known, "the journal does not say what the agent said");
    let latency = latency.map_or_else(String::new, |latency| format!("  [after {} ms]", latency.as_millis()));
    println!("  agent   {}{latency}", clauses[known..].join(" "));
    Ok(clauses.len())
}

/// The delivered configuration with its journal in the demo's folder, on other ports where its own are taken.
fn configuration(dir: &Path) -> Result<(PathBuf, SocketAddr, SocketAddr)> {
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
    let config = dir.join("pjsua-agent.toml");
    std::fs::write(&config, text)?;
    Ok((config, sip, api))
}

fn free_or(port: u16, is_free: bool) -> Result<u16> {
    if is_free { Ok(port) } else { tests::ports::one() }
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
