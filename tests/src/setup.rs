//! What the configuration of the daemon under test says.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

/// A registration.
#[derive(Debug, Clone)]
pub struct Account {
    /// Where to register.
    pub registrar: SocketAddr,
    /// The user part of the address of record, and the name for authentication.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Account {
    /// The extension of `conf/asterisk/pjsip-agent.conf`.
    pub fn agent(registrar: SocketAddr) -> Self {
        Self { registrar, user: "agent".into(), password: "secret".into() }
    }
}

/// What hears, thinks and speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Engines {
    /// pocketsphinx, rules and flite
    #[default]
    Embedded,
    /// Whisper tiny.en, rules and Piper's joe, from the model store
    Real,
    /// The same, and SmolLM2 beside the rules
    RealWithModel,
    /// Whisper base, rules and espeak-ng, for other languages than English
    #[value(skip)]
    Multilingual,
}

impl Engines {
    /// What they are, for a report.
    pub fn names(self) -> &'static str {
        match self {
            Self::Embedded => "pocketsphinx, rules, flite (slt)",
            Self::Real => "Whisper tiny.en, rules, Piper (joe)",
            Self::RealWithModel => "Whisper tiny.en, rules first and SmolLM2 135M for the rest, Piper (joe)",
            Self::Multilingual => "Whisper base, rules, espeak-ng",
        }
    }

    /// The end of a file's or folder's name for what was measured with them; none for the embedded ones.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Embedded => "",
            Self::Real => "-real",
            Self::RealWithModel => "-real-with-model",
            Self::Multilingual => "-multilingual",
        }
    }

    fn hears(self) -> &'static str {
        match self {
            Self::Embedded => "engine = \"pocketsphinx\"\n",
            Self::Real | Self::RealWithModel => "engine = \"whisper\"\nmodel = \"whisper-tiny.en\"\n",
            Self::Multilingual => "engine = \"whisper\"\nmodel = \"whisper-base\"\n",
        }
    }

    fn thinks(self) -> &'static str {
        match self {
            Self::Embedded | Self::Real | Self::Multilingual => "engine = \"rules\"\n",
            Self::RealWithModel => "engine = \"llama\"\nmodel = \"smollm2-135m\"\n",
        }
    }

    fn speaks(self) -> &'static str {
        match self {
            Self::Embedded => "engine = \"flite\"\nvoice = \"slt\"\n",
            Self::Real | Self::RealWithModel => "engine = \"piper\"\nmodel = \"piper-en-us-joe\"\n",
            Self::Multilingual => "engine = \"espeak\"\n",
        }
    }
}

/// What the configuration says.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where the daemon receives SIP, over UDP and TCP.
    pub sip: SocketAddr,
    /// Its registration, if any.
    pub account: Option<Account>,
    /// Who may call without one.
    pub trusted: Vec<String>,
    /// To whom callers are handed over.
    pub human: Option<String>,
    /// How long calls may go on after SIGTERM.
    pub drain_timeout: Duration,
    /// More lines of `[sip]`.
    pub sip_more: String,
    /// Calls at once.
    pub max_calls: u32,
    /// How many recognisers run at once.
    pub recognisers: u32,
    /// What hears and speaks.
    pub engines: Engines,
    /// The agent's file.
    pub agent_file: PathBuf,
    /// The files of further agents.
    pub more_agents: Vec<PathBuf>,
    /// More top-level lines of the agent's file.
    pub agent_more: String,
    /// More lines of `[tts]`.
    pub tts_more: String,
    /// More lines at the end of the configuration.
    pub more: String,
    /// What it finds in place of `/etc/resolv.conf`; needs root.
    pub resolv_conf: Option<String>,
}

