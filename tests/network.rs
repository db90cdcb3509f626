//! Callers from a bad network: 5 % of the packets lost, 60 ms of jitter, some overtaken, in both directions. Conversations
//! still come to their end; how long everything took is reported in `target/network/`, not judged.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tests::caller::{Caller, Dial};
use tests::daemon::Daemon;
use tests::journal::Journal;
use tests::relay::{Direction, Impairment, Jitter, Relay};
use tests::rtp::{Codec, percentile};
use tests::scene::{self, ANSWER_PAUSE, PATIENCE, Scene};
use tests::speech::{Speech, Voice};

const BAD: Impairment = Impairment {
    loss: 0.05,
    delay: Duration::from_millis(20),
    jitter: Jitter::Uniform(Duration::from_millis(60)),
    reorder: 0.03,
    // Two packets overtake.
    detour: Duration::from_millis(45),
    duplicate: 0.005,
};

/// A conversation takes a minute.
const SEEDS: [u64; 2] = [1, 2];

/// Question, and what only its answer contains.
const TURNS: [(&str, &str); 4] = [
    ("what are your opening hours on saturday", "nine in the morning"),
    ("how much is the blue teapot", "twenty five dollars"),
    ("where is your shop", "market street"),
    ("what are your opening hours on saturday", "nine in the morning"),
];

/// What every answer is one of: also the agent's "I can tell you about …", when the network took too much of the question.
const FALLBACK: &str = "I can tell you";

/// What a caller went through.
struct Conversation {
    seed: u64,
    /// From his last audible packet to the agent's first, over both ways of the network.
    latencies_ms: Vec<f64>,
    /// Answers to what was asked; the others were the fallback.
    understood: usize,
    /// How long the agent was still heard after he began to talk over it.
    stopped_ms: f64,
    /// Packets that the network took from both directions.
    lost: u64,
    arrived: u64,
}

/// Four questions and answers, then a long answer that is talked over, and the answer to what was asked in between.
fn converse(caller: &Caller, daemon: &Daemon, seed: u64, dir: &Path) -> Result<Conversation> {
    scene::hear_greeting(caller).context("the greeting")?;
    let mut latencies_ms = Vec::new();
    let mut understood = 0;
    for (number, (question, expected)) in TURNS.into_iter().enumerate() {
        let before = clauses(daemon)?.len();
        let answer = scene::ask_speech(caller, &Speech::new(Voice::Rms, question)?)
            .with_context(|| format!("seed {seed}, question {number}: {question}"))?;
        let said = clauses(daemon)?.split_off(before).join(" ");
        let is_right = said.to_lowercase().contains(expected);
        ensure!(is_right || said.contains(FALLBACK), "seed {seed}: {question}: the agent said “{said}”");
        understood += usize::from(is_right);
        latencies_ms.push(answer.latency().as_secs_f64() * 1e3);
    }
    let stopped_ms = interrupt(caller, seed)?.as_secs_f64() * 1e3;
    caller.rtp().recording().write(&dir.join(format!("call-{seed}.wav")))?;
    let relay = caller.relay().context("the caller has a relay")?;
    let counts = [Direction::FromCaller, Direction::ToCaller].map(|direction| relay.counts(direction));
    let journal = scene::hang_up(caller, daemon)?;
    check_the_story(&journal, seed)?;
    let sum = |of: fn(&tests::relay::Counts) -> u64| counts.iter().map(of).sum();
    Ok(Conversation {
        seed,
        latencies_ms,
        understood,
        stopped_ms,
        lost: sum(|count| count.lost),
        arrived: sum(|count| count.arrived),
    })
}

/// Asks for the story until it is told (a question that was not understood is asked again, as people do), talks over it, and
/// hears the answer.
fn interrupt(caller: &Caller, seed: u64) -> Result<Duration> {
    let story = Speech::new(Voice::Rms, "please tell me the history of your shop")?;
    let question = Speech::new(Voice::Rms, "what are your opening hours on saturday")?;
    for _ in 0..4 {
        let asked = caller.rtp().say_and_wait(&story)?;
        caller.rtp().wait_audible(asked.end, PATIENCE)?;
        // The fallback takes four seconds, the story half a minute.
        let is_story = caller.rtp().wait_audible_for(Duration::from_secs(6), asked.end, Duration::from_secs(9)).is_ok();
        if !is_story {
            continue;
        }
        let said = caller.rtp().say_and_wait(&question)?;
        let stopped = tests::until("the agent should stop", Duration::from_secs(8), || {
            caller.rtp().heard(|heard| heard.fell_silent(said.onset, Duration::from_millis(300)))
        })
        .with_context(|| format!("seed {seed}"))?;
        caller.rtp().wait_finished(said.end, ANSWER_PAUSE, Duration::from_secs(20)).context("after the story")?;
        return Ok(stopped.since(said.onset));
    }
    anyhow::bail!("seed {seed}: the story was not told when asked four times")
}

