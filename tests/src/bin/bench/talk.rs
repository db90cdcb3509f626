//! What a caller notices: how long he waits, how soon the agent stops, how evenly its packets come.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use call_record::Waterfall;
use tests::caller::Caller;
use tests::daemon::{Daemon, Setup};
use tests::journal::Journal;
use tests::paths::repository;
use tests::rtp::{Codec, Pacing, WireTime};
use tests::scene::{self, PATIENCE};
use tests::speech::{Speech, Voice};

const QUESTIONS: [(&str, &str); 3] = [
    ("what are your opening hours on saturday", "nine to one"),
    ("how much is the blue teapot", "twenty five"),
    ("where is your shop", "market street"),
];

/// A call is not kept longer than this many turns: callers change.
const TURNS_A_CALL: usize = 15;

/// Voice-to-voice over many turns.
pub struct Turns {
    /// Silence between the caller's last and the agent's first audible packet, in milliseconds, sorted.
    pub latencies: Vec<f64>,
    /// Turns in which the agent said what the question asked for.
    pub right: usize,
    /// The daemon's own account of the stages, in milliseconds, each sorted: name and values.
    pub stages: Vec<(&'static str, Vec<f64>)>,
    /// Pacing of the agent's packets, calls one after another.
    pub pacing: Vec<Pacing>,
    /// Packets that the probe itself sent more than 5 ms late.
    pub probe_late: u32,
}

/// Utterances with a pause inside.
pub struct InnerPause {
    /// Length of the pause.
    pub pause: Duration,
    /// How often it was tried.
    pub tried: usize,
    /// How often the agent began to speak before the caller had ended.
    pub interrupted: usize,
}

fn daemon(agent: &str, dir: &Path) -> Result<Daemon> {
    let agent_file = repository().join("tests/agents").join(agent).with_extension("toml");
    Daemon::start(Setup { agent_file, ..Setup::new()? }, &dir.join("daemon"))
}

fn call(daemon: &Daemon, dir: &Path) -> Result<Caller> {
    let caller = scene::call_directly(daemon, Codec::Pcmu, dir)?;
    scene::hear_greeting(&caller)?;
    Ok(caller)
}

/// The stages that are reported, and what each of them took.
const STAGES: [&str; 5] = ["endpoint", "stt", "llm", "tts", "total"];

fn stages(waterfall: &Waterfall) -> [Duration; 5] {
    let Waterfall { endpoint, stt, llm, tts, total, .. } = *waterfall;
    [endpoint, stt, llm, tts, total]
}

/// Questions and answers, one call at a time.
pub fn voice_to_voice(turns: usize, dir: &Path) -> Result<Turns> {
    let daemon = daemon("brief", dir)?;
    let mut result = Turns {
        latencies: Vec::new(),
        right: 0,
        stages: STAGES.map(|name| (name, Vec::new())).into(),
        pacing: Vec::new(),
        probe_late: 0,
    };
    for first in (0..turns).step_by(TURNS_A_CALL) {
        let caller = call(&daemon, &dir.join(format!("call-{first}")))?;
        let start = WireTime::now();
        for turn in first..turns.min(first + TURNS_A_CALL) {
            let (question, expected) = QUESTIONS[turn % 3];
            let voice = if turn % 2 == 0 { Voice::Rms } else { Voice::Awb };
            let before = clauses(&daemon)?.len();
            let answer = scene::ask_speech(&caller, &Speech::new(voice, question)?)?;
            result.latencies.push(answer.latency().as_secs_f64() * 1e3);
            let said = clauses(&daemon)?[before..].join(" ").to_lowercase();
            result.right += usize::from(said.contains(expected));
        }
        result.pacing.push(caller.rtp().heard(|heard| heard.pacing(start, WireTime::now())));
        result.probe_late += caller.rtp().own_late_packets();
        let journal = scene::hang_up(&caller, &daemon)?;
        for waterfall in journal.timings().filter_map(|times| times.waterfall.as_ref()) {
            for ((_, values), took) in result.stages.iter_mut().zip(stages(waterfall)) {
                values.push(took.as_secs_f64() * 1e3);
            }
        }
    }
    result.latencies.sort_by(f64::total_cmp);
    result.stages.iter_mut().for_each(|(_, values)| values.sort_by(f64::total_cmp));
    Ok(result)
}

fn clauses(daemon: &Daemon) -> Result<Vec<String>> {
    Ok(daemon.running_journal()?.as_ref().map(Journal::spoken).unwrap_or_default())
}

/// Callers who think in the middle of a sentence.
pub fn inner_pauses(dir: &Path) -> Result<Vec<InnerPause>> {
    const TRIES: usize = 6;
    let daemon = daemon("brief", dir)?;
    let caller = call(&daemon, &dir.join("call"))?;
    let mut results = Vec::new();
    for millis in [300, 500, 1_000, 1_500] {
        let pause = Duration::from_millis(millis);
        let mut interrupted = 0;
        for number in 0..TRIES {
            let voice = if number % 2 == 0 { Voice::Rms } else { Voice::Awb };
            let first = caller.rtp().say_and_wait(&Speech::new(voice, "could you please tell me")?)?;
            let rest = Speech::pause(pause).then(&Speech::new(voice, "how much is the blue teapot")?);
            let second = caller.rtp().say_and_wait(&rest)?;
            let answered = caller.rtp().wait_audible(first.end, PATIENCE)?;
            interrupted += usize::from(answered < second.end);
            caller.rtp().wait_finished(second.end, Duration::from_millis(1_200), PATIENCE)?;
        }
        results.push(InnerPause { pause, tried: TRIES, interrupted });
    }
    caller.hang_up()?;
    Ok(results)
}

/// From the caller's first audible packet to the arrival of the agent's last one before it falls silent, in milliseconds,
/// sorted.
pub fn barge_in(count: usize, dir: &Path) -> Result<Vec<f64>> {
    let daemon = daemon("talkative", dir)?;
    let story = Speech::new(Voice::Rms, "please tell me the history of your shop")?;
    let mut delays = Vec::new();
    for number in 0..count {
        let caller = call(&daemon, &dir.join(format!("call-{number}")))?;
        let voice = if number.is_multiple_of(2) { Voice::Rms } else { Voice::Awb };
        let asked = caller.rtp().say_and_wait(&story)?;
        // Not always at the same word.
        let heard = Duration::from_millis(900 + 370 * (number as u64 % 7));
        caller.rtp().wait_audible_for(heard, asked.end, PATIENCE)?;
        let said = caller.rtp().say_and_wait(&Speech::new(voice, "how much is the blue teapot")?)?;
        let stopped = tests::until("the agent should stop", Duration::from_secs(30), || {
            caller.rtp().heard(|heard| heard.fell_silent(said.onset, Duration::from_millis(200)))
        })?;
        delays.push(stopped.since(said.onset).as_secs_f64() * 1e3);
        caller.hang_up()?;
        daemon.wait_calls(0, PATIENCE)?;
    }
    delays.sort_by(f64::total_cmp);
    Ok(delays)
}
