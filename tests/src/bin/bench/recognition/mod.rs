//! `bench recognition`: how well callers are understood, how soon, and at what cost.

pub mod languages;
mod words;
mod worker;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use inference::proto::RecogniseOptions;
use tests::material::{self, Noise, Prompt, SPEECH_LEVEL_DBFS, Talker, at_level};
use tests::paths::{repository, run_dir};
use tests::rtp::{Codec, RATE_HZ};

use crate::machine;
use crate::report::publish;
use crate::stats::Sample;
use words::{errors, is_loop, words};
use worker::{Pace, Recogniser};

/// What the daemon's gate lets through before speech, and after it.
const PRE_ROLL: Duration = Duration::from_millis(200);
const HANG_OVER: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  bench recognition --engines whisper-tiny.en --noise-seconds 30    about 5 minutes")]
pub struct Extent {
    /// Recognisers: pocketsphinx, or Whisper models of the store; “MAIN+QUICK” has the second for looks
    #[arg(long, value_delimiter = ',', default_value = "pocketsphinx,whisper-tiny.en")]
    engines: Vec<String>,
    /// Seconds of each kind of noise
    #[arg(long, default_value_t = 600)]
    noise_seconds: u64,
    /// Each recogniser a second time, told the vocabulary of conf/agents/demo.toml
    #[arg(long)]
    vocabulary: bool,
    /// Every so many-th utterance only
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// The report
    #[arg(long, value_name = "FILE", default_value_os_t = repository().join("docs/benchmarks/recognition.md"))]
    out: PathBuf,
}

/// Callers of one kind.
struct Group {
    name: &'static str,
    prompts: Vec<Prompt>,
}

/// What synthetic callers say.
const SENTENCES: [&str; 20] = [
    "What are your opening hours?",
    "I would like to know where my order is.",
    "Can I speak to a human, please?",
    "My order number is four five one seven.",
    "Do you deliver to Germany?",
    "How much is the blue teapot?",
    "I want to return a broken cup.",
    "Is the shop open on Saturday?",
    "Thank you very much, goodbye.",
    "I have been waiting for two weeks.",
    "Could you repeat that, please?",
    "The parcel was sent to the wrong address.",
    "Can I pay by credit card?",
    "Where is your shop?",
    "I need an invoice for my last order.",
    "Please connect me with the accounting department.",
    "When will it arrive?",
    "No, that is not what I meant.",
    "Yes, that would be great.",
    "How long does the delivery take?",
];

fn groups(every: usize) -> Result<Vec<Group>> {
    let voices = [Talker::Rms, Talker::Slt, Talker::Awb, Talker::Kal16];
    let synthetic = SENTENCES.iter().zip(voices.iter().cycle()).map(|(text, voice)| material::spoken(*voice, text));
    // Read and spoken by several people, with their rooms around them.
    let people = material::prompts("en")?.into_iter().filter(|prompt| prompt.text.is_some());
    let groups = [
        Group { name: "studio prompts", prompts: material::studio()? },
        Group { name: "flite sentences", prompts: synthetic.collect::<Result<_>>()? },
        Group { name: "single words", prompts: material::single_words()? },
        Group { name: "other people", prompts: people.filter(|prompt| prompt.speaker != "Allison Smith").collect() },
    ];
    Ok(groups
        .into_iter()
        .map(|group| Group { prompts: group.prompts.into_iter().step_by(every.max(1)).collect(), ..group })
        .collect())
}

/// One recogniser's row.
struct Row {
    engine: String,
    /// Of each group: errors, words.
    groups: Vec<(usize, usize)>,
    finals: Sample,
    partials: f64,
    /// Processor seconds a second of audio.
    cpu: f64,
    /// Of each noise: utterances, and those in which words were heard.
    noises: Vec<(usize, usize)>,
    /// Utterances, and those whose transcript repeats itself.
    loops: (usize, usize),
    worst: Vec<String>,
}

pub fn run(extent: &Extent) -> Result<()> {
    let dir = run_dir("bench-recognition")?;
    let groups = groups(extent.every)?;
    let noises = noises(Duration::from_secs(extent.noise_seconds))?;
    let mut rows = Vec::new();
    for engine in &extent.engines {
        eprintln!("bench: {engine} …");
        let recogniser = Recogniser::start(&arguments(engine)?, &dir.join(engine))?;
        rows.push(measure(engine, &recogniser, &[], &groups, &noises)?);
        if extent.vocabulary {
            let name = format!("{engine}, told the vocabulary");
            rows.push(measure(&name, &recogniser, &vocabulary()?, &groups, &noises)?);
        }
    }
    let text = report(extent, &groups, &noises, &rows)?;
    publish(&text, &extent.out)
}

