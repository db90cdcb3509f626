//! Serialisation: in clear, or as the length.

use std::cell::Cell;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Key, Personal, Spoken, length_of};

thread_local! {
    static IS_WITHHELD: Cell<bool> = const { Cell::new(false) };
}

/// Runs `serialise`, in which every [`Spoken`], [`Personal`] and [`Key`] is written as its length. Of this thread only.
pub fn withheld<T>(serialise: impl FnOnce() -> T) -> T {
    /// Puts back what was there, after a panic as well.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            IS_WITHHELD.set(self.0);
        }
    }
    let _before = Before(IS_WITHHELD.replace(true));
    serialise()
}

fn serialise<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if IS_WITHHELD.get() { serializer.serialize_str(&length_of(text)) } else { serializer.serialize_str(text) }
}

impl Serialize for Spoken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialise(self, serializer)
    }
}

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialise(self, serializer)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialise(self.0.encode_utf8(&mut [0; 4]), serializer)
    }
}

impl<'de> Deserialize<'de> for Spoken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        char::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_in_clear_unless_it_is_withheld() {
        let told = (Spoken::from("Hello."), Personal::from("Ann"), Key('4'), Spoken::default());
        let json = || serde_json::to_string(&told).expect("JSON");
        assert_eq!(json(), r#"["Hello.","Ann","4",""]"#);
        assert_eq!(withheld(json), r#"["(6 characters)","(3 characters)","(1 characters)",""]"#);
        let _panics = std::panic::catch_unwind(|| withheld(|| panic!("in the middle")));
        assert_eq!(serde_json::from_str::<(Spoken, Personal, Key, Spoken)>(&json()).expect("types"), told);
    }
}
