//! `model = …`: a path, or what the model store calls it.

use std::path::PathBuf;

use model_store::Store;

use super::kinds;
use super::reader::{Reading, Value};

/// A model's file: a path of something that exists, or the id of a model of this `kind` that is in the store.
///
/// A text with a `/`, or the name of a file that is there, is a path. The store verifies what it gives: the first time
/// after a fetch that takes a second for each gigabyte or so.
pub(super) fn model(kind: &'static str) -> impl Fn(Value<'_>) -> Reading<PathBuf> {
    move |value| {
        let text = kinds::text(value)?;
        if text.contains('/') || kinds::path(value)?.exists() {
            return kinds::existing_path(value);
        }
        let store = match Store::open_default() {
            Ok(store) => store,
            Err(error) => return value.refuse(error.to_string()),
        };
        match store.manifest().get(&text) {
            Ok(model) if model.kind == kind => match store.path(&text) {
                Ok(path) => Ok(path),
                Err(error) => value.refuse(error.to_string()),
            },
            Ok(model) => value.refuse(format!(
                "“{text}” is a model of the kind {}; allowed: {}, or a path",
                model.kind,
                ids_of(&store, kind)
            )),
            Err(unknown) => {
                let hint = unknown.nearest.map(|id| format!("; did you mean “{id}”?")).unwrap_or_default();
                value.refuse(format!(
                    "“{text}” is neither a file here nor a model of the store{hint}; allowed: {}, or a path",
                    ids_of(&store, kind)
                ))
            }
        }
    }
}

fn ids_of(store: &Store, kind: &str) -> String {
    let models = store.manifest().models().iter().filter(|model| model.kind == kind);
    models.map(|model| format!("\"{}\"", model.id)).collect::<Vec<_>>().join(", ")
}
