//! A TOML document read key by key: whatever is not asked for is unknown, whatever does not fit names its line.
//!
//! A section's reader asks for each of its keys once, with a kind (see `kinds`) that says what is allowed. That one
//! call is the key's whole definition, so the list of known keys, from which misspelt ones are told and suggestions
//! are made, cannot differ from the keys that are read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Problem};

/// Everything found wrong so far, over all files.
#[derive(Default)]
pub(super) struct Report {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    files: RefCell<Vec<PathBuf>>,
    known_keys: RefCell<BTreeSet<String>>,
}

impl Report {
    pub(super) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn warning(&self, warning: Problem) {
        self.warnings.borrow_mut().push(warning);
    }

    /// Every key that was asked for, as `[section] key`.
    #[cfg(test)]
    pub(super) fn known_keys(&self) -> BTreeSet<String> {
        self.known_keys.borrow().clone()
    }

    /// The warnings, or every problem; each in the order in which the files were opened and of their lines.
    pub(super) fn into_result(self) -> Result<Vec<Problem>, ConfigError> {
        let files = self.files.into_inner();
        let in_order = |mut problems: Vec<Problem>| {
            problems.sort_by_key(|problem| (files.iter().position(|file| *file == problem.file), problem.line));
            problems
        };
        match in_order(self.problems.into_inner()) {
            problems if problems.is_empty() => Ok(in_order(self.warnings.into_inner())),
            problems => Err(ConfigError { problems }),
        }
    }
}

/// One file's text.
pub(super) struct Document {
    file: PathBuf,
    text: String,
}

impl Document {
    /// Reads `file`; what is wrong with it goes to the report.
    pub(super) fn read(file: &Path, report: &Report) -> Option<Document> {
        report.files.borrow_mut().push(file.to_owned());
        let whole_file = |line, message| Problem { file: file.to_owned(), line, place: String::new(), message };
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                report.problem(whole_file(None, format!("cannot be read: {error}")));
                return None;
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(Document { file: file.to_owned(), text }),
            Err(error) => {
                let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
                report.problem(whole_file(Some(line), "is not UTF-8; save the file in that encoding".to_owned()));
                None
            }
        }
    }

    /// The TOML in it, or every error of its syntax in the report.
    pub(super) fn parse(&self, report: &Report) -> Option<DeTable<'_>> {
        let (table, errors) = DeTable::parse_recoverable(&self.text);
        for error in &errors {
            let line = error.span().map(|span| self.line(span.start));
            let message = error.message().replace('\n', ", ");
            report.problem(Problem { file: self.file.clone(), line, place: String::new(), message });
        }
        errors.is_empty().then(|| table.into_inner())
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// `path` as seen from the directory of this file.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }

    fn source(&self, span: Range<usize>) -> String {
        const SHOWN_CHARS: usize = 60;
        let text = self.text.get(span).unwrap_or_default().trim();
        let line = text.lines().next().unwrap_or_default();
        if line.len() == text.len() && text.chars().count() <= SHOWN_CHARS {
            text.to_owned()
        } else {
            line.chars().take(SHOWN_CHARS).chain("…".chars()).collect()
        }
    }
}

/// What is wrong with a value, or with several elements of one.
pub(super) struct Fault {
    line: usize,
    message: String,
}

impl Fault {
    /// Names something else that would be allowed.
    pub(super) fn add_allowed(&mut self, allowed: &str) {
        self.message.push_str(", or ");
        self.message.push_str(allowed);
    }
}

/// A value's meaning, or what is wrong with it.
pub(super) type Reading<T> = Result<T, Vec<Fault>>;

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) value: &'a DeValue<'a>,
    span: (usize, usize),
    pub(super) document: &'a Document,
}

impl<'a> Value<'a> {
    pub(super) fn new(spanned: &'a Spanned<DeValue<'a>>, document: &'a Document) -> Self {
        let span = spanned.span();
        Value { value: spanned.get_ref(), span: (span.start, span.end), document }
    }

    /// As it was written; a long one is cut.
    pub(super) fn source(&self) -> String {
        self.document.source(self.span.0..self.span.1)
    }

    /// A fault on this value's line.
    pub(super) fn refuse<T>(&self, message: impl Into<String>) -> Reading<T> {
        Err(vec![Fault { line: self.document.line(self.span.0), message: message.into() }])
    }

    /// The fault of a value of the wrong type.
    pub(super) fn wrong_type<T>(&self, allowed: impl fmt::Display) -> Reading<T> {
        self.refuse(format!("{} is {}; allowed: {allowed}", self.source(), type_name(self.value)))
    }
}

