//! What others are shown of a call.

use call_record::RtpStats;
use serde::{Deserialize, Serialize};

/// Which side began the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The peer called us.
    Incoming,
}

/// One call as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSummary {
    /// The daemon's own number of the call; never reused within a process.
    pub id: u64,
    /// The `Call-ID` header of the dialog.
    pub sip_call_id: String,
    /// The agent that speaks.
    pub agent: String,
    /// The account the call came in on; `None` for a call straight from a trusted peer.
    pub account: Option<String>,
    /// Which side began the call.
    pub direction: Direction,
    /// The RTP codec, `None` until media is up.
    pub codec: Option<String>,
    /// How the RTP does, `None` until audio flows.
    pub rtp: Option<RtpStats>,
    /// What the conversation does now: `listening`, `replying`, `speaking` …
    pub state: String,
    /// When the call was answered, in milliseconds since the Unix epoch.
    pub started_unix_ms: u64,
    /// How long it has been up, in milliseconds.
    pub duration_ms: u64,
    /// Replies begun so far.
    pub turns: u32,
    /// Who calls, already redacted: this type never holds a whole phone number.
    pub caller: String,
}
