//! Every phrase and every constant of the machine.

use std::time::Duration;

/// How the agent behaves on a call; one value an agent.
///
/// A phrase that holds no word is not spoken: what would follow it happens at once. Serialised
/// with durations as whole microseconds; keys left out take their default.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Settings {
    /// Said when the call is answered.
    pub greeting: String,
    /// Said when the caller is silent.
    pub no_input_prompt: String,
    /// Said when the caller stays silent, before hanging up.
    pub no_input_goodbye: String,
    /// Said when the caller spoke and nothing could be made of it.
    pub not_understood: String,
    /// Said when a worker failed.
    pub failure: String,
    /// Said when workers keep failing and there is no human, before hanging up.
    pub failure_goodbye: String,
    /// Said before a transfer when the reply that asks for it says nothing itself.
    pub transfer_announcement: String,
    /// Said when a transfer failed or there is nobody to transfer to.
    pub transfer_failed: String,
    /// Said before hanging up when the reply that asks for it says nothing itself.
    pub goodbye: String,
    /// Said when the call has lasted as long as one may, before hanging up.
    pub time_limit_goodbye: String,

    /// Whether there is a human to transfer calls to.
    pub human: bool,

    /// Silence that ends the caller's utterance. 500 ms: inner pauses of read-out prompts mostly
    /// stay below it, and it is half of what commercial agents wait.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub endpoint_silence: Duration,
    /// Speech this long over the agent is an interruption once it has ended, whatever was
    /// recognised. 300 ms: coughs and clicks are shorter, most two-syllable words are not.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub barge_in_confirm: Duration,
    /// Longest time for which the agent stays paused before it is decided whether the caller
    /// interrupts. 500 ms: a longer gap in the agent's speech sounds like a fault.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub overlap_limit: Duration,
    /// Speech over the agent of which only backchannels are recognised becomes an interruption
    /// when it goes on for this long. 1.5 s: "yes, okay, I see" fits, a sentence does not.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub backchannel_limit: Duration,
    /// What listeners say without wanting the floor; several words where it takes several.
    /// Compared without case and punctuation.
    pub backchannels: Vec<String>,

    /// Silence after the agent's turn before the caller is prompted. 7 s: what VoiceXML platforms
    /// commonly take, and time enough to look up an order number.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub no_input_after: Duration,
    /// Prompts for a silent caller before the goodbye. 2: the usual three chances in all.
    pub no_input_prompts: u32,
    /// Silence the caller is given after a noise before he is prompted, when `no_input_after` has
    /// passed meanwhile. 2 s: the noise may have been him getting ready to speak.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub no_input_after_noise: Duration,

    /// Shortest speech of which nothing was recognised that is answered with `not_understood`;
    /// shorter is noise. 300 ms: as long as a spoken "yes" after the detector's onset.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub not_understood_min_speech: Duration,
    /// The same for the second time in a row; from the third time on the agent keeps quiet until
    /// it understands something. 1 s: a person who repeats himself speaks in sentences.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub not_understood_again_min_speech: Duration,
    /// Longest utterance; its transcript is asked for then even if the caller goes on. 30 s: the
    /// window of Whisper, and more than anyone says to a clerk in one go.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub max_utterance: Duration,
    /// How long a caller is let speak on after the recogniser failed. 1.5 s: he hears of it within
    /// two seconds, and is not cut off when he was about to end.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub lost_utterance_limit: Duration,
    /// Wait for the final transcript. 2 s: the embedded recogniser takes a tenth of it under load.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub transcript_timeout: Duration,

    /// Wait for the first piece of a reply and for each next one. 6 s: a second more than the
    /// model client's own deadline, which reports the failure first when it can.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub reply_timeout: Duration,
    /// Wait for any sign of life of the playout while something is to be played. 5 s: longer than
    /// the voice client's deadlines together, so it only catches lost events.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub playout_timeout: Duration,
    /// Failed turns in a row after which the call is handed to the human or ended. 2: a worker
    /// that was restarted has had its chance.
    pub max_failed_turns: u32,
    /// Wait for the outcome of a transfer. 40 s: the time a phone commonly rings, and the REFER.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub transfer_timeout: Duration,

    /// Pause after which the keys pressed are a message. 2 s: the inter-digit time of IVRs.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub dtmf_pause: Duration,
    /// Most keys in one message. 32: longer than any card or order number.
    pub dtmf_max_digits: usize,

    /// Longest call. 30 min: a bound for loops between two machines, not for people.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub max_call_duration: Duration,

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

impl Default for Settings {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            greeting: "Hello, how can I help you?".into(),
            no_input_prompt: "Are you still there? How can I help you?".into(),
            no_input_goodbye: "I can't hear you, so I'll hang up now. Goodbye.".into(),
            not_understood: "Sorry, I missed that. Could you say it again, please?".into(),
            failure: "Sorry, I'm having a technical problem. Could you say that again, please?".into(),
            failure_goodbye: "I'm sorry, I can't help you right now. Please call again later. Goodbye.".into(),
            transfer_announcement: "One moment please, I'm putting you through.".into(),
            transfer_failed: "I'm sorry, nobody is available right now. Can I help you with \
                              something else?"
                .into(),
            goodbye: "Thank you for calling. Goodbye.".into(),
            time_limit_goodbye: "I'm sorry, I have to end the call here. Thank you, and goodbye.".into(),
            human: false,
            endpoint_silence: millis(500),
            barge_in_confirm: millis(300),
            overlap_limit: millis(500),
            backchannel_limit: millis(1_500),
            backchannels: crate::barge_in::ENGLISH_BACKCHANNELS.map(Into::into).into(),
            no_input_after: millis(7_000),
            no_input_prompts: 2,
            no_input_after_noise: millis(2_000),
            not_understood_min_speech: millis(300),
            not_understood_again_min_speech: millis(1_000),
            max_utterance: millis(30_000),
            lost_utterance_limit: millis(1_500),
            transcript_timeout: millis(2_000),
            reply_timeout: millis(6_000),
            playout_timeout: millis(5_000),
            max_failed_turns: 2,
            transfer_timeout: millis(40_000),
            dtmf_pause: millis(2_000),
            dtmf_max_digits: 32,
            max_call_duration: millis(30 * 60 * 1_000),
            first_clause_chars: 16,
            clause_chars: 40,
            longest_clause_chars: 200,
        }
    }
}
