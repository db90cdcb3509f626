//! The daemon's configuration: TOML files in, validated types out.
//!
//! One file configures the daemon (`conf/pjsua-agent.toml` documents every key, its unit, range and default) and one
//! file each describes an agent. Everything is read and judged before anything is started: [`Config::load`] gives
//! either a whole, valid configuration or every problem that the files have, each with its file, its line, what was
//! wrong and what is allowed.
//!
//! Paths in a file are relative to that file. Durations are written as people say them: `"500ms"`, `"1m 30s"`.

mod agent;
mod daemon;
mod hearing;
mod kinds;
mod model;
mod problem;
mod reader;
mod secret;
mod sip;
mod speech;
mod turns;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use agent::{Agents, Base};
use reader::{Document, Report, Section};

pub use agent::{Agent, PreResponse, Rule, Slot};
pub use daemon::{Api, Daemon, Journal, Log, LogFormat, LogTarget};
pub use hearing::{Hearing, ModelFile, Vad};
pub use problem::{ConfigError, Problem};
pub use secret::Secret;
pub use sip::{Account, Codec, Sip};
pub use sip_gate::{Network, Transport};
pub use speech::{KvCache, Llm, LlmEngine, PhraseCache, RulesUse, Stt, SttEngine, Tts, TtsEngine, Workers};
pub use turns::Turns;
pub use values::{BadValue, HeaderPattern, Listen, SipUri, primary_language};

/// A valid configuration: every agent that is named exists, every address parses, every value is in its range.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// `[sip]` and `[sip.direct]`
    pub sip: Sip,
    /// `[[account]]`, in the file's order, the disabled ones included
    pub accounts: Vec<Account>,
    /// Every agent of `[agents] dir` by its name; never empty
    pub agents: BTreeMap<String, Agent>,
    /// `[stt]`
    pub stt: Stt,
    /// `[llm]`
    pub llm: Llm,
    /// `[llm_small]`: a second, faster model for pre-responses; absent: none
    pub llm_small: Option<Llm>,
    /// `[tts]`
    pub tts: Tts,
    /// `[turns]`; an agent's own `turns` already has its overrides applied, so calls use that one
    pub turns: Turns,
    /// `[vad]`
    pub vad: Vad,
    /// `[hearing]`
    pub hearing: Hearing,
    /// `[api]`
    pub api: Api,
    /// `[journal]`; absent: no journal is kept
    pub journal: Option<Journal>,
    /// `[daemon]`
    pub daemon: Daemon,
    /// `[log]`
    pub log: Log,
    /// What is allowed but probably not meant, e.g. a password file that everyone may read
    pub warnings: Vec<Problem>,
}

impl Config {
    /// Reads `file` and the agents it names, with secrets from the process's environment.
    ///
    /// # Errors
    ///
    /// Every problem of all the files, in the order of their lines.
    pub fn load(file: &Path) -> Result<Config, ConfigError> {
        Config::load_with(file, &|name| std::env::var(name).ok())
    }

    /// As [`Config::load`], with `environment` in place of the process's own.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn load_with(file: &Path, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let report = Report::default();
        let config = read(file, environment, &report);
        let warnings = report.into_result()?;
        let config = config.expect("a configuration without problems is whole");
        Ok(Config { warnings, ..config })
    }
}

fn read(file: &Path, environment: &dyn Fn(&str) -> Option<String>, report: &Report) -> Option<Config> {
    let document = Document::read(file, report)?;
    let table = document.parse(report)?;
    let mut root = Section::root(&document, &table, report);
    let turns = turns::read(root.table("turns"), &Turns::default());
    let tts = speech::read_tts(root.table("tts"), environment);
    let llm_small = speech::read_llm_small(root.table("llm_small"));
    let stt = speech::read_stt(root.table("stt"));
    let base = Base { turns: &turns, stt: &stt, tts: &tts, has_small_model: llm_small.is_some() };
    let agents = read_agents(root.table("agents"), &base);
    let (sip, expires) = sip::read(root.table("sip"), &agents.names);
    let accounts = sip::read_accounts(root.tables("account"), &agents.names, expires, environment);
    if accounts.iter().all(|account| !account.enabled) && sip.as_ref().is_some_and(|sip| sip.direct_agent.is_none()) {
        root.warn("account", "no call can arrive; add an [[account]], or [sip] trusted and [sip.direct]");
    }
    let llm = speech::read_llm(root.table("llm"));
    let vad = hearing::read_vad(root.table("vad"));
    let hearing = hearing::read(root.table("hearing"));
    let api = daemon::read_api(root.table("api"));
    let journal = daemon::read_journal(root.table("journal"));
    let daemon = daemon::read(root.table("daemon"), environment);
    let log = daemon::read_log(root.table("log"), environment);
    root.finish();
    let (file, agents, warnings) = (file.to_owned(), agents.agents, Vec::new());
    let sip = sip?;
    Some(Config {
        file,
        sip,
        accounts,
        agents,
        stt,
        llm,
        llm_small,
        tts,
        turns,
        vad,
        hearing,
        api,
        journal,
        daemon,
        log,
        warnings,
    })
}

fn read_agents(mut section: Section<'_>, base: &Base<'_>) -> Agents {
    let default = section.document().resolve("agents");
    let dir = section.or("dir", kinds::path, default);
    let agents = agent::read_all(&dir, base, section.report()).unwrap_or_else(|message| {
        section.fault("dir", message);
        Agents { agents: BTreeMap::new(), names: Default::default() }
    });
    section.finish();
    agents
}
