//! Both courses side by side.

use std::time::Duration;

use crate::course::{Course, Ending, Phrase, Turn};

/// Differences below it are the clock's: two ticks of the media clock.
const SAME_TIME: Duration = Duration::from_millis(40);
/// Endpoints are decided on timers and on scores, which are exact.
const SAME_ENDPOINT: Duration = Duration::from_millis(10);

/// One turn of the day and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The turn of the day.
    pub then: Option<Turn>,
    /// The turn of the replay.
    pub now: Option<Turn>,
    /// What differs, in words; empty when nothing does.
    pub differences: Vec<String>,
}

/// Pairs the turns by the caller's words that they follow.
pub(super) fn turns(then: &Course, now: &Course, is_redacted: bool) -> Vec<Comparison> {
    let spoken =
        |course: &Course| -> Vec<Turn> { course.turns.iter().filter(|turn| !turn.is_discarded()).cloned().collect() };
    let (days, nows) = (spoken(then), spoken(now));
    let sounds = |turns: &[Turn]| turns.iter().map(|turn| turn.after_sounds).max().unwrap_or_default();
    let mut pairs = Vec::new();
    for sound in 0..=sounds(&days).max(sounds(&nows)) {
        let of = |turns: &[Turn]| turns.iter().filter(|turn| turn.after_sounds == sound).cloned().collect::<Vec<_>>();
        let (days, nows) = (of(&days), of(&nows));
        for index in 0..days.len().max(nows.len()) {
            let (day, now_turn) = (days.get(index).cloned(), nows.get(index).cloned());
            let mut differences = differences(day.as_ref(), now_turn.as_ref(), is_redacted);
            if index == 0 {
                differences.extend(drafts(discarded(then, sound), discarded(now, sound)));
            }
            pairs.push(Comparison { then: day, now: now_turn, differences });
        }
    }
    pairs
}

fn discarded(course: &Course, sound: usize) -> usize {
    course.turns.iter().filter(|turn| turn.is_discarded() && turn.after_sounds == sound).count()
}

fn drafts(then: usize, now: usize) -> Option<String> {
    (then != now).then(|| format!("replies prepared in vain: {then} then, {now} now"))
}

fn differences(then: Option<&Turn>, now: Option<&Turn>, is_redacted: bool) -> Vec<String> {
    let (then, now) = match (then, now) {
        (Some(then), Some(now)) => (then, now),
        (Some(then), None) => return vec![format!("only then: {}", what(then, is_redacted))],
        (None, Some(now)) => return vec![format!("only now: {}", what(now, is_redacted))],
        (None, None) => return Vec::new(),
    };
    let mut found = Vec::new();
    found.extend(times("end of the caller's turn", then.endpoint_wait(), now.endpoint_wait(), SAME_ENDPOINT));
    found.extend(times("first sound of the answer", then.voice_to_voice(), now.voice_to_voice(), SAME_TIME));
    match (then.held.is_some(), now.held.is_some()) {
        (true, false) => found.push("not prepared ahead any more".into()),
        (false, true) => found.push("prepared ahead".into()),
        _ => {}
    }
    if then.phrase != now.phrase {
        found.push(format!("{} instead of {}", kind(now), kind(then)));
    }
    if !is_redacted {
        if then.answers != now.answers {
            found.push(format!("answers \"{}\" instead of \"{}\"", now.answers, then.answers));
        }
        if then.text() != now.text() {
            found.push(format!("says \"{}\" instead of \"{}\"", now.text(), then.text()));
        } else if then.clauses.len() != now.clauses.len() {
            found.push(format!("{} clauses instead of {}", now.clauses.len(), then.clauses.len()));
        }
    }
    match (then.has_filler(), now.has_filler()) {
        (true, false) => found.push("no filler any more".into()),
        (false, true) => found.push("a filler bridges the wait".into()),
        _ => {}
    }
    found.extend(overlaps(then, now));
    if ending(then) != ending(now) {
        found.push(format!("{} instead of {}", ending(now), ending(then)));
    }
    found
}

fn times(name: &str, then: Option<Duration>, now: Option<Duration>, same: Duration) -> Option<String> {
    let (then, now) = (then?, now?);
    let by = now.abs_diff(then);
    let order = if now > then { "later" } else { "earlier" };
    let millis = |span: Duration| span.as_millis();
    (by >= same).then(|| format!("{name} {} ms {order} ({} → {} ms)", millis(by), millis(then), millis(now)))
}

fn overlaps(then: &Turn, now: &Turn) -> Vec<String> {
    let mut found = Vec::new();
    for index in 0..then.overlaps.len().max(now.overlaps.len()) {
        let which = if index == 0 { String::new() } else { format!(" no. {}", index + 1) };
        match (then.overlaps.get(index), now.overlaps.get(index)) {
            (Some(then), Some(now)) => {
                let verdict = |overlap: &crate::course::Overlap| overlap.judged.map(|(_, interrupts)| interrupts);
                let took = |overlap: &crate::course::Overlap| overlap.judged.map(|(at, _)| at - overlap.at);
                if verdict(then) != verdict(now) {
                    found.push(format!(
                        "talk over the agent{which}: {} instead of {}",
                        named(verdict(now)),
                        named(verdict(then))
                    ));
                } else {
                    found.extend(times(
                        &format!("talk over the agent{which} judged"),
                        took(then),
                        took(now),
                        SAME_TIME,
                    ));
                }
                if then.is_ducked != now.is_ducked {
                    found.push(format!(
                        "the agent is {}",
                        if now.is_ducked { "ducked, not paused" } else { "paused, not ducked" }
                    ));
                }
            }
            (Some(_), None) => found.push(format!("the agent makes no room any more{which}")),
            (None, Some(_)) => found.push(format!("the agent makes room for the caller{which}")),
            (None, None) => {}
        }
    }
    found
}

fn named(verdict: Option<bool>) -> &'static str {
    match verdict {
        Some(true) => "an interruption",
        Some(false) => "a false alarm",
        None => "undecided",
    }
}

fn ending(turn: &Turn) -> &'static str {
    match turn.ending {
        Some(Ending::Drained(_)) => "played to the end",
        Some(Ending::Interrupted(_)) => "interrupted",
        Some(Ending::Dropped(_)) => "dropped before it was heard",
        Some(Ending::Discarded(_)) => "thrown away",
        None => "unfinished when the call ended",
    }
}

fn kind(turn: &Turn) -> String {
    match turn.phrase {
        Phrase::Reply => "a reply".into(),
        Phrase::Scripted(name) => format!("the phrase \"{name}\""),
    }
}

fn what(turn: &Turn, is_redacted: bool) -> String {
    if is_redacted || turn.clauses.is_empty() { kind(turn) } else { format!("{} \"{}\"", kind(turn), turn.text()) }
}
