//! Judges pieces of plain text: whose they are, whether they were said before, whether the voice can say them.

use std::collections::BTreeMap;

use crate::{Grounds, Unspoken, grounds::plain_words, pieces::Pieces, scripts};

/// Speakers that are not the agent, as models write them before a colon.
const FOREIGN: &[&str] = &[
    "user",
    "caller",
    "human",
    "customer",
    "client",
    "system",
    "tool",
    "function",
    "observation",
    "instruction",
    "anrufer",
    "benutzer",
    "kunde",
    "nutzer",
    "appelant",
    "utilisateur",
    "client e",
    "usuario",
    "cliente",
    "llamante",
];
/// The agent itself.
const OWN: &[&str] = &[
    "assistant",
    "agent",
    "ai",
    "bot",
    "answer",
    "response",
    "reply",
    "final answer",
    "assistent",
    "agente",
    "asistente",
    "antwort",
    "réponse",
    "respuesta",
];
/// How models begin to think aloud.
const SELF_TALK: &[&str] = &[
    "the user ",
    "so the user",
    "the caller is ",
    "the caller asks",
    "the caller wants",
    "so the caller",
    "the customer is asking",
    "i should ",
    "i need to respond",
    "i need to answer",
    "we need to answer",
    "we need to respond",
    "let me think",
    "let's think",
    "thinking:",
    "reasoning:",
];
/// What may stand before that, and before an answer as well.
const LEAD_INS: &[&str] = &["okay", "ok", "hmm", "alright", "all right", "well", "first", "so"];
/// Sentences of so many words are said once; shorter ones ("Yes.", "Of course.") may come again.
const LEAST_WORDS: usize = 4;
/// Nothing is said three times: "No, no," is emphasis, "no, no, no, no" a model that goes round in circles.
const MOST_TIMES: usize = 2;
/// So much thinking aloud is held back for a sign that it is over, in bytes.
const LONGEST_SELF_TALK: usize = 600;

pub(crate) enum Judgement {
    Spoken(String),
    /// Not known yet.
    Held,
    Left(Unspoken),
    /// The piece and all that follows is left.
    Over(Unspoken),
}

#[derive(Debug)]
pub(crate) struct Speech {
    language: String,
    /// How often each sentence was said.
    said: BTreeMap<String, usize>,
    /// The last clause, and how often it was said without another in between.
    run: (String, usize),
    repeated: usize,
    /// Text came that is the agent's.
    has_begun: bool,
    thinking_aloud: Option<String>,
    lead_in: String,
    /// The arguments of a call go on.
    in_call: bool,
    grounds: Option<Grounds>,
    /// The last piece ended a sentence, or none has come.
    ends_sentence: bool,
}

impl Speech {
    pub(crate) fn new(language: &str) -> Speech {
        Speech {
            language: language.to_owned(),
            said: BTreeMap::new(),
            run: (String::new(), 0),
            repeated: 0,
            has_begun: false,
            thinking_aloud: None,
            lead_in: String::new(),
            in_call: false,
            grounds: None,
            ends_sentence: true,
        }
    }

    pub(crate) fn hold_to(&mut self, grounds: Grounds) {
        self.grounds = Some(grounds);
    }

    /// All so far was no speech.
    pub(crate) fn clear(&mut self) {
        let grounds = self.grounds.take();
        *self = Speech { grounds, ..Speech::new(&std::mem::take(&mut self.language)) };
    }