fn arguments(engine: &str) -> Result<Vec<String>> {
    if engine == "pocketsphinx" {
        return Ok(["--engine", "pocketsphinx"].map(str::to_owned).into());
    }
    let store = model_store::Store::open_default()?;
    let (main, quick) = engine.split_once('+').map_or((engine, None), |(main, quick)| (main, Some(quick)));
    let mut arguments = ["--engine", "whisper", "--model"].map(str::to_owned).to_vec();
    arguments.push(store.path(main)?.display().to_string());
    if let Some(quick) = quick {
        arguments.extend(["--quick-model".to_owned(), store.path(quick)?.display().to_string()]);
    }
    Ok(arguments)
}

/// What the agent of the demonstration hears most.
fn vocabulary() -> Result<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Agent {
        vocabulary: Vec<String>,
    }
    let text = std::fs::read_to_string(repository().join("conf/agents/demo.toml"))?;
    Ok(toml::from_str::<Agent>(&text)?.vocabulary)
}

fn measure(
    engine: &str,
    recogniser: &Recogniser,
    vocabulary: &[String],
    groups: &[Group],
    noises: &[Sounds],
) -> Result<Row> {
    let (mut finals, mut partials, mut seconds) = (Vec::new(), 0, 0.0);
    let (mut counts, mut worst, mut loops) = (Vec::new(), Vec::new(), (0, 0));
    let before = recogniser.cpu()?;
    for group in groups {
        let mut count = (0, 0);
        for prompt in &group.prompts {
            let line = over_the_line(&prompt.samples_16k)?;
            let heard = recogniser.hear(&line, HANG_OVER, options(&prompt.language, vocabulary), Pace::RealTime)?;
            let said = words(prompt.text.as_deref().unwrap_or_default());
            let heard_words = words(&heard.text);
            let wrong = errors(&heard_words, &said);
            loops = (loops.0 + 1, loops.1 + usize::from(is_loop(&heard_words)));
            if wrong > 0 {
                worst.push(format!("{wrong} of {}: “{}” for “{}”", said.len(), heard.text, said.join(" ")));
            }
            count = (count.0 + wrong, count.1 + said.len());
            finals.push(heard.final_ms);
            partials += heard.partials;
            seconds += line.len() as f64 / f64::from(RATE_HZ);
        }
        counts.push(count);
    }
    let cpu = (recogniser.cpu()? - before).as_secs_f64() / seconds;
    let partials = partials as f64 / finals.len().max(1) as f64;
    let mut invented = Vec::new();
    for sounds in noises {
        let mut count = (0, 0);
        for sound in &sounds.pieces {
            let options = options("en", vocabulary);
            let heard = recogniser.hear(&over_the_line(sound)?, Duration::ZERO, options, Pace::AtOnce)?;
            let heard_words = words(&heard.text);
            let has_words = !heard_words.is_empty();
            loops = (loops.0 + 1, loops.1 + usize::from(is_loop(&heard_words)));
            if has_words {
                worst.push(format!("{}: “{}” for {}", engine, heard.text, sounds.name));
            }
            count = (count.0 + 1, count.1 + usize::from(has_words));
        }
        invented.push(count);
    }
    Ok(Row {
        engine: engine.to_owned(),
        groups: counts,
        finals: finals.into_iter().collect(),
        partials,
        cpu,
        noises: invented,
        loops,
        worst,
    })
}

fn options(language: &str, vocabulary: &[String]) -> RecogniseOptions {
    RecogniseOptions { language: language.into(), vocabulary: vocabulary.to_vec(), ..RecogniseOptions::default() }
}

/// As it reaches the recogniser: G.711 both ways, with what the gate lets through around it.
fn over_the_line(samples: &[i16]) -> Result<Vec<i16>> {
    let count = |length: Duration| (length.as_secs_f64() * f64::from(RATE_HZ)) as usize;
    let mut line = vec![0; count(PRE_ROLL)];
    line.extend_from_slice(samples);
    line.resize(line.len() + count(HANG_OVER), 0);
    Codec::Pcmu.there_and_back(line)
}

/// Noise of one kind, in pieces as a gate would cut it.
struct Sounds {
    name: &'static str,
    pieces: Vec<Vec<i16>>,
}

