//! Recordings of people and of music, from Debian's packages.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::filter::{samples as samples_in, to_samples};
use super::inner_pause::{fade, longest_rest};
use super::level::{SPEECH_LEVEL_DBFS, at_level};
use super::studio::{SINGLE_WORDS, STUDIO};
use super::transcripts;
use super::{Prompt, Talker, spoken};
use crate::rtp::{Codec, Decoder, FRAME, RATE_HZ};

/// A phrase of one word takes that long.
const SHORTEST: Duration = Duration::from_millis(700);
/// What people say to an agent at one go.
const LONGEST: Duration = Duration::from_secs(6);
/// With a longer rest an utterance has two sentences, and everybody may answer the first.
const LONGEST_REST: Duration = Duration::from_millis(400);
/// Of 853 recordings 95 % are loud until 50 ms before their last speech sample; one that is not for so long ends in breath or
/// noise, and nobody could say when.
const LONGEST_FADE: Duration = Duration::from_millis(150);

/// One person's recordings.
struct Collection {
    language: &'static str,
    speaker: &'static str,
    /// Under the cache folder.
    folder: &'static str,
    /// Under the cache folder, where they have a list of what they say.
    transcripts: Option<&'static str>,
}

const fn exchange(language: &'static str, speaker: &'static str, folder: &'static str) -> Collection {
    Collection { language, speaker, folder, transcripts: None }
}

const COLLECTIONS: &[Collection] = &[
    Collection {
        transcripts: Some("transcripts/core-sounds-en.txt"),
        ..exchange("en", "Allison Smith", "usr/share/asterisk/sounds/en_US_f_Allison")
    },
    Collection {
        transcripts: Some("usr/share/pocketsphinx/test/data/librivox/transcription"),
        ..exchange("en", "a LibriVox reader", "usr/share/pocketsphinx/test/data/librivox")
    },
    Collection {
        transcripts: Some("usr/share/pocketsphinx/test/data/cards/cards.transcription"),
        ..exchange("en", "a CMU tester", "usr/share/pocketsphinx/test/data/cards")
    },
    exchange("en", "another CMU tester", "usr/share/pocketsphinx/test/data"),
    Collection {
        transcripts: Some("transcripts/core-sounds-es.txt"),
        ..exchange("es", "Allison Smith", "usr/share/asterisk/sounds/es_MX_f_Allison")
    },
    exchange("es", "a Colombian", "usr/share/asterisk/sounds/es"),
    Collection {
        transcripts: Some("transcripts/core-sounds-fr.txt"),
        ..exchange("fr", "June Wallack", "usr/share/asterisk/sounds/fr_CA_f_June")
    },
    exchange("fr", "Armelle Desjardins", "usr/share/asterisk/sounds/fr"),
    exchange("it", "Carlo Flora", "usr/share/asterisk/sounds/it_IT_m_Carlo"),
    exchange("ru", "Maxim Topal", "usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU"),
];

/// Where the recordings are; fetched on the first use.
///
/// # Errors
/// `vendor/fetch-sounds` fails; it says why on stderr.
pub fn sounds_dir() -> Result<PathBuf> {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    if let Some(dir) = DIR.get() {
        return Ok(dir.clone());
    }
    let script = crate::paths::repository().join("vendor/fetch-sounds");
    let output = Command::new(&script).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {}", script.display()))?;
    ensure!(output.status.success(), "vendor/fetch-sounds failed");
    let answer = String::from_utf8(output.stdout)?;
    let dir = PathBuf::from(answer.lines().last().context("vendor/fetch-sounds said nothing")?);
    Ok(DIR.get_or_init(|| dir).clone())
}

/// Recorded people in a language (`en`, `es`, `fr`; also `it`, `ru`): whole phrases and sentences of 0.7–6 s without a rest
/// longer than 400 ms and with a clear end, in the order of speaker and name.
///
/// # Errors
/// The recordings cannot be had, or there are none in that language.
pub fn prompts(language: &str) -> Result<Vec<Prompt>> {
    let dir = sounds_dir()?;
    let mut prompts = Vec::new();
    for collection in COLLECTIONS.iter().filter(|collection| collection.language == language) {
        let read = recordings(collection, &dir)?;
        prompts.extend(read.into_iter().filter(is_utterance));
    }
    ensure!(!prompts.is_empty(), "no recordings in the language “{language}” in {}", dir.display());
    Ok(prompts)
}

/// One speaker in a studio, in English, with the words that she says: 28 sentences.
///
/// # Errors
/// The recordings cannot be had.
pub fn studio() -> Result<Vec<Prompt>> {
    known(STUDIO)
}

/// The same speaker's 47 numbers, days and months, one word each.
///
/// # Errors
/// The recordings cannot be had.
pub fn single_words() -> Result<Vec<Prompt>> {
    known(SINGLE_WORDS)
}

fn known(recordings: &[(&str, &str)]) -> Result<Vec<Prompt>> {
    let read =
        recordings.iter().map(|(name, text)| Ok(Prompt { text: Some((*text).to_owned()), ..recording("en", name)? }));
    read.collect()
}

/// A single recording of the telephone exchange, whatever its length.
pub(super) fn recording(language: &str, name: &str) -> Result<Prompt> {
    let dir = sounds_dir()?;
    let collection = COLLECTIONS.iter().find(|collection| collection.language == language);
    let collection = collection.with_context(|| format!("no recordings in the language “{language}”"))?;
    let path = dir.join(collection.folder).join(name).with_extension("g722");
    let prompt = read(&path, collection, &HashMap::new())?.with_context(|| format!("{} is silent", path.display()))?;
    Ok(Prompt { text: texts(collection, &dir).remove(name), ..prompt })
}

