//! A recogniser's text as words and the punctuation between them.

/// What was written between a word and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    /// A comma, a dash, an ellipsis.
    Continues,
    Period,
    Exclamation,
    Question,
}

impl Mark {
    pub(super) fn ends_sentence(self) -> bool {
        match self {
            Self::None | Self::Continues => false,
            Self::Period | Self::Exclamation | Self::Question => true,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// What follows it.
    pub(super) mark: Mark,
}

/// Longest remark in brackets, in characters: recognisers write `[noise]` and `(speaking French)`.
const LONGEST_REMARK: usize = 40;

/// The words of `text`. `l'heure` is two, `what's` one; `10:30`, `£5`, `a@b.c` are one each. Remarks
/// in brackets are left out.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut start = None;
    let mut previous = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |&(_, next)| next);
        if is_part_of_word(c) || joins(previous, c, next) {
            start.get_or_insert(at);
        } else {
            if let Some(start) = start.take() {
                let elision = is_apostrophe(c) && is_elided(&text[start..at]);
                let end = if elision { at + c.len_utf8() } else { at };
                words.push(Word { text: &text[start..end], mark: Mark::None });
            }
            if let Some(length) = remark(c, &text[at + c.len_utf8()..]) {
                for _ in 0..length {
                    chars.next();
                }
            } else if let Some(word) = words.last_mut() {
                word.mark = mark(word.mark, previous, c, next);
            }
        }
        previous = c;
        if let Some(begun) = start
            && is_apostrophe(c)
            && is_elided(&text[begun..at])
        {
            words.push(Word { text: &text[begun..at + c.len_utf8()], mark: Mark::None });
            start = None;
        }
    }
    words.extend(start.map(|start| Word { text: &text[start..], mark: Mark::None }));
    words
}

/// Whether a word of the text is this word of a table, in any case and with any apostrophe.
pub(super) fn is_same(spoken: &str, listed: &str) -> bool {
    if spoken.is_ascii() && listed.is_ascii() {
        return spoken.eq_ignore_ascii_case(listed);
    }
    spoken == listed || folded(spoken).eq(folded(listed))
}

/// A cheap test that most words of a table fail: letters of ASCII are the same in no other way.
pub(super) fn may_be_same(spoken: Option<&u8>, listed: Option<&u8>) -> bool {
    let (Some(spoken), Some(listed)) = (spoken, listed) else { return false };
    !spoken.is_ascii() || !listed.is_ascii() || spoken.eq_ignore_ascii_case(listed)
}

pub(super) fn folded(word: &str) -> impl Iterator<Item = char> + '_ {
    word.chars().map(lowercase).filter_map(fold)
}

/// The scripts that have capitals come first, but for some that no table is written in.
fn lowercase(c: char) -> char {
    if c < '\u{900}' { c.to_lowercase().next().unwrap_or(c) } else { c }
}

/// Writes one way what Unicode and habit write in several: apostrophes, and in Devanagari the dot
/// below (often left out) and the two signs of nasal vowels.
fn fold(c: char) -> Option<char> {
    match c {
        '\u{93c}' | '\u{200c}' | '\u{200d}' => None,
        '’' | '‘' | 'ʼ' | '`' => Some('\''),
        'ँ' => Some('ं'),
        '\u{958}' => Some('क'),
        '\u{959}' => Some('ख'),
        '\u{95a}' => Some('ग'),
        '\u{95b}' => Some('ज'),
        '\u{95c}' => Some('ड'),
        '\u{95d}' => Some('ढ'),
        '\u{95e}' => Some('फ'),
        '\u{95f}' => Some('य'),
        other => Some(other),
    }
}

/// The words of a table's phrase, cut as those of a text are.
pub(super) fn words_of_phrase(phrase: &str) -> impl DoubleEndedIterator<Item = &str> {
    phrase.split([' ', '-']).flat_map(|word| {
        let cut = word.find(is_apostrophe).filter(|&cut| is_elided(&word[..cut]));
        let (elided, rest) = word.split_at(cut.map_or(0, |cut| cut + 1));
        [elided, rest].into_iter().filter(|part| !part.is_empty())
    })
}

/// The Romance words that lose their vowel: what follows the apostrophe is a word of its own, and
/// some recognisers write a space there.
fn is_elided(word: &str) -> bool {
    const ELIDED: [&str; 13] = ["c", "d", "j", "jusqu", "l", "lorsqu", "m", "n", "presqu", "puisqu", "qu", "s", "t"];
    ELIDED.iter().any(|elided| word.eq_ignore_ascii_case(elided))
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`')
}

/// `is_alphanumeric` leaves out the signs of Devanagari that kill or change a letter's sound.
fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '_' | '$' | '£' | '€' | '₹' | '%' | '°')
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{93c}' | '\u{94d}' | '\u{200c}' | '\u{200d}')
}

fn joins(previous: char, c: char, next: char) -> bool {
    let between = |is: fn(char) -> bool| is(previous) && is(next);
    match c {
        '.' | '@' => between(char::is_alphanumeric),
        ',' | ':' => between(|c| c.is_ascii_digit()),
        _ => is_apostrophe(c) && between(is_part_of_word),
    }
}

/// The length, in characters, of the remark that `open` begins.
fn remark(open: char, rest: &str) -> Option<usize> {
    let close = match open {
        '[' => ']',
        '(' => ')',
        '<' => '>',
        '*' => '*',
        _ => return None,
    };
    let remark = rest.chars().take(LONGEST_REMARK);
    let length = remark.clone().position(|c| c == close)?;
    // "(555) 0123" is no remark.
    (!remark.take(length).any(|c| c.is_ascii_digit())).then_some(length + 1)
}

fn mark(so_far: Mark, previous: char, c: char, next: char) -> Mark {
    match (so_far, c) {
        (_, '?' | '？' | '؟') => Mark::Question,
        (Mark::Question, _) => Mark::Question,
        (_, '!' | '！') => Mark::Exclamation,
        (Mark::Exclamation, _) => Mark::Exclamation,
        (Mark::Period, '.') if previous == '.' => Mark::Continues,
        (Mark::None, '.' | '।' | '॥' | '。') => Mark::Period,
        (Mark::None, ',' | ';' | ':' | '…' | '—' | '–' | '、' | '@') => Mark::Continues,
        (Mark::None, '-') if next.is_whitespace() => Mark::Continues,
        (unchanged, _) => unchanged,
    }
}
