//! In a process of its own: ONNX Runtime, once loaded, stays.

use std::path::PathBuf;

use hearing::{HearingConfig, HearingError, Models};

#[test]
fn a_library_that_is_something_else_is_refused() {
    let library = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hearing-library.so");
    std::fs::write(&library, "not a library").unwrap();
    let config = HearingConfig { vad_model: Some("/nowhere/x".into()), ..HearingConfig::new(&library) };
    let error = Models::start(config).err().expect("it is refused");
    assert!(matches!(&error, HearingError::Runtime { .. }), "{error}");
    assert!(error.to_string().contains("library.so"), "{error}");
}
