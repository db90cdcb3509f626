//! The daemon under measurement, and what callers say to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use call_record::TurnTimes;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use tests::caller::{Caller, Dial};
use tests::daemon::{Daemon, Engines, Setup};
use tests::journal::Journal;
use tests::material::{self, Prompt, Talker};
use tests::paths::repository;
use tests::rtp::{Codec, WireTime};
use tests::scene::PATIENCE;

use super::rows::{Row, Rows, Stages, Turn};

/// What the synthetic callers say: questions, statements, an order, a hesitation.
const TEXTS: [&str; 10] = [
    "what are your opening hours on saturday",
    "how much is the blue teapot",
    "where is your shop",
    "I would like to order two green cups",
    "do you have any tables",
    "my name is John Miller and I called yesterday",
    "can you send it to my office",
    "I am not sure about the price",
    "yes please",
    "the parcel has not arrived",
];

const SHORTEST: Duration = Duration::from_millis(1_000);

const VOICES: [Talker; 5] =
    [Talker::Rms, Talker::Awb, Talker::Kal16, Talker::Espeak("en-us+m3"), Talker::Espeak("en-gb+f3")];

/// What callers of one language say, each with its kind.
pub struct Material {
    pub language: &'static str,
    pub utterances: Vec<(String, Prompt)>,
    pub seed: u64,
}

impl Material {
    /// Recorded people in three languages, and synthetic voices in English, each in an order that the seed decides.
    pub fn load(seed: u64) -> Result<Vec<Self>> {
        let mut synthetic = Vec::new();
        for talker in VOICES {
            let kind = if matches!(talker, Talker::Espeak(_)) { "espeak-ng" } else { "flite" };
            for text in TEXTS {
                synthetic.push((kind.to_owned(), material::spoken(talker, text)?));
            }
        }
        Ok(vec![
            Self::of("en", 110, synthetic, seed)?,
            Self::of("es", 60, Vec::new(), seed)?,
            Self::of("fr", 60, Vec::new(), seed)?,
        ])
    }

    fn of(language: &'static str, count: usize, mut utterances: Vec<(String, Prompt)>, seed: u64) -> Result<Self> {
        let prompts = material::prompts(language)?;
        // Single words are no turns.
        let phrases: Vec<Prompt> = prompts.into_iter().filter(|prompt| prompt.duration() >= SHORTEST).collect();
        let chosen = material::choose(&phrases, count.min(phrases.len()), seed);
        utterances.extend(chosen.into_iter().map(|prompt| (format!("recorded {language}"), prompt.clone())));
        utterances.shuffle(&mut StdRng::seed_from_u64(seed));
        Ok(Self { language, utterances, seed })
    }

    /// `count` of them from a place on, from the start again at the end.
    pub fn from(&self, place: usize, count: usize) -> impl Iterator<Item = &(String, Prompt)> {
        self.utterances.iter().cycle().skip(place % self.utterances.len().max(1)).take(count)
    }
}

/// Each language with the part of all utterances that are said in it, 1/n: half of them in the first, a quarter in each of
/// two others.
pub fn shares(languages: &[Material]) -> impl Iterator<Item = (&Material, usize)> {
    let first = if languages.len() == 1 { 1 } else { 2 };
    languages.iter().enumerate().map(move |(place, material)| (material, if place == 0 { first } else { 4 }))
}

/// A daemon with some techniques off.
#[derive(Debug, Clone, Copy, Default)]
pub struct Variant {
    pub engines: Engines,
    pub name: &'static str,
    pub turns: &'static str,
    pub tts: &'static str,
    /// It may change who is cut off in a pause.
    pub on_pauses: bool,
    /// It may change what stops the agent.
    pub on_noises: bool,
}

/// A daemon whose agent answers briefly. It is an English one whatever the callers speak, since its recogniser is.
pub fn start(variant: &Variant, dir: &Path) -> Result<Daemon> {
    start_agent("brief", variant, dir)
}

/// A daemon whose agent answers everything at length.
pub fn start_talkative(variant: &Variant, dir: &Path) -> Result<Daemon> {
    start_agent("talkative", variant, dir)
}

