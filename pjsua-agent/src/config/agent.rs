//! One TOML file an agent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::reader::{Document, Reading, Report, Section, Value};
use super::sip::uri_with_user;
use super::speech::{is_english, is_local, voice_fault};
use super::{SipUri, Tts, Turns, kinds, turns};

/// Who answers a call: what it says, knows and may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Unique; the file's stem unless it says otherwise
    pub name: String,
    /// The file it was read from
    pub file: PathBuf,
    /// The first thing the caller hears
    pub greeting: String,
    /// What a language model is told before the conversation
    pub prompt: String,
    /// BCP 47
    pub language: String,
    /// Where a caller goes who wants a person; `None`: nowhere
    pub human: Option<SipUri>,
    /// In place of `[tts] voice`
    pub voice: Option<String>,
    /// In the file's order: the first that matches answers
    pub rules: Vec<Rule>,
    /// Said when no rule matches
    pub fallback: String,
    /// Phrases in place of the built-in ones
    pub phrases: Phrases,
    /// The configuration's `[turns]` with the agent's own on top
    pub turns: Turns,
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

/// Phrases that replace the built-in English ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrases {
    /// The caller spoke, but no words were recognised
    pub not_understood: Option<String>,
    /// Something behind the agent failed
    pub failure: Option<String>,
    /// It keeps failing, and there is no human: the last words
    pub failure_goodbye: Option<String>,
    /// Nobody has said anything for `no_input_after`
    pub no_input_prompt: Option<String>,
    /// The last words to a caller who stays silent
    pub no_input_goodbye: Option<String>,
    /// Before a transfer that no rule announces
    pub transfer_announcement: Option<String>,
    /// The human could not be reached
    pub transfer_failed: Option<String>,
    /// Before the agent hangs up by itself
    pub goodbye: Option<String>,
    /// The last words when the call has lasted for `max_call`
    pub time_limit_goodbye: Option<String>,
}

/// Said when no rule matches and the agent has nothing else for that.
const FALLBACK: &str = "Sorry, I did not get that. Could you say it in other words?";

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
pub(super) fn read_all(dir: &Path, turns: &Turns, tts: &Tts, report: &Report) -> Result<Agents, String> {
    let listed = std::fs::read_dir(dir).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let entries = listed.map_err(|error| format!("{} cannot be read: {error}", dir.display()))?;
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(is_toml).collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("{} holds no agent; allowed: a folder with at least one ….toml file", dir.display()));
    }
    let mut read = Agents { agents: BTreeMap::new(), names: BTreeSet::new() };
    for file in files {
        let (name, agent) = read_file(&file, turns, tts, report, &read.names);
        read.names.insert(name.clone());
        if let Some(agent) = agent {
            read.agents.insert(name, agent);
        }
    }
    Ok(read)
}

fn read_file(
    file: &Path,
    turns: &Turns,
    tts: &Tts,
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
    let agent = read_agent(root, name.clone(), turns, tts);
    (name, agent)
}

fn read_agent(mut root: Section<'_>, name: String, turns: &Turns, tts: &Tts) -> Option<Agent> {
    let greeting = root.required("greeting", kinds::text);
    let prompt = root.or("prompt", kinds::text, String::new());
    let language = root.or("language", kinds::language, "en".to_owned());
    let human = root.optional("human", uri_with_user);
    let voice = root.optional("voice", kinds::text);
    if let Some(fault) =
        voice.as_deref().filter(|_| is_local(&tts.workers)).and_then(|voice| voice_fault(tts.engine, voice))
    {
        root.fault("voice", fault);
    }
    let fallback = root.or("fallback", kinds::text, FALLBACK.to_owned());
    let (phrases, all_replaced) = read_phrases(root.table("phrases"));
    if !is_english(&language) && !all_replaced {
        root.warn("language", format!("is “{language}”, but some [phrases] are still the built-in English ones"));
    }
    let turns = turns::read(root.table("turns"), turns);
    let sections = root.tables("rule");
    let mut seen = BTreeSet::new();
    let mut rules = Vec::with_capacity(sections.len());
    for section in sections {
        rules.extend(read_rule(section, human.is_some() || root.has("human"), &mut seen));
    }
    let file = root.document().file().to_owned();
    root.finish();
    let greeting = greeting?;
    Some(Agent { name, file, greeting, prompt, language, human, voice, rules, fallback, phrases, turns })
}

const SLOTS: &[(&str, Slot)] = &[(Slot::Digits.as_str(), Slot::Digits)];

fn read_rule(mut section: Section<'_>, has_human: bool, seen: &mut BTreeSet<String>) -> Option<Rule> {
    let phrases = section.required("match", kinds::list(1, spoken_phrase));
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

/// The phrases, and whether each built-in one is replaced.
fn read_phrases(mut section: Section<'_>) -> (Phrases, bool) {
    let mut all_replaced = true;
    let mut phrase = |key| {
        let phrase = section.optional(key, kinds::text);
        all_replaced &= phrase.is_some();
        phrase
    };
    let phrases = Phrases {
        not_understood: phrase("not_understood"),
        failure: phrase("failure"),
        failure_goodbye: phrase("failure_goodbye"),
        no_input_prompt: phrase("no_input_prompt"),
        no_input_goodbye: phrase("no_input_goodbye"),
        transfer_announcement: phrase("transfer_announcement"),
        transfer_failed: phrase("transfer_failed"),
        goodbye: phrase("goodbye"),
        time_limit_goodbye: phrase("time_limit_goodbye"),
    };
    section.finish();
    (phrases, all_replaced)
}

/// Words that a caller may say.
fn spoken_phrase(value: Value<'_>) -> Reading<String> {
    let phrase = kinds::text(value)?;
    if phrase.chars().any(char::is_alphanumeric) {
        Ok(phrase)
    } else {
        value.refuse(format!("{} holds no word; allowed: what a caller may say", value.source()))
    }
}

fn normalised(phrase: &str) -> String {
    let words: String = phrase.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    words.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
