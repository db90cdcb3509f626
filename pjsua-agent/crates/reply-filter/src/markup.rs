//! What has the form of markup: tags and what stands between them, markers, JSON, code.

use crate::{Act, Unspoken};

/// No tag or marker is longer; what is, is text with a bracket in it.
const LONGEST_TAG: usize = 64;

/// Between a tag of these names and its end nothing is spoken.
const THOUGHTS: &[&str] = &[
    "think",
    "thinking",
    "thought",
    "thoughts",
    "reasoning",
    "reflection",
    "scratchpad",
    "analysis",
    "inner_monologue",
];
const CALLS: &[&str] = &[
    "tool_call",
    "tool_calls",
    "tool",
    "tools",
    "function",
    "functions",
    "function_call",
    "function_calls",
    "invoke",
    "parameter",
    "json",
    "code",
    "action",
    "tool_response",
    "tool_result",
];
/// Tokens of chat templates with which a reply ends, or another turn begins.
const ENDS: &[&str] = &[
    "im_end",
    "eot_id",
    "eom_id",
    "endoftext",
    "end_of_turn",
    "end_of_text",
    "/s",
    "end",
    "return",
    "user",
    "/inst",
    "end_of_utterance",
    "eos",
    "eod",
];

/// What was found next.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// Plain text.
    Text(String),
    /// Something that is left out.
    Left(Unspoken),
    /// The end of a thought whose beginning was not marked: all before it was thought.
    ThoughtSoFar,
    /// The end of the reply.
    End,
    /// `[LIKE_THIS]`, and the act that it means.
    Marker(Option<Act>),
}

/// Text as it comes, and what it is in the middle of.
#[derive(Debug, Default)]
pub(crate) struct Markup {
    held: String,
    inside: Option<Inside>,
}

