//! What is printed, and what is refused.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;
use std::process::ExitCode;

use call_report::{InspectCommand, Inspection, Journal, ReplayCommand, run_inspect, run_replay};
use clap::{CommandFactory, Parser, Subcommand};
use common::{call, conversation, journal, says, settings, without_words};
use conversation::Settings;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(InspectCommand),
    Replay(ReplayCommand),
}

fn run(arguments: &[&str], other: Result<Settings, String>) -> bool {
    let code = match Cli::parse_from([&["pjsua-agent"], arguments].concat()).command {
        Command::Inspect(command) => run_inspect(&command),
        Command::Replay(command) => run_replay(&command, |_| other),
    };
    format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS)
}

/// The pages that both commands write about this journal.
fn pages(text: &str, other: Settings) -> [String; 2] {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (call, one, two) = (file("call.jsonl"), file("one.html"), file("two.html"));
    std::fs::write(&call, text).unwrap();
    assert!(run(&["inspect", &call, "--html", &one], Err("not asked for".into())));
    assert!(run(&["replay", &call, "--config", "other.toml", "--html", &two], Ok(other)));
    [std::fs::read_to_string(one).unwrap(), std::fs::read_to_string(two).unwrap()]
}

/// Every tag is closed, in order; attributes are quoted.
fn assert_well_formed(page: &str) {
    let page = page.strip_prefix("<!DOCTYPE html>").unwrap();
    let mut open: Vec<String> = Vec::new();
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split([' ', '\n']).next().unwrap().to_owned());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_call_is_counted() {
    let journal = journal(&call(&settings(), &conversation(), 24_000));
    let summary = Inspection::of(&journal).summary;
    assert_eq!((summary.interruptions, summary.false_alarms, summary.noises), (1, 1, 1), "{summary:#?}");
    assert!(summary.turns >= 3 && summary.answers >= 2, "{summary:#?}");
    assert!(summary.voice_to_voice_p50_ms <= summary.voice_to_voice_p95_ms);
}

#[test]
fn what_each_stage_took_is_as_the_daemon_counts_it_and_the_waits_add_up() {
    let mut text = call(&settings(), &conversation(), 24_000);
    text.push_str(
        "{\"t\":24000000,\"call\":7,\"kind\":\"timing\",\"turn\":2,\"speech_end_us\":4500000,\"endpoint_us\":4700000,\
         \"final_asked_us\":4600000,\"transcript_us\":4650000,\"reply_asked_us\":4660000,\"first_text_us\":4750000,\
         \"first_clause_us\":4800000,\"first_audio_us\":4850000,\"played_us\":4860000,\"speculated\":true}\n",
    );
    let inspection = Inspection::of(&journal(&text));
    let answer = &inspection.answers[0];
    let waits = answer.waits.named().map(|(name, span)| (name, span.as_millis()));
    assert_eq!(answer.turn, 2);
    assert_eq!(waits, [("endpoint", 200), ("transcript", 0), ("model", 100), ("voice", 50), ("daemon", 10)]);
    assert_eq!(answer.waterfall.total.as_millis(), 360);
    let took = &answer.waterfall;
    assert_eq!(
        [took.endpoint, took.stt, took.llm, took.tts].map(|span| span.as_millis()),
        [200, 50, 90, 50],
        "as it was recorded"
    );
}

#[test]
fn a_report_tells_how_the_network_did() {
    let mut text = call(&settings(), &conversation(), 24_000);
    text += "{\"t\":24000000,\"call\":7,\"kind\":\"rtp\",\"received\":1200,\"lost\":3,\"jitter_us\":1250,\"round_trip_us\":null}\n";
    let told = "1200 packets from the caller, 3 lost, jitter 1.2 ms";
    assert!(call_report::inspect_text(&journal(&text)).contains(told));
}

#[test]
fn lost_lines_are_remarked() {
    let mut text = call(&settings(), &conversation(), 24_000);
    text += "{\"t\":24000000,\"call\":7,\"kind\":\"gap\",\"lost\":12}\n";
    let journal = journal(&text);
    assert_eq!(journal.unknown_steps, 12);
    assert!(call_report::inspect_text(&journal).contains("12 lines are missing before 0:24.0"));
}

#[test]
fn pages_are_well_formed_and_need_nothing_else() {
    let text = call(&settings(), &conversation(), 24_000).replace("blue teapot", "<script>alert('&\\\"</script>");
    for page in pages(&text, settings().with(|it| it.endpointing.speculation = false)) {
        assert_well_formed(&page);
        assert!(!page.contains("<script"), "what was said is text");
        assert!(!page.contains("src=") && !page.contains("href="));
        assert!(page.contains("prefers-color-scheme"));
        assert!(page.contains("<svg"));
    }
}

#[test]
fn a_call_of_half_an_hour_is_a_light_page() {
    let caller: Vec<_> =
        (0..180).map(|n| says(3_000 + n * 10_000, 4_500 + n * 10_000, "what are your hours")).collect();
    let long = settings().with(|it| it.bounds.max_call_duration = std::time::Duration::from_secs(7_200));
    let text = call(&long, &caller, 1_805_000);
    for page in pages(&text, long.clone().with(|it| it.endpointing.speculation = false)) {
        assert_well_formed(&page);
        assert!(page.len() < 3_000_000, "{} bytes", page.len());
    }
}

