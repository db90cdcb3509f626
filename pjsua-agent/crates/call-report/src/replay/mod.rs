//! A recorded call decided again.
//!
//! With the call's own settings the machine is first fed exactly what it was fed on the day ([`lockstep`]): the same
//! actions must come out. With other settings, or when this version decides differently, the call is a *what-if*
//! ([`what_if`]):
//!
//! - Until the first difference everything is as recorded.
//! - From there on the caller speaks as he did; what the workers and the playout answered is taken from the record as
//!   far as it is there ([`world`]): the same words, scores and replies, each after the time it took on the day. A
//!   reply that was never asked for has a stand-in.
//! - Numbers of turns, utterances and pauses are the replay's own. What was recorded is found by its time and by the
//!   caller's words it belongs to, not by its number.
//! - Where the caller had waited for the agent before he spoke, he waits again: when the agent ends earlier or later
//!   than on the day, all that follows moves with it. So every exchange is judged by itself, and an answer that takes
//!   longer does not look like an interruption in the next one.

mod compare;
mod html;
mod lockstep;
mod playout;
mod replies;
mod text;
mod tools;
mod what_if;
mod withheld;
mod words;
mod world;

use std::collections::BTreeMap;

use conversation::Settings;
use serde_json::Value;

use crate::course::Course;
use crate::journal::{Journal, Step};

pub use compare::Comparison;
pub(crate) use html::html;
pub use lockstep::Mismatch;
pub(crate) use text::text;

/// A call decided again.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// Settings that differ from those of the call: name, then, now.
    pub changed: Vec<(String, String, String)>,
    /// How many actions were compared one by one, and the first that differed; nothing when that was not possible.
    pub lockstep: Option<(usize, Option<Mismatch>)>,
    /// When the what-if parts from the record; nothing when it never does.
    pub parted: Option<conversation::Instant>,
    /// What was decided on the day.
    pub day: Course,
    /// What is decided now.
    pub now: Course,
    /// The steps of the replay.
    pub steps: Vec<Step>,
    /// The turns of both, side by side.
    pub turns: Vec<Comparison>,
    /// What cannot be re-made.
    pub limits: Vec<String>,
}

impl Replay {
    /// The same actions came again, each at its time.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        matches!(self.lockstep, Some((_, None))) && self.changed.is_empty()
    }
}

/// Decides the call again, with its own settings or with `other` ones.
#[must_use]
pub fn replay(journal: &Journal, other: Option<&Settings>) -> Replay {
    let mut limits = Vec::new();
    let day = Course::of(&journal.steps, &journal.settings);
    let settings = match other {
        Some(other) => possible(journal, &day, other, &mut limits),
        None => journal.settings.clone(),
    };
    let settings = withheld::with_phrases_of(&journal.settings, &settings);
    let recorded_settings = withheld::with_phrases_of(&journal.settings, &journal.settings);
    let changed = changed(&recorded_settings, &settings);
    let lockstep = (!journal.is_redacted).then(|| lockstep::run(journal));
    let is_reproduced = matches!(lockstep, Some((_, None)));
    if journal.is_redacted {
        limits.push(
            "The journal has no words (transcripts = false). Decisions that depend on them cannot be re-made: waiting for \
             an unfinished sentence or for digits, backchannels, requests to repeat or to wait, where a reply is cut \
             into clauses. Stand-ins were used, and no words are compared; record with transcripts = true to see them."
                .into(),
        );
    }
    let (steps, parted) = if is_reproduced && changed.is_empty() {
        (journal.steps.clone(), None)
    } else {
        let recorded =
            if journal.is_redacted { withheld::with_stand_ins(&journal.steps) } else { journal.steps.clone() };
        let outcome = what_if::run(&recorded, &recorded_settings, &settings, is_reproduced);
        limits.extend(outcome.limits);
        (outcome.steps, outcome.parted)
    };
    let now = Course::of(&steps, &settings);
    let turns = compare::turns(&day, &now, journal.is_redacted);
    Replay { changed, lockstep, parted, day, now, steps, turns, limits }
}

/// The settings as far as the record can answer what they ask for.
fn possible(journal: &Journal, day: &Course, other: &Settings, limits: &mut Vec<String>) -> Settings {
    let mut settings = other.clone();
    let has_verdicts = day.sounds.iter().any(|sound| sound.confirmed.is_some() || sound.dismissed.is_some());
    if settings.confirmed_speech && !journal.settings.confirmed_speech && !has_verdicts {
        settings.confirmed_speech = false;
        limits.push("No second voice detector listened on the day: confirmed_speech stays off.".into());
    }
    if settings.endpointing.scored_endpoints && !journal.settings.endpointing.scored_endpoints && day.scores.is_empty()
    {
        settings.endpointing.scored_endpoints = false;
        limits.push("No end of turn was scored on the day: scored_endpoints stays off.".into());
    }
    if settings.replies.pre_response && !journal.settings.replies.pre_response {
        settings.replies.pre_response = false;
        limits.push("No small model was asked on the day: pre_response stays off.".into());
    }
    settings
}

fn changed(then: &Settings, now: &Settings) -> Vec<(String, String, String)> {
    let old = fields(then);
    let pairs = fields_that_differ(then, now).into_iter().map(|(name, new)| {
        let old = old.get(&name).cloned().unwrap_or_default();
        let (old, new) = (shown(&name, &old), shown(&name, &new));
        (name, old, new)
    });
    pairs.collect()
}

/// The fields of `now` that `then` does not have, or has with another value.
fn fields_that_differ(then: &Settings, now: &Settings) -> BTreeMap<String, Value> {
    let then = fields(then);
    fields(now).into_iter().filter(|(name, value)| then.get(name) != Some(value)).collect()
}

fn fields(settings: &Settings) -> BTreeMap<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// Durations are whole microseconds; the names of all other numbers end with what they count.
fn shown(name: &str, value: &Value) -> String {
    const COUNTS: [&str; 7] = ["_score", "_percent", "_words", "_chars", "_prompts", "_turns", "_digits"];
    match value.as_u64() {
        Some(micros) if !COUNTS.iter().any(|end| name.ends_with(end)) => format!("{} ms", micros as f64 / 1_000.0),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_no_other_numbers_are_shown_in_milliseconds() {
        assert_eq!(shown("sure_silence", &Value::from(1_500)), "1.5 ms");
        assert_eq!(shown("doubtful_words", &Value::from(200)), "200");
        let settings = Settings::default();
        let Ok(Value::Object(fields)) = serde_json::to_value(&settings) else { panic!("the settings are an object") };
        // "sure_silence: 280ms," and "sure_score: 900,": only a duration has a unit there.
        let debug = format!("{settings:#?}");
        for (name, value) in fields.iter().filter(|(_, value)| value.is_u64()) {
            let head = format!("{name}: ");
            let written =
                debug.lines().find_map(|line| line.trim_start().strip_prefix(head.as_str())).expect("it has a line");
            let is_duration = written.trim_end_matches(',').parse::<u64>().is_err();
            assert_eq!(shown(name, value).ends_with(" ms"), is_duration, "{name}");
        }
    }
}
