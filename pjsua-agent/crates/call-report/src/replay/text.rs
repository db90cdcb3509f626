//! The replay in the terminal.

use std::fmt::Write;

use conversation::Action;

use super::{Comparison, Mismatch, Replay};
use crate::inspect;
use crate::journal::Journal;
use crate::terminal::{COLUMNS, Colour, Terminal, clip, clock, millis, wrap, wrap_at};

/// What stands before a difference.
const BULLET: &str = "                * ";
/// Two whole sentences may be compared in a difference; more is cut.
const LONGEST_DIFFERENCE: usize = 400;

/// The whole report.
pub(crate) fn text(journal: &Journal, replay: &Replay, terminal: Terminal) -> String {
    let mut out = inspect::heading(journal, terminal);
    for paragraph in verdict(replay) {
        let _ = writeln!(out, "{}", wrap(&paragraph, 2));
    }
    for limit in &replay.limits {
        let _ = writeln!(out, "{}", wrap(&format!("Limit: {limit}"), 2));
    }
    out.push('\n');
    for comparison in &replay.turns {
        turn(&mut out, comparison, terminal);
    }
    let differing = replay.turns.iter().filter(|turn| !turn.differences.is_empty()).count();
    let _ = writeln!(out, "\n{} of {} turns differ.", differing, replay.turns.len());
    out
}

/// What came of it, in sentences.
pub(super) fn verdict(replay: &Replay) -> Vec<String> {
    let mut said = Vec::new();
    if replay.changed.is_empty() {
        said.push("Settings: those of the call.".into());
    } else {
        let list: Vec<String> =
            replay.changed.iter().map(|(name, then, now)| format!("{name} {} → {}", short(then), short(now))).collect();
        said.push(format!("Settings: {} changed: {}.", list.len(), list.join("; ")));
    }
    match &replay.lockstep {
        Some((count, None)) if replay.changed.is_empty() => {
            said.push(format!("Reproduced: this version decides as on the day; all {count} actions came again."));
        }
        Some((count, None)) => said.push(format!(
            "With the call's own settings this version decides as on the day ({count} actions came again), so every \
             difference comes from the settings."
        )),
        Some((count, Some(mismatch))) => said.push(format!(
            "With the call's own settings this version decides differently from the one of the day: after {count} equal \
             actions, {}",
            told(mismatch)
        )),
        None => {}
    }
    match replay.parted {
        Some(at) if at.as_micros() > 0 => said.push(format!(
            "From {} on the call is a what-if: transcripts, scores and replies are those of the day at other times, and \
             nobody knows what this caller would have said to other answers.",
            clock(at)
        )),
        Some(_) => said.push(
            "The whole call is a what-if: transcripts, scores and replies are those of the day at other times, and nobody \
             knows what this caller would have said to other answers."
                .into(),
        ),
        None if !replay.changed.is_empty() => said.push("The changed settings change nothing in this call.".into()),
        None => {}
    }
    said
}

fn told(Mismatch { at, then, now }: &Mismatch) -> String {
    let action = |action: &Option<Action>| match action {
        Some(action) => serde_json::to_string(action).unwrap_or_default(),
        None => "nothing".into(),
    };
    format!("at {}: {} then, {} now.", clock(*at), action(then), action(now))
}

fn short(value: &str) -> String {
    clip(value, 40)
}

fn turn(out: &mut String, comparison: &Comparison, terminal: Terminal) {
    let Some(turn) = comparison.then.as_ref().or(comparison.now.as_ref()) else { return };
    let numbers = match (&comparison.then, &comparison.now) {
        (Some(then), Some(now)) if then.turn == now.turn => then.turn.to_string(),
        (Some(then), Some(now)) => format!("{}→{}", then.turn, now.turn),
        (Some(then), None) => format!("{}→-", then.turn),
        (None, Some(now)) => format!("-→{}", now.turn),
        (None, None) => String::new(),
    };
    let at = turn.endpoint.or(turn.played).or(turn.held).map_or_else(|| "-".into(), clock);
    let said = if turn.answers.is_empty() { turn.kind().to_owned() } else { format!("\"{}\"", turn.answers) };
    let waits = |of: fn(&crate::course::Turn) -> Option<std::time::Duration>| {
        let wait = |turn: &Option<crate::course::Turn>| millis(turn.as_ref().and_then(of));
        format!("{}/{}", wait(&comparison.then), wait(&comparison.now))
    };
    let line = format!(
        "{numbers:>6} {at:>8}  wait {:>11}  all {:>11}  {said}",
        waits(crate::course::Turn::endpoint_wait),
        waits(crate::course::Turn::voice_to_voice)
    );
    let is_same = comparison.differences.is_empty();
    let line = clip(&line, COLUMNS);
    let _ = writeln!(out, "{}", if is_same { terminal.paint(Colour::Dim, &line) } else { line });
    for difference in &comparison.differences {
        let text = wrap_at(&clip(difference, LONGEST_DIFFERENCE), COLUMNS - BULLET.len(), 0);
        for (index, line) in text.lines().enumerate() {
            let lead = if index == 0 { BULLET.to_owned() } else { " ".repeat(BULLET.len()) };
            let _ = writeln!(out, "{lead}{}", terminal.paint(Colour::Yellow, line));
        }
    }
}
