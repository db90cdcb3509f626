//! One TOML file an agent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use conversation::{Phrases, Spoken, Wording};

use super::reader::nearest;
use super::reader::{Document, Report, Section};
use super::sip::uri_with_user;
use super::speech::{is_english, is_local, voice_fault};
use super::values::primary_language;
use super::{SipUri, Stt, Tts, Turns, kinds, turns};

/// Who answers a call: what it says, knows and may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Unique; the file's stem unless it says otherwise
    pub name: String,
    /// The file it was read from
    pub file: PathBuf,
    /// What a language model is told before the conversation
    pub prompt: String,
    /// BCP 47
    pub language: String,
    /// Agents that take a call over when the caller speaks their language; each speaks another one
    pub other_languages: Vec<String>,
    /// Where a caller goes who wants a person; `None`: nowhere
    pub human: Option<SipUri>,
    /// In place of `[tts] voice`
    pub voice: Option<String>,
    /// In the file's order: the first that matches answers
    pub rules: Vec<Rule>,
    /// Said when no rule matches
    pub fallback: String,
    /// The greeting, and the built-in English phrases or the agent's own in their place
    pub phrases: Phrases,
    /// The configuration's `[turns]` with the agent's own on top
    pub turns: Turns,
    /// Whether a language model is told how to speak on a telephone
    pub spoken_style: bool,
    /// Words and names that callers are likely to say, for recognisers that can be told
    pub vocabulary: Vec<String>,
    /// What the small model of `[llm_small]` says first; `None`: it is not asked
    pub pre_response: Option<PreResponse>,
}

#[cfg(test)]
impl Agent {
    /// With no rules and nobody to transfer to.
    pub fn that_sells_pots() -> Agent {
        Agent {
            name: "demo".into(),
            file: "demo.toml".into(),
            prompt: "You sell pots.".into(),
            language: "en".into(),
            other_languages: Vec::new(),
            human: None,
            voice: None,
            rules: Vec::new(),
            fallback: "Sorry?".into(),
            phrases: Phrases { greeting: "Hello".into(), ..Phrases::default() },
            turns: Default::default(),
            spoken_style: true,
            vocabulary: Vec::new(),
            pre_response: None,
        }
    }
}

/// `[pre_response]`: a small model's first clause, spoken while the main model prepares the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreResponse {
    /// What the small model is told before the conversation
    pub prompt: String,
}

/// A keyword rule of the `rules` engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// `match`: any of these, as whole words, without regard to case or punctuation; never empty
    pub phrases: Vec<String>,
    /// What is said; may hold `{slot}`
    pub say: String,
    /// Hand over to the human afterwards
    pub transfer: bool,
    /// End the call afterwards
    pub hangup: bool,
    /// What the rule must know first
    pub slot: Option<Slot>,
    /// Said when the slot is missing; the caller's next utterance then fills it
    pub ask: Option<String>,
}

/// What a rule must know before it can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A number, spoken or dialled, read back digit by digit
    Digits,
}

impl Slot {
    /// As it is written in the agent's file and in the workers' protocol.
    pub const fn as_str(self) -> &'static str {
        match self {
            Slot::Digits => "digits",
        }
    }
}

/// Letters of a vocabulary: about a hundred of a recogniser's tokens, half of what Whisper can be told.
const LONGEST_VOCABULARY: usize = 400;

/// Said when no rule matches and the agent has nothing else for that.
const FALLBACK: &str = "Sorry, I did not get that. Could you say it in other words?";

/// What a small model is told when the agent does not say it: its clause must be right whatever the answer will be.
const PRE_RESPONSE_PROMPT: &str = "You are the first half second of a telephone agent. Say only a short phrase, at most \
    eight words, that takes up what the caller said and leads over to an answer that somebody else gives. Never \
    answer, promise or ask anything.";

/// What the daemon's file says that agents build on.
pub(super) struct Base<'a> {
    pub(super) turns: &'a Turns,
    pub(super) stt: &'a Stt,
    pub(super) tts: &'a Tts,
    /// Whether there is an `[llm_small]`
    pub(super) has_small_model: bool,
}

/// Every agent of a directory.
pub(super) struct Agents {
    /// The valid ones
    pub(super) agents: BTreeMap<String, Agent>,
    /// Those that exist, the faulty ones included, lest each fault be reported twice
    pub(super) names: BTreeSet<String>,
}

