//! Where pip would look: its index, certificates and proxy, from the environment and `pip.conf`.
//!
//! A site that has set up pip has said there how its machines reach packages; asking for the same again would be rude.
//! <https://pip.pypa.io/en/stable/topics/configuration/>

use std::path::PathBuf;
use std::{env, fs};

const DEFAULT_INDEX: &str = "https://pypi.org/simple";

/// What pip is told about the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipConfig {
    /// Simple indexes (PEP 503, PEP 691), the first choice first.
    pub indexes: Vec<String>,
    /// PEM bundle of certificates to trust beside the system's.
    pub certificates: Option<PathBuf>,
    /// How requests leave this machine.
    pub proxy: Proxy,
}

/// How requests leave this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// By `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    Environment,
    /// By this one.
    Url(String),
    /// Directly.
    None,
}

impl PipConfig {
    /// As pip would run here and now.
    pub fn from_environment() -> PipConfig {
        let files: Vec<String> = files().iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
        PipConfig::read(|name| env::var(name).ok().filter(|value| !value.is_empty()), &files)
    }

    /// From the environment and the texts of the configuration files, the most general first.
    fn read(environment: impl Fn(&str) -> Option<String>, files: &[String]) -> PipConfig {
        let setting = |key: &str| {
            let variable = format!("PIP_{}", key.to_uppercase().replace('-', "_"));
            environment(&variable).or_else(|| files.iter().rev().find_map(|text| in_file(text, key)))
        };
        let words = |value: String| value.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let mut indexes = vec![setting("index-url").unwrap_or_else(|| DEFAULT_INDEX.to_owned())];
        indexes.extend(setting("extra-index-url").map(words).unwrap_or_default());
        PipConfig {
            indexes,
            certificates: setting("cert")
                .or_else(|| environment("REQUESTS_CA_BUNDLE"))
                .or_else(|| environment("CURL_CA_BUNDLE"))
                .map(PathBuf::from),
            proxy: setting("proxy").map_or(Proxy::Environment, Proxy::Url),
        }
    }
}

/// pip's files in the order in which it reads them; a later one counts.
fn files() -> Vec<PathBuf> {
    let named = env::var_os("PIP_CONFIG_FILE").map(PathBuf::from);
    // pip's own way to say "no configuration".
    if named.as_deref().is_some_and(|path| path.as_os_str() == "/dev/null") {
        return Vec::new();
    }
    let mut files = vec![PathBuf::from("/etc/xdg/pip/pip.conf"), PathBuf::from("/etc/pip.conf")];
    if let Some(home) = env::home_dir() {
        let config = env::var_os("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
        files.extend([home.join(".pip/pip.conf"), config.join("pip/pip.conf")]);
    }
    files.extend(env::var_os("VIRTUAL_ENV").map(|venv| PathBuf::from(venv).join("pip.conf")));
    files.extend(named);
    files
}

/// The value of a key in the sections that hold for a download: `[download]`, else `[install]`, else `[global]`.
fn in_file(text: &str, key: &str) -> Option<String> {
    ["download", "install", "global"].iter().find_map(|section| in_section(text, section, key))
}

fn in_section(text: &str, section: &str, key: &str) -> Option<String> {
    let header = format!("[{section}]");
    let mut lines = text.lines().skip_while(|line| line.trim() != header).skip(1).peekable();
    while let Some(line) = lines.next_if(|line| !line.starts_with('[')) {
        let Some((name, value)) = line.split_once(['=', ':']) else { continue };
        if line.starts_with(['#', ';']) || name.trim().to_lowercase().replace('_', "-") != key {
            continue;
        }
        // Python's configparser: an indented line continues the value.
        let mut value = value.trim().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
            value = format!("{value} {}", more.trim());
        }
        return Some(value.trim().to_owned()).filter(|value| !value.is_empty());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_any_setting_it_is_the_public_index() {
        let config = PipConfig::read(|_| None, &[]);
        assert_eq!(config.indexes, [DEFAULT_INDEX]);
        assert_eq!((config.certificates, config.proxy), (None, Proxy::Environment));
    }

    #[test]
    fn a_users_file_counts_over_the_sites_and_the_environment_over_both() {
        let site = "[global]\nindex-url = https://site.example/simple\ncert = /ca.pem\n".to_owned();
        let user = "[global]\n# index_url = no\nindex_url: https://user.example/simple\n".to_owned();
        let config = PipConfig::read(|_| None, &[site.clone(), user.clone()]);
        assert_eq!(config.indexes, ["https://user.example/simple"]);
        assert_eq!(config.certificates, Some(PathBuf::from("/ca.pem")));
        let named = |name: &str| (name == "PIP_INDEX_URL").then(|| "https://env.example/simple".to_owned());
        assert_eq!(PipConfig::read(named, &[site, user]).indexes, ["https://env.example/simple"]);
    }

    #[test]
    fn further_indexes_may_stand_on_lines_of_their_own() {
        let text = "[list]\nindex-url = https://no.example\n[global]\nextra-index-url =\n  https://a.example\n  \
                    https://b.example\nproxy = http://proxy.example:3128\n[install]\nindex-url = https://i.example\n";
        let config = PipConfig::read(|_| None, &[text.to_owned()]);
        assert_eq!(config.indexes, ["https://i.example", "https://a.example", "https://b.example"]);
        assert_eq!(config.proxy, Proxy::Url("http://proxy.example:3128".to_owned()));
    }

    #[test]
    fn the_bundle_that_requests_and_curl_are_told_of_is_trusted_too() {
        let named = |name: &str| (name == "REQUESTS_CA_BUNDLE").then(|| "/bundle.pem".to_owned());
        assert_eq!(PipConfig::read(named, &[]).certificates, Some(PathBuf::from("/bundle.pem")));
    }
}
