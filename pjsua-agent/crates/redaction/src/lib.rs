//! Words of people and names of people, as types that are written in clear or as their length.
//!
//! [`Spoken`] is what somebody says, or is to say; [`Personal`] is what tells who somebody is; [`Key`] is a key of the
//! telephone that somebody pressed. Whatever is serialised within [`withheld`] has `(14 characters)` in place of a text of
//! 14 characters, and [`withheld_length`] reads that. An empty text stays empty: there is nothing to withhold.
//!
//! `{:?}` shows the length only, so that no log line has the words by accident; `{:#?}` shows them.

#![forbid(unsafe_code)]

#[cfg(feature = "serde")]
mod serial;

use std::fmt;
use std::ops::{Deref, DerefMut};

#[cfg(feature = "serde")]
pub use serial::withheld;

/// Of `(14 characters)`, 14: what stands in place of a text that is withheld.
#[must_use]
pub fn withheld_length(text: &str) -> Option<usize> {
    text.strip_prefix('(')?.strip_suffix(" characters)")?.parse().ok()
}

/// What stands in place of `text`.
#[must_use]
fn length_of(text: &str) -> String {
    match text.chars().count() {
        0 => String::new(),
        characters => format!("({characters} characters)"),
    }
}

fn show(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if f.alternate() { fmt::Debug::fmt(text, f) } else { f.write_str(&length_of(text)) }
}

macro_rules! withheld_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// In clear.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// In clear, to keep.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl Deref for $name {
            type Target = String;

            fn deref(&self) -> &String {
                &self.0
            }
        }

        impl DerefMut for $name {
            fn deref_mut(&mut self) -> &mut String {
                &mut self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                show(&self.0, f)
            }
        }
    };
}

withheld_text! {
    /// What somebody says, or is to say. The agent's words count as well: they may name the caller.
    Spoken
}

withheld_text! {
    /// What tells who somebody is: an address, a name, what a PBX says of a caller.
    Personal
}

/// A key of the telephone that somebody pressed: `0` to `9`, `*`, `#`, `A` to `D`. Several make a PIN.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub char);

impl From<char> for Key {
    fn from(key: char) -> Self {
        Self(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0.encode_utf8(&mut [0; 4]), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_has_the_length_only() {
        let said = Spoken::from("my pin is four");
        assert_eq!(
            format!("{said:?} {:?} {:?}", Personal::from("Zoë"), Key('4')),
            "(14 characters) (3 characters) (1 characters)"
        );
        assert_eq!(format!("{said:#?}"), "\"my pin is four\"");
    }

    #[test]
    fn the_length_is_read_again() {
        assert_eq!(withheld_length(&length_of("my pin is four")), Some(14));
        assert_eq!(withheld_length("Hello."), None);
        assert_eq!(length_of(""), "");
    }
}
