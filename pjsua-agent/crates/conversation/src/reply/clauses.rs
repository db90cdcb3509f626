//! Cuts a reply into clauses while it is being generated.

/// Abbreviations that never end a sentence: a name or a number follows.
const BEFORE_NAMES: [&str; 17] = [
    "mr", "mrs", "ms", "dr", "prof", "rev", "hon", "st", "mt", "gen", "col", "sgt", "capt", "lt", "vs", "approx", "ext",
];

/// Abbreviations that end a sentence when a capital follows.
const AMBIGUOUS: [&str; 22] = [
    "a.m", "p.m", "am", "pm", "etc", "e.g", "i.e", "inc", "ltd", "co", "corp", "jr", "sr", "ave", "blvd", "rd", "dept",
    "apt", "tel", "u.s", "u.k", "resp",
];

/// Abbreviations only in front of a figure: "no. 5", but "No. We are closed."
const BEFORE_FIGURES: [&str; 4] = ["no", "nos", "p", "art"];

/// How long clauses are, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClauseLengths {
    /// Shortest first clause that may end at a comma.
    pub(crate) first: usize,
    /// Shortest later clause that may end at a comma.
    pub(crate) later: usize,
    /// Longest clause.
    pub(crate) longest: usize,
}

/// Takes text as it comes and gives clauses that can be spoken.
///
/// A clause ends at `.`, `!`, `?`, `;`, `:` or a new line, or at a comma once it is long enough.
/// Punctuation counts only in front of a blank, so figures (3.50, 9:30, 1,000) and addresses stay
/// whole, and the text after it is awaited before it is judged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClauseCutter {
    lengths: ClauseLengths,
    text: String,
    first: bool,
}

impl ClauseCutter {
    pub(crate) fn new(lengths: ClauseLengths) -> Self {
        Self { lengths, text: String::new(), first: true }
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The next complete clause.
    pub(crate) fn next(&mut self) -> Option<String> {
        loop {
            let end = self.clause_end()?;
            let rest = self.text.split_off(end);
            let clause = std::mem::replace(&mut self.text, rest);
            if let Some(clause) = spoken(&clause) {
                self.first = false;
                return Some(clause);
            }
        }
    }

    /// What is left when the reply is complete; poll [`next`](Self::next) first.
    pub(crate) fn finish(&mut self) -> Option<String> {
        spoken(&std::mem::take(&mut self.text))
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
    }

    /// The byte behind the first clause's end.
    fn clause_end(&self) -> Option<usize> {
        let shortest = if self.first { self.lengths.first } else { self.lengths.later };
        let mut blank = None;
        let mut begun = false;
        for (count, (at, c)) in self.text.char_indices().enumerate() {
            begun |= !c.is_whitespace();
            let end = at + c.len_utf8();
            match c {
                '\n' if begun => return Some(end),
                '.' | '!' | '?' | '…' | ';' | ':' | ',' if self.ends_clause(at, c, count + 1 >= shortest) => {
                    return Some(end + closing_marks(&self.text[end..]));
                }
                _ if c.is_whitespace() && begun => blank = Some(end),
                _ => {}
            }
            if count + 1 >= self.lengths.longest.max(1) && begun {
                return Some(blank.unwrap_or(end));
            }
        }
        None
    }

    fn ends_clause(&self, at: usize, mark: char, long_enough: bool) -> bool {
        let behind = &self.text[at + mark.len_utf8()..];
        let behind = &behind[closing_marks(behind)..];
        if !behind.starts_with(char::is_whitespace) {
            return false;
        }
        match mark {
            ',' => long_enough,
            '.' => !is_abbreviation(&self.text[..at], behind.trim_start().chars().next()),
            _ => true,
        }
    }
}

/// Bytes of the quotes and brackets, and of more punctuation, that belong to a clause's end.
fn closing_marks(text: &str) -> usize {
    let is_closing = |c: char| matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»' | '.' | '!' | '?' | '…');
    text.find(|c| !is_closing(c)).unwrap_or(text.len())
}

/// Whether the full stop behind `before` does not end a sentence; `next` is the first character of
/// the next word, unknown while it has not come.
fn is_abbreviation(before: &str, next: Option<char>) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let word = word.trim_start_matches(['(', '"', '\'', '“', '‘', '[']);
    let lower = word.to_lowercase();
    let is = |list: &[&str]| list.contains(&lower.as_str());
    let is_list_number = before.trim() == word && !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let mut letters = word.chars();
    let is_initial = matches!((letters.next(), letters.next()), (Some(c), None) if c.is_uppercase() && c != 'I');
    if is(&BEFORE_NAMES) || is_list_number || is_initial {
        return true;
    }
    if is(&AMBIGUOUS) {
        return next.is_none_or(|c| !c.is_uppercase());
    }
    is(&BEFORE_FIGURES) && next.is_none_or(|c| c.is_ascii_digit())
}

