//! The replay as a page: both time lines, and the turns side by side.

use std::fmt::Write;

use super::{Comparison, Replay};
use crate::chart::Chart;
use crate::course::Turn;
use crate::inspect;
use crate::journal::Journal;
use crate::page::{self, escaped};
use crate::terminal::{clock, millis};

/// The whole page.
pub(crate) fn html(journal: &Journal, replay: &Replay) -> String {
    let mut body = String::new();
    for paragraph in super::text::verdict(replay) {
        let _ = writeln!(body, "<p>{}</p>", escaped(&paragraph));
    }
    body.push_str(&page::remarks(&inspect::remarks(journal)));
    body.push_str(&page::remarks(&replay.limits));
    body.push_str(
        "<h2>Both time lines</h2>\n<p class=\"dim\">Each on its own clock: where the agent ends sooner or later than on the \
         day, the caller's next words move with it. Scroll sideways; rest the pointer on anything to read it.</p>\n",
    );
    let end = replay.steps.iter().map(|step| step.at).max().unwrap_or_default().max(journal.end);
    let mut chart = Chart::new(end.since_answer());
    for (name, course) in [("THEN", &replay.day), ("NOW", &replay.now)] {
        chart.heading(name);
        chart.sounds(course);
        chart.words(course);
        chart.scores(course);
        chart.turns(course);
    }
    body.push_str(&chart.finish());
    body.push_str(&turns(&replay.turns));
    page::page(&format!("Replay of call {} of agent {}", journal.start.call, journal.start.agent), &body)
}

fn turns(turns: &[Comparison]) -> String {
    let mut table = String::from(
        "<h2>Turns</h2>\n<p class=\"dim\">Milliseconds from the caller's last sound to the end of his turn, and to the \
         agent's first sound; then and now.</p>\n<table>\n<tr><th>At</th><th class=\"n\">End of turn</th>\
         <th class=\"n\">First sound</th><th>Caller and agent</th><th>Differences</th></tr>\n",
    );
    for Comparison { then, now, differences } in turns {
        let Some(turn) = then.as_ref().or(now.as_ref()) else { continue };
        let at = turn.endpoint.or(turn.played).or(turn.held).map_or_else(String::new, clock);
        let both = |of: fn(&Turn) -> Option<std::time::Duration>| {
            let of = |turn: &Option<Turn>| millis(turn.as_ref().and_then(of));
            format!("{} → {}", of(then), of(now))
        };
        let list: String = differences.iter().map(|text| format!("<li>{}</li>", escaped(text))).collect();
        let list = if list.is_empty() { "none".to_owned() } else { format!("<ul>{list}</ul>") };
        let class = if differences.is_empty() { "" } else { " class=\"differs\"" };
        let said = if turn.answers.is_empty() { String::new() } else { format!("{}<br/>", escaped(&turn.answers)) };
        let _ = writeln!(
            table,
            "<tr{class}><td class=\"n\">{at}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{said}<b>{}</b> {}</td>\
             <td>{list}</td></tr>",
            both(Turn::endpoint_wait),
            both(Turn::voice_to_voice),
            turn.kind(),
            escaped(&turn.text())
        );
    }
    table.push_str("</table>\n");
    table
}
