//! Utterances that ask for nothing but the agent's attention, patience or repetition.

use super::phrases::{Cover, Phrases, contains, longest_start, skip_end, skip_start};
use super::words::Word;
use super::{Language, Request};

#[derive(Debug)]
pub(super) struct Requests {
    /// Whether anybody is there.
    pub(super) hello: Phrases,
    /// To say it again.
    pub(super) repeat: Phrases,
    /// To wait.
    pub(super) wait: Phrases,
    /// To wait for the caller to get something, which is named after it: "let me just find my" (card).
    pub(super) wait_for: Phrases,
    /// Likewise, but only when he has asked to wait: "let me get the" alone begins an order.
    pub(super) then_wait_for: Phrases,
    /// What may stand before the first and the last: "sorry", "yes".
    pub(super) lead_ins: Phrases,
    /// What may stand before any: "oh", "okay".
    pub(super) openings: Phrases,
}

impl Requests {
    pub(super) const NONE: Self =
        Self { hello: &[], repeat: &[], wait: &[], wait_for: &[], then_wait_for: &[], lead_ins: &[], openings: &[] };
}

/// Most words of what the caller goes to get: "the letter you sent me".
const LONGEST_THING: usize = 5;

pub(super) fn request(language: &Language, words: &[Word<'_>]) -> Request {
    let requests = &language.requests;
    let around = [language.courtesies, language.fillers];
    let consists_of =
        |core: Phrases, before: &[Phrases]| Cover { cores: &[core], before, around: &around }.covers(words);
    let before = [requests.openings, requests.lead_ins];
    if consists_of(requests.wait, &before) || waits_for_something(language, words) {
        Request::Wait
    } else if consists_of(requests.hello, &before) {
        Request::Hello
    } else if consists_of(requests.repeat, &[requests.openings]) {
        Request::Repeat
    } else {
        Request::None
    }
}

fn waits_for_something(language: &Language, words: &[Word<'_>]) -> bool {
    let requests = &language.requests;
    let around = [language.courtesies, language.fillers];
    let before = [requests.openings, requests.lead_ins, language.courtesies, language.fillers];
    let mut rest = words;
    let mut has_asked = false;
    while !rest.is_empty() {
        let liberal = if has_asked { longest_start(rest, requests.then_wait_for) } else { 0 };
        let length = longest_start(rest, requests.wait_for).max(liberal);
        if length > 0 {
            return is_thing(language, skip_end(&rest[length..], &around));
        }
        let asking = longest_start(rest, requests.wait);
        has_asked |= asking > 0;
        match before.iter().map(|table| longest_start(rest, table)).chain([asking]).max() {
            None | Some(0) => return false,
            Some(skipped) => rest = &rest[skipped..],
        }
    }
    false
}

fn is_thing(language: &Language, words: &[Word<'_>]) -> bool {
    (1..=LONGEST_THING).contains(&words.len())
        && !words.iter().any(|word| contains(language.endings.conjunctions, word))
        && !skip_start(words, &[language.endings.determiners]).is_empty()
}
