//! How a reply is begun, bridged and cut into clauses.

use std::time::Duration;

/// How a reply is begun, bridged and cut into clauses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Replies {
    /// Whether a small model's first clause is spoken while the main one prepares the rest.
    pub pre_response: bool,
    /// After the end of the caller's turn, a filler is spoken when no reply is ready by then; zero
    /// for none. 900 ms: silence begins to feel long after a second.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub filler_after: Duration,
    /// Wait for the small model's first clause before the main model is asked without it. 400 ms:
    /// later it would not hide anything.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub pre_response_timeout: Duration,
    /// Longest reply, in characters; what goes beyond is cut at the end of a clause. 600: about 40
    /// s of speech, more than anyone listens to.
    pub longest_reply_chars: usize,
    /// Shortest first clause of a reply that may end at a comma, in characters. 16: about a second
    /// of speech, which covers the synthesis of the next clause.
    pub first_clause_chars: usize,
    /// Shortest other clause that may end at a comma, in characters. 40: shorter pieces break the
    /// melody of the sentence.
    pub clause_chars: usize,
    /// Longest clause; one without punctuation is cut at a blank, in characters. 200: about 13 s
    /// of speech, beyond which the voice's delay and memory grow for nothing.
    pub longest_clause_chars: usize,
}

impl Default for Replies {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            pre_response: false,
            filler_after: millis(900),
            pre_response_timeout: millis(400),
            longest_reply_chars: 600,
            first_clause_chars: 16,
            clause_chars: 40,
            longest_clause_chars: 200,
        }
    }
}