fn start_agent(agent: &str, variant: &Variant, dir: &Path) -> Result<Daemon> {
    let setup = Setup {
        engines: variant.engines,
        agent_file: repository().join("tests/agents").join(agent).with_extension("toml"),
        // Callers who think or wait for the others are not asked whether they are still there.
        more: format!("[turns]\nno_input_after = \"2m\"\n{}\n", variant.turns),
        tts_more: if variant.tts.is_empty() { String::new() } else { format!("{}\n", variant.tts) },
        ..Setup::new()?
    };
    Daemon::start(setup, &dir.join("daemon"))
}

/// A call whose greeting is over.
pub fn call(daemon: &Daemon, dir: &Path) -> Result<Caller> {
    let caller = Caller::dial(&Dial::new(daemon.sip(), "agent").codec(Codec::Pcmu), dir)?;
    greeted(&caller)?;
    Ok(caller)
}

pub fn greeted(caller: &Caller) -> Result<()> {
    caller.answered(PATIENCE)?;
    caller.rtp().wait_audible(WireTime::BEGINNING, PATIENCE)?;
    caller.rtp().wait_finished(WireTime::BEGINNING, QUIET, PATIENCE)?;
    Ok(())
}

/// Silence after which an answer is over.
pub const QUIET: Duration = Duration::from_millis(700);

/// Silence after which an answer is over where a model may still write what comes after a filler.
const QUIET_WITH_MODEL: Duration = Duration::from_millis(2_500);

/// An agent that has not begun by then does not answer.
const NO_ANSWER: Duration = Duration::from_secs(6);

/// Says it, and measures the answer.
pub fn ask(caller: &Caller, kind: &str, prompt: &Prompt, calls: u32, variant: &Variant) -> Result<Turn> {
    let rtp = caller.rtp();
    let said = rtp.say_and_wait(&prompt.speech())?;
    let first_after = |moment| rtp.heard(|heard| heard.first_audible_after(moment));
    let early = first_after(said.onset).is_some_and(|first| first < said.last);
    let answered = rtp.wait_audible(said.last, NO_ANSWER).ok();
    if let Some(first) = answered {
        let quiet = if variant.engines == Engines::RealWithModel { QUIET_WITH_MODEL } else { QUIET };
        rtp.wait_finished(first, quiet, Duration::from_secs(30))?;
    }
    Ok(Turn {
        variant: variant.name.to_owned(),
        calls,
        kind: kind.to_owned(),
        prompt: prompt.name.clone(),
        pause_ms: 0,
        latency_ms: answered.filter(|_| !early).map(|first| first.since(said.last).as_secs_f64() * 1e3),
        early,
    })
}

/// A pause between turns that is not always the same.
pub fn think(rng: &mut StdRng) {
    std::thread::sleep(Duration::from_millis(rng.random_range(150..450)));
}

/// Adds what the journals of a daemon say about its turns.
pub fn add_stages(daemon: &Daemon, calls: u32, variant: &str, rows: &mut Rows) -> Result<()> {
    for journal in daemon.journals()? {
        for stages in journal.timings().filter_map(|times| stages(times, calls, variant)) {
            rows.add(&Row::Stages(stages))?;
        }
    }
    Ok(())
}

fn stages(times: &TurnTimes, calls: u32, variant: &str) -> Option<Stages> {
    let took = times.waterfall.as_ref()?;
    let ms = [took.endpoint, took.stt, took.llm, took.tts, took.daemon, took.total];
    Some(Stages {
        variant: variant.to_owned(),
        calls,
        ms: ms.map(|span| span.as_secs_f64() * 1e3),
        speculated: times.speculated,
        cached: times.cached,
        filler: times.filler,
    })
}

/// The newest journal, which may still be written to.
pub fn journal(daemon: &Daemon) -> Result<Journal> {
    daemon.running_journal()?.context("the daemon writes no journal")
}

/// A folder of its own for each call.
pub fn call_dir(dir: &Path, number: usize) -> PathBuf {
    dir.join(format!("call-{number}"))
}
