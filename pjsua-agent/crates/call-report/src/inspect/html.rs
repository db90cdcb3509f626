//! A call as a page: figures, time line, turns.

use std::fmt::Write;
use std::time::Duration;

use call_record::{CallEvent, Waits};

use super::{Inspection, flags, remarks, rtp};
use crate::chart::Chart;
use crate::journal::Journal;
use crate::page::{self, escaped};
use crate::terminal::clock;

/// The whole page.
pub(crate) fn html(journal: &Journal, inspection: &Inspection) -> String {
    let mut body = page::remarks(&remarks(journal));
    body.push_str(&figures(journal, inspection));
    body.push_str(
        "<h2>Time line</h2>\n<p class=\"dim\">Scroll sideways; rest the pointer on anything to read it.</p>\n",
    );
    body.push_str(&chart(journal, inspection));
    body.push_str(&turns(journal, inspection));
    page::page(&format!("Call {} of agent {}", journal.start.call, journal.start.agent), &body)
}

fn figures(journal: &Journal, inspection: &Inspection) -> String {
    let summary = &inspection.summary;
    let ms = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| format!("{value:.0} ms"));
    let rows = [
        ("From", journal.start.from.clone()),
        ("To", journal.start.to.clone()),
        ("Call-ID", journal.start.sip_call_id.clone()),
        ("Length", clock(journal.end)),
        ("Turns heard, of them answers", format!("{}, {}", summary.turns, summary.answers)),
        (
            "Voice to voice, p50 and p95",
            format!("{}, {}", ms(summary.voice_to_voice_p50_ms), ms(summary.voice_to_voice_p95_ms)),
        ),
        (
            "Interruptions, false alarms, noises",
            format!("{}, {}, {}", summary.interruptions, summary.false_alarms, summary.noises),
        ),
        ("RTP", rtp(journal)),
        ("Fillers", summary.fillers.to_string()),
        ("Replies prepared ahead, of them in vain", format!("{}, {}", summary.prepared, summary.discarded)),
        ("Failures, transfers", format!("{}, {}", summary.failures, summary.transfers)),
    ];
    let rows: String =
        rows.iter().map(|(name, value)| format!("<tr><th>{name}</th><td>{}</td></tr>\n", escaped(value))).collect();
    format!("<table>{rows}</table>\n")
}

fn chart(journal: &Journal, inspection: &Inspection) -> String {
    let course = &inspection.course;
    let mut chart = Chart::new(journal.duration());
    chart.levels("caller level", "caller", journal.levels.iter().map(|level| (level.at, level.captured_dbfs)));
    chart.sounds(course);
    chart.words(course);
    chart.scores(course);
    chart.turns(course);
    chart.levels("agent level", "agent", journal.levels.iter().map(|level| (level.at, level.played_dbfs)));
    let keys = course.keys.iter().map(|(at, key)| (*at, format!("key {key}")));
    let failures =
        journal.failures.iter().map(|failure| (failure.at, format!("{}: {}", failure.stage_name(), failure.reason)));
    let transfers = course.transfers.iter().map(|at| (*at, "transfer".to_owned()));
    let hung_up = course.hung_up.iter().map(|at| (*at, "the agent hangs up".to_owned()));
    let events = journal.events.iter().filter(|told| !matches!(told.event, CallEvent::Answered { .. }));
    let events = events.map(|told| (told.at, told.in_words()));
    let marks: Vec<_> = keys.chain(failures).chain(transfers).chain(hung_up).chain(events).collect();
    chart.marks("events", &marks);
    chart.finish()
}

fn turns(journal: &Journal, inspection: &Inspection) -> String {
    let longest = inspection.longest();
    let mut table = String::from(
        "<h2>Turns</h2>\n<p class=\"dim\">Times in milliseconds: the wait for the end of the caller's turn, what transcript, \
         model and voice took, and the daemon's own; they overlap where work was done ahead. All: from the caller's last sound \
         to the agent's first; the bar is whom the caller waited for in it.</p>\n<table>\n\
         <tr><th class=\"n\">Turn</th><th class=\"n\">At</th><th class=\"n\">Wait</th><th class=\"n\">STT</th>\
         <th class=\"n\">LLM</th><th class=\"n\">TTS</th><th class=\"n\">Own</th><th class=\"n\">All</th><th></th>\
         <th>Caller and agent</th></tr>\n",
    );
    for turn in &inspection.course.turns {
        let at = turn.played.or(turn.endpoint).or(turn.held).map_or_else(String::new, clock);
        let _ = write!(table, "<tr><td class=\"n\">{}</td><td class=\"n\">{at}</td>", turn.turn);
        match inspection.answer(turn.turn) {
            Some(answer) => {
                for span in answer.figures() {
                    let _ = write!(table, "<td class=\"n\">{}</td>", span.as_millis());
                }
                let _ = write!(table, "<td>{}</td>", bar(&answer.waits, longest));
            }
            None => table.push_str("<td></td><td></td><td></td><td></td><td></td><td></td><td></td>"),
        }
        let flags = flags(turn, journal).join(", ");
        let said = if turn.answers.is_empty() { String::new() } else { format!("{}<br/>", escaped(&turn.answers)) };
        let heard = match &turn.heard {
            Some(heard) => format!("<br/><span class=\"dim\">heard: {}</span>", escaped(heard)),
            None => String::new(),
        };
        let _ = writeln!(
            table,
            "<td>{said}<b>{}</b> {}{heard}<br/><span class=\"dim\">{}</span></td></tr>",
            turn.kind(),
            escaped(&turn.text()),
            flags
        );
    }
    table.push_str("</table>\n");
    table
}

fn bar(waits: &Waits, longest: Duration) -> String {
    const WIDTH: f64 = 160.0;
    let scale = WIDTH / longest.as_secs_f64().max(0.001);
    let (mut x, mut bars) = (0.0, String::new());
    for (name, span) in waits.named() {
        let width = span.as_secs_f64() * scale;
        let _ = write!(
            bars,
            "<rect class=\"{name}\" x=\"{x:.1}\" y=\"2\" width=\"{width:.1}\" height=\"12\"><title>{name} {} ms</title></rect>",
            span.as_millis()
        );
        x += width;
    }
    format!("<svg role=\"img\" aria-label=\"waits\" width=\"{WIDTH}\" height=\"16\">{bars}</svg>")
}
