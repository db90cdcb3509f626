//! From a model's pieces to what may be spoken: whole characters, without markers and without thoughts.

use inference::GenerationAct;

/// Joins the bytes of tokens to characters; a token may end in the middle of one.
#[derive(Default)]
pub struct Characters {
    held: Vec<u8>,
}

impl Characters {
    /// Appends `bytes` and returns the characters that are complete. Bytes that can never be UTF-8 are dropped.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let mut text = String::new();
        loop {
            match std::str::from_utf8(&self.held) {
                Ok(rest) => {
                    text.push_str(rest);
                    self.held.clear();
                    return text;
                }
                Err(error) => {
                    let (valid, rest) = self.held.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    let bad = error.error_len();
                    self.held = rest[bad.unwrap_or(0)..].to_vec();
                    if bad.is_none() {
                        return text;
                    }
                }
            }
        }
    }
}

/// The acts that the agent's rules allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// Some rule hands over to a human.
    pub transfer: bool,
    /// Some rule ends the call.
    pub hangup: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    Act(GenerationAct),
    ThoughtBegins,
    ThoughtEnds,
}

const MARKERS: [(&str, Marker); 6] = [
    ("[transfer]", Marker::Act(GenerationAct::Transfer)),
    ("[hangup]", Marker::Act(GenerationAct::HangUp)),
    ("[hang up]", Marker::Act(GenerationAct::HangUp)),
    ("[hang_up]", Marker::Act(GenerationAct::HangUp)),
    ("<think>", Marker::ThoughtBegins),
    ("</think>", Marker::ThoughtEnds),
];

/// Takes markers and thoughts out of a stream of text, holding back only what may still become a marker.
pub struct Spoken {
    offered: Offered,
    held: String,
    thinking: bool,
    begun: bool,
    act: Option<GenerationAct>,
    over: bool,
}

impl Spoken {
    /// A new reply.
    pub fn new(offered: Offered) -> Self {
        Self { offered, held: String::new(), thinking: false, begun: false, act: None, over: false }
    }

    /// Appends `text` and returns what may be spoken now.
    pub fn push(&mut self, text: &str) -> String {
        self.held.push_str(text);
        self.drain(false)
    }

    /// What was held back, at the end of the reply.
    pub fn finish(&mut self) -> String {
        self.drain(true)
    }

    /// Whether an act ended the reply.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The act that ended the reply, if the agent's rules allow it.
    pub fn act(&self) -> Option<GenerationAct> {
        self.act
    }

    fn drain(&mut self, at_end: bool) -> String {
        let mut spoken = String::new();
        while !self.over && !self.held.is_empty() {
            let Some(at) = self.held.find(['[', '<']) else {
                let rest = std::mem::take(&mut self.held);
                self.say(&rest, &mut spoken);
                break;
            };
            let plain: String = self.held.drain(..at).collect();
            self.say(&plain, &mut spoken);
            let lower = self.held.to_ascii_lowercase();
            if let Some((text, marker)) = MARKERS.iter().find(|(text, _)| lower.starts_with(text)) {
                self.held.drain(..text.len());
                self.obey(*marker);
            } else if !at_end && MARKERS.iter().any(|(text, _)| text.starts_with(&lower)) {
                break;
            } else {
                let bracket = self.held.remove(0).to_string();
                self.say(&bracket, &mut spoken);
            }
        }
        spoken
    }

    fn say(&mut self, text: &str, spoken: &mut String) {
        if self.thinking {
            return;
        }
        let text = if self.begun { text } else { text.trim_start() };
        self.begun |= !text.is_empty();
        spoken.push_str(text);
    }

    fn obey(&mut self, marker: Marker) {
        match marker {
            Marker::ThoughtBegins => self.thinking = true,
            Marker::ThoughtEnds => self.thinking = false,
            Marker::Act(_) if self.thinking => {}
            Marker::Act(act) => {
                let allowed = match act {
                    GenerationAct::Transfer => self.offered.transfer,
                    GenerationAct::HangUp => self.offered.hangup,
                };
                self.act = allowed.then_some(act);
                self.over = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Offered = Offered { transfer: true, hangup: true };

    fn stream(offered: Offered, pieces: &[&str]) -> (Vec<String>, Option<GenerationAct>) {
        let mut spoken = Spoken::new(offered);
        let mut said: Vec<String> = pieces.iter().map(|piece| spoken.push(piece)).collect();
        said.push(spoken.finish());
        (said, spoken.act())
    }

    #[test]
    fn text_without_markers_is_spoken_at_once() {
        assert_eq!(
            stream(ALL, &["\n We ", "are open."]),
            (vec!["We ".into(), "are open.".into(), String::new()], None)
        );
    }

    #[test]
    fn a_marker_cut_into_pieces_becomes_an_act_and_is_never_spoken() {
        let (said, act) = stream(ALL, &["One moment. [", "TRAN", "SFER] and more"]);
        assert_eq!((said.concat().as_str(), act), ("One moment. ", Some(GenerationAct::Transfer)));
        let (said, act) = stream(ALL, &["Bye. [Hang Up]"]);
        assert_eq!((said.concat().as_str(), act), ("Bye. ", Some(GenerationAct::HangUp)));
    }

    #[test]
    fn a_marker_that_no_rule_offers_is_dropped_without_an_act() {
        let (said, act) = stream(Offered::default(), &["Bye. [HANGUP]"]);
        assert_eq!((said.concat().as_str(), act), ("Bye. ", None));
    }

    #[test]
    fn brackets_that_are_no_marker_are_spoken() {
        assert_eq!(stream(ALL, &["a [b] < c [tr", "y"]).0.concat(), "a [b] < c [try");
        assert_eq!(stream(ALL, &["ends in [tran"]).0.concat(), "ends in [tran");
    }

    #[test]
    fn thoughts_are_neither_spoken_nor_obeyed() {
        let (said, act) = stream(ALL, &["<thi", "nk>maybe [TRANSFER]", "</think>\n\nHello."]);
        assert_eq!((said.concat().as_str(), act), ("Hello.", None));
    }

    #[test]
    fn a_character_cut_between_tokens_appears_when_it_is_complete() {
        let mut characters = Characters::default();
        assert_eq!(characters.push(&[b'a', 0xC3]), "a");
        assert_eq!(characters.push(&[0xA9, 0xE2, 0x82]), "é");
        assert_eq!(characters.push(&[0xAC]), "€");
    }

    #[test]
    fn bytes_that_are_no_text_are_dropped() {
        let mut characters = Characters::default();
        assert_eq!(characters.push(&[b'a', 0xFF, b'b', 0xC3, b'c']), "abc");
    }
}
