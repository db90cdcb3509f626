//! The file: JSON Lines as `docs/journal.md` has them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use call_record::{CallEvent, FORMAT, Record, RtpStats, TurnTimes};
use conversation::{Action, Input, Instant, Settings, Stage, Timer};
use redaction::withheld_length;
use serde_json::{Map, Value};

use crate::terminal::clock;

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened or read.
    #[error("{}: {source}. Give the path of a journal: a .jsonl file in the folder that [journal] dir names", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file has no line.
    #[error("{}: the file is empty. The call was not answered, or the disk was full; take another journal", .0.display())]
    Empty(PathBuf),
    /// The file is something else.
    #[error(
        "{}:{line}: this is no journal of a call: {cause}. Give a .jsonl file from the folder that [journal] dir names",
        path.display()
    )]
    NoJournal {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was found.
        cause: String,
    },
    /// A line in the middle is broken.
    #[error(
        "{}:{line}: {cause}. The file is damaged there; to read the call up to that point: head -n {} {} > part.jsonl",
        path.display(), line - 1, path.display()
    )]
    BrokenLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        cause: String,
    },
    /// The settings of the conversation machine cannot be read.
    #[error(
        "{}:{line}: the settings of the call cannot be read: {cause}. The journal comes from another version; use that \
         version's pjsua-agent",
        path.display()
    )]
    Settings {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        cause: String,
    },
}

/// Who called whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// The daemon's number of the call.
    pub call: u64,
    /// The SIP `Call-ID`.
    pub sip_call_id: String,
    /// The agent that answered.
    pub agent: String,
    /// The caller's SIP URI.
    pub from: String,
    /// The caller's name.
    pub from_name: String,
    /// The SIP URI that was called.
    pub to: String,
    /// The headers that reached the prompt.
    pub context: Vec<(String, String)>,
}

/// One thing that the machine was told or asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// What a [`Step`] was.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The machine was told this.
    Input(Input),
    /// This timer expired.
    Timeout(Timer),
    /// The machine asked for this.
    Action(Action),
}

/// How loud both sides were in a tenth of a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The end of the interval.
    pub at: Instant,
    /// The caller, RMS of the loudest 20 ms, from -100 to 0.
    pub captured_dbfs: f32,
    /// The agent.
    pub played_dbfs: f32,
}

/// What became of the call.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Instant,
    /// What.
    pub event: CallEvent,
}

impl Happening {
    /// In a few words: the event and its codec, SIP status or agent.
    pub(crate) fn in_words(&self) -> String {
        match &self.event {
            CallEvent::Started(started) => format!("started {}", started.agent),
            CallEvent::Answered { codec } => format!("answered {codec}"),
            CallEvent::Media { codec } => format!("media {codec}"),
            CallEvent::Transfer { code, .. } => format!("transfer {code}"),
            CallEvent::Agent { agent, .. } => format!("agent {agent}"),
            CallEvent::Ended { code, .. } => format!("ended {code}"),
        }
    }
}

impl Failure {
    /// `stt`, `llm` or `tts`.
    #[must_use]
    pub fn stage_name(&self) -> &'static str {
        match self.stage {
            Stage::Stt => "stt",
            Stage::Llm => "llm",
            Stage::Tts => "tts",
        }
    }
}

/// A worker failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// When.
    pub at: Instant,
    /// Of which stage.
    pub stage: Stage,
    /// Why.
    pub reason: String,
}

/// All that is known of one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Journal {
    /// Where it was read from.
    pub path: PathBuf,
    /// Who called whom.
    pub start: Start,
    /// The constants of the conversation machine.
    pub settings: Settings,
    /// Inputs, timeouts and actions, in their order.
    pub steps: Vec<Step>,
    /// Every tenth of a second; empty in older journals.
    pub levels: Vec<Level>,
    /// One a turn; empty in older journals.
    pub timings: Vec<TurnTimes>,
    /// From the answer to the BYE.
    pub events: Vec<Happening>,
    /// How the RTP did in the end; none in older journals.
    pub rtp: Option<RtpStats>,
    /// What the workers failed at.
    pub failures: Vec<Failure>,
    /// Written with `transcripts = false`: words are replaced by their length.
    pub is_redacted: bool,
    /// The time of the last line.
    pub end: Instant,
    /// What the reader should know: a cut last line, unknown steps.
    pub remarks: Vec<String>,
    /// Inputs, timeouts and actions that this version does not know, and lines that were lost.
    pub unknown_steps: usize,
}