impl Setup {
    /// A daemon on free ports of 127.0.0.1, which is trusted, with the agent of the suites.
    ///
    /// # Errors
    /// No port is free.
    pub fn new() -> Result<Self> {
        Ok(Self {
            sip: SocketAddr::from((Ipv4Addr::LOCALHOST, loopback_ports::one()?)),
            account: None,
            trusted: vec!["127.0.0.1/32".into()],
            // Not called unless a suite puts somebody there.
            human: Some("sip:nobody@127.0.0.1:9".into()),
            drain_timeout: Duration::from_secs(30),
            sip_more: String::new(),
            max_calls: 64,
            recognisers: 1,
            engines: Engines::Embedded,
            agent_file: crate::paths::repository().join("tests/agents/shop.toml"),
            more_agents: Vec::new(),
            agent_more: String::new(),
            tts_more: String::new(),
            more: String::new(),
            resolv_conf: None,
        })
    }

    pub(crate) fn write(&self, api: SocketAddr, dir: &Path) -> Result<()> {
        let agents = dir.join("agents");
        std::fs::create_dir_all(&agents)?;
        let agent = std::fs::read_to_string(&self.agent_file)
            .with_context(|| format!("cannot read {}", self.agent_file.display()))?;
        let human = self.human.as_ref().map_or_else(String::new, |human| format!("human = \"{human}\"\n"));
        // Top-level keys stand before the first table.
        let (top, rules) = agent.split_at(agent.find("[[rule]]").unwrap_or(agent.len()));
        std::fs::write(agents.join("shop.toml"), format!("{top}{human}{}{rules}", self.agent_more))?;
        for file in &self.more_agents {
            let name = file.file_name().with_context(|| format!("{} is no file", file.display()))?;
            std::fs::copy(file, agents.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
        }
        std::fs::write(dir.join("pjsua-agent.toml"), self.toml(api, dir)?)?;
        Ok(())
    }

    fn toml(&self, api: SocketAddr, dir: &Path) -> Result<String> {
        let trusted: Vec<String> = self.trusted.iter().map(|net| format!("\"{net}\"")).collect();
        // Two for each call, and as many again for those that are still being given back.
        let ports = u16::try_from(self.max_calls * 4)?.max(400);
        let rtp = loopback_ports::block(ports)?;
        let mut text = format!(
            "[daemon]\ndrain_timeout = \"{}s\"\nruntime_dir = \"{}\"\n\
             [log]\nlevel = \"info\"\n\
             [sip]\nlisten = [\"udp://{sip}\", \"tcp://{sip}\"]\ntrusted = [{}]\nrtp_ports = [{rtp}, {}]\nmax_calls = {}\n{}\
             [sip.direct]\nagent = \"shop\"\n",
            self.drain_timeout.as_secs(),
            runtime_dir(dir)?.display(),
            trusted.join(", "),
            rtp + ports - 1,
            self.max_calls,
            self.sip_more,
            sip = self.sip,
        );
        if let Some(Account { registrar, user, password }) = &self.account {
            let _ = write!(
                text,
                "[[account]]\nname = \"front-desk\"\naor = \"sip:{user}@{registrar}\"\nregistrar = \"sip:{registrar}\"\n\
                 username = \"{user}\"\npassword = \"{password}\"\nagent = \"shop\"\n"
            );
        }
        let _ = write!(
            text,
            "[agents]\ndir = \"agents\"\n[stt]\n{}workers = {}\n[llm]\n{}\
             [tts]\n{}cache = \"phrases\"\n{}[api]\nlisten = \"{api}\"\n[journal]\ndir = \"journal\"\n{}",
            self.engines.hears(),
            self.recognisers,
            self.engines.thinks(),
            self.engines.speaks(),
            self.tts_more,
            self.more
        );
        Ok(text)
    }
}

/// Sockets of the workers: a path of at most 107 bytes, so not deep in the target folder.
pub(crate) fn runtime_dir(dir: &Path) -> Result<PathBuf> {
    let name = dir.file_name().context("a folder with a name")?.to_string_lossy().into_owned();
    let path = std::env::temp_dir().join(format!("pjsua-agent-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&path)?;
    Ok(path)
}
