//! Models that work together on a machine of some size, and the configuration that names them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::manifest::Manifest;

/// A set of models, as `models pull --for` takes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSet {
    /// `tiny`, `small`, …
    pub name: String,
    /// One line: for which machine, and what it does there.
    pub description: String,
    /// Their ids.
    pub models: Vec<String>,
    /// The keys of each section of the configuration that then name them.
    #[serde(default)]
    pub configure: BTreeMap<String, BTreeMap<String, String>>,
    /// Keys of other engines that must go, as `tts.voice`.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// Why a configuration could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigureError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no TOML.
    #[error("{}: {source}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        source: Box<toml_edit::TomlError>,
    },
    /// A section is something else.
    #[error("{}: `{section}` is no table", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
        /// The section.
        section: String,
    },
}

impl ModelSet {
    /// What to write into the configuration, as text.
    pub fn lines(&self) -> String {
        let mut text = String::new();
        for (section, keys) in &self.configure {
            text.push_str(&format!("[{section}]\n"));
            keys.iter().for_each(|(key, value)| text.push_str(&format!("{key} = {value:?}\n")));
            text.push('\n');
        }
        text
    }

    /// Writes it into a configuration, all else in it untouched, comments as well. After a crash there is the old file or
    /// the new one.
    pub fn configure(&self, path: &Path) -> Result<(), ConfigureError> {
        let failed = |source| ConfigureError::Io { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(failed)?;
        let mut document: DocumentMut = text
            .parse()
            .map_err(|source| ConfigureError::Syntax { path: path.to_owned(), source: Box::new(source) })?;
        let no_table = |section: &str| ConfigureError::NoTable { path: path.to_owned(), section: section.to_owned() };
        for (section, keys) in &self.configure {
            let item = document.entry(section).or_insert(Item::Table(Table::new()));
            let table = item.as_table_mut().ok_or_else(|| no_table(section))?;
            for (key, text) in keys {
                set(table, key, text);
            }
        }
        for (section, key) in self.remove.iter().filter_map(|name| name.split_once('.')) {
            if let Some(table) = document.get_mut(section).and_then(Item::as_table_mut) {
                table.remove(key);
            }
        }
        replace(path, &document.to_string()).map_err(failed)
    }
}

/// The file, or the one that a link leads to, with its owner and its mode: it may hold passwords, and the daemon reads it as
/// another user.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let old = fs::metadata(&path)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()))?;
    file.set_permissions(old.permissions())?;
    file.sync_all()?;
    fs::rename(&new, &path)?;
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

/// The comments before and behind a key that is there stay where they are.
fn set(table: &mut Table, key: &str, text: &str) {
    let mut new = value(text);
    let Some(item) = table.get_mut(key) else {
        table.insert(key, new);
        return;
    };
    if let (Some(old), Some(new)) = (item.as_value(), new.as_value_mut()) {
        *new.decor_mut() = old.decor().clone();
    }
    *item = new;
}

/// The set for this machine: what the cores can do within a caller's patience.
pub(crate) fn for_this_machine(manifest: &Manifest) -> Option<&ModelSet> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory_gib = total_memory_bytes().unwrap_or(0) >> 30;
    let name = if cores >= 4 && memory_gib >= 4 { "small" } else { "tiny" };
    manifest.sets().iter().find(|set| set.name == name)
}

/// `MemTotal` of proc_meminfo(5).
fn total_memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURATION: &str = "# Ours.\n[stt]\n# What hears.\nengine = \"pocketsphinx\" # for now\n\n[tts]\n\
                                 engine = \"flite\"\n\n# Whose voice.\nvoice = \"slt\"\n# rate = 1.0\n";

    fn tiny() -> ModelSet {
        Manifest::built_in().unwrap().sets().iter().find(|set| set.name == "tiny").unwrap().clone()
    }

    #[test]
    fn a_configuration_is_changed_where_it_must_be_and_keeps_its_comments() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pjsua-agent.toml");
        fs::write(&path, CONFIGURATION).unwrap();
        tiny().configure(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for kept in ["# Ours.\n[stt]\n# What hears.\nengine = \"whisper\" # for now", "# rate = 1.0"] {
            assert!(text.contains(kept), "{kept:?} in {text:?}");
        }
        assert!(text.contains("model = \"whisper-tiny.en\"") && text.contains("engine = \"piper\""), "{text}");
        assert!(!text.contains("voice = \"slt\""), "{text}");
        assert_eq!(directory.path().read_dir().unwrap().count(), 1, "no other file is left");
        tiny().configure(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "a second time changes nothing");
    }

    #[test]
    fn what_is_no_configuration_is_told_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pjsua-agent.toml");
        assert!(tiny().configure(&path).unwrap_err().to_string().contains("No such file"));
        fs::write(&path, "[stt\n").unwrap();
        assert!(tiny().configure(&path).unwrap_err().to_string().contains("pjsua-agent.toml"));
        fs::write(&path, "stt = 3\n").unwrap();
        assert!(tiny().configure(&path).unwrap_err().to_string().contains("`stt` is no table"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "stt = 3\n");
    }

    #[test]
    fn each_set_names_models_that_there_are_and_the_lines_that_use_them() {
        let manifest = Manifest::built_in().unwrap();
        assert_eq!(manifest.sets().iter().map(|set| &*set.name).collect::<Vec<_>>(), ["tiny", "small", "gpu"]);
        for set in manifest.sets() {
            let lines = set.lines();
            assert!(lines.contains("[stt]\nengine = \"whisper\"\nmodel = "), "{lines}");
            for id in set.configure.values().filter_map(|keys| keys.get("model")) {
                assert!(set.models.contains(id), "{id} of {}", set.name);
            }
        }
        assert!(for_this_machine(&manifest).is_some());
    }
}