/// The clause as it is to be spoken, if there is a word in it.
pub(crate) fn spoken(clause: &str) -> Option<String> {
    let clause = clause.split_whitespace().collect::<Vec<_>>().join(" ");
    clause.contains(char::is_alphanumeric).then_some(clause)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: ClauseLengths = ClauseLengths { first: 12, later: 40, longest: 120 };

    fn cut(text: &str) -> Vec<String> {
        cut_pieces(&[text])
    }

    fn cut_pieces(pieces: &[&str]) -> Vec<String> {
        let mut cutter = ClauseCutter::new(LENGTHS);
        let mut clauses = Vec::new();
        for piece in pieces {
            cutter.push(piece);
            clauses.extend(std::iter::from_fn(|| cutter.next()));
        }
        clauses.extend(cutter.finish());
        clauses
    }

    #[test]
    fn sentences_are_clauses() {
        assert_eq!(cut("Yes. We do! Why? Ask; now: go"), ["Yes.", "We do!", "Why?", "Ask;", "now:", "go"]);
    }

    #[test]
    fn figures_stay_whole() {
        assert_eq!(cut("It costs 3.50 at 9:30 for 1,000 pieces."), ["It costs 3.50 at 9:30 for 1,000 pieces."]);
        assert_eq!(cut("Write to info@example.com today."), ["Write to info@example.com today."]);
        assert_eq!(cut("1. Tea. 2. Milk."), ["1. Tea.", "2. Milk."]);
    }

    #[test]
    fn a_price_that_comes_in_pieces_stays_whole() {
        assert_eq!(
            cut_pieces(&["It costs 3", ".", "50", " dollars", ".", " Anything else?"]),
            ["It costs 3.50 dollars.", "Anything else?"]
        );
    }

    #[test]
    fn titles_and_initials_do_not_end_a_sentence() {
        assert_eq!(cut("Mr. Smith and Dr. J. Doe are in."), ["Mr. Smith and Dr. J. Doe are in."]);
    }

    #[test]
    fn times_of_day_end_a_sentence_only_before_a_capital() {
        assert_eq!(cut("From 9 a.m. to 5 p.m. We close then."), ["From 9 a.m. to 5 p.m.", "We close then."]);
    }

    #[test]
    fn no_is_an_answer_and_an_abbreviation() {
        assert_eq!(cut("No. Not at all."), ["No.", "Not at all."]);
        assert_eq!(cut("Order no. 5 is here."), ["Order no. 5 is here."]);
    }

    #[test]
    fn a_long_enough_clause_ends_at_a_comma_and_the_first_one_sooner() {
        assert_eq!(
            cut("On Saturday, we are open, as always, from nine in the morning, until late."),
            ["On Saturday,", "we are open, as always, from nine in the morning,", "until late."]
        );
    }

    #[test]
    fn quotes_and_brackets_stay_with_their_sentence() {
        assert_eq!(
            cut("He said \"no.\" (Really?) Wait... what?!"),
            ["He said \"no.\"", "(Really?)", "Wait...", "what?!"]
        );
    }

    #[test]
    fn what_holds_no_word_is_not_spoken() {
        assert_eq!(cut(" ... - !\n\n* "), Vec::<String>::new());
    }

    #[test]
    fn blanks_and_lines_are_folded() {
        assert_eq!(cut("  One \n two\tthree. "), ["One", "two three."]);
    }

    #[test]
    fn text_without_punctuation_is_cut_at_a_blank() {
        let clauses = cut(&"word ".repeat(60));
        assert!(clauses.iter().all(|clause| clause.chars().count() <= LENGTHS.longest), "{clauses:?}");
        assert_eq!(clauses.join(" "), "word ".repeat(60).trim());
    }

    #[test]
    fn a_full_stop_waits_for_what_follows() {
        let mut cutter = ClauseCutter::new(LENGTHS);
        cutter.push("We do.");
        assert_eq!(cutter.next(), None);
        cutter.push(" It");
        assert_eq!(cutter.next().as_deref(), Some("We do."));
        cutter.push(" is so");
        assert_eq!(cutter.finish().as_deref(), Some("It is so"));
    }
}
