//! What of a language model's text may be spoken to a caller.
//!
//! Models write more than an answer: their reasoning, tool calls and JSON, the markers of their chat template, the caller's
//! next sentence, the same sentence again, another script. A voice would read all of it aloud. A [`Filter`] takes the text
//! as it comes, whoever generated it, and gives what is left, holding back only what may still turn out to be something else.
//!
//! ```
//! use reply_filter::{Acts, Filter};
//!
//! let mut filter = Filter::new("en", Acts::default());
//! let mut spoken = filter.push("<think>Short. </think>We open at ni");
//! spoken += &filter.push("ne. \nUser: And on Sunday?");
//! spoken += &filter.finish();
//! assert_eq!(spoken.trim(), "We open at nine.");
//! ```
//!
//! Text goes through three rooms: [`markup`] takes out what has the form of markup, [`pieces`] cuts the rest where a clause
//! may end, [`speech`] judges each piece.

#![forbid(unsafe_code)]

mod grounds;
mod markup;
mod pieces;
mod scripts;
mod speech;

use std::collections::BTreeSet;

use conversation::Act;
pub use grounds::Grounds;
use markup::{Found, Markup};
use pieces::Pieces;
use speech::{Judgement, Speech};

/// The acts that a marker in the text may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acts {
    /// `[TRANSFER]` and the like.
    pub transfer: bool,
    /// `[HANGUP]` and the like.
    pub hang_up: bool,
}

impl Acts {
    fn allows(self, act: Act) -> bool {
        match act {
            Act::Transfer => self.transfer,
            Act::HangUp => self.hang_up,
        }
    }
}

/// A kind of text that is not spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unspoken {
    /// What the model thought before it answered.
    Reasoning,
    /// Tags, markers, and the tokens of a chat template.
    Markup,
    /// JSON, code, and calls of tools.
    Code,
    /// Another speaker's part.
    ForeignTurn,
    /// What was said before in this reply.
    Repetition,
    /// Letters that the voice does not know.
    ForeignScript,
    /// A number or a name that stands in none of its sources, and what follows.
    Unfounded,
}

impl Unspoken {
    /// Each.
    pub const ALL: [Unspoken; 7] = [
        Unspoken::Reasoning,
        Unspoken::Markup,
        Unspoken::Code,
        Unspoken::ForeignTurn,
        Unspoken::Repetition,
        Unspoken::ForeignScript,
        Unspoken::Unfounded,
    ];

    /// For logs and metrics: `reasoning`, `markup`, `code`, `foreign_turn`, `repetition`, `foreign_script`,
    /// `unfounded`.
    pub fn as_str(self) -> &'static str {
        match self {
            Unspoken::Reasoning => "reasoning",
            Unspoken::Markup => "markup",
            Unspoken::Code => "code",
            Unspoken::ForeignTurn => "foreign_turn",
            Unspoken::Repetition => "repetition",
            Unspoken::ForeignScript => "foreign_script",
            Unspoken::Unfounded => "unfounded",
        }
    }
}

/// One reply on its way to the voice.
#[derive(Debug)]
pub struct Filter {
    acts: Acts,
    markup: Markup,
    pieces: Pieces,
    speech: Speech,
    act: Option<Act>,
    is_over: bool,
    unspoken: BTreeSet<Unspoken>,
}

impl Filter {
    /// A new reply, for a voice that speaks `language` (BCP 47).
    pub fn new(language: &str, acts: Acts) -> Filter {
        Filter {
            acts,
            markup: Markup::default(),
            pieces: Pieces::default(),
            speech: Speech::new(language),
            act: None,
            is_over: false,
            unspoken: BTreeSet::new(),
        }
    }

    /// Holds the reply to its sources: what claims a number or a name beyond them is not spoken, nor what follows.
    #[must_use]
    pub fn held_to(mut self, grounds: Grounds) -> Filter {
        self.speech.hold_to(grounds);
        self
    }

    /// Takes the next text, and gives what may be spoken now.
    pub fn push(&mut self, text: &str) -> String {
        self.markup.push(text);
        self.drain(false)
    }

    /// No more text comes: gives what was held back.
    pub fn finish(&mut self) -> String {
        self.drain(true)
    }

    /// Nothing that follows is the agent's: generating on is of no use.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// What a marker asked for, if that is allowed.
    pub fn act(&self) -> Option<Act> {
        self.act
    }

    /// What was left out so far.
    pub fn unspoken(&self) -> impl Iterator<Item = Unspoken> {
        self.unspoken.iter().copied()
    }

    fn drain(&mut self, at_end: bool) -> String {
        let mut spoken = String::new();
        while !self.is_over {
            let Some(found) = self.markup.next(at_end) else { break };
            match found {
                Found::Text(text) => {
                    self.pieces.push(&text);
                    self.judge(false, &mut spoken);
                }
                Found::Left(kind) => drop(self.unspoken.insert(kind)),
                Found::ThoughtSoFar => {
                    self.unspoken.insert(Unspoken::Reasoning);
                    self.pieces.clear();
                    self.speech.clear();
                    spoken.clear();
                }
                Found::End => {
                    self.unspoken.insert(Unspoken::Markup);
                    self.end(&mut spoken);
                }
                Found::Marker(act) => {
                    self.unspoken.insert(Unspoken::Markup);
                    self.act = act.filter(|act| self.acts.allows(*act));
                    // One that means nothing here may stand anywhere; one that acts is the last word.
                    if act.is_some() {
                        self.end(&mut spoken);
                    }
                }
            }
        }
        if at_end && !self.is_over {
            self.end(&mut spoken);
        }
        spoken
    }

    /// The reply ends here; what was held back is judged.
    fn end(&mut self, spoken: &mut String) {
        self.judge(true, spoken);
        spoken.push_str(&self.speech.finish());
        self.is_over = true;
    }

    fn judge(&mut self, at_end: bool, spoken: &mut String) {
        while let Some(piece) = self.pieces.next(at_end) {
            match self.speech.judge(&piece) {
                Judgement::Spoken(text) => spoken.push_str(&text),
                Judgement::Held => {}
                Judgement::Left(kind) => drop(self.unspoken.insert(kind)),
                Judgement::Over(kind) => {
                    self.unspoken.insert(kind);
                    spoken.push_str(&self.speech.finish());
                    self.is_over = true;
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
