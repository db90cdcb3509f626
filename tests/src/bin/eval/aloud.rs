//! The questions asked aloud: a call each, through recogniser, rules or model, filter and voice.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use conversation::Action;
use tests::caller::Caller;
use tests::daemon::{Daemon, Engines};
use tests::journal::Journal;
use tests::rtp::{Codec, WireTime};
use tests::scene::{self, PATIENCE};
use tests::setup::Setup;
use tests::speech::{Speech, Voice};

use super::Answer;
use super::question::Question;

/// A pause after which the answer is complete: longer than that of a voice between two sentences.
const ANSWER_PAUSE: Duration = Duration::from_millis(1_500);
const LONGEST_ANSWER: Duration = Duration::from_secs(40);

/// The engines of an answerer.
///
/// # Errors
/// The answerer answers in writing only.
pub fn engines(answerer: &str) -> Result<Engines> {
    match answerer {
        "rules" => Ok(Engines::Real),
        "smollm2-135m" => Ok(Engines::RealWithModel),
        _ => bail!("--aloud asks rules and smollm2-135m only, not {answerer}"),
    }
}

/// A copy of the agent's file without its vocabulary.
///
/// # Errors
/// The file cannot be read, or the copy not written.
pub fn without_vocabulary(agent: &Path, dir: &Path) -> Result<PathBuf> {
    let text = fs::read_to_string(agent).with_context(|| agent.display().to_string())?;
    let mut table: toml::Table = toml::from_str(&text).with_context(|| agent.display().to_string())?;
    table.remove("vocabulary").with_context(|| format!("{} has no vocabulary", agent.display()))?;
    fs::create_dir_all(dir)?;
    let copy = dir.join("agent.toml");
    fs::write(&copy, table.to_string())?;
    Ok(copy)
}

/// Asks one question after the other, each in a call of its own.
///
/// # Errors
/// A call does not come about; what goes wrong in it is an answer like others.
pub fn ask(agent: &Path, engines: Engines, questions: &[Question], dir: &Path) -> Result<Vec<Answer>> {
    let mut setup = Setup::new()?;
    setup.engines = engines;
    setup.agent_file = agent.to_path_buf();
    // The agent's file names somebody.
    setup.human = None;
    let daemon = Daemon::start(setup, &dir.join("daemon"))?;
    let voices = [Voice::Rms, Voice::Awb, Voice::Kal16];
    let mut answers = Vec::new();
    for (number, (question, voice)) in questions.iter().zip(voices.into_iter().cycle()).enumerate() {
        eprint!("\reval: question {} of {} ", number + 1, questions.len());
        let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join(format!("caller-{number}")))?;
        scene::hear_greeting(&caller)?;
        let said = caller.rtp().say_and_wait(&Speech::new(voice, &question.ask)?)?;
        let first_ms = hear(&caller, said.end);
        // The agent may have hung up.
        let _ = caller.hang_up();
        daemon.wait_calls(0, PATIENCE)?;
        answers.push(answer(question, first_ms, &complete(&daemon)?));
    }
    eprintln!();
    Ok(answers)
}

/// Hears what comes after `end`, and gives how long it took to come; `None` when nothing does.
fn hear(caller: &Caller, end: WireTime) -> Option<u64> {
    let first = caller.rtp().wait_audible(end, PATIENCE).ok()?;
    let _ = caller.rtp().wait_finished(first, ANSWER_PAUSE, LONGEST_ANSWER);
    u64::try_from(first.since(end).as_millis()).ok()
}

/// The journal is completed after the call.
fn complete(daemon: &Daemon) -> Result<Journal> {
    tests::until("the journal should be complete", PATIENCE, || {
        daemon.newest_journal().ok().filter(Journal::is_complete)
    })
}

fn answer(question: &Question, first_ms: Option<u64>, journal: &Journal) -> Answer {
    // The greeting stands before what the caller said first.
    let after = journal.history().into_iter().skip_while(|entry| !entry.by_caller);
    let (heard, said): (Vec<_>, Vec<_>) = after.partition(|entry| entry.by_caller);
    let join = |entries: Vec<tests::journal::Remembered>| {
        entries.into_iter().map(|entry| entry.text).collect::<Vec<_>>().join(" ")
    };
    let does = |act: &Action| journal.actions().any(|action| action == act);
    let act = [(Action::Transfer, "transfer"), (Action::HangUp, "hang_up")].into_iter().find(|(act, _)| does(act));
    let mut words = join(said);
    for filler in journal.fillers() {
        if let Some(rest) = words.strip_prefix(filler) {
            words = rest.trim_start().to_owned();
        }
    }
    Answer {
        question: question.ask.clone(),
        answer: words,
        act: act.map(|(_, name)| name.to_owned()),
        first_ms: first_ms.unwrap_or_else(|| PATIENCE.as_millis().try_into().unwrap_or(u64::MAX)),
        heard: Some(join(heard)),
    }
}
