//! One file a language. To add one: write its [`Language`] and name it in [`ALL`].

mod english;
mod french;
mod german;
mod hindi;
mod spanish;

use crate::language::Language;

static ALL: [&Language; 5] = [&english::ENGLISH, &german::GERMAN, &french::FRENCH, &spanish::SPANISH, &hindi::HINDI];

pub(crate) fn default() -> &'static Language {
    &english::ENGLISH
}

/// By the primary subtag of a BCP-47 tag.
pub(crate) fn find(tag: &str) -> Option<&'static Language> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    ALL.into_iter().find(|language| language.tag.eq_ignore_ascii_case(primary))
}
