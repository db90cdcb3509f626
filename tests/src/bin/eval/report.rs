//! The page.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::Result;
use tests::paths::program;
use tests::rtp::percentile;

use super::judge::Verdict;
use super::question::Kind;
use super::{Arguments, Outcome, Results};

/// Wrong answers that are shown of each answerer.
const SHOWN: usize = 25;

const IN_WRITING: &str = "each in a conversation of its own, in writing (`pjsua-agent ask`): what a caller would hear, with \
    rules, model and filter as in a call";
const ALOUD: &str = "each in a call of its own over G.711, asked after the greeting by one of three of flite's voices, heard \
    by Whisper tiny.en, spoken by Piper's joe, all on this machine; the time is that on the wire, from the last sound of the \
    question to the first of the answer or of a filler before it";

pub fn page(arguments: &Arguments, results: &Results) -> Result<String> {
    let count: usize = results.iter().filter(|((place, _), _)| *place == 0).map(|(_, outcomes)| outcomes.len()).sum();
    let version = Command::new(program("pjsua-agent")?).arg("version").output()?.stdout;
    let (title, more, how) = if arguments.aloud {
        let more = if arguments.without_vocabulary { " --aloud --without-vocabulary" } else { " --aloud" };
        ("Evaluation, aloud: whether callers are understood and answered rightly", more, ALOUD)
    } else {
        ("Evaluation: whether agents answer rightly", "", IN_WRITING)
    };
    let mut page = format!(
        "# {title}\n\n\
         Written by `eval{more} --answerers {} --agents {} --every {}`, {}, {} cores. {count} questions of \
         `tests/evaluation`, {how}. *rules*: the agent's rules alone. A model's name: the rules first, the model for the rest, held to \
         its sources. *alone:* the model without rules. Judged by words that an answer must and must not hold; a claim \
         where nothing is known counts as invented, also when it happens to be harmless.\n\n",
        arguments.answerers.join(","),
        arguments.agents.join(","),
        arguments.every,
        String::from_utf8_lossy(&version).lines().next().unwrap_or_default(),
        std::thread::available_parallelism().map_or(0, usize::from),
    );
    head(&mut page, "answered by")?;
    for (place, answerer) in arguments.answerers.iter().enumerate() {
        row(&mut page, answerer, &all(results, place))?;
    }
    writeln!(page, "\n## By agent\n")?;
    head(&mut page, "agent, answered by")?;
    for agent in &arguments.agents {
        for (place, answerer) in arguments.answerers.iter().enumerate() {
            let outcomes: Vec<&Outcome> = results.get(&(place, agent.clone())).into_iter().flatten().collect();
            row(&mut page, &format!("{agent}, {answerer}"), &outcomes)?;
        }
    }
    writeln!(
        page,
        "\n## By kind of question: right of asked\n\n| answered by | a rule's | the prompt's | unknown | an act | small talk |"
    )?;
    writeln!(page, "|---|---|---|---|---|---|")?;
    for (place, answerer) in arguments.answerers.iter().enumerate() {
        write!(page, "| {answerer} |")?;
        for kind in [Kind::Rule, Kind::Prompt, Kind::Unknown, Kind::Act, Kind::Talk] {
            let of: Vec<&Outcome> =
                all(results, place).into_iter().filter(|outcome| outcome.question.kind == kind).collect();
            let right = of.iter().filter(|outcome| outcome.verdict == Verdict::Right).count();
            write!(page, " {right} of {} |", of.len())?;
        }
        writeln!(page)?;
    }
    for (place, answerer) in arguments.answerers.iter().enumerate() {
        writeln!(page, "\n## What {answerer} did not answer rightly\n")?;
        let wrong = all(results, place).into_iter().filter(|outcome| outcome.verdict != Verdict::Right);
        for Outcome { question, answer, verdict } in wrong.take(SHOWN) {
            write!(page, "- {}: “{}”", verdict.name(), question.ask)?;
            answer.heard.iter().try_for_each(|heard| write!(page, ", heard as “{heard}”"))?;
            writeln!(page, " — “{}”", answer.answer)?;
        }
    }
    Ok(page)
}

fn all(results: &Results, place: usize) -> Vec<&Outcome> {
    results.iter().filter(|((of, _), _)| *of == place).flat_map(|(_, outcomes)| outcomes).collect()
}

fn head(page: &mut String, first: &str) -> Result<()> {
    write!(page, "| {first} |")?;
    Verdict::ALL.iter().try_for_each(|verdict| write!(page, " {} |", verdict.name()))?;
    writeln!(page, " first text, p50 / p95 (ms) |\n|---|---|---|---|---|---|---|")?;
    Ok(())
}

fn row(page: &mut String, name: &str, outcomes: &[&Outcome]) -> Result<()> {
    write!(page, "| {name} |")?;
    for verdict in Verdict::ALL {
        let count = outcomes.iter().filter(|outcome| outcome.verdict == verdict).count();
        write!(page, " {count} ({:.0} %) |", 100.0 * count as f64 / outcomes.len().max(1) as f64)?;
    }
    let mut times: Vec<f64> = outcomes.iter().map(|outcome| outcome.answer.first_ms as f64).collect();
    times.sort_by(f64::total_cmp);
    writeln!(page, " {:.0} / {:.0} |", percentile(&times, 0.5), percentile(&times, 0.95))?;
    Ok(())
}
