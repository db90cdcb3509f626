//! What happens when something is heard while the agent gives a long answer.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use call_record::Record;
use conversation::Action;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use tests::caller::Caller;
use tests::daemon::Daemon;
use tests::material::{self, Noise, SPEECH_LEVEL_DBFS};
use tests::rtp::{Said, WireTime};
use tests::scene::PATIENCE;
use tests::speech::{Speech, Voice};

use super::rows::{Overlap, Row, Rows};
use super::site;
use super::{Extent, joint};

/// How long a lasting noise lasts.
const NOISE: Duration = Duration::from_secs(2);

/// After it, the agent has decided what to make of it.
const SETTLED: Duration = Duration::from_millis(1_300);

/// Events in one call; the answer lasts long enough for them.
const EVENTS_A_CALL: usize = 4;

const SNRS_DB: [u32; 2] = [10, 20];

/// Backchannels to one noise of each kind and level.
const BACKCHANNELS: usize = 4;

/// Something a caller, or what is around him, says over the agent.
struct Event {
    kind: String,
    what: String,
    snr_db: Option<u32>,
    speech: Speech,
}

/// Interruptions, then everything that is none, then the joint where an answer was resumed.
pub fn measure(extent: &Extent, dir: &Path, rows: &mut Rows) -> Result<()> {
    let (daemon, seed) = (site::start_talkative(&extent.plain(), dir)?, extent.seed);
    disturb(&interruptions(extent.interruptions, seed)?, "", &daemon, &dir.join("real"), seed, rows)?;
    disturb(&noises(extent.noises, seed)?, "", &daemon, &dir.join("false"), seed, rows)?;
    joints(extent.noises, &daemon, &dir.join("joints"), rows)
}

/// `count` of all that must not end an answer, mixed.
pub fn mixed_noises(
    count: usize,
    seed: u64,
    variant: &str,
    daemon: &Daemon,
    dir: &Path,
    rows: &mut Rows,
) -> Result<()> {
    let mut events = noises(2, seed)?;
    events.shuffle(&mut StdRng::seed_from_u64(seed));
    events.truncate(count);
    disturb(&events, variant, daemon, dir, seed, rows)
}

fn interruptions(count: usize, seed: u64) -> Result<Vec<Event>> {
    let all = material::interruptions()?;
    let event = |prompt: &material::Prompt| Event {
        kind: "interruption".into(),
        what: prompt.name.clone(),
        snr_db: None,
        speech: prompt.speech(),
    };
    Ok(material::choose(&all, count, seed).into_iter().map(event).collect())
}

fn noises(each: usize, seed: u64) -> Result<Vec<Event>> {
    let mut events: Vec<Event> = Vec::new();
    for prompt in material::choose(&material::backchannels()?, each * BACKCHANNELS, seed) {
        let kind = if prompt.name.starts_with("espeak") { "backchannel (espeak-ng)" } else { "backchannel" };
        events.push(Event { kind: kind.into(), what: prompt.name.clone(), snr_db: None, speech: prompt.speech() });
    }
    for noise in Noise::ALL {
        for snr_db in SNRS_DB {
            for number in 0..each {
                let samples = noise.samples(seed + number as u64, NOISE)?;
                let samples = material::at_snr(&samples, SPEECH_LEVEL_DBFS, f64::from(snr_db));
                events.push(Event {
                    kind: noise.name().into(),
                    what: format!("{} {number}", noise.name()),
                    snr_db: Some(snr_db),
                    speech: Speech::whole(samples),
                });
            }
        }
    }
    Ok(events)
}

/// Each event over an answer, a few in a call; after an interruption callers change.
fn disturb(events: &[Event], variant: &str, daemon: &Daemon, dir: &Path, seed: u64, rows: &mut Rows) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut events = events.iter().enumerate().peekable();
    while let Some(&(first, _)) = events.peek() {
        let caller = site::call(daemon, &site::call_dir(dir, first))?;
        tell_story(&caller)?;
        for (number, event) in events.by_ref().take(EVENTS_A_CALL) {
            let after = Duration::from_millis(rng.random_range(900..2_200));
            caller.rtp().wait_audible_for(after, WireTime::now(), PATIENCE)?;
            let (overlap, _) = overlap(&caller, daemon, event, variant)?;
            let has_ended = overlap.ended;
            rows.add(&Row::Overlap(overlap))?;
            if number % 20 == 19 {
                eprintln!("bench:   {} things said over the agent", number + 1);
            }
            if has_ended {
                break;
            }
        }
        caller.hang_up()?;
        daemon.wait_calls(0, PATIENCE)?;
    }
    Ok(())
}

