//! The real worker with the embedded engines, over a Unix socket.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use inference::{Failure, proto::SynthesiseRequest};
use support::{Worker, run_to_end, say};

const CLAUSE: &str = "We are open every day from nine in the morning to six in the evening.";

#[tokio::test]
async fn each_embedded_engine_describes_itself_and_speaks_in_chunks_of_a_frame() {
    for (engine, voice) in [("flite", "slt"), ("flite", "kal16"), ("espeak", "en-us")] {
        let worker = Worker::start(&["--engine", engine, "--voice", voice]).await;
        let description = worker.client.describe().await.unwrap();
        assert_eq!((description.engine.as_str(), description.model.as_str()), (engine, voice));
        assert!(description.capacity > 1);
        let spoken = worker.speak(say(CLAUSE)).await.unwrap();
        assert!((2.0..7.0).contains(&spoken.seconds()), "{engine}: {} s", spoken.seconds());
        assert!(spoken.loudness() > 500.0, "{engine}: {}", spoken.loudness());
        assert_eq!(spoken.longest_chunk, 320, "{engine}");
    }
}

#[tokio::test]
async fn the_first_audio_comes_long_before_the_last_is_heard() {
    for engine in ["flite", "espeak"] {
        let worker = Worker::start(&["--engine", engine]).await;
        let mut first = Vec::new();
        let mut factor = Vec::new();
        for number in 0..20 {
            // No two alike, or the later ones would come out of the cache.
            let spoken = worker.speak(say(&format!("For room {number}, {CLAUSE}"))).await.unwrap();
            first.push(spoken.first_audio.unwrap());
            factor.push(spoken.all_audio.as_secs_f64() / spoken.seconds());
        }
        first.sort();
        factor.sort_by(f64::total_cmp);
        println!(
            "{engine}: first audio {:.1} ms (median; slowest {:.1} ms), real-time factor {:.4}",
            first[10].as_secs_f64() * 1e3,
            first[19].as_secs_f64() * 1e3,
            factor[10]
        );
        assert!(first[10] < Duration::from_secs(2), "only a hang is a failure here");
    }
}

#[tokio::test]
async fn several_calls_are_served_at_once() {
    for engine in ["flite", "espeak"] {
        let worker = Worker::start(&["--engine", engine]).await;
        for (what, clauses) in [
            ("30 greetings, all the same", vec![CLAUSE.to_owned(); 30]),
            ("8 answers, all different", (0..8).map(|number| format!("For room {number}, {CLAUSE}")).collect()),
        ] {
            let all = futures_util::future::join_all(clauses.iter().map(|clause| worker.speak(say(clause)))).await;
            let mut first: Vec<f64> =
                all.iter().map(|spoken| spoken.as_ref().unwrap().first_audio.unwrap().as_secs_f64() * 1e3).collect();
            first.sort_by(f64::total_cmp);
            let (middle, slowest) = (first[first.len() / 2], first[first.len() - 1]);
            println!("{engine}: {what} at once: first audio {middle:.0} ms (median; slowest {slowest:.0} ms)");
        }
    }
}

#[tokio::test]
async fn a_dropped_clause_keeps_nobody_waiting() {
    let worker = Worker::start(&["--engine", "flite"]).await;
    let monologue = format!("{CLAUSE} ").repeat(25);
    for _ in 0..40 {
        let mut synthesis = worker.client.synthesise(say(&monologue));
        assert!(synthesis.next().await.unwrap().is_some());
        drop(synthesis);
    }
    let spoken = worker.speak(say(CLAUSE)).await.unwrap();
    assert!(spoken.first_audio.unwrap() < Duration::from_secs(1), "{:?}", spoken.first_audio);
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_and_the_worker_serves_on() {
    let worker = Worker::start(&["--engine", "flite"]).await;
    for (request, word) in [
        (say(&"a ".repeat(1_001)), "2002 characters"),
        (SynthesiseRequest { voice: "darth".into(), ..say("hello") }, "darth"),
        (SynthesiseRequest { rate: 9.0, ..say("hello") }, "0.5 to 2.0"),
        (SynthesiseRequest { rate: f32::NAN, ..say("hello") }, "0.5 to 2.0"),
        (SynthesiseRequest { sample_rate_hz: 1, ..say("hello") }, "8000 to 48000"),
    ] {
        let error = worker.speak(request).await.unwrap_err();
        assert!(matches!(error.failure, Failure::Refused(_)), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(worker.speak(say("hello")).await.unwrap().seconds() > 0.1);
}

#[tokio::test]
async fn text_with_nothing_to_read_is_an_empty_clause() {
    let worker = Worker::start(&["--engine", "espeak"]).await;
    for text in ["", " \n", "… !?", "\u{1}\u{2}"] {
        assert!(worker.speak(say(text)).await.unwrap().samples.is_empty(), "{text:?}");
    }
}

#[tokio::test]
async fn a_request_may_name_voice_language_speed_and_sample_rate() {
    let worker = Worker::start(&["--engine", "espeak", "--voice", "en-us"]).await;
    let normal = worker.speak(say(CLAUSE)).await.unwrap().samples.len() as f64;
    let fast = worker.speak(SynthesiseRequest { rate: 1.5, ..say(CLAUSE) }).await.unwrap().samples.len() as f64;
    let narrow = SynthesiseRequest { sample_rate_hz: 8_000, ..say(CLAUSE) };
    let narrow = worker.speak(narrow).await.unwrap().samples.len() as f64;
    let german = SynthesiseRequest { language: "de".into(), ..say("Guten Tag, wie geht es Ihnen?") };
    assert!((1.2..1.8).contains(&(normal / fast)), "{}", normal / fast);
    assert!((1.9..2.1).contains(&(normal / narrow)), "{}", normal / narrow);
    assert!(worker.speak(german).await.unwrap().seconds() > 0.5);
}

#[test]
fn options_that_make_no_sense_are_refused_in_words() {
    for (options, word) in [
        (&["--engine", "flite"][..], "--listen"),
        (&["--listen", "unix:/tmp/never.sock", "--engine", "piper"], "--model"),
        (
            &["--listen", "unix:/tmp/pjsua-agent-tts-never.sock", "--engine", "flite", "--voice", "darth"],
            "slt, rms, awb",
        ),
        (&["--listen", "unix:/tmp/pjsua-agent-tts-never.sock", "--engine", "espeak", "--voice", "zzz"], "zzz"),
    ] {
        let output = run_to_end(options);
        assert!(!output.status.success());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(word), "{error}");
    }
    assert!(run_to_end(&["version"]).status.success());
}
