//! Whether an answer is right.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::question::{Question, Questions, Wanted};

/// What an answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Right,
    /// An answer to something else, or one that lacks what was asked.
    Wrong,
    /// The agent said that it does not know, where it should have known.
    Refused,
    /// The agent put the caller through, where it should have answered.
    HandedOver,
    /// A claim that nothing supports.
    Invented,
}

impl Verdict {
    pub const ALL: [Self; 5] = [Self::Right, Self::Wrong, Self::Refused, Self::HandedOver, Self::Invented];

    pub fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Refused => "refused",
            Self::HandedOver => "handed over",
            Self::Invented => "invented",
        }
    }
}

/// What says "I do not know" in every trade.
const REFUSALS: &[&str] = &[
    "i do not know",
    "i don't know",
    "don't know",
    "not know",
    "not sure",
    "can't tell",
    "cannot tell",
    "can't say",
    "cannot say",
    "can't help",
    "cannot help",
    "unable to",
    "not able to",
    "no information",
    "don't have information",
    "don't have any information",
    "do not have information",
    "do not have any information",
    "don't have that",
    "don't have the",
    "not have access",
    "sorry",
    "put you through",
    "a person",
    "a colleague",
    "speak to someone",
    "can't answer",
    "cannot answer",
    "not aware",
];

pub struct Judge {
    refusals: Vec<Vec<String>>,
    /// The operator's own words.
    written: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Agent {
    fallback: String,
    #[serde(default)]
    rule: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    say: String,
}

impl Judge {
    /// # Errors
    /// The agent's file cannot be read.
    pub fn of(questions: &Questions) -> Result<Self> {
        let text = std::fs::read_to_string(&questions.agent)?;
        let agent: Agent = toml::from_str(&text).with_context(|| questions.agent.display().to_string())?;
        let own = questions.refusals.iter().map(String::as_str).chain([&*agent.fallback]);
        Ok(Self {
            refusals: REFUSALS.iter().copied().chain(own).map(words).collect(),
            written: agent.rule.iter().map(|rule| words(&rule.say)).collect(),
        })
    }

    pub fn judge(&self, question: &Question, answer: &str, act: Option<&str>) -> Verdict {
        let said = words(answer);
        match (act, question.outcome) {
            (Some("transfer"), Wanted::Transfer) | (Some("hang_up"), Wanted::Hangup) => return Verdict::Right,
            // Whom it cannot tell more, it may put through.
            (Some("transfer"), _) => return Verdict::HandedOver,
            (Some(_), _) => return Verdict::Wrong,
            (None, _) => {}
        }
        let refuses = self.refusals.iter().any(|phrase| holds(&said, phrase));
        let is_written = self.written.contains(&said);
        let is_forbidden = question.never.iter().any(|phrase| holds(&said, &words(phrase)));
        let has_all = question.must.iter().all(|group| group.iter().any(|phrase| holds(&said, &words(phrase))))
            && !said.is_empty();
        match question.outcome {
            Wanted::Refuse if refuses && !is_forbidden => Verdict::Right,
            Wanted::Refuse if is_written => Verdict::Wrong,
            Wanted::Refuse => Verdict::Invented,
            Wanted::Answer if has_all && !is_forbidden && (!question.must.is_empty() || !is_written) => Verdict::Right,
            Wanted::Answer | Wanted::Transfer | Wanted::Hangup if refuses => Verdict::Refused,
            Wanted::Answer if is_forbidden && !is_written => Verdict::Invented,
            Wanted::Answer | Wanted::Transfer | Wanted::Hangup => Verdict::Wrong,
        }
    }
}

/// In lower case, without punctuation; apostrophes vanish.
fn words(text: &str) -> Vec<String> {
    let text: String = text
        .chars()
        .filter(|character| !matches!(character, '\'' | '’'))
        .map(|character| if character.is_alphanumeric() { character } else { ' ' })
        .collect();
    text.to_lowercase().split_whitespace().map(str::to_owned).collect()
}

fn holds(said: &[String], phrase: &[String]) -> bool {
    !phrase.is_empty() && said.windows(phrase.len()).any(|window| window == phrase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Kind;

    fn question(outcome: Wanted, must: &[&[&str]], never: &[&str]) -> Question {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let must = must.iter().map(|group| owned(group)).collect();
        Question { ask: String::new(), kind: Kind::Rule, must, never: owned(never), outcome, aloud: false }
    }

    fn judge() -> Judge {
        Judge {
            refusals: ["sorry", "put you through"].map(words).into(),
            written: vec![words("The vase costs fifty dollars.")],
        }
    }

    #[test]
    fn an_answer_is_right_when_it_holds_what_it_must_and_nothing_that_it_must_not() {
        let asked = question(Wanted::Answer, &[&["ten", "10"], &["four", "4"]], &["closed"]);
        for (answer, verdict) in [
            ("From ten until four.", Verdict::Right),
            ("From 10 to 4!", Verdict::Right),
            ("From ten.", Verdict::Wrong),
            ("We're closed, not from ten to four.", Verdict::Invented),
            ("Sorry?", Verdict::Refused),
            ("", Verdict::Wrong),
        ] {
            assert_eq!(judge().judge(&asked, answer, None), verdict, "{answer}");
        }
        assert_eq!(judge().judge(&asked, "One moment.", Some("transfer")), Verdict::HandedOver);
    }

    #[test]
    fn where_nothing_is_known_a_claim_is_invented_and_the_operators_words_are_beside_the_point() {
        let asked = question(Wanted::Refuse, &[], &["yes"]);
        assert_eq!(judge().judge(&asked, "Sorry, I can't say.", None), Verdict::Right);
        assert_eq!(judge().judge(&asked, "Mugs are ten dollars.", None), Verdict::Invented);
        assert_eq!(judge().judge(&asked, "The vase costs fifty dollars.", None), Verdict::Wrong);
        assert_eq!(judge().judge(&asked, "Yes! Sorry.", None), Verdict::Invented);
    }

    #[test]
    fn an_act_is_right_where_it_is_wanted() {
        let asked = question(Wanted::Hangup, &[], &[]);
        assert_eq!(judge().judge(&asked, "Goodbye.", Some("hang_up")), Verdict::Right);
        assert_eq!(judge().judge(&asked, "Goodbye.", None), Verdict::Wrong);
    }
}
