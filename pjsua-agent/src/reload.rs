//! Which changes of the configuration the next call sees, and which only a restart brings.

use crate::config::{Account, Config, Llm, Tts};

/// `new` as far as it can be taken over while calls are up, else as in `old`; and a line for everything that needs a
/// restart.
pub fn settle(old: &Config, new: Config) -> (Config, Vec<String>) {
    let needing_restart = differences(old, &new);
    let mut settled = Config {
        sip: old.sip.clone(),
        accounts: old.accounts.clone(),
        stt: old.stt.clone(),
        llm: Llm { max_tokens: new.llm.max_tokens, temperature: new.llm.temperature, ..old.llm.clone() },
        llm_small: old.llm_small.clone(),
        tts: Tts {
            voice: new.tts.voice.clone(),
            language: new.tts.language.clone(),
            rate: new.tts.rate,
            ..old.tts.clone()
        },
        hearing: old.hearing.clone(),
        api: old.api.clone(),
        journal: old.journal.clone(),
        log: old.log.clone(),
        ..new
    };
    settled.sip.context_headers = new.sip.context_headers;
    settled.sip.direct_agent = new.sip.direct_agent;
    settled.sip.direct_noise_suppression = new.sip.direct_noise_suppression;
    settled.daemon.runtime_dir.clone_from(&old.daemon.runtime_dir);
    settled.daemon.busy_from = old.daemon.busy_from;
    if let (Some(settled), Some(new)) = (&mut settled.llm_small, new.llm_small) {
        (settled.max_tokens, settled.temperature) = (new.max_tokens, new.temperature);
    }
    for account in &mut settled.accounts {
        if let Some(new) = new.accounts.iter().find(|new| new.name == account.name) {
            account.agent.clone_from(&new.agent);
            account.noise_suppression = new.noise_suppression;
        }
        // The account stays registered until a restart, so somebody has to answer there.
        if let (false, Some(agent)) = (settled.agents.contains_key(&account.agent), old.agents.get(&account.agent)) {
            settled.agents.insert(agent.name.clone(), agent.clone());
        }
    }
    (settled, needing_restart)
}

/// What is different and cannot be taken over, as `[section] key`.
fn differences(old: &Config, new: &Config) -> Vec<String> {
    let llm = |llm: &Llm| Llm { max_tokens: 0, temperature: 0.0, ..llm.clone() };
    let tts = |tts: &Tts| Tts { voice: None, language: None, rate: 1.0, ..tts.clone() };
    let (sip, new_sip) = (&old.sip, &new.sip);
    let sections = [
        ("[sip] listen", sip.listen != new_sip.listen),
        ("[sip] trusted", sip.trusted != new_sip.trusted),
        ("[sip] public_address", sip.public_address != new_sip.public_address),
        ("[sip] user_agent", sip.user_agent != new_sip.user_agent),
        ("[sip] max_calls", sip.max_calls != new_sip.max_calls),
        ("[sip] rtp_ports", sip.rtp_ports != new_sip.rtp_ports),
        ("[sip] codecs", sip.codecs != new_sip.codecs),
        ("[sip] retry_min", sip.retry_min != new_sip.retry_min),
        ("[sip] retry_max", sip.retry_max != new_sip.retry_max),
        ("[sip] media_start_timeout", sip.media_start_timeout != new_sip.media_start_timeout),
        ("[sip] rtp_timeout", sip.rtp_timeout != new_sip.rtp_timeout),
        ("[sip] hold_timeout", sip.hold_timeout != new_sip.hold_timeout),
        ("[stt]", old.stt != new.stt),
        ("[llm]", llm(&old.llm) != llm(&new.llm)),
        ("[llm_small]", old.llm_small.as_ref().map(llm) != new.llm_small.as_ref().map(llm)),
        ("[tts]", tts(&old.tts) != tts(&new.tts)),
        ("[hearing]", old.hearing != new.hearing),
        ("[api]", old.api != new.api),
        ("[journal]", old.journal != new.journal),
        ("[daemon] runtime_dir", old.daemon.runtime_dir != new.daemon.runtime_dir),
        ("[daemon] busy_from", old.daemon.busy_from != new.daemon.busy_from),
        ("[log]", old.log != new.log),
    ];
    let sections = sections.iter().filter(|(_, differs)| *differs).map(|(place, _)| (*place).to_owned());
    sections.chain(account_differences(&old.accounts, &new.accounts)).collect()
}

