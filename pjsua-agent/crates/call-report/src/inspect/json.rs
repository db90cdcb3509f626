//! A call for other programs.

use serde_json::{Value, json};

use super::{Inspection, flags, kind, remarks};
use crate::journal::Journal;

/// Everything of the text report, times in milliseconds since the answer.
pub(crate) fn json(journal: &Journal, inspection: &Inspection) -> Value {
    let ms = |at: conversation::Instant| at.as_micros() as f64 / 1_000.0;
    let turns: Vec<Value> = inspection
        .course
        .turns
        .iter()
        .map(|turn| {
            let waterfall = inspection.waterfall(turn.turn).map(|waterfall| {
                let stages = waterfall.stages().into_iter().chain([("total", waterfall.total())]);
                let stages = stages.map(|(name, span)| (format!("{name}_ms"), json!(span.as_secs_f64() * 1_000.0)));
                Value::Object(stages.collect())
            });
            let overlaps = turn.overlaps.iter().map(|overlap| {
                json!({
                    "at_ms": ms(overlap.at), "ducked": overlap.is_ducked,
                    "judged_ms": overlap.judged.map(|(at, _)| ms(at)),
                    "interruption": overlap.judged.map(|(_, interrupts)| interrupts),
                })
            });
            json!({
                "turn": turn.turn, "kind": kind(turn), "answers": turn.answers, "text": turn.text(), "heard": turn.heard,
                "speech_end_ms": turn.speech_end.map(ms), "endpoint_ms": turn.endpoint.map(ms),
                "played_ms": turn.played.map(ms), "ended_ms": turn.ended().map(ms),
                "flags": flags(turn, false), "overlaps": overlaps.collect::<Vec<_>>(), "waterfall": waterfall,
            })
        })
        .collect();
    json!({
        "journal": journal.path.display().to_string(), "call": journal.start.call, "agent": journal.start.agent,
        "from": journal.start.from, "to": journal.start.to, "sip_call_id": journal.start.sip_call_id,
        "remarks": remarks(journal), "summary": inspection.summary, "turns": turns,
    })
}
