//! A call for other programs.

use serde_json::{Value, json};

use super::{Inspection, flags, remarks};
use crate::journal::Journal;

/// Everything of the text report, times in milliseconds since the answer.
pub(crate) fn json(journal: &Journal, inspection: &Inspection) -> Value {
    let ms = |at: conversation::Instant| at.as_micros() as f64 / 1_000.0;
    let turns: Vec<Value> = inspection
        .course
        .turns
        .iter()
        .map(|turn| {
            let answer = inspection.answer(turn.turn);
            let waits = answer.map(|answer| {
                let waits = answer.waits.named().map(|(name, span)| (format!("{name}_ms"), json!(span.as_secs_f64() * 1_000.0)));
                Value::Object(waits.into_iter().collect())
            });
            let overlaps = turn.overlaps.iter().map(|overlap| {
                json!({
                    "at_ms": ms(overlap.at), "ducked": overlap.is_ducked,
                    "judged_ms": overlap.judged.map(|(at, _)| ms(at)),
                    "interruption": overlap.judged.map(|(_, interrupts)| interrupts),
                })
            });
            json!({
                "turn": turn.turn, "kind": turn.kind(),
                "answers": turn.answers, "text": turn.text(), "heard": turn.heard,
                "speech_end_ms": turn.speech_end.map(ms), "endpoint_ms": turn.endpoint.map(ms),
                "played_ms": turn.played.map(ms), "ended_ms": turn.ended().map(ms),
                "flags": flags(turn, journal), "overlaps": overlaps.collect::<Vec<_>>(), "waterfall": answer.map(|answer| &answer.waterfall), "waits": waits,
            })
        })
        .collect();
    json!({
        "journal": journal.path.display().to_string(), "call": journal.start.call, "agent": journal.start.agent,
        "from": journal.start.from, "to": journal.start.to, "sip_call_id": journal.start.sip_call_id,
        "remarks": remarks(journal), "rtp": journal.rtp, "summary": inspection.summary, "turns": turns,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_turn_whose_audio_had_been_made_before_is_flagged() {
        let text = r#"{"t":0,"kind":"call","event":"started","settings":{}}
{"t":0,"kind":"action","action":{"type":"speak","turn":1,"clause":0,"text":"One moment."}}
{"t":9,"kind":"action","action":{"type":"speak","turn":2,"clause":0,"text":"Here I am."}}
{"t":9,"kind":"timing","turn":1,"cached":true}
{"t":9,"kind":"timing","turn":2,"cached":false}
"#;
        let journal = Journal::parse(Path::new("call.jsonl"), text).unwrap();
        let report = json(&journal, &Inspection::of(&journal));
        assert_eq!(report["turns"][0]["flags"], json!(["cached"]));
        assert_eq!(report["turns"][1]["flags"], json!([]));
    }

    #[test]
    fn a_reply_that_a_filler_began_before_the_words_were_known_answers_them() {
        let text = r#"{"t":0,"kind":"call","event":"started","settings":{}}
{"t":100,"kind":"input","input":{"type":"speech_started"}}
{"t":100,"kind":"action","action":{"type":"start_recognition","utterance":1}}
{"t":900,"kind":"input","input":{"type":"speech_ended","silence_us":200}}
{"t":1000,"kind":"action","action":{"type":"finish_recognition","utterance":1}}
{"t":1900,"kind":"action","action":{"type":"speak","turn":1,"clause":0,"text":"One moment, please."}}
{"t":3000,"kind":"input","input":{"type":"final_transcript","utterance":1,"text":"a teapot please"}}
{"t":3000,"kind":"action","action":{"type":"start_reply","turn":1,"opening":""}}
{"t":3001,"kind":"action","action":{"type":"speak","turn":1,"clause":1,"text":"Here it is."}}
"#;
        let journal = Journal::parse(Path::new("call.jsonl"), text).unwrap();
        let report = json(&journal, &Inspection::of(&journal));
        let turn = &report["turns"][0];
        assert_eq!((&turn["kind"], &turn["answers"]), (&json!("reply"), &json!("a teapot please")));
    }
}
