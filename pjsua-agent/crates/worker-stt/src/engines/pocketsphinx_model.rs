//! A pocketsphinx model's files, and the options they make.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Effort, EngineError,
    pocketsphinx_sys::{CEPSTRUM_SIZE, Cepstrum, option_value},
};

/// Where Debian's `pocketsphinx-en-us` puts its model.
pub const DEFAULT_MODEL: &str = "/usr/share/pocketsphinx/model/en-us";

/// The options of `feat.params` that say how cepstra are made and combined.
const FEATURE_OPTIONS: [&str; 9] =
    ["-lowerf", "-upperf", "-nfilt", "-transform", "-lifter", "-feat", "-svspec", "-agc", "-varnorm"];

/// A model: a folder with an acoustic model (a folder that holds `mdef`), a `.dict` and an `.lm.bin` or `.lm`.
#[derive(Debug, Clone)]
pub struct Model {
    /// The folder.
    pub folder: PathBuf,
    acoustic: PathBuf,
    dictionary: PathBuf,
    language_model: PathBuf,
    features: Vec<(String, String)>,
    /// The mean cepstrum of the model's training.
    pub mean: Cepstrum,
}

impl Model {
    /// Looks which files `folder` has.
    pub fn find(folder: &Path) -> Result<Self, EngineError> {
        let wrong = |problem: String| EngineError(format!("{} is no pocketsphinx model: {problem}", folder.display()));
        let mut names: Vec<PathBuf> = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(|error| wrong(error.to_string()))?;
        names.sort();
        let find = |what: &str, is_it: &dyn Fn(&Path, &str) -> bool| {
            let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let found = names.iter().find(|path| is_it(path, &name(path))).cloned();
            found.ok_or_else(|| wrong(format!("it has no {what}")))
        };
        let acoustic = find("acoustic model (a folder that holds mdef)", &|path, _| path.join("mdef").is_file())?;
        let dictionary = find("dictionary (*.dict)", &|_, name| name.ends_with(".dict"))?;
        let language_model = find("language model (*.lm.bin, *.lm)", &|_, name| {
            (name.ends_with(".lm.bin") || name.ends_with(".lm")) && !name.contains("-phone.")
        })?;
        let text = fs::read_to_string(acoustic.join("feat.params"))
            .map_err(|error| wrong(format!("{}: {error}", acoustic.join("feat.params").display())))?;
        let mut parameters = text.split_whitespace();
        let mut features = Vec::new();
        let mut mean = None;
        while let (Some(name), Some(value)) = (parameters.next(), parameters.next()) {
            if FEATURE_OPTIONS.contains(&name) {
                features.push((name.to_owned(), value.to_owned()));
            } else if name == "-cmninit" {
                mean = Some(cepstrum(value).ok_or_else(|| wrong("feat.params: -cmninit is not 13 numbers".into()))?);
            }
        }
        let mean = mean.unwrap_or([0.0; CEPSTRUM_SIZE]);
        Ok(Model { folder: folder.to_owned(), acoustic, dictionary, language_model, features, mean })
    }

    /// The value of a feature option, as `feat.params` has it.
    pub fn feature(&self, name: &str) -> Option<&str> {
        self.features.iter().find(|(option, _)| option == name).map(|(_, value)| &**value)
    }

    /// The options of a decoder.
    ///
    /// The files are named one by one because `-hmm` would read `-cmn` from `feat.params` over what is given here.
    /// Of the passes, the second (`fwdflat`) costs 100 ms and more after the last frame and the third (`bestpath`) next
    /// to nothing; the first and third together have the best text *(measured)*.
    pub fn decoder_options(&self, effort: Effort) -> Result<Vec<(String, String)>, EngineError> {
        let mut options = self.features.clone();
        let mut add = |name: &str, value: String| options.push((name.to_owned(), value));
        for (name, file) in [
            ("-mdef", "mdef"),
            ("-mean", "means"),
            ("-var", "variances"),
            ("-tmat", "transition_matrices"),
            ("-fdict", "noisedict"),
        ] {
            add(name, option_value(&self.acoustic.join(file)).map_err(|error| EngineError(error.to_string()))?);
        }
        let weights = if self.acoustic.join("sendump").is_file() {
            ("-sendump", self.acoustic.join("sendump"))
        } else {
            ("-mixw", self.acoustic.join("mixture_weights"))
        };
        for (name, path) in [weights, ("-dict", self.dictionary.clone()), ("-lm", self.language_model.clone())] {
            add(name, option_value(&path).map_err(|error| EngineError(error.to_string()))?);
        }
        // What fits no word is searched among many states, and costs a whole core; the library's own bound on the states of
        // a frame is 30,000. Of 43 prompts of Debian's recordings over G.711 (369 words) 8,000 mishear as many words, 143,
        // for 21 % less; 5,000 and 3,000 mishear 152, for 35 and 46 % less.
        let most_states = match effort {
            Effort::Full => "8000",
            Effort::Thrifty => "3000",
        };
        let search = [("-cmn", "none"), ("-fwdflat", "no"), ("-bestpath", "yes"), ("-maxhmmpf", most_states)];
        for (name, value) in search {
            add(name, value.to_owned());
        }
        Ok(options)
    }
}

fn cepstrum(text: &str) -> Option<Cepstrum> {
    let numbers: Vec<f32> = text.split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_model_is_found_with_its_parts() {
        let model = Model::find(Path::new(DEFAULT_MODEL)).unwrap();
        assert_eq!(model.feature("-upperf"), Some("6800"));
        assert_eq!(model.mean[0], 41.0);
        for (effort, most_states) in [(Effort::Full, "8000"), (Effort::Thrifty, "3000")] {
            let options = model.decoder_options(effort).unwrap();
            let option = |name: &str| options.iter().find(|(option, _)| option == name).map(|(_, value)| &**value);
            assert!(option("-lm").is_some_and(|path| path.ends_with("en-us.lm.bin")));
            assert_eq!((option("-cmn"), option("-fwdflat"), option("-hmm")), (Some("none"), Some("no"), None));
            assert_eq!(option("-maxhmmpf"), Some(most_states));
        }
    }

    #[test]
    fn a_folder_that_is_no_model_is_named_with_what_it_lacks() {
        let error = Model::find(Path::new("/usr/share")).unwrap_err().to_string();
        assert!(error.starts_with("/usr/share is no pocketsphinx model: it has no acoustic model"), "{error}");
        assert!(Model::find(Path::new("/nowhere")).is_err());
    }
}