/// What ends by itself.
#[derive(Debug, Clone, PartialEq)]
enum Inside {
    /// Up to the tag `</name>`, `[/name]`; any of the names ends it.
    Tags(&'static [&'static str]),
    /// Up to this text.
    Until(&'static str),
    /// A word that says what the text behind it is.
    Heading(Heading),
    /// As many brackets are open, the last character was a backslash, within quotes or not.
    Json { depth: usize, escaped: bool, quoted: bool },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Heading {
    /// Whose turn begins.
    Role,
    /// Harmony: `<|channel|>analysis<|message|>…<|end|>`; only the channel `final` is for the caller.
    Channel,
}

impl Markup {
    pub(crate) fn push(&mut self, text: &str) {
        self.held.push_str(text);
    }

    /// The next find, unless it takes more text to know.
    pub(crate) fn next(&mut self, at_end: bool) -> Option<Found> {
        loop {
            if let Some(Inside::Heading(heading)) = self.inside {
                return self.heading(heading, at_end);
            }
            if let Some(inside) = self.inside.clone() {
                if !self.skip(inside, at_end) {
                    return None;
                }
                continue;
            }
            if self.held.is_empty() {
                return None;
            }
            match self.held.find(['<', '[', '{', '`']) {
                Some(0) => {
                    let found = self.opened(at_end)?;
                    if found != Found::Text(String::new()) {
                        return Some(found);
                    }
                }
                Some(at) => return Some(Found::Text(self.take(at))),
                None => return Some(Found::Text(std::mem::take(&mut self.held))),
            }
        }
    }

    /// Skips what is inside; `false` when its end has not come.
    fn skip(&mut self, inside: Inside, at_end: bool) -> bool {
        let end = match inside {
            Inside::Tags(names) => self.end_of_tags(names),
            Inside::Until(text) => self.held.find(text).map(|at| at + text.len()),
            Inside::Heading(_) => Some(0),
            Inside::Json { depth, escaped, quoted } => self.end_of_json(depth, escaped, quoted),
        };
        match end {
            Some(end) => {
                self.held.drain(..end);
                self.inside = None;
                true
            }
            None => {
                // An end that is cut in two is still found.
                let keep = if at_end || matches!(inside, Inside::Json { .. }) { 0 } else { LONGEST_TAG };
                let from = self.held.floor_char_boundary_back(keep);
                self.held.drain(..from);
                false
            }
        }
    }

    fn end_of_tags(&self, names: &[&str]) -> Option<usize> {
        let lower = self.held.to_ascii_lowercase();
        let end = |name: &&str| {
            let forms = [format!("</{name}>"), format!("[/{name}]")];
            forms.into_iter().filter_map(|form| lower.find(&form).map(|at| at + form.len())).min()
        };
        names.iter().filter_map(end).min()
    }

    fn end_of_json(&mut self, mut depth: usize, mut escaped: bool, mut quoted: bool) -> Option<usize> {
        for (at, c) in self.held.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = !quoted,
                '{' | '[' if !quoted => depth += 1,
                '}' | ']' if !quoted => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        self.inside = Some(Inside::Json { depth, escaped, quoted });
        None
    }

    /// What begins with a bracket or a backtick.
    fn opened(&mut self, at_end: bool) -> Option<Found> {
        let first = self.held.chars().next()?;
        match first {
            '<' => self.tag(at_end),
            '[' if self.is_json_array(at_end)? => Some(self.json()),
            '[' => self.marker(at_end),
            '{' => Some(self.json()),
            _ => self.backticks(at_end),
        }
    }

    fn json(&mut self) -> Found {
        self.inside = Some(Inside::Json { depth: 0, escaped: false, quoted: false });
        Found::Left(Unspoken::Code)
    }

    fn is_json_array(&self, at_end: bool) -> Option<bool> {
        match self.held[1..].trim_start().chars().next() {
            Some(c) => Some(matches!(c, '{' | '"' | '[')),
            None => at_end.then_some(false),
        }
    }

    fn tag(&mut self, at_end: bool) -> Option<Found> {
        let is_tag = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '|' | '!' | '_');
        match self.held[1..].chars().next() {
            Some(c) if is_tag(c) => {}
            None if !at_end => return None,
            _ => return Some(Found::Text(self.take(1))),
        }
        let Some(end) = self.held.find('>').filter(|end| *end <= LONGEST_TAG) else {
            if !at_end && self.held.len() <= LONGEST_TAG {
                return None;
            }
            // A tag that the end of the reply has cut is none to be read aloud.
            let length = if at_end { self.held.len() } else { 1 };
            self.held.drain(..length);
            return Some(Found::Left(Unspoken::Markup));
        };
        let tag = self.take(end + 1);
        let inside = &tag[1..end];
        if inside.contains('@') || inside.contains("://") {
            return Some(Found::Text(inside.to_owned()));
        }
        let is_token = inside.starts_with('|');
        let name: String = inside.trim_matches(['|', ' ']).to_ascii_lowercase();
        let word = name.split([' ', '=', ':', '\n']).next().unwrap_or_default();
        // Words that people write as well: "press <return>".
        if matches!(word, "end" | "return" | "user" | "start" | "channel") && !is_token {
            return Some(Found::Text(tag));
        }
        Some(self.named(word))
    }

    fn named(&mut self, name: &str) -> Found {
        let open = name.trim_start_matches('/');
        if THOUGHTS.contains(&open) {
            if name.starts_with('/') {
                return Found::ThoughtSoFar;
            }
            self.inside = Some(Inside::Tags(THOUGHTS));
            return Found::Left(Unspoken::Reasoning);
        }
        if CALLS.contains(&open) && !name.starts_with('/') {
            self.inside = Some(Inside::Tags(CALLS));
            return Found::Left(Unspoken::Code);
        }
        let heading = match name {
            "channel" => Some(Heading::Channel),
            "im_start" | "start_of_turn" | "start_header_id" | "start" => Some(Heading::Role),
            _ => None,
        };
        if heading.is_some() {
            self.inside = heading.map(Inside::Heading);
            return Found::Left(Unspoken::Markup);
        }
        if ENDS.contains(&name) { Found::End } else { Found::Left(Unspoken::Markup) }
    }

    fn heading(&mut self, heading: Heading, at_end: bool) -> Option<Found> {
        let from = self.held.len() - self.held.trim_start().len();
        let length = self.held[from..].find(|c: char| !c.is_alphanumeric() && c != '_');
        let length = match length {
            Some(length) => length,
            None if at_end => self.held.len() - from,
            None => return None,
        };
        let word = self.held[from..from + length].to_ascii_lowercase();
        self.held.drain(..from + length);
        self.inside = None;
        Some(match (heading, &*word) {
            (Heading::Role, "assistant" | "model") | (Heading::Channel, "final") => Found::Left(Unspoken::Markup),
            (Heading::Role, _) => Found::End,
            (Heading::Channel, _) => {
                self.inside = Some(Inside::Until("<|end|>"));
                Found::Left(Unspoken::Reasoning)
            }
        })
    }

    fn marker(&mut self, at_end: bool) -> Option<Found> {
        let Some(end) = self.held.find(']').filter(|end| *end <= LONGEST_TAG) else {
            let may_end = !at_end && self.held.len() <= LONGEST_TAG;
            return if may_end { None } else { Some(Found::Text(self.take(1))) };
        };
        let inside = self.held[1..end].to_owned();
        let name = inside.trim().trim_start_matches('/').to_ascii_lowercase();
        if THOUGHTS.contains(&name.as_str()) {
            self.held.drain(..=end);
            return Some(self.named(&inside.trim().to_ascii_lowercase()));
        }
        if name == "inst" {
            self.held.drain(..=end);
            return Some(Found::End);
        }
        let is_link = self.held[end + 1..].starts_with('(');
        if let Some(act) = act_of(&name).filter(|_| !is_link) {
            self.held.drain(..=end);
            return Some(Found::Marker(Some(act)));
        }
        if is_marker(&inside) {
            self.held.drain(..=end);
            return Some(Found::Marker(None));
        }
        // `[text](address)`: a link, of which the text is spoken.
        match self.held[end + 1..].chars().next() {
            Some('(') => {
                self.held.drain(..=end);
                self.inside = Some(Inside::Until(")"));
                Some(Found::Text(inside))
            }
            None if !at_end => None,
            _ => Some(Found::Text(self.take(end + 1))),
        }
    }

    fn backticks(&mut self, at_end: bool) -> Option<Found> {
        let count = self.held.chars().take_while(|c| *c == '`').count();
        if count == self.held.len() && count < 3 && !at_end {
            return None;
        }
        self.held.drain(..count);
        if count >= 3 {
            self.inside = Some(Inside::Until("```"));
            return Some(Found::Left(Unspoken::Code));
        }
        Some(Found::Left(Unspoken::Markup))
    }

    fn take(&mut self, bytes: usize) -> String {
        self.held.drain(..bytes).collect()
    }
}