/// Recorded music on hold, from a place that the seed decides.
///
/// # Errors
/// The recordings cannot be had.
pub fn music(seed: u64, duration: Duration) -> Result<Vec<i16>> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0x3051);
    let pieces = files(&sounds_dir()?.join("usr/share/asterisk/moh"))?;
    let piece = pieces.choose(&mut rng).context("no music among the recordings")?;
    let samples = decode(piece)?;
    let count = samples_in(duration.as_secs_f64());
    let start = rng.random_range(0..samples.len().saturating_sub(count).max(1));
    Ok(samples.into_iter().cycle().skip(start).take(count).collect())
}

/// Six to eight people who talk at once, in several languages, each without a pause and all equally loud.
///
/// # Errors
/// The recordings cannot be had, or flite is missing.
pub fn babble(seed: u64, duration: Duration) -> Result<Vec<i16>> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0xbabb);
    let mut crowd: Vec<&Vec<Vec<i16>>> = crowd()?.iter().collect();
    crowd.shuffle(&mut rng);
    crowd.truncate(rng.random_range(6..=8));
    let mut sum = vec![0.0; samples_in(duration.as_secs_f64())];
    for person in crowd {
        let voice = talk(person, sum.len(), &mut rng)?;
        sum.iter_mut().zip(voice).for_each(|(sum, sample)| *sum += f64::from(sample));
    }
    Ok(to_samples(&sum))
}

/// What each of many people says, at the nominal level; decoded once.
fn crowd() -> Result<&'static Vec<Vec<Vec<i16>>>> {
    static CROWD: OnceLock<Vec<Vec<Vec<i16>>>> = OnceLock::new();
    if let Some(crowd) = CROWD.get() {
        return Ok(crowd);
    }
    let dir = sounds_dir()?;
    let recorded = COLLECTIONS.iter().filter(|collection| collection.folder.contains("asterisk"));
    let mut crowd = recorded.map(|collection| someone(collection, &dir)).collect::<Result<Vec<_>>>()?;
    let text = "as i was saying to him only the other day there is nothing much that one can do about the weather";
    crowd.push(vec![spoken(Talker::Awb, text)?.samples_16k]);
    Ok(CROWD.get_or_init(|| crowd))
}

/// Some long recordings of one person, at the nominal level.
fn someone(collection: &Collection, dir: &Path) -> Result<Vec<Vec<i16>>> {
    let mut paths = files(&dir.join(collection.folder))?;
    paths.sort_by_key(|path| (std::cmp::Reverse(path.metadata().map_or(0, |data| data.len())), path.clone()));
    let nothing = HashMap::new();
    let read = paths.iter().take(6).map(|path| read(path, collection, &nothing));
    read.filter_map(|prompt| prompt.map(|prompt| prompt.map(|prompt| prompt.samples_16k)).transpose()).collect()
}

/// `count` samples of a voice that goes on and on.
fn talk(utterances: &[Vec<i16>], count: usize, rng: &mut StdRng) -> Result<Vec<i16>> {
    let mut order: Vec<&Vec<i16>> = utterances.iter().collect();
    order.shuffle(rng);
    let whole: Vec<i16> = order.into_iter().flatten().copied().collect();
    ensure!(!whole.is_empty(), "a voice of the babble is silent");
    let start = rng.random_range(0..whole.len());
    let talk: Vec<i16> = whole.into_iter().cycle().skip(start).take(count).collect();
    Ok(at_level(&talk, SPEECH_LEVEL_DBFS))
}

fn is_utterance(prompt: &Prompt) -> bool {
    (SHORTEST..=LONGEST).contains(&prompt.duration())
        && transcripts::is_whole(&prompt.name)
        && longest_rest(&prompt.samples_16k) <= LONGEST_REST
        && fade(&prompt.samples_16k) <= LONGEST_FADE
}

fn recordings(collection: &Collection, dir: &Path) -> Result<Vec<Prompt>> {
    let texts = texts(collection, dir);
    let read = files(&dir.join(collection.folder))?.into_iter().map(|path| read(&path, collection, &texts));
    read.filter_map(Result::transpose).collect()
}

fn texts(collection: &Collection, dir: &Path) -> HashMap<String, String> {
    let Some(list) = collection.transcripts.map(|list| dir.join(list)) else { return HashMap::new() };
    let is_exchange = list.extension().is_some_and(|extension| extension == "txt");
    if is_exchange { transcripts::named(&list) } else { transcripts::sphinx(&list) }
}

/// The files of a folder that are recordings, by name; its subfolders hold digits and letters.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let is_recording = |path: &PathBuf| {
        path.extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|name| ["g722", "wav", "raw"].contains(&name))
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_recording).collect();
    files.sort();
    Ok(files)
}

fn read(path: &Path, collection: &Collection, texts: &HashMap<String, String>) -> Result<Option<Prompt>> {
    let name = path.file_stem().context("a recording has a name")?.to_string_lossy().into_owned();
    let text = texts.get(&name).cloned();
    Ok(Prompt::trimmed(&name, collection.language, collection.speaker, &decode(path)?, text))
}

/// 16 kHz samples of a recording: WAV, raw little-endian, or raw G.722 of 64 kbit/s as Asterisk keeps it.
fn decode(path: &Path) -> Result<Vec<i16>> {
    if path.extension().is_some_and(|extension| extension == "wav") {
        return crate::wav::read_mono(path, RATE_HZ);
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if path.extension().is_some_and(|extension| extension == "raw") {
        return Ok(bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect());
    }
    let mut decoder = Decoder::new(Codec::G722)?;
    let packets = bytes.chunks(FRAME / 2).map(|packet| decoder.decode(packet));
    Ok(packets.collect::<Result<Vec<_>>>()?.concat())
}