fn account_differences(old: &[Account], new: &[Account]) -> Vec<String> {
    let fixed = |account: &Account| Account { agent: String::new(), noise_suppression: false, ..account.clone() };
    let named = |accounts: &[Account], name: &str| accounts.iter().find(|account| account.name == name).map(fixed);
    let mut names: Vec<&String> = old.iter().chain(new).map(|account| &account.name).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| named(old, name) != named(new, name))
        .map(|name| format!("[[account]] {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    const ACCOUNT: &str = "[[account]]\nname = \"desk\"\naor = \"sip:a@127.0.0.1\"\nregistrar = \"sip:127.0.0.1\"\n\
                           username = \"a\"\npassword = \"p\"\nagent = \"demo\"\n";

    fn load(daemon: &str, agents: &[&str]) -> Config {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("agents")).expect("a folder");
        for name in agents {
            let text = format!("greeting = \"This is {name}.\"\n");
            fs::write(folder.path().join(format!("agents/{name}.toml")), text).expect("a file");
        }
        let file = folder.path().join("pjsua-agent.toml");
        fs::write(&file, format!("[sip]\nlisten = [\"udp://127.0.0.1:5080\"]\n{daemon}")).expect("a file");
        let mut config =
            Config::load_with(&file, &|name| (name == "HOME").then(|| "/home/me".to_owned())).expect("valid");
        config.file = "pjsua-agent.toml".into();
        config.agents.values_mut().for_each(|agent| agent.file = "agent.toml".into());
        config
    }

    #[test]
    fn what_concerns_the_next_call_is_taken_over_without_a_word() {
        let old = load(ACCOUNT, &["demo"]);
        let account = format!("{}noise_suppression = true\n", ACCOUNT.replace("agent = \"demo\"", "agent = \"other\""));
        let more = "[turns]\nendpoint_silence = \"700ms\"\n[vad]\naggressiveness = 3\n[llm]\nmax_tokens = 50\n\
                    [tts]\nrate = 1.2\n[daemon]\ndrain_timeout = \"5s\"\nrefuse_from = \"3s\"\n";
        let new = load(&format!("context_headers = [\"X-Id\"]\n{account}{more}"), &["demo", "other"]);
        let (settled, needing_restart) = settle(&old, new.clone());
        assert_eq!(needing_restart, [] as [&str; 0]);
        assert_eq!(settled, new);
        assert_eq!(settled.turns.settings.endpointing.endpoint_silence, Duration::from_millis(700));
    }

    #[test]
    fn what_only_a_restart_brings_is_named_and_stays_as_it_was() {
        for (more, place) in [
            ("max_calls = 7", "[sip] max_calls"),
            ("codecs = [\"PCMA\"]", "[sip] codecs"),
            ("hold_timeout = \"5m\"", "[sip] hold_timeout"),
            ("[stt]\nworkers = 2", "[stt]"),
            ("[llm]\nworkers = 2", "[llm]"),
            ("[llm_small]\nengine = \"rules\"", "[llm_small]"),
            ("[tts]\nengine = \"espeak\"", "[tts]"),
            ("[tts]\ncache = \"off\"", "[tts]"),
            ("[hearing]\nvad_model = \"off\"", "[hearing]"),
            ("[api]\nlisten = \"off\"", "[api]"),
            ("[journal]\ndir = \"j\"", "[journal]"),
            ("[daemon]\nruntime_dir = \"/run/x\"", "[daemon] runtime_dir"),
            ("[daemon]\nbusy_from = \"200ms\"", "[daemon] busy_from"),
            ("[log]\nlevel = \"debug\"", "[log]"),
            (ACCOUNT, "[[account]] desk"),
        ] {
            let old = load("", &["demo"]);
            let (mut settled, needing_restart) = settle(&old, load(more, &["demo"]));
            assert_eq!(needing_restart, [place], "{more}");
            settled.warnings.clone_from(&old.warnings);
            assert_eq!(settled, old, "{more}");
        }
        let (_, listen) = settle(&load("", &["demo"]), {
            let mut new = load("", &["demo"]);
            new.sip.listen.clear();
            new
        });
        assert_eq!(listen, ["[sip] listen"]);
    }

    #[test]
    fn an_account_that_is_gone_is_answered_by_its_old_agent_until_the_restart() {
        let old = load(ACCOUNT, &["demo"]);
        let (settled, needing_restart) = settle(&old, load("", &["other"]));
        assert_eq!(needing_restart, ["[[account]] desk"]);
        assert_eq!(settled.accounts[0].agent, "demo");
        assert_eq!(settled.agents.keys().collect::<Vec<_>>(), ["demo", "other"]);
    }

    #[test]
    fn a_changed_password_needs_a_restart_and_is_not_shown() {
        let old = load(ACCOUNT, &["demo"]);
        let (_, needing_restart) = settle(&old, load(&ACCOUNT.replace("\"p\"", "\"8675309\""), &["demo"]));
        assert_eq!(needing_restart, ["[[account]] desk"]);
    }
}
