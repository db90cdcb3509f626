//! Material and figures for the benches.
#![allow(dead_code)]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

#[path = "../../tests/common/mod.rs"]
pub mod kit;

/// flite's voices: two men, a woman, and one of the old kind.
pub const VOICES: [&str; 4] = ["rms", "slt", "awb", "kal16"];

/// What callers say. Where a `|` stands they have plainly not finished.
pub const SENTENCES: [&str; 16] = [
    "I would like to | book a | table for | four people tomorrow evening.",
    "What time do | you open on | Saturday?",
    "My order number is | four five | seven nine one.",
    "Can you tell me whether the | restaurant is | wheelchair accessible?",
    "I want to | change the | delivery address for my | last order.",
    "Could you please | put me through to | someone in | the sales department?",
    "No, that is | not what I meant.",
    "My name is | John Miller and | I am calling about the | invoice from last week.",
    "The package has not | arrived, so | I would like my money back.",
    "Is there a | vegetarian dish on the | menu?",
    "Sorry, can you | say that again?",
    "Thanks, that is all I | needed.",
    "Because I was | away, I would like to | move my appointment to | Thursday at ten.",
    "How much does the | large one | cost?",
    "It says that the | card was | declined.",
    "Yes please.",
];

/// The prompts of Asterisk's core sounds that are finished sentences.
pub const PROMPTS: &str = "\
    agent-alreadyon agent-incorrect agent-loggedoff agent-loginok agent-pass agent-user all-circuits-busy-now \
    auth-thankyou cannot-complete-as-dialed check-number-dial-again conf-getconfno conf-getpin conf-hasjoin \
    conf-invalid conf-kicked conf-locked conf-muted conf-noempty conf-onlyperson conf-unmuted conf-waitforleader \
    demo-echodone demo-echotest demo-enterkeywords demo-moreinfo demo-nogo demo-nomatch demo-thanks dir-instr \
    dir-nomatch dir-nomore dir-welcome enter-num-blacklist feature-not-avail-line goodbye im-sorry invalid \
    number-not-answering one-moment-please pbx-invalid pbx-transfer please-try-again please-try-call-later \
    pls-hold-while-try pm-invalid-option priv-introsaved priv-recordintro privacy-prompt privacy-thankyou \
    privacy-unident queue-thankyou queue-youarenext sorry-youre-having-problems ss-noservice tt-monkeysintro \
    tt-somethingwrong tt-weasels vm-goodbye vm-incorrect vm-intro vm-invalid-password vm-login vm-mismatch \
    vm-msgsaved vm-newpassword vm-nobodyavail vm-nomore vm-passchanged vm-password vm-rec-busy vm-rec-name \
    vm-rec-unv vm-reenterpassword vm-sorry \
";

/// A spoken sentence, and where it may be cut, in samples.
pub struct Spoken {
    pub name: String,
    pub samples: Vec<i16>,
    /// Between two words.
    pub cuts: Vec<usize>,
    /// Where the speaker pauses; the sentence may be finished, but not the utterance.
    pub pauses: Vec<usize>,
}

/// A sentence by flite on a telephone line, cut between words as its own timing says.
pub fn flite(voice: &str, marked: &str) -> Spoken {
    let text: String = marked.replace(" |", "");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("scores-{}.wav", std::process::id()));
    let timing = kit::run(Command::new("flite").args(["-voice", voice, "-psdur", "-t", &text, "-o"]).arg(&file));
    let all = by_line(&file);
    let _ = std::fs::remove_file(file);
    let samples = kit::without_silence(&all);
    let before = samples.as_ptr() as usize - all.as_ptr() as usize;
    let before = before / size_of::<i16>();
    let phones = phones(&timing);
    let cut = |said: &str| {
        let count = phone_count(voice, said);
        let end = phones.get(count.checked_sub(1)?)?;
        ((end * 16_000.0) as usize).checked_sub(before)
    };
    let pieces: Vec<&str> = marked.split(" |").collect();
    let cuts = (1..pieces.len()).filter_map(|upto| cut(&pieces[..upto].concat())).collect();
    Spoken { name: format!("{voice}: {text}"), cuts, pauses: Vec::new(), samples: samples.to_vec() }
}

/// Through G.711; with `--band` through an old line's 300 to 3,400 Hz as well.
fn by_line(recording: &Path) -> Vec<i16> {
    if !std::env::args().any(|argument| argument == "--band") {
        return kit::by_telephone(recording);
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("band-{}.wav", std::process::id()));
    kit::run(Command::new("sox").args(["-D", "-v", "0.9"]).arg(recording).arg(&file).args(["sinc", "300-3400"]));
    let line = kit::by_telephone(&file);
    let _ = std::fs::remove_file(file);
    line
}

/// Where each phone ends, in seconds, without the pauses.
fn phones(timing: &[u8]) -> Vec<f64> {
    let timing = String::from_utf8_lossy(timing);
    let phone = |phone: &str| {
        let (name, end) = phone.split_once(':')?;
        if name == "pau" { None } else { end.parse().ok() }
    };
    timing.split_whitespace().filter_map(phone).collect()
}

fn phone_count(voice: &str, text: &str) -> usize {
    phones(&kit::run(Command::new("flite").args(["-voice", voice, "-psdur", "-t", text, "-o", "none"]))).len()
}

/// A recording on a telephone line, cut where it pauses for 120 ms or more, and at the quietest moments near one and
/// two thirds of it, which lie between words or in the closure of a "p", "t" or "k".
pub fn recorded(file: &Path) -> Spoken {
    let all = by_line(file);
    let samples = kit::without_silence(&all).to_vec();
    let levels: Vec<u16> = samples
        .chunks(PIECE)
        .map(|piece| piece.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0))
        .collect();
    let quiet = levels.iter().copied().max().unwrap_or(0) / 30;
    let is_pause = |from: usize| levels[from..].iter().take(12).all(|&level| level < quiet);
    let pauses: Vec<usize> =
        (1..levels.len().saturating_sub(12)).filter(|&nth| levels[nth - 1] >= quiet && is_pause(nth)).collect();
    let far_from_pauses = |nth: usize| pauses.iter().all(|&pause| nth.abs_diff(pause) > 30);
    let cut = |third: usize| {
        let (from, to) = (levels.len() * (2 * third - 1) / 6, levels.len() * (2 * third + 1) / 6);
        (from.max(40)..to.min(levels.len().saturating_sub(30)))
            .filter(|&nth| far_from_pauses(nth))
            .min_by_key(|&nth| levels[nth] + levels[nth + 1])
    };
    Spoken {
        name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        cuts: [1, 2].into_iter().filter_map(cut).map(|nth| nth * PIECE).collect(),
        pauses: pauses.iter().map(|&nth| nth * PIECE).collect(),
        samples,
    }
}

/// 10 ms.
const PIECE: usize = 10 * kit::MS;

/// The recordings of a folder, by name.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
    files.sort();
    files
}

/// The finished sentences of a folder of Asterisk's sounds.
pub fn prompts(folder: &Path) -> Vec<PathBuf> {
    let mut files = files(folder);
    let is_prompt = |name: &str| PROMPTS.split_whitespace().any(|prompt| prompt == name);
    files.retain(|path| path.file_stem().and_then(|name| name.to_str()).is_some_and(is_prompt));
    files
}

/// The value below which this share of sorted values lies.
pub fn quantile(sorted: &[f32], share: f64) -> f32 {
    sorted.get(((sorted.len().max(1) - 1) as f64 * share).round() as usize).copied().unwrap_or(f32::NAN)
}

pub fn sorted(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_by(f32::total_cmp);
    values
}