    /// What was held back is the agent's after all, or never known to be thought.
    pub(crate) fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.lead_in);
        let held = self.thinking_aloud.take().unwrap_or(held);
        // It is judged as all else, piece by piece.
        let mut pieces = Pieces::default();
        pieces.push(&held);
        let mut spoken = String::new();
        while let Some(piece) = pieces.next(true) {
            match self.judge_whole(&piece) {
                Judgement::Spoken(text) => spoken.push_str(&text),
                Judgement::Over(_) => break,
                Judgement::Held | Judgement::Left(_) => {}
            }
        }
        spoken
    }

    pub(crate) fn judge(&mut self, piece: &str) -> Judgement {
        let begins_with_lead_in = !self.has_begun && LEAD_INS.contains(&&*plain(piece)) && piece.contains(',');
        if self.thinking_aloud.is_none() && begins_with_lead_in {
            self.lead_in.push_str(piece);
            return Judgement::Held;
        }
        let lead_in = std::mem::take(&mut self.lead_in);
        if !self.has_begun && self.thinking_aloud.is_none() && is_self_talk(piece) {
            if piece.contains('\n') {
                return Judgement::Left(Unspoken::Reasoning);
            }
            self.thinking_aloud = Some(lead_in + piece);
            return Judgement::Held;
        }
        self.judge_whole(&(lead_in + piece))
    }

    fn judge_whole(&mut self, piece: &str) -> Judgement {
        let plain = plain(piece);
        if let Some(talk) = &mut self.thinking_aloud {
            talk.push_str(piece);
            // A new line after it: the answer follows.
            if piece.contains('\n') || talk.len() > LONGEST_SELF_TALK {
                self.thinking_aloud = None;
                return Judgement::Left(Unspoken::Reasoning);
            }
            return Judgement::Held;
        }
        let label = piece.trim().trim_matches(['*', '#', ' ', '_']).trim_end();
        if let Some(speaker) = label.strip_suffix(':').map(|name| name.trim_matches(['*', ' ']).to_lowercase()) {
            if FOREIGN.contains(&speaker.as_str()) {
                return Judgement::Over(Unspoken::ForeignTurn);
            }
            if OWN.contains(&speaker.as_str()) {
                return Judgement::Left(Unspoken::Markup);
            }
        }
        if plain.is_empty() {
            // Blanks and punctuation keep words apart.
            return if self.has_begun { Judgement::Spoken(piece.to_owned()) } else { Judgement::Held };
        }
        if scripts::is_foreign(piece, &self.language) {
            return Judgement::Left(Unspoken::ForeignScript);
        }
        let text = self.without_calls(piece);
        if !text.contains(char::is_alphanumeric) {
            return Judgement::Left(Unspoken::Code);
        }
        if self.grounds.as_ref().is_some_and(|grounds| grounds.unfounded(&text).is_some()) {
            return Judgement::Over(Unspoken::Unfounded);
        }
        let is_repeated = self.is_repeated(piece, &plain);
        if is_repeated {
            self.repeated += 1;
            // Once may be for emphasis; more is a model that goes round in circles.
            return if self.repeated > 1 {
                Judgement::Over(Unspoken::Repetition)
            } else {
                Judgement::Left(Unspoken::Repetition)
            };
        }
        self.has_begun = true;
        Judgement::Spoken(text)
    }

    /// Whether this piece is a sentence of its own that was said before, or a clause that was just said twice. A clause may
    /// come again later: "from nine to five, …".
    fn is_repeated(&mut self, piece: &str, plain: &str) -> bool {
        if self.run.0 != plain {
            self.run = (plain.to_owned(), 0);
        }
        self.run.1 += 1;
        let begins = std::mem::replace(&mut self.ends_sentence, ends_sentence(piece));
        if !(begins && self.ends_sentence) {
            return self.run.1 > MOST_TIMES;
        }
        let times = self.said.entry(plain.to_owned()).or_default();
        *times += 1;
        let is_long = plain.split(' ').filter(|word| word.chars().count() > 1).count() >= LEAST_WORDS;
        let most = if is_long { 1 } else { MOST_TIMES };
        *times > most || self.run.1 > MOST_TIMES
    }

    /// Without `names_like_this`, alone or with arguments in brackets, and without the signs of emphasis.
    fn without_calls(&mut self, piece: &str) -> String {
        let mut kept: Vec<&str> = Vec::new();
        for word in piece.split_whitespace() {
            if self.in_call || is_name(word) {
                let opens = word.matches('(').count() > word.matches(')').count();
                self.in_call = (self.in_call && !word.contains(')')) || opens;
            } else {
                kept.push(word);
            }
        }
        let text = kept.join(" ").replace("**", "").replace("__", "");
        let text = text.trim_start_matches(['#', '*', '>', ' ']);
        // A bullet, not a minus.
        let text = text.strip_prefix("- ").unwrap_or(text);
        if text.is_empty() {
            return String::new();
        }
        let before = &piece[..piece.len() - piece.trim_start().len()];
        let behind = &piece[piece.trim_end().len()..];
        format!("{before}{text}{behind}")
    }
}

/// `like_this`, and no address.
fn is_name(word: &str) -> bool {
    let joins = word.split_once('_').is_some_and(|(before, behind)| {
        before.ends_with(|c: char| c.is_alphanumeric()) && behind.starts_with(|c: char| c.is_alphanumeric())
    });
    joins && !word.contains('@') && !word.contains("://")
}

fn ends_sentence(piece: &str) -> bool {
    piece.contains('\n')
        || piece.trim_end().trim_end_matches(['"', '\'', ')', '”']).ends_with(['.', '!', '?', '…', '。'])
}

fn is_self_talk(piece: &str) -> bool {
    let lower = piece.trim_start().to_lowercase();
    SELF_TALK.iter().any(|start| lower.starts_with(start))
}

/// Words in lower case, without punctuation.
fn plain(piece: &str) -> String {
    plain_words(piece).join(" ")
}