impl Journal {
    /// Reads the journal of one call.
    ///
    /// # Errors
    /// When the file cannot be read, is no journal, or is damaged other than in its last line.
    pub fn read(path: &Path) -> Result<Journal, JournalError> {
        let bytes = std::fs::read(path).map_err(|source| JournalError::Read { path: path.to_owned(), source })?;
        Journal::parse(path, &String::from_utf8_lossy(&bytes))
    }

    /// The same from text; `path` is for messages.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn parse(path: &Path, text: &str) -> Result<Journal, JournalError> {
        let lines: Vec<(usize, &str)> = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, l)| !l.trim().is_empty())
            .collect();
        let Some(((first_number, first), rest)) = lines.split_first() else {
            return Err(JournalError::Empty(path.to_owned()));
        };
        let mut journal = Journal::started(path, *first_number, first)?;
        for (index, (number, line)) in rest.iter().enumerate() {
            let parsed = serde_json::from_str::<Map<String, Value>>(line).map_err(|error| error.to_string());
            let taken = parsed.and_then(|line| journal.take(line, *number));
            match taken {
                Ok(()) => {}
                Err(_) if index + 1 == rest.len() && !text.ends_with('\n') => journal.remarks.push(format!(
                    "{}:{number}: the last line is cut: the daemon ended while it wrote it. The call is shown up to there",
                    path.display()
                )),
                Err(cause) => return Err(JournalError::BrokenLine { path: path.to_owned(), line: *number, cause }),
            }
        }
        if !journal.events.iter().any(|told| matches!(told.event, CallEvent::Ended { .. })) {
            journal.remarks.push("The journal has no end of the call: it is still running, or the daemon died".into());
        }
        Ok(journal)
    }

    fn started(path: &Path, line: usize, text: &str) -> Result<Journal, JournalError> {
        let no_journal = |cause: String| JournalError::NoJournal { path: path.to_owned(), line, cause };
        let fields: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| no_journal(format!("its first line is no JSON object ({error})")))?;
        let is_start = str_of(&fields, "kind") == "call" && str_of(&fields, "event") == "started";
        let (Some(given), true) = (fields.get("settings"), is_start) else {
            return Err(no_journal("its first line is not the \"started\" event with the call's settings".into()));
        };
        let (settings, dropped) =
            known_settings(given).map_err(|cause| JournalError::Settings { path: path.to_owned(), line, cause })?;
        let context = fields.get("context").and_then(Value::as_object).into_iter().flatten();
        let start = Start {
            call: fields.get("call").and_then(Value::as_u64).unwrap_or_default(),
            sip_call_id: str_of(&fields, "sip_call_id"),
            agent: str_of(&fields, "agent"),
            from: str_of(&fields, "from"),
            from_name: str_of(&fields, "from_name"),
            to: str_of(&fields, "to"),
            context: context.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().into())).collect(),
        };
        let is_redacted =
            str_of(&fields, "context") == "(withheld)" || withheld_length(&str_of(&fields, "from")).is_some();
        let mut remarks = Vec::new();
        let format = fields.get("format").and_then(Value::as_u64).unwrap_or(1);
        if format > FORMAT.into() {
            remarks.push(format!(
                "{}:{line}: the journal has format {format}, and this version knows {FORMAT}: figures may be wrong",
                path.display()
            ));
        }
        if !dropped.is_empty() {
            remarks.push(format!(
                "{}:{line}: settings that this version does not know are left out: {}",
                path.display(),
                dropped.join(", ")
            ));
        }
        Ok(Journal {
            path: path.to_owned(),
            start,
            settings,
            steps: Vec::new(),
            levels: Vec::new(),
            timings: Vec::new(),
            events: Vec::new(),
            rtp: None,
            failures: Vec::new(),
            is_redacted,
            end: Instant::ZERO,
            remarks,
            unknown_steps: 0,
        })
    }

    fn take(&mut self, line: Map<String, Value>, number: usize) -> Result<(), String> {
        let micros = line.get("t").and_then(Value::as_u64).ok_or("the line has no time \"t\"")?;
        let at = Instant::from_micros(micros);
        match line.get("kind").and_then(Value::as_str).ok_or("the line has no \"kind\"")? {
            "input" | "action" | "timeout" => self.step(at, number, read_step(line)),
            "gap" => self.gap(at, number, read(line)?),
            "levels" | "timing" | "rtp" => match read(line)? {
                Record::Levels(levels) => self.levels.push(Level {
                    at,
                    captured_dbfs: levels.captured_dbfs.into(),
                    played_dbfs: levels.played_dbfs.into(),
                }),
                Record::Timing(times) => self.timings.push(*times),
                Record::Rtp(stats) => self.rtp = Some(stats),
                _ => {}
            },
            "call" | "failure" => match read(line) {
                Ok(Record::Call(event)) => self.events.push(Happening { at, event }),
                Ok(Record::Failure { stage, reason }) => self.failures.push(Failure { at, stage, reason }),
                Ok(_) => {}
                Err(cause) => self.remarks.push(format!("{}:{number}: passed over: {cause}", self.path.display())),
            },
            _ => {}
        }
        self.end = self.end.max(at);
        Ok(())
    }

    fn gap(&mut self, at: Instant, number: usize, gap: Record) {
        let Record::Gap { lost } = gap else { return };
        self.remarks.push(format!(
            "{}:{number}: {lost} lines are missing before {}: the disk did not keep up. What comes after cannot be replayed",
            self.path.display(),
            clock(at)
        ));
        self.unknown_steps = self.unknown_steps.saturating_add(usize::try_from(lost).unwrap_or(usize::MAX));
    }

    fn step(&mut self, at: Instant, number: usize, what: Result<What, String>) {
        match what {
            Ok(what) => self.steps.push(Step { at, what }),
            Err(cause) => {
                if self.unknown_steps == 0 {
                    self.remarks.push(format!(
                        "{}:{number}: passed over, as all like it: {cause}. The journal comes from another version",
                        self.path.display()
                    ));
                }
                self.unknown_steps += 1;
            }
        }
    }

    /// How long the call lasted, from the answer to the last line.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.end.since_answer()
    }
}