/// Asks for the long answer; returns when it begins.
fn tell_story(caller: &Caller) -> Result<WireTime> {
    let question = Speech::new(Voice::Rms, "what is your history")?;
    let asked = caller.rtp().say_and_wait(&question)?;
    caller.rtp().wait_audible(asked.last, PATIENCE)
}

fn overlap(caller: &Caller, daemon: &Daemon, event: &Event, variant: &str) -> Result<(Overlap, Said)> {
    let before = playout_actions(daemon)?.len();
    let said = caller.rtp().say_and_wait(&event.speech)?;
    std::thread::sleep(SETTLED);
    let actions = playout_actions(daemon)?;
    let actions = &actions[before.min(actions.len())..];
    let at = |names: &[&str]| actions.iter().find(|(_, name)| names.contains(&name.as_str())).map(|(at, _)| *at);
    let (paused, resumed, flushed) =
        (at(&["pause_playout", "duck_playout"]), at(&["resume_playout"]), at(&["flush_playout"]));
    let silent = caller.rtp().heard(|heard| heard.fell_silent(said.onset, Duration::from_millis(120)));
    let duck_ms =
        silent.filter(|_| paused.is_some() || flushed.is_some()).map(|at| at.since(said.onset).as_secs_f64() * 1e3);
    let between = |from: Option<f64>, to: Option<f64>| from.zip(to).map(|(from, to)| (to - from).max(0.0));
    let overlap = Overlap {
        variant: variant.to_owned(),
        kind: event.kind.clone(),
        what: event.what.clone(),
        snr_db: event.snr_db,
        ended: flushed.is_some(),
        paused: paused.is_some(),
        duck_ms,
        stop_ms: flushed.and(duck_ms).map(|duck| duck + between(paused, flushed).unwrap_or_default()),
        gap_ms: between(paused, resumed).filter(|_| flushed.is_none()),
    };
    Ok((overlap, said))
}

/// What the daemon did to the playout in the running call: milliseconds since the answer, and the action.
fn playout_actions(daemon: &Daemon) -> Result<Vec<(f64, String)>> {
    let journal = site::journal(daemon)?;
    let actions = journal.lines.iter().filter_map(|line| {
        let Record::Action { action } = &line.record else { return None };
        let name = match action {
            Action::PausePlayout { .. } => "pause_playout",
            Action::DuckPlayout { .. } => "duck_playout",
            Action::ResumePlayout { .. } => "resume_playout",
            Action::FlushPlayout { .. } => "flush_playout",
            _ => return None,
        };
        Some((line.t as f64 / 1e3, name.to_owned()))
    });
    Ok(actions.collect())
}

/// Answers that were paused by a cough, beside the same answer undisturbed.
fn joints(count: usize, daemon: &Daemon, dir: &Path, rows: &mut Rows) -> Result<()> {
    let length = Duration::from_secs(9);
    let caller = site::call(daemon, &dir.join("undisturbed"))?;
    let begin = tell_story(&caller)?;
    std::thread::sleep(length);
    let undisturbed = caller.rtp().recording().agent_between(begin, begin + length).to_vec();
    caller.hang_up()?;
    daemon.wait_calls(0, PATIENCE)?;
    let okay = material::backchannels()?.into_iter().find(|prompt| prompt.name.ends_with("okay")).context("okay")?;
    for number in 0..count {
        let caller = site::call(daemon, &site::call_dir(dir, number))?;
        let begin = tell_story(&caller)?;
        caller.rtp().wait_audible_for(Duration::from_millis(1_000 + 70 * number as u64), begin, PATIENCE)?;
        let event = Event { kind: String::new(), what: String::new(), snr_db: None, speech: okay.speech() };
        let (overlap, said) = overlap(&caller, daemon, &event, "")?;
        if overlap.gap_ms.is_some() {
            let disturbed = caller.rtp().recording().agent_between(begin, said.last + SETTLED).to_vec();
            if let Some(lost_samples) = joint::lost_samples(&undisturbed, &disturbed) {
                rows.add(&Row::Joint { lost_samples })?;
            }
        }
        caller.hang_up()?;
        daemon.wait_calls(0, PATIENCE)?;
    }
    Ok(())
}
