//! Where the tests find ONNX Runtime.

use std::path::PathBuf;

/// The library of the model store, which `make models` fetches.
pub fn library() -> PathBuf {
    let store = model_store::Store::open_default().unwrap();
    store.path("onnxruntime").unwrap_or_else(|error| panic!("{error} (or: make models)"))
}
