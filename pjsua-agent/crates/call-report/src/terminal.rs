//! Text for the terminal: width and colour.

use std::time::Duration;

use conversation::Instant;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// No line is longer.
pub(crate) const COLUMNS: usize = 120;

/// ANSI colours that are told apart with all common kinds of colour vision, on light and on dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Blue,
    Cyan,
    Yellow,
    Magenta,
    Dim,
    Bold,
}

/// Writes text with or without colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) has_colour: bool,
}

impl Terminal {
    /// As the terminal and `NO_COLOR` (https://no-color.org) have it.
    pub(crate) fn of_stdout() -> Terminal {
        use std::io::IsTerminal;
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Terminal { has_colour: !is_refused && std::io::stdout().is_terminal() }
    }

    pub(crate) fn paint(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Blue => "34",
            Colour::Cyan => "36",
            Colour::Yellow => "33",
            Colour::Magenta => "35",
            Colour::Dim => "2",
            Colour::Bold => "1",
        };
        if self.has_colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The text in at most `columns` columns, on one line; control characters of what was said reach no terminal.
pub(crate) fn clip(text: &str, columns: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.width() <= columns {
        return text;
    }
    let mut clipped = String::new();
    let mut width = 0;
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width + 1 > columns {
            break;
        }
        clipped.push(c);
    }
    clipped.push('…');
    clipped
}

/// The same, filled with blanks.
pub(crate) fn cell(text: &str, columns: usize) -> String {
    let mut text = clip(text, columns);
    text.extend(std::iter::repeat_n(' ', columns.saturating_sub(text.width())));
    text
}

/// Words wrapped at `COLUMNS`, all lines but the first indented.
pub(crate) fn wrap(text: &str, indent: usize) -> String {
    wrap_at(text, COLUMNS, indent)
}

/// The same at that many columns.
pub(crate) fn wrap_at(text: &str, columns: usize, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let word = clip(word, columns.saturating_sub(indent));
        let is_begun = line.width() > if lines.is_empty() { 0 } else { indent };
        if is_begun && line.width() + 1 + word.width() > columns {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        } else if is_begun {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines.join("\n")
}

/// `1:07.3`: minutes, seconds, tenths.
pub(crate) fn clock(at: Instant) -> String {
    let tenths = at.as_micros() / 100_000;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// Whole milliseconds; a dash for nothing.
pub(crate) fn millis(span: Option<Duration>) -> String {
    span.map_or_else(|| "-".into(), |span| ((span.as_micros() + 500) / 1_000).to_string())
}
