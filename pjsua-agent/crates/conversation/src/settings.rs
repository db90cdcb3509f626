//! Every phrase and every constant of the machine.

use std::time::Duration;

/// What becomes of the agent's voice while it is not yet known what the caller means who speaks over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum OnOverlap {
    /// It stops at once and, on a false alarm, goes on at the exact sample.
    #[default]
    Pause,
    /// It goes on more quietly.
    Duck,
}

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

    /// Said before the greeting and never interrupted: what the law wants said. Empty by default.
    pub notice: String,
    /// The answer to a caller who only asks whether anybody is there.
    pub hello_answer: String,
    /// The answer to a caller who asks to wait.
    pub hold_answer: String,
    /// Said when the reply is late, in turn; short, and right whatever the reply will be.
    pub fillers: Vec<String>,
    /// The same after a question of the caller's.
    pub question_fillers: Vec<String>,

    /// The language of the call, BCP 47: decides what counts as unfinished, as a question, as a
    /// request to wait or to repeat. Unknown ones are judged by the voice alone.
    pub language: String,
    /// Whether there is a human to transfer calls to.
    pub human: bool,
    /// Whether a second detector confirms or dismisses what `SpeechStarted` reports. Without it
    /// every report counts as confirmed.
    pub confirmed_speech: bool,
    /// Whether a model scores the ends of utterances. Without it `endpoint_silence` decides, and
    /// the words.
    pub scored_endpoints: bool,
    /// Whether a reply is prepared silently before it is certain that the caller has finished.
    pub speculation: bool,
    /// Whether a small model's first clause is spoken while the main one prepares the rest.
    pub pre_response: bool,
    /// What happens to the agent's voice while the caller speaks over it.
    pub on_overlap: OnOverlap,

    /// Silence that ends the utterance when the score says so and the words do not contradict.
    /// 280 ms: people leave each other about 200, the score is known after 150, and rests between two clauses mostly stay
    /// below it.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub sure_silence: Duration,
    /// The first score of a silence, in thousandths, from which on it says so. 900: of recorded
    /// English utterances 58 % reach it at their end, 5 % between two words, a quarter where the
    /// speaker pauses (docs/benchmarks/hearing.md).
    pub sure_score: u16,
    /// The same for later scores of that silence, at least `sure_score`. 950: silence itself raises
    /// the score, and most of what it can tell it has told the first time.
    pub late_score: u16,
    /// Silence that ends the utterance when the score is undecided and stays so. 1.05 s: callers who
    /// hesitate pause for a second; mostly a later score decides before that.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub likely_silence: Duration,
    /// The score from which on it is undecided and not against. 300.
    pub likely_score: u16,
    /// Silence that ends the utterance when the score or the words are against it. 1.2 s: hesitating
    /// speakers pause for a second, hardly longer.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub unlikely_silence: Duration,
    /// The same while digits or letters are dictated. 1.5 s: people look up the next group.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub dictation_silence: Duration,
    /// Silence that ends any utterance. 2.5 s: longer, and the caller thinks the line is dead.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub longest_silence: Duration,
    /// While the silence lasts, the score is asked for again this often. 100 ms: a score takes 50 ms of
    /// a core.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub score_interval: Duration,
    /// Silence that the model is shown at most; then it is asked no more. 200 ms: it was trained on
    /// about that much, and after 400 ms it takes a third of the utterances cut in the middle for
    /// finished (docs/benchmarks/hearing.md).
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub scored_silence: Duration,
    /// How much longer than the pauses he made inside his utterances so far the caller is waited
    /// for when it is not sure that he has finished, in percent. 130: pauses of one speaker vary
    /// by about a third.
    pub learnt_pause_percent: u16,
    /// Silence after which a reply is prepared although the score is undecided. 350 ms: about half
    /// of the wait; shorter, and most preparations are thrown away.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub speculate_silence: Duration,

    /// At each end of the agent's turn, speech is not taken for an interruption within this time:
    /// at the start both spoke at once, at the end the caller answers. 300 ms: the time people take
    /// to notice that both speak.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub barge_in_guard: Duration,
    /// The same at the end of a turn that ends with a question. 1 s: its last words can be guessed.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub early_answer: Duration,
    /// Speech over the agent of which no word was recognised in the end is an interruption only if
    /// it lasted this long. 700 ms: coughs and hums are shorter.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub wordless_barge_in: Duration,

    /// After the end of the caller's turn, a filler is spoken when no reply is ready by then; zero
    /// for none. 900 ms: silence begins to feel long after a second.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub filler_after: Duration,
    /// Wait for the small model's first clause before the main model is asked without it. 400 ms:
    /// later it would not hide anything.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub pre_response_timeout: Duration,
    /// A caller who asked to wait is left in peace this long. 60 s: time to fetch a card.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub hold_limit: Duration,
    /// Longest reply, in characters; what goes beyond is cut at the end of a clause. 600: about 40
    /// s of speech, more than anyone listens to.
    pub longest_reply_chars: usize,

    /// Silence that ends the caller's utterance while there is no score. 500 ms: inner pauses of read-out prompts mostly
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
    /// Silence after speech over the agent that was no interruption, before the agent goes on. 180 ms: the pieces of an
    /// "uh-huh" or an "okay, right" are 60 to 160 ms apart, and a word of the agent between them sounds like a fault.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub resume_after: Duration,
    /// How long the final transcript of a short sound over the agent may take, even beyond `overlap_limit`. 150 ms: twice
    /// what the slower of the embedded recognisers takes.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub overlap_transcript: Duration,
    /// Words over the agent of whose final transcript the recogniser is less certain do not interrupt it if they were short;
    /// in thousandths. 200: of pocketsphinx's mistakes at single words two thirds are below it, of its hits one in five.
    pub doubtful_words: u16,
    /// Speech over the agent of which only backchannels are recognised becomes an interruption
    /// when it goes on for this long. 1.5 s: "yes, okay, I see" fits, a sentence does not.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub backchannel_limit: Duration,
    /// What listeners say without wanting the floor, in place of what the language has; several
    /// words where it takes several. Compared without case and punctuation.
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
    /// Wait for the final transcript. 2 s: the embedded recogniser takes a tenth of it.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub transcript_timeout: Duration,
    /// The same while the workers are busy. 5 s: an answer that comes late, after a filler, is better than none; it
    /// is also how long the recogniser's worker lets an utterance wait for its turn.
    #[cfg_attr(feature = "serde", serde(with = "crate::ids::micros"))]
    pub busy_transcript_timeout: Duration,

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
            notice: String::new(),
            hello_answer: "Yes, I'm here. How can I help you?".into(),
            hold_answer: "Of course, take your time.".into(),
            fillers: vec!["One moment, please.".into(), "Just a second.".into()],
            question_fillers: vec!["Let me see.".into(), "Let me check that.".into()],
            language: "en".into(),
            human: false,
            confirmed_speech: true,
            scored_endpoints: true,
            speculation: true,
            pre_response: false,
            on_overlap: OnOverlap::Pause,
            sure_silence: millis(280),
            sure_score: 900,
            late_score: 950,
            likely_silence: millis(1_050),
            likely_score: 300,
            unlikely_silence: millis(1_200),
            dictation_silence: millis(1_500),
            longest_silence: millis(2_500),
            score_interval: millis(100),
            scored_silence: millis(200),
            learnt_pause_percent: 130,
            speculate_silence: millis(350),
            barge_in_guard: millis(300),
            early_answer: millis(1_000),
            wordless_barge_in: millis(700),
            filler_after: millis(900),
            pre_response_timeout: millis(400),
            hold_limit: millis(60_000),
            longest_reply_chars: 600,
            endpoint_silence: millis(500),
            barge_in_confirm: millis(300),
            overlap_limit: millis(500),
            resume_after: millis(180),
            overlap_transcript: millis(150),
            doubtful_words: 200,
            backchannel_limit: millis(1_500),
            backchannels: Vec::new(),
            no_input_after: millis(7_000),
            no_input_prompts: 2,
            no_input_after_noise: millis(2_000),
            not_understood_min_speech: millis(300),
            not_understood_again_min_speech: millis(1_000),
            max_utterance: millis(30_000),
            lost_utterance_limit: millis(1_500),
            transcript_timeout: millis(2_000),
            busy_transcript_timeout: millis(5_000),
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