/// The story was told, and not to its end.
fn check_the_story(journal: &Journal, seed: u64) -> Result<()> {
    let history = journal.history();
    let told = history.iter().find(|entry| !entry.by_caller && entry.text.starts_with("Our shop"));
    let told = told.with_context(|| format!("seed {seed}: no story in {history:?}"))?;
    ensure!(!told.text.contains("seven cups still"), "seed {seed}: the story went on to its end: {}", told.text);
    Ok(())
}

fn clauses(daemon: &Daemon) -> Result<Vec<String>> {
    Ok(daemon.running_journal()?.as_ref().map(Journal::spoken).unwrap_or_default())
}

fn report(name: &str, what: &str, conversations: &[Conversation]) {
    let mut latencies: Vec<f64> = conversations.iter().flat_map(|one| one.latencies_ms.clone()).collect();
    latencies.sort_by(f64::total_cmp);
    let mut text = format!(
        "{what}, both directions: {} % loss, {} ms and up to 60 ms of jitter, {} % overtaken by two, {} % twice\n\n\
         | seed | voice-to-voice (ms) | understood | stopped after (ms) | packets lost |\n|---|---|---|---|---|\n",
        BAD.loss * 100.0,
        BAD.delay.as_millis(),
        BAD.reorder * 100.0,
        BAD.duplicate * 100.0,
    );
    for one in conversations {
        let each: Vec<String> = one.latencies_ms.iter().map(|ms| format!("{ms:.0}")).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} of {} | {:.0} | {} of {} |",
            one.seed,
            each.join(", "),
            one.understood,
            TURNS.len(),
            one.stopped_ms,
            one.lost,
            one.arrived
        );
    }
    let _ = writeln!(
        text,
        "\nvoice-to-voice: n {}, p50 {:.0} ms, p95 {:.0} ms, max {:.0} ms",
        latencies.len(),
        percentile(&latencies, 0.5),
        percentile(&latencies, 0.95),
        percentile(&latencies, 1.0)
    );
    eprintln!("{text}");
    let dir = tests::paths::target().join("network");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join(format!("{name}.md")), text).unwrap();
}

/// One conversation a seed, one after the other.
fn conversations(seeds: &[u64], daemon: &Daemon, dir: &Path, dial: &Dial) -> Vec<Conversation> {
    let converse = |seed| {
        let relay = Relay::open(seed, BAD)?;
        let caller = Caller::dial_through(dial, relay, &dir.join(format!("caller-{seed}")))?;
        caller.answered(PATIENCE)?;
        converse(&caller, daemon, seed, dir)
    };
    seeds.iter().map(|&seed| converse(seed).unwrap_or_else(|error| panic!("{error:#}"))).collect()
}

#[test]
fn callers_from_a_bad_network_have_their_conversations() {
    let (daemon, dir) = scene::direct("network-direct", |_| {}).unwrap();
    let dial = Dial::new(daemon.sip(), "agent");
    let all = conversations(&SEEDS[..1], &daemon, &dir, &dial);
    report("direct", "G.711, straight to the daemon", &all);
}

#[test]
fn callers_from_a_bad_network_have_them_through_asterisk_too() {
    let Some(scene) = Scene::open("network-asterisk", |_| {}) else { return };
    let dial = Dial::new(scene.asterisk.sip(), "7000").codec(Codec::Pcma);
    let all = conversations(&SEEDS[1..], &scene.daemon, &scene.dir, &dial);
    report("asterisk", "G.711 A-law, through Asterisk", &all);
}

#[test]
fn a_relay_that_does_nothing_takes_nothing() {
    let (daemon, dir) = scene::direct("network-perfect", |_| {}).unwrap();
    let relay = Relay::open(1, Impairment::NONE).unwrap();
    let caller = Caller::dial_through(&Dial::new(daemon.sip(), "agent"), relay, &dir.join("caller")).unwrap();
    caller.answered(PATIENCE).unwrap();
    let (greeted, _) = scene::hear_greeting(&caller).unwrap();
    let answer = scene::ask(&caller, TURNS[0].0).unwrap();
    assert!(scene::understand(&caller, &answer).unwrap().contains("afternoon"));
    eprintln!("a perfect network: answered after {} ms", answer.latency().as_millis());
    assert_eq!(caller.rtp().heard(|heard| heard.pacing(greeted, answer.last)).lost, 0);
    let counts = caller.relay().unwrap().counts(Direction::ToCaller);
    assert!(counts.arrived > 100 && counts.lost + counts.reordered + counts.duplicated == 0, "{counts:?}");
    scene::hang_up(&caller, &daemon).unwrap();
}
