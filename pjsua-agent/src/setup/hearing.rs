//! Which of the models that listen are there.

use std::path::PathBuf;

use crate::config::{Config, Hearing, ModelFile};

const ONNXRUNTIME: &str = "onnxruntime";
const VAD: &str = "silero-vad-16k";
const END_OF_TURN: &str = "smart-turn-v3.2-cpu";

/// The files to listen with. Without `onnxruntime` there is no model either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HearingModels {
    /// `libonnxruntime.so`.
    pub onnxruntime: Option<PathBuf>,
    /// Silero VAD.
    pub vad: Option<PathBuf>,
    /// smart-turn.
    pub end_of_turn: Option<PathBuf>,
}

/// Finds the models, in the model store unless the configuration names their files. For what is missing, and some agent
/// listens with, a line says what is off and what brings it. Blocks: the store verifies what it gives.
pub fn hearing_models(config: &Config) -> (HearingModels, Vec<String>) {
    let wants = |technique: fn(&conversation::Settings) -> bool| {
        config.agents.values().any(|agent| technique(&agent.turns.settings))
    };
    let wants_vad = wants(|settings| settings.confirmed_speech);
    let wants_end_of_turn = wants(|settings| settings.endpointing.scored_endpoints);
    let store = model_store::Store::open_default().map_err(|error| error.to_string());
    find(&config.hearing, wants_vad, wants_end_of_turn, |id| {
        let store = store.as_ref().map_err(String::clone)?;
        store.path(id).map_err(|error| error.to_string())
    })
}

fn find(
    hearing: &Hearing,
    wants_vad: bool,
    wants_end_of_turn: bool,
    store: impl Fn(&str) -> Result<PathBuf, String>,
) -> (HearingModels, Vec<String>) {
    let file = |choice: &ModelFile, id: &str| match choice {
        ModelFile::Store => store(id).map(Some),
        ModelFile::Path(path) => Ok(Some(path.clone())),
        ModelFile::Off => Ok(None),
    };
    // What nobody wants is loaded all the same when it is there: a reload may switch it on.
    let vad = file(&hearing.vad_model, VAD);
    let end_of_turn = file(&hearing.end_of_turn_model, END_OF_TURN);
    let onnxruntime = file(&hearing.onnxruntime, ONNXRUNTIME);

    let mut warnings = Vec::new();
    for (is_wanted, technique, id, model) in
        [(wants_vad, "second_vad", VAD, &vad), (wants_end_of_turn, "end_of_turn_score", END_OF_TURN, &end_of_turn)]
    {
        let missing = [(id, model), (ONNXRUNTIME, &onnxruntime)];
        let missing = missing.iter().filter_map(|(id, model)| Some((*id, model.as_ref().err()?))).collect::<Vec<_>>();
        if is_wanted && !matches!(model, Ok(None)) && !missing.is_empty() {
            let reasons = missing.iter().map(|(id, reason)| format!("{id}: {reason}")).collect::<Vec<_>>().join("; ");
            let ids = missing.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(" ");
            warnings.push(format!(
                "[turns] {technique} is off for want of a model ({reasons}); fetch it with: pjsua-agent models pull \
                 {ids}; or say {technique} = false"
            ));
        }
    }
    let found = |model: Result<Option<PathBuf>, String>| model.ok().flatten();
    let Some(onnxruntime) = found(onnxruntime) else { return (HearingModels::default(), warnings) };
    (HearingModels { onnxruntime: Some(onnxruntime), vad: found(vad), end_of_turn: found(end_of_turn) }, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hearing(vad_model: ModelFile) -> Hearing {
        Hearing {
            onnxruntime: ModelFile::Store,
            vad_model,
            end_of_turn_model: ModelFile::Store,
            vad_threshold: 0.5,
            score_threads: 1,
        }
    }

    fn full_store(id: &str) -> Result<PathBuf, String> {
        Ok(PathBuf::from(format!("/store/{id}")))
    }

    #[test]
    fn a_full_store_gives_every_model_and_no_warning() {
        let (models, warnings) = find(&hearing(ModelFile::Store), true, true, full_store);
        assert_eq!(models.vad, Some("/store/silero-vad-16k".into()));
        assert_eq!(models.end_of_turn, Some("/store/smart-turn-v3.2-cpu".into()));
        assert_eq!(models.onnxruntime, Some("/store/onnxruntime".into()));
        assert_eq!(warnings, [] as [&str; 0]);
    }

    #[test]
    fn an_empty_store_turns_off_what_needs_it_and_names_the_command() {
        let empty = |_: &str| Err("not fetched".to_owned());
        let (models, warnings) = find(&hearing(ModelFile::Store), true, true, empty);
        assert_eq!(models, HearingModels::default());
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].starts_with("[turns] second_vad is off"), "{warnings:?}");
        assert!(warnings[0].contains("pjsua-agent models pull silero-vad-16k onnxruntime;"), "{warnings:?}");
        assert!(warnings[1].contains("pjsua-agent models pull smart-turn-v3.2-cpu onnxruntime;"), "{warnings:?}");
    }

    #[test]
    fn one_missing_model_leaves_the_other() {
        let without_vad = |id: &str| if id == VAD { Err("not fetched".to_owned()) } else { full_store(id) };
        let (models, warnings) = find(&hearing(ModelFile::Store), true, true, without_vad);
        assert_eq!((models.vad, models.end_of_turn.is_some()), (None, true));
        assert!(matches!(&warnings[..], [one] if one.contains("models pull silero-vad-16k;")), "{warnings:?}");
    }

    #[test]
    fn what_is_switched_off_is_not_missed() {
        let empty = |_: &str| Err("not fetched".to_owned());
        assert_eq!(find(&hearing(ModelFile::Store), false, false, empty), Default::default());
        let (models, warnings) = find(&hearing(ModelFile::Off), true, false, full_store);
        assert_eq!((models.vad, models.end_of_turn.is_some(), warnings.len()), (None, true, 0));
    }

    #[test]
    fn a_named_file_comes_before_the_store() {
        let (models, _) = find(&hearing(ModelFile::Path("/own.onnx".into())), true, true, full_store);
        assert_eq!(models.vad, Some("/own.onnx".into()));
    }
}