#[test]
fn no_line_is_longer_than_the_terminal() {
    let wide = "完全な文章をここに書きます ".repeat(20);
    let text = call(&settings(), &conversation(), 24_000).replace("blue teapot", &wide);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("call.jsonl");
    std::fs::write(&path, &text).unwrap();
    for redacted in [text.clone(), without_words(&text)] {
        let journal = journal(&redacted);
        let inspected = call_report::inspect_text(&journal);
        let other = settings().with(|it| {
            it.endpointing.speculation = false;
            it.phrases.fillers = vec![wide.as_str().into()];
            it.phrases.greeting = wide.as_str().into();
        });
        let replayed = call_report::replay_text(&journal, Some(&other));
        for line in inspected.lines().chain(replayed.lines()) {
            let width = unicode_width::UnicodeWidthStr::width(line);
            assert!(width <= 120, "{width}: {line}");
        }
        assert!(!inspected.contains('\x1b'));
    }
}

#[test]
fn a_cut_last_line_is_told_and_the_rest_is_shown() {
    let text = call(&settings(), &conversation(), 24_000);
    let cut = &text[..text.len() - 30];
    let journal = journal(cut);
    assert!(journal.remarks[0].starts_with("call.jsonl:"), "{:?}", journal.remarks);
    assert!(journal.remarks[0].contains("cut"));
    assert!(call_report::replay(&journal, None).is_exact());
}

#[test]
fn an_older_journal_without_levels_and_timings_is_shown_with_a_note() {
    let text: String = call(&settings(), &conversation(), 24_000)
        .lines()
        .filter(|line| !line.contains("\"levels\""))
        .fold(String::new(), |mut all, line| {
            all.push_str(line);
            all.push('\n');
            all
        });
    let shown = call_report::inspect_text(&journal(&text));
    assert!(shown.contains("no levels") && shown.contains("no timings"), "{shown}");
    // As much of it as the columns leave room for.
    assert!(shown.contains("what are your opening"), "{shown}");
}

#[test]
fn a_journal_from_before_a_technique_did_without_it() {
    let plain = settings().with(|it| {
        it.confirmed_speech = false;
        it.endpointing.scored_endpoints = false;
        it.endpointing.speculation = false;
        it.replies.filler_after = std::time::Duration::ZERO;
    });
    let mut text = call(&plain, &conversation(), 24_000);
    for later in ["confirmed_speech\":false", "scored_endpoints\":false", "speculation\":false", "filler_after\":0"] {
        assert!(text.contains(later));
        text = text.replacen(&format!("\"{later},"), "", 1);
    }
    let journal = journal(&text.replace("\"opening\":\"\",", ""));
    assert_eq!(journal.settings, plain);
    assert_eq!(journal.unknown_steps, 0);
    assert!(call_report::replay(&journal, None).is_exact());
}

#[test]
fn other_files_are_refused_with_file_line_cause_and_remedy() {
    let refusal = |text: &str| Journal::parse(Path::new("x.jsonl"), text).unwrap_err().to_string();
    assert!(refusal("").contains("x.jsonl: the file is empty"));
    let no_json = refusal("[daemon]\nuser = 1\n");
    assert!(no_json.starts_with("x.jsonl:1: this is no journal") && no_json.contains("[journal] dir"), "{no_json}");
    assert!(refusal("{\"kind\":\"levels\",\"t\":0}\n").contains("\"started\""));
    let mut lines: Vec<String> = call(&settings(), &[], 5_000).lines().map(str::to_owned).collect();
    lines[3] = "{\"t\":1,".into();
    let broken = refusal(&(lines.join("\n") + "\n"));
    assert!(broken.starts_with("x.jsonl:4: ") && broken.contains("head -n 3"), "{broken}");
    let missing = Journal::read(Path::new("/nonexistent/x.jsonl")).unwrap_err().to_string();
    assert!(missing.contains("Give the path of a journal"), "{missing}");
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    let text = call(&settings(), &conversation(), 24_000);
    let text = text.replacen("\"settings\":{", "\"settings\":{\"telepathy\":true,", 1)
        + "{\"t\":25000000,\"call\":7,\"kind\":\"input\",\"input\":{\"type\":\"mind_read\"}}\n\
           {\"t\":25000000,\"call\":7,\"kind\":\"weather\"}\n";
    let journal = journal(&text);
    assert_eq!(journal.unknown_steps, 1);
    assert!(journal.remarks[0].contains("telepathy"));
}

#[test]
fn a_configuration_that_cannot_be_read_ends_the_replay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("call.jsonl");
    std::fs::write(&path, call(&settings(), &[], 5_000)).unwrap();
    assert!(!run(&["replay", &path.display().to_string(), "--config", "x.toml"], Err("x.toml: no such file".into())));
    assert!(run(&["replay", &path.display().to_string()], Err("not asked for".into())));
}

#[test]
fn the_commands_have_examples() {
    for mut command in Cli::command().get_subcommands().filter(|command| command.get_name() != "help").cloned() {
        assert!(command.render_long_help().to_string().contains("Examples:"));
    }
    Cli::command().debug_assert();
}