/// A table, and which of its keys were asked for.
#[must_use = "`finish` reports the keys that nobody asked for"]
pub(super) struct Section<'a> {
    document: &'a Document,
    report: &'a Report,
    title: String,
    name: String,
    table: Option<&'a DeTable<'a>>,
    line: Option<usize>,
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(super) fn root(document: &'a Document, table: &'a DeTable<'a>, report: &'a Report) -> Self {
        Section::new(document, report, String::new(), String::new(), Some(table), None)
    }

    fn new(
        document: &'a Document,
        report: &'a Report,
        title: String,
        name: String,
        table: Option<&'a DeTable<'a>>,
        line: Option<usize>,
    ) -> Self {
        Section { document, report, title, name, table, line, known: Vec::new(), missing: Vec::new() }
    }

    pub(super) fn document(&self) -> &'a Document {
        self.document
    }

    pub(super) fn report(&self) -> &'a Report {
        self.report
    }

    pub(super) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// What `key` holds; `None` when it is absent, or wrong and reported.
    pub(super) fn optional<T>(&mut self, key: &'static str, kind: impl Fn(Value<'_>) -> Reading<T>) -> Option<T> {
        let value = Value::new(self.look_up(key)?, self.document);
        match kind(value) {
            Ok(meaning) => Some(meaning),
            Err(faults) => {
                for fault in faults {
                    self.report.problem(self.problem_at(Some(fault.line), key, fault.message));
                }
                None
            }
        }
    }

    /// What `key` holds, or `default`.
    pub(super) fn or<T>(&mut self, key: &'static str, kind: impl Fn(Value<'_>) -> Reading<T>, default: T) -> T {
        self.optional(key, kind).unwrap_or(default)
    }

    /// What `key` holds; that it is missing is reported.
    pub(super) fn required<T>(&mut self, key: &'static str, kind: impl Fn(Value<'_>) -> Reading<T>) -> Option<T> {
        if !self.has(key) {
            self.missing.push(key);
        }
        self.optional(key, kind)
    }

    /// The table `[key]`, empty when it is absent.
    pub(super) fn table(&mut self, key: &'static str) -> Section<'a> {
        let name = self.child_name(key);
        let title = format!("[{name}]");
        let Some(spanned) = self.look_up(key) else {
            return Section::new(self.document, self.report, title, name, None, None);
        };
        self.child(key, title, name, spanned)
    }

    /// The tables `[[key]]`, in order.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let name = self.child_name(key);
        let title = format!("[[{name}]]");
        let Some(spanned) = self.look_up(key) else { return Vec::new() };
        let DeValue::Array(elements) = spanned.get_ref() else {
            let message = format!("is {}; allowed: any number of {title} tables", type_name(spanned.get_ref()));
            self.report.problem(self.problem_at(Some(self.document.line(spanned.span().start)), key, message));
            return Vec::new();
        };
        elements.iter().map(|element| self.child(key, title.clone(), name.clone(), element)).collect()
    }

    /// Reports `message` on the line of `key`, or of the section when the key is absent.
    pub(super) fn fault(&self, key: &str, message: impl Into<String>) {
        self.report.problem(self.problem_at(self.line_of(key), key, message.into()));
    }

    /// As `fault`, but only a warning.
    pub(super) fn warn(&self, key: &str, message: impl Into<String>) {
        self.report.warning(self.problem_at(self.line_of(key), key, message.into()));
    }

    /// Reports the keys that nobody asked for, and those that are missing.
    pub(super) fn finish(mut self) {
        for (key, _) in self.table.into_iter().flatten() {
            let name: &str = key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let nearest = nearest(name, self.known.iter().copied());
            self.missing.retain(|missing| Some(*missing) != nearest);
            let what = if self.name.is_empty() && self.title.is_empty() { "unknown" } else { "unknown key" };
            let suggestion = nearest.map(|nearest| format!(", did you mean “{nearest}”?")).unwrap_or_default();
            let message = format!("{what}{suggestion}; allowed: {}", self.known.join(", "));
            let line = self.document.line(key.span().start);
            self.report.problem(self.problem_at(Some(line), name, message));
        }
        for key in std::mem::take(&mut self.missing) {
            self.report.problem(self.problem_at(self.line, key, "is missing".to_owned()));
        }
    }

    fn look_up(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
            self.report.known_keys.borrow_mut().insert(self.place(key));
        }
        self.table?.get(key)
    }

    fn child(&self, key: &str, title: String, name: String, spanned: &'a Spanned<DeValue<'a>>) -> Section<'a> {
        let line = self.document.line(spanned.span().start);
        let table = match spanned.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                let message = format!("is {}; allowed: a {title} table", type_name(other));
                self.report.problem(self.problem_at(Some(line), key, message));
                None
            }
        };
        Section::new(self.document, self.report, title, name, table, Some(line))
    }

    fn child_name(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn line_of(&self, key: &str) -> Option<usize> {
        let entry = self.table.and_then(|table| table.get_key_value(key));
        entry.map(|(key, _)| self.document.line(key.span().start)).or(self.line)
    }

    fn place(&self, key: &str) -> String {
        if self.title.is_empty() { key.to_owned() } else { format!("{} {key}", self.title) }
    }

    fn problem_at(&self, line: Option<usize>, key: &str, message: String) -> Problem {
        Problem { file: self.document.file.clone(), line, place: self.place(key), message }
    }
}

/// The candidate that `word` is most likely a misspelling of.
pub(super) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
