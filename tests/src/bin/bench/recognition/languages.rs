//! `bench languages`: how soon a caller of another language is followed, and whether one is followed who speaks none.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use inference::proto::{OtherLanguage, RecogniseOptions};
use tests::material::{self, Prompt};
use tests::paths::{repository, run_dir};

use super::worker::{Heard, Pace, Recogniser};
use super::{HANG_OVER, arguments, over_the_line};
use crate::machine;
use crate::report::publish;

/// Languages in which recorded people can be had, and whose words Whisper's base model understands.
const LANGUAGES: [&str; 3] = ["en", "fr", "es"];
/// Shorter recordings are single words, longer ones instructions.
const LENGTHS: std::ops::RangeInclusive<f64> = 0.6..=6.0;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  bench languages --utterances 10    about 2 minutes")]
pub struct Extent {
    /// A Whisper model of many languages, of the store
    #[arg(long, default_value = "whisper-base")]
    engine: String,
    /// Utterances of each language
    #[arg(long, default_value_t = 60)]
    utterances: usize,
    /// The report
    #[arg(long, value_name = "FILE", default_value_os_t = repository().join("docs/benchmarks/languages.md"))]
    out: PathBuf,
}

/// Callers of one language in calls of another.
#[derive(Default)]
struct Followed {
    utterances: usize,
    at_once: usize,
    /// With the next utterance after it.
    second: usize,
    /// To a language that is neither.
    astray: usize,
}

/// Callers in calls of their own language, one long call.
#[derive(Default)]
struct Stayed {
    utterances: usize,
    changes: usize,
    words: Vec<String>,
}

pub fn run(extent: &Extent) -> Result<()> {
    let dir = run_dir("bench-languages")?;
    let recogniser = Recogniser::start(&arguments(&extent.engine)?, &dir.join(&extent.engine))?;
    let mut page = format!(
        "# Languages: how soon a caller of another one is followed\n\n\
         Written by `bench languages --engine {} --utterances {}`. Recorded people, G.711 µ-law both ways, through the worker \
         `pjsua-agent-stt`, which was told that {} may be spoken.\n\n{}\n",
        extent.engine,
        extent.utterances,
        LANGUAGES.join(", "),
        machine::table("as in the tables")?,
    );
    let mut stayed_page = String::new();
    writeln!(page, "## Calls that begin in another language\n")?;
    writeln!(
        page,
        "| the call is in | the caller speaks | utterances | followed at the first | at the second | led astray |"
    )?;
    writeln!(page, "|---|---|---|---|---|---|")?;
    for spoken in LANGUAGES {
        let said = utterances(spoken, extent.utterances)?;
        for present in LANGUAGES {
            eprintln!("bench: {spoken} in a call in {present} …");
            if present == spoken {
                let stayed = stay(&recogniser, present, &said)?;
                writeln!(stayed_page, "| {present} | {} | {} |", stayed.utterances, stayed.changes)?;
                stayed.words.iter().try_for_each(|words| writeln!(stayed_page, "|  | | {words} |"))?;
                continue;
            }
            let Followed { utterances, at_once, second, astray } = follow(&recogniser, present, spoken, &said)?;
            writeln!(page, "| {present} | {spoken} | {utterances} | {at_once} | {second} | {astray} |")?;
        }
    }
    writeln!(page, "\n## Calls in one language\n\nOne call with all utterances of it.\n")?;
    writeln!(page, "| language | utterances | changed to another |\n|---|---|---|\n{stayed_page}")?;
    publish(&page, &extent.out)
}

fn utterances(language: &str, most: usize) -> Result<Vec<Prompt>> {
    let fits = |prompt: &Prompt| LENGTHS.contains(&(prompt.samples_16k.len() as f64 / 16_000.0));
    let all: Vec<Prompt> = material::prompts(language)?.into_iter().filter(fits).collect();
    let every = (all.len() / most).max(1);
    Ok(all.into_iter().step_by(every).take(most).collect())
}

fn follow(recogniser: &Recogniser, present: &str, spoken: &str, said: &[Prompt]) -> Result<Followed> {
    let mut followed = Followed { utterances: said.len(), ..Followed::default() };
    for (one, next) in said.iter().zip(said.iter().cycle().skip(1)) {
        let first = hear(recogniser, present, one, Vec::new())?;
        if first.language != present {
            followed.at_once += usize::from(first.language == spoken);
            followed.astray += usize::from(first.language != spoken);
            continue;
        }
        let second = hear(recogniser, present, next, first.adaptation)?;
        followed.second += usize::from(second.language == spoken);
        followed.astray += usize::from(second.language != spoken && second.language != present);
    }
    Ok(followed)
}

fn stay(recogniser: &Recogniser, present: &str, said: &[Prompt]) -> Result<Stayed> {
    let mut stayed = Stayed { utterances: said.len(), ..Stayed::default() };
    let mut adaptation = Vec::new();
    for one in said {
        let heard = hear(recogniser, present, one, adaptation)?;
        if heard.language != present {
            stayed.changes += 1;
            stayed.words.push(format!("{}: {} “{}”", one.name, heard.language, heard.text));
        }
        adaptation = heard.adaptation;
    }
    Ok(stayed)
}

fn hear(recogniser: &Recogniser, present: &str, said: &Prompt, adaptation: Vec<u8>) -> Result<Heard> {
    let other = |language: &str| OtherLanguage { language: language.into(), ..OtherLanguage::default() };
    let options = RecogniseOptions {
        language: present.into(),
        other_languages: LANGUAGES.into_iter().filter(|language| *language != present).map(other).collect(),
        adaptation,
        ..RecogniseOptions::default()
    };
    let mut heard = recogniser.hear(&over_the_line(&said.samples_16k)?, HANG_OVER, options, Pace::AtOnce)?;
    // Too short, or nothing was understood.
    if heard.language.is_empty() {
        heard.language = present.into();
    }
    Ok(heard)
}