/// Reads `dir/*.toml`.
///
/// # Errors
/// When the directory cannot be read or holds no agent. What is wrong inside a file goes to the report.
pub(super) fn read_all(dir: &Path, base: &Base<'_>, report: &Report) -> Result<Agents, String> {
    let listed = std::fs::read_dir(dir).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let entries = listed.map_err(|error| format!("{} cannot be read: {error}", dir.display()))?;
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(is_toml).collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("{} holds no agent; allowed: a folder with at least one ….toml file", dir.display()));
    }
    let languages: BTreeMap<String, String> = files.iter().filter_map(|file| language_of(file)).collect();
    let mut read = Agents { agents: BTreeMap::new(), names: BTreeSet::new() };
    for file in files {
        let (name, agent) = read_file(&file, base, &languages, report, &read.names);
        read.names.insert(name.clone());
        if let Some(agent) = agent {
            read.agents.insert(name, agent);
        }
    }
    Ok(read)
}

/// The name and the language of the agent of this file, before it is read as a whole: agents name each other.
fn language_of(file: &Path) -> Option<(String, String)> {
    let table: toml::Table = std::fs::read_to_string(file).ok()?.parse().ok()?;
    let text = |key| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let stem = || file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Some((text("name").unwrap_or_else(stem), text("language").unwrap_or_else(|| "en".to_owned())))
}

fn read_file(
    file: &Path,
    base: &Base<'_>,
    languages: &BTreeMap<String, String>,
    report: &Report,
    taken: &BTreeSet<String>,
) -> (String, Option<Agent>) {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let Some(document) = Document::read(file, report) else { return (stem, None) };
    let Some(table) = document.parse(report) else { return (stem, None) };
    let mut root = Section::root(&document, &table, report);
    let name = root.or("name", kinds::name, stem);
    if taken.contains(&name) {
        root.fault("name", format!("“{name}” is the name of another agent, too; allowed: a name of its own"));
    }
    let agent = read_agent(root, name.clone(), base, languages);
    (name, agent)
}

fn read_agent(
    mut root: Section<'_>,
    name: String,
    base: &Base<'_>,
    languages: &BTreeMap<String, String>,
) -> Option<Agent> {
    let greeting = root.required("greeting", kinds::text);
    let prompt = root.or("prompt", kinds::text, String::new());
    let language = root.or("language", kinds::language, "en".to_owned());
    let other_languages = read_other_languages(&mut root, &language, base.stt, languages);
    let spoken_style = root.or("spoken_style", kinds::boolean, true);
    let vocabulary = root.or("vocabulary", kinds::list(0, kinds::spoken_phrase), Vec::new());
    let length: usize = vocabulary.iter().map(|phrase| phrase.chars().count()).sum();
    if length > LONGEST_VOCABULARY {
        root.fault(
            "vocabulary",
            format!("holds {length} letters; allowed: up to {LONGEST_VOCABULARY}, more would not be heard better"),
        );
    }
    let human = root.optional("human", uri_with_user);
    let voice = root.optional("voice", kinds::text);
    let tts = base.tts;
    if let Some(fault) =
        voice.as_deref().filter(|_| is_local(&tts.workers)).and_then(|voice| voice_fault(tts.engine, voice))
    {
        root.fault("voice", fault);
    }
    let fallback = root.or("fallback", kinds::text, FALLBACK.to_owned());
    let (mut phrases, all_replaced) = read_phrases(root.table("phrases"));
    if !is_english(&language) && !all_replaced {
        root.warn("language", format!("is “{language}”, but some [phrases] are still the built-in English ones"));
    }
    let turns = turns::read(root.table("turns"), base.turns);
    let pre_response = read_pre_response(root.table("pre_response"), base);
    let sections = root.tables("rule");
    let mut seen = BTreeSet::new();
    let mut rules = Vec::with_capacity(sections.len());
    for section in sections {
        rules.extend(read_rule(section, human.is_some() || root.has("human"), &mut seen));
    }
    let file = root.document().file().to_owned();
    root.finish();
    phrases.greeting = greeting?.into();
    Some(Agent {
        name,
        file,
        prompt,
        language,
        other_languages,
        human,
        voice,
        rules,
        fallback,
        phrases,
        turns,
        spoken_style,
        vocabulary,
        pre_response,
    })
}