/// `TRANSFER`, `TRANSFER_CALL`, `hang up`, `END_CALL: reason` …
fn act_of(marker: &str) -> Option<Act> {
    const TRANSFERS: &[&str] = &["transfer", "handover", "hand over", "handoff", "escalate", "transfer call"];
    const HANG_UPS: &[&str] = &["hangup", "hang up", "end call", "endcall", "end of call", "end the call"];
    let plain = marker.replace(['_', '-'], " ");
    let name = plain.split(':').next().unwrap_or_default().trim();
    if TRANSFERS.contains(&name) || name.starts_with("transfer to ") {
        Some(Act::Transfer)
    } else if HANG_UPS.contains(&name) {
        Some(Act::HangUp)
    } else {
        None
    }
}

/// `LOOKUP_ORDER`, `PAUSE`, `SILENCE 2S`: capitals and underscores, which nobody writes to be read aloud.
fn is_marker(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let is_loud =
        |c: char| c.is_uppercase() || c.is_ascii_digit() || matches!(c, '_' | ' ' | '-' | ':' | '.' | '/' | '=');
    (letters >= 2 && text.chars().all(is_loud)) || text.contains('_')
}

trait FloorFromEnd {
    /// The byte at which about the last `bytes` begin.
    fn floor_char_boundary_back(&self, bytes: usize) -> usize;
}

impl FloorFromEnd for String {
    fn floor_char_boundary_back(&self, bytes: usize) -> usize {
        let mut at = self.len().saturating_sub(bytes);
        while !self.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}