fn str_of(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn read(line: Map<String, Value>) -> Result<Record, String> {
    let kind = str_of(&line, "kind");
    serde_json::from_value(Value::Object(line)).map_err(|error| format!("{kind}: {error}"))
}

/// A step, also as older versions and those without transcripts wrote it.
fn read_step(mut line: Map<String, Value>) -> Result<What, String> {
    // A key that was withheld is some key.
    if let Some(digit) = line.get_mut("input").and_then(|input| input.get_mut("digit"))
        && digit.as_str().is_some_and(|digit| withheld_length(digit).is_some())
    {
        *digit = Value::from("0");
    }
    // Older journals have no `opening`.
    if let Some(Value::Object(action)) = line.get_mut("action")
        && action.get("type").and_then(Value::as_str) == Some("start_reply")
    {
        action.entry("opening").or_insert_with(|| Value::from(""));
    }
    match read(line)? {
        Record::Input { input } => Ok(What::Input(input)),
        Record::Action { action } => Ok(What::Action(action)),
        Record::Timeout { timer } => Ok(What::Timeout(timer)),
        _ => Err("the line is no step of the machine".into()),
    }
}

/// What a version that had no such setting did without.
const LATER_TECHNIQUES: [&str; 4] = ["confirmed_speech", "scored_endpoints", "speculation", "pre_response"];

/// Settings without those that this version does not have, and their names.
fn known_settings(given: &Value) -> Result<(Settings, Vec<String>), String> {
    let known = serde_json::to_value(Settings::default()).map_err(|error| error.to_string())?;
    let mut fields = given.as_object().ok_or("they are no object")?.clone();
    let is_unknown = |name: &String| known.get(name).is_none();
    let dropped: Vec<String> = fields.keys().filter(|name| is_unknown(name)).cloned().collect();
    fields.retain(|name, _| !is_unknown(name));
    for technique in LATER_TECHNIQUES {
        fields.entry(technique).or_insert(Value::Bool(false));
    }
    fields.entry("filler_after").or_insert_with(|| Value::from(0));
    let settings = serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
    Ok((settings, dropped))
}