fn read_other_languages(
    root: &mut Section<'_>,
    language: &str,
    stt: &Stt,
    languages: &BTreeMap<String, String>,
) -> Vec<String> {
    const KEY: &str = "other_languages";
    let names = root.or(KEY, kinds::list(0, kinds::name), Vec::new());
    if let Some(reason) = stt.one_language().filter(|_| !names.is_empty()) {
        root.fault(KEY, format!("{reason}; allowed: with a Whisper model of many languages, such as \"whisper-base\""));
    }
    let mut spoken = BTreeSet::from([primary_language(language)]);
    for name in &names {
        match languages.get(name) {
            None => {
                let hint = nearest(name, languages.keys().map(String::as_str));
                let hint = hint.map(|hint| format!(", did you mean “{hint}”?")).unwrap_or_default();
                root.fault(KEY, format!("there is no agent “{name}”{hint}; allowed: names of agents of this folder"));
            }
            Some(other) if !spoken.insert(primary_language(other)) => {
                let language = primary_language(other);
                root.fault(KEY, format!("“{name}” speaks “{language}” as well; allowed: one agent for each language"));
            }
            Some(_) => {}
        }
    }
    names
}

fn read_pre_response(mut section: Section<'_>, base: &Base<'_>) -> Option<PreResponse> {
    let enabled = section.or("enabled", kinds::boolean, false);
    let prompt = section.or("prompt", kinds::text, PRE_RESPONSE_PROMPT.to_owned());
    if enabled && !base.has_small_model {
        section.fault(
            "enabled",
            "there is no small model to ask; allowed: with an engine in [llm_small] of pjsua-agent.toml",
        );
    }
    section.finish();
    enabled.then_some(PreResponse { prompt })
}

const SLOTS: &[(&str, Slot)] = &[(Slot::Digits.as_str(), Slot::Digits)];

fn read_rule(mut section: Section<'_>, has_human: bool, seen: &mut BTreeSet<String>) -> Option<Rule> {
    let phrases = section.required("match", kinds::list(1, kinds::spoken_phrase));
    let transfer = section.or("transfer", kinds::boolean, false);
    let hangup = section.or("hangup", kinds::boolean, false);
    let say = match transfer || hangup {
        true => Some(section.or("say", kinds::text, String::new())),
        false => section.required("say", kinds::text),
    };
    let slot = section.optional("slot", kinds::one_of(SLOTS));
    let ask = section.optional("ask", kinds::text);

    if transfer && hangup {
        section.fault("hangup", "stands beside transfer; allowed: one of the two");
    }
    if transfer && !has_human {
        section.fault(
            "transfer",
            "there is nobody to transfer to; allowed: with human = \"sip:…\" at the top of the file",
        );
    }
    if slot.is_some() && !section.has("ask") {
        section.fault("slot", "the number may be missing and nothing asks for it; allowed: with ask = \"…\"");
    }
    if ask.is_some() && !section.has("slot") {
        section.fault("ask", "there is nothing to ask for; allowed: with slot = \"digits\"");
    }
    if say.as_ref().is_some_and(|say| say.contains("{slot}")) && !section.has("slot") {
        section.fault("say", "{slot} is never filled; allowed: with slot = \"digits\"");
    }
    for phrase in phrases.iter().flatten() {
        if !seen.insert(normalised(phrase)) {
            section.warn("match", format!("“{phrase}” stands in an earlier rule, which answers in place of this one"));
        }
    }
    section.finish();
    Some(Rule { phrases: phrases?, say: say?, transfer, hangup, slot, ask })
}

/// The phrases, and whether each built-in one is replaced. The greeting stands elsewhere, and a notice has no need to.
fn read_phrases(mut section: Section<'_>) -> (Phrases, bool) {
    let mut phrases = Phrases::default();
    let mut all_replaced = true;
    for (key, wording) in phrases.iter_mut().filter(|(key, _)| *key != "greeting") {
        let is_replaced = match wording {
            Wording::One(phrase) => section.optional(key, kinds::text).map(|text| *phrase = text.into()).is_some(),
            Wording::AnyOf(list) => {
                let texts = section.optional(key, kinds::list(0, kinds::text));
                texts.map(|texts| *list = texts.into_iter().map(Spoken::from).collect()).is_some()
            }
        };
        all_replaced &= is_replaced || key == "notice";
    }
    section.finish();
    (phrases, all_replaced)
}

fn normalised(phrase: &str) -> String {
    let words: String = phrase.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    words.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
