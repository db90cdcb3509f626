//! `[turns]` and `[vad]`: when to speak, when to stop.

use std::time::Duration;

use super::kinds;
use super::reader::Section;

/// `[turns]`: the timing of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Turns {
    /// Silence after which the caller's turn is over
    pub endpoint_silence: Duration,
    /// Speech over the agent that long is an interruption
    pub barge_in_confirm: Duration,
    /// The longest an overlap stays undecided
    pub overlap_limit: Duration,
    /// Silence of both sides after which the caller is prompted
    pub no_input_after: Duration,
    /// Prompts before the agent says goodbye
    pub no_input_prompts: u32,
    /// How long to wait for a final transcript
    pub transcript_timeout: Duration,
    /// How long to wait for the first words of a reply
    pub reply_timeout: Duration,
    /// The longest call
    pub max_call: Duration,
}

/// `[vad]`: what counts as speech.
#[derive(Clone, Debug, PartialEq)]
pub struct Vad {
    /// 0 (hears everything) to 3 (hears only what is surely speech)
    pub aggressiveness: u8,
    /// Voiced audio before speech is said to have started
    pub onset: Duration,
    /// Silence before speech is said to have ended
    pub hangover: Duration,
    /// Audio before the onset that the recogniser gets too
    pub preroll: Duration,
}

impl Default for Turns {
    fn default() -> Self {
        Turns {
            endpoint_silence: Duration::from_millis(500),
            barge_in_confirm: Duration::from_millis(300),
            overlap_limit: Duration::from_millis(500),
            no_input_after: Duration::from_secs(7),
            no_input_prompts: 2,
            transcript_timeout: Duration::from_secs(2),
            reply_timeout: Duration::from_secs(6),
            max_call: Duration::from_secs(30 * 60),
        }
    }
}

/// Reads `[turns]` of the daemon's file or of an agent's; what is absent is as in `base`.
pub(super) fn read(mut section: Section<'_>, base: &Turns) -> Turns {
    let mut duration = |key, range_ms, default| section.or(key, kinds::duration(range_ms), default);
    let endpoint_silence = duration("endpoint_silence", 100..=5000, base.endpoint_silence);
    let barge_in_confirm = duration("barge_in_confirm", 0..=2000, base.barge_in_confirm);
    let overlap_limit = duration("overlap_limit", 50..=5000, base.overlap_limit);
    let no_input_after = duration("no_input_after", 1000..=120_000, base.no_input_after);
    let transcript_timeout = duration("transcript_timeout", 200..=30_000, base.transcript_timeout);
    let reply_timeout = duration("reply_timeout", 500..=60_000, base.reply_timeout);
    let max_call = duration("max_call", 10_000..=86_400_000, base.max_call);
    let no_input_prompts = section.or("no_input_prompts", kinds::integer(0..=10), base.no_input_prompts);
    if overlap_limit < barge_in_confirm {
        section.fault("overlap_limit", "is shorter than barge_in_confirm; allowed: as long or longer");
    }
    section.finish();
    Turns {
        endpoint_silence,
        barge_in_confirm,
        overlap_limit,
        no_input_after,
        no_input_prompts,
        transcript_timeout,
        reply_timeout,
        max_call,
    }
}

/// Reads `[vad]`.
pub(super) fn read_vad(mut section: Section<'_>) -> Vad {
    let aggressiveness = section.or("aggressiveness", kinds::integer(0..=3), 2);
    let onset = section.or("onset", kinds::duration(20..=500), Duration::from_millis(60));
    let hangover = section.or("hangover", kinds::duration(40..=2000), Duration::from_millis(200));
    let preroll = section.or("preroll", kinds::duration(0..=400), Duration::from_millis(300));
    section.finish();
    Vad { aggressiveness, onset, hangover, preroll }
}
