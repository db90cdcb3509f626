//! A call in the terminal: one line a turn.

use std::fmt::Write;
use std::time::Duration;

use call_record::{CallEvent, Waits};

use super::{Answer, Inspection, flags, remarks, rtp};
use crate::course::Turn;
use crate::journal::Journal;
use crate::terminal::{COLUMNS, Colour, Terminal, cell, clip, clock, millis, wrap};

const BAR: usize = 24;

/// The letters that the bar is drawn with, so that it is read without colours.
const WAITS: [(char, Colour); 5] =
    [('.', Colour::Dim), ('s', Colour::Blue), ('m', Colour::Yellow), ('v', Colour::Magenta), ('d', Colour::Cyan)];

/// The whole report.
pub(crate) fn text(journal: &Journal, inspection: &Inspection, terminal: Terminal) -> String {
    let mut out = heading(journal, terminal);
    let summary = &inspection.summary;
    let tenth = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.0} ms"));
    let figures = format!(
        "{} turns heard, {} answers; voice to voice p50 {}, p95 {}; {} interruptions, {} false alarms, {} noises; {} \
         fillers; {} prepared ahead, {} in vain; {} failures, {} transfers",
        summary.turns,
        summary.answers,
        tenth(summary.voice_to_voice_p50_ms),
        tenth(summary.voice_to_voice_p95_ms),
        summary.interruptions,
        summary.false_alarms,
        summary.noises,
        summary.fillers,
        summary.prepared,
        summary.discarded,
        summary.failures,
        summary.transfers
    );
    let _ = writeln!(out, "{}\n", wrap(&figures, 2));
    let longest = inspection.longest();
    let head = format!(
        "{:>4} {:>8} {:>5} {:>5} {:>5} {:>5} {:>4} {:>5}  {:<BAR$}  caller / agent (ms)",
        "turn", "at", "wait", "stt", "llm", "tts", "own", "all", ""
    );
    let _ = writeln!(out, "{}", terminal.paint(Colour::Bold, &clip(&head, COLUMNS)));
    for turn in &inspection.course.turns {
        let flags = flags(turn, journal);
        let _ = writeln!(out, "{}", line(turn, inspection.answer(turn.turn), longest, &flags, terminal));
    }
    let legend = "waited for: . end of the caller's turn, s transcript, m model, v voice, d daemon; up to";
    let _ = writeln!(out, "\n{}", clip(&format!("{legend} {} ms", millis(Some(longest))), COLUMNS));
    for failure in &journal.failures {
        let text = format!("failure at {}: {}: {}", clock(failure.at), failure.stage_name(), failure.reason);
        let _ = writeln!(out, "{}", wrap(&text, 2));
    }
    out
}

/// Which call it is, and what is to be known about its journal.
pub(crate) fn heading(journal: &Journal, terminal: Terminal) -> String {
    let start = &journal.start;
    let mut out = String::new();
    let title =
        format!("Call {} · agent {} · {} → {} · {}", start.call, start.agent, start.from, start.to, clock(journal.end));
    let _ = writeln!(out, "{}", terminal.paint(Colour::Bold, &clip(&title, COLUMNS)));
    let mut codec = "";
    for happening in &journal.events {
        match &happening.event {
            CallEvent::Answered { codec: answered } => codec = answered,
            CallEvent::Ended { code, by_peer, .. } => {
                let who = if *by_peer { "the other side" } else { "the agent" };
                let _ = writeln!(out, "{}", clip(&format!("{codec}, ended by {who} ({code})"), COLUMNS));
            }
            CallEvent::Started(_) | CallEvent::Media { .. } | CallEvent::Transfer { .. } | CallEvent::Agent { .. } => {}
        }
    }
    let rtp = rtp(journal);
    if !rtp.is_empty() {
        let _ = writeln!(out, "{}", clip(&rtp, COLUMNS));
    }
    for remark in remarks(journal) {
        let _ = writeln!(out, "{}", wrap(&format!("Note: {remark}."), 2));
    }
    out
}

fn line(turn: &Turn, answer: Option<&Answer>, longest: Duration, flags: &[&str], terminal: Terminal) -> String {
    let at = turn.played.or(turn.endpoint).or(turn.held).map_or_else(|| "-".into(), clock);
    let figures = answer.map(|answer| answer.figures().map(|span| millis(Some(span))));
    let [wait, stt, llm, tts, own, all] = figures.unwrap_or_default();
    let figures = format!("{:>4} {at:>8} {wait:>5} {stt:>5} {llm:>5} {tts:>5} {own:>4} {all:>5}  ", turn.turn);
    let flags = if flags.is_empty() { String::new() } else { format!(" [{}]", flags.join(", ")) };
    let words = match (turn.answers.as_str(), turn.text()) {
        ("", text) if text.is_empty() => format!("({})", turn.kind()),
        ("", text) => format!("{}: {text}", turn.kind()),
        (said, text) => format!("{said} / {text}"),
    };
    let room = COLUMNS.saturating_sub(clip(&figures, COLUMNS).len() + BAR + 2);
    let own = room.saturating_sub(flags.chars().count());
    let bar = answer.map_or_else(|| " ".repeat(BAR), |answer| bar(&answer.waits, longest, terminal));
    format!("{}{bar}  {}", cell(&figures, figures.len()), clip(&format!("{}{flags}", clip(&words, own)), room))
        .trim_end()
        .to_owned()
}

fn bar(waits: &Waits, longest: Duration, terminal: Terminal) -> String {
    let scale = BAR as f64 / longest.as_secs_f64().max(0.001);
    let (mut reached, mut drawn, mut bar) = (0.0, 0, String::new());
    for ((_, span), (letter, colour)) in waits.named().into_iter().zip(WAITS) {
        reached += span.as_secs_f64() * scale;
        let to = (reached.round() as usize).min(BAR);
        bar.push_str(&terminal.paint(colour, &letter.to_string().repeat(to.saturating_sub(drawn))));
        drawn = to.max(drawn);
    }
    bar + &" ".repeat(BAR.saturating_sub(drawn))
}