fn noises(length: Duration) -> Result<Vec<Sounds>> {
    // From a click to a hummed tune.
    const PIECES_MS: [u64; 5] = [300, 700, 1_500, 3_000, 6_000];
    let mut all =
        vec![Sounds { name: "silence", pieces: pieces(length, &PIECES_MS, |_, piece| Ok(vec![0; samples(piece)]))? }];
    for noise in Noise::ALL {
        // People who speak are understood, and rightly.
        if noise == Noise::Babble {
            continue;
        }
        let level = SPEECH_LEVEL_DBFS - 10.0;
        let make = |seed, piece| Ok(at_level(&noise.samples(seed, piece)?, level));
        all.push(Sounds { name: noise.name(), pieces: pieces(length, &PIECES_MS, make)? });
    }
    Ok(all)
}

fn samples(length: Duration) -> usize {
    (length.as_secs_f64() * f64::from(RATE_HZ)) as usize
}

fn pieces(length: Duration, millis: &[u64], make: impl Fn(u64, Duration) -> Result<Vec<i16>>) -> Result<Vec<Vec<i16>>> {
    let mut made = Duration::ZERO;
    let mut pieces = Vec::new();
    for (seed, &piece) in (0..).zip(millis.iter().cycle()) {
        if made >= length {
            break;
        }
        let piece = Duration::from_millis(piece);
        pieces.push(make(seed, piece)?);
        made += piece;
    }
    ensure!(!pieces.is_empty(), "--noise-seconds: at least 1");
    Ok(pieces)
}

fn report(extent: &Extent, groups: &[Group], noises: &[Sounds], rows: &[Row]) -> Result<String> {
    let mut page = format!(
        "# Recognition: how well callers are understood, how soon, and at what cost\n\n\
         Written by `bench recognition --engines {} --noise-seconds {} --every {}{}`. Through the worker `pjsua-agent-stt`, fed as \
         the daemon feeds it: G.711 µ-law both ways, {} ms before the first sound, 20 ms frames in real time until {} ms after \
         the last sound, when the final transcript is asked for.\n\n{}\n",
        extent.engines.join(","),
        extent.noise_seconds,
        extent.every,
        if extent.vocabulary { " --vocabulary" } else { "" },
        PRE_ROLL.as_millis(),
        HANG_OVER.as_millis(),
        machine::table("as in the tables")?,
    );
    write!(
        page,
        "## Words\n\nWord error rate, and its words; figures of two digits as numbers, longer ones as spoken digits. *Told the \
         vocabulary*: that of `conf/agents/demo.toml`, which some of the flite sentences are about.\n\n| recogniser |"
    )?;
    for (number, group) in groups.iter().enumerate() {
        let count = rows.first().map_or(0, |row| row.groups[number].1);
        write!(page, " {}: {} ({count} words) |", group.prompts.len(), group.name)?;
    }
    writeln!(page, " final after the last sound, p50 / p95 (ms) | partials an utterance | CPU a second of audio |")?;
    writeln!(page, "|---|{}---|---|---|", "---|".repeat(groups.len()))?;
    for row in rows {
        write!(page, "| {} |", row.engine)?;
        for (errors, words) in &row.groups {
            write!(page, " {:.1} % ({errors}) |", 100.0 * *errors as f64 / (*words).max(1) as f64)?;
        }
        writeln!(page, " {} | {:.1} | {:.2} |", row.finals.brief(), row.partials, row.cpu)?;
    }
    writeln!(
        page,
        "\n## Invented words\n\nOf pieces of 0.3 to 6 s without speech, 10 dB below it: those in which words were heard.\n"
    )?;
    write!(page, "| recogniser |")?;
    noises.iter().try_for_each(|sounds| write!(page, " {} |", sounds.name))?;
    writeln!(page, "\n|---|{}", "---|".repeat(noises.len()))?;
    for row in rows {
        write!(page, "| {} |", row.engine)?;
        row.noises.iter().try_for_each(|(all, with_words)| write!(page, " {with_words} of {all} |"))?;
        writeln!(page)?;
    }
    writeln!(page, "\nTranscripts that repeat themselves, of all utterances and noises:\n")?;
    rows.iter().try_for_each(|row| writeln!(page, "- {}: {} of {}", row.engine, row.loops.1, row.loops.0))?;
    for row in rows {
        writeln!(page, "\n## What {} misheard\n", row.engine)?;
        row.worst.iter().take(40).try_for_each(|line| writeln!(page, "- {line}"))?;
    }
    Ok(page)
}
