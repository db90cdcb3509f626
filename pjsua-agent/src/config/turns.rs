//! `[turns]`: when to speak, when to stop.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use conversation::{Bounds, Endpointing, OnOverlap, Overlap, Prompting, Replies, Settings};

use super::kinds;
use super::reader::Section;

/// `[turns]`: the timing of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Turns {
    /// The conversation machine's own settings, of which this section sets every time, bound and switch; the phrases
    /// in it are the built-in ones, and `language`, `human` and `pre_response` come from the agent (see `setup`)
    pub settings: Settings,
    /// Level of the agent's voice while the caller speaks over it, with `on_overlap = "duck"`
    pub duck_db: f32,
}

impl Default for Turns {
    fn default() -> Self {
        // -18 dB: an eighth of the amplitude; still followed by who listens, not in the way of who speaks.
        Turns { settings: Settings::default(), duck_db: -18.0 }
    }
}

const ON_OVERLAP: &[(&str, OnOverlap)] = &[("pause", OnOverlap::Pause), ("duck", OnOverlap::Duck)];

/// Reads `[turns]` of the daemon's file or of an agent's; what is absent is as in `base`.
pub(super) fn read(mut section: Section<'_>, base: &Turns) -> Turns {
    let mut turns = base.clone();
    read_techniques(&mut section, &mut turns);
    read_endpointing(&mut section, &mut turns.settings.endpointing);
    read_overlap(&mut section, &mut turns.settings.overlap);
    read_replies(&mut section, &mut turns.settings.replies);
    read_silence(&mut section, &mut turns.settings.prompting);
    read_bounds(&mut section, &mut turns.settings.bounds);
    section.finish();
    turns
}

fn read_techniques(section: &mut Section<'_>, turns: &mut Turns) {
    let settings = &mut turns.settings;
    settings.confirmed_speech = section.or("second_vad", kinds::boolean, settings.confirmed_speech);
    settings.endpointing.scored_endpoints =
        section.or("end_of_turn_score", kinds::boolean, settings.endpointing.scored_endpoints);
    settings.endpointing.speculation = section.or("speculation", kinds::boolean, settings.endpointing.speculation);
    settings.overlap.on_overlap = section.or("on_overlap", kinds::one_of(ON_OVERLAP), settings.overlap.on_overlap);
    turns.duck_db = section.or("duck_db", kinds::number(-40.0..=-3.0), turns.duck_db);
}

fn read_endpointing(section: &mut Section<'_>, endpointing: &mut Endpointing) {
    duration(section, "sure_silence", 100..=5000, &mut endpointing.sure_silence);
    score(section, "sure_score", &mut endpointing.sure_score);
    duration(section, "likely_silence", 100..=5000, &mut endpointing.likely_silence);
    score(section, "late_score", &mut endpointing.late_score);
    score(section, "likely_score", &mut endpointing.likely_score);
    duration(section, "unlikely_silence", 100..=10_000, &mut endpointing.unlikely_silence);
    duration(section, "dictation_silence", 100..=10_000, &mut endpointing.dictation_silence);
    duration(section, "longest_silence", 200..=20_000, &mut endpointing.longest_silence);
    duration(section, "endpoint_silence", 100..=5000, &mut endpointing.endpoint_silence);
    duration(section, "score_interval", 50..=2000, &mut endpointing.score_interval);
    duration(section, "scored_silence", 0..=1000, &mut endpointing.scored_silence);
    duration(section, "speculate_silence", 100..=5000, &mut endpointing.speculate_silence);
    endpointing.learnt_pause_percent =
        section.or("learnt_pause_percent", kinds::integer(100..=300), endpointing.learnt_pause_percent);

    in_order(section, ("sure_silence", endpointing.sure_silence), ("likely_silence", endpointing.likely_silence));
    in_order(
        section,
        ("likely_silence", endpointing.likely_silence),
        ("unlikely_silence", endpointing.unlikely_silence),
    );
    for (key, silence) in [
        ("unlikely_silence", endpointing.unlikely_silence),
        ("dictation_silence", endpointing.dictation_silence),
        ("endpoint_silence", endpointing.endpoint_silence),
    ] {
        in_order(section, (key, silence), ("longest_silence", endpointing.longest_silence));
    }
    let scores = [endpointing.likely_score, endpointing.sure_score, endpointing.late_score]
        .map(|score| Shown(f32::from(score) / PER_MILLE));
    in_order(section, ("likely_score", scores[0]), ("sure_score", scores[1]));
    in_order(section, ("sure_score", scores[1]), ("late_score", scores[2]));
}

fn read_overlap(section: &mut Section<'_>, overlap: &mut Overlap) {
    duration(section, "barge_in_guard", 0..=2000, &mut overlap.barge_in_guard);
    duration(section, "early_answer", 0..=5000, &mut overlap.early_answer);
    duration(section, "barge_in_confirm", 0..=2000, &mut overlap.barge_in_confirm);
    duration(section, "wordless_barge_in", 0..=5000, &mut overlap.wordless_barge_in);
    duration(section, "overlap_limit", 50..=5000, &mut overlap.overlap_limit);
    duration(section, "resume_after", 0..=2000, &mut overlap.resume_after);
    duration(section, "overlap_transcript", 0..=2000, &mut overlap.overlap_transcript);
    score(section, "doubtful_words", &mut overlap.doubtful_words);
    duration(section, "backchannel_limit", 100..=10_000, &mut overlap.backchannel_limit);
    if let Some(backchannels) = section.optional("backchannels", kinds::list(0, kinds::spoken_phrase)) {
        overlap.backchannels = backchannels;
    }

    let confirm = ("barge_in_confirm", overlap.barge_in_confirm);
    in_order(section, confirm, ("overlap_limit", overlap.overlap_limit));
}

fn read_replies(section: &mut Section<'_>, replies: &mut Replies) {
    duration(section, "filler_after", 0..=10_000, &mut replies.filler_after);
    duration(section, "pre_response_timeout", 50..=5000, &mut replies.pre_response_timeout);
    count(section, "longest_reply_chars", 40..=10_000, &mut replies.longest_reply_chars);
    count(section, "first_clause_chars", 1..=200, &mut replies.first_clause_chars);
    count(section, "clause_chars", 1..=300, &mut replies.clause_chars);
    count(section, "longest_clause_chars", 20..=300, &mut replies.longest_clause_chars);

    let [first, other, longest] =
        [replies.first_clause_chars, replies.clause_chars, replies.longest_clause_chars].map(Shown);
    in_order(section, ("first_clause_chars", first), ("clause_chars", other));
    in_order(section, ("clause_chars", other), ("longest_clause_chars", longest));
}

fn read_silence(section: &mut Section<'_>, prompting: &mut Prompting) {
    duration(section, "no_input_after", 1000..=120_000, &mut prompting.no_input_after);
    prompting.no_input_prompts = section.or("no_input_prompts", kinds::integer(0..=10), prompting.no_input_prompts);
    duration(section, "no_input_after_noise", 0..=60_000, &mut prompting.no_input_after_noise);
    duration(section, "hold_limit", 1000..=600_000, &mut prompting.hold_limit);
    duration(section, "not_understood_min_speech", 0..=10_000, &mut prompting.not_understood_min_speech);
    duration(section, "not_understood_again_min_speech", 0..=10_000, &mut prompting.not_understood_again_min_speech);
}

fn read_bounds(section: &mut Section<'_>, bounds: &mut Bounds) {
    duration(section, "max_utterance", 2000..=120_000, &mut bounds.max_utterance);
    duration(section, "lost_utterance_limit", 100..=30_000, &mut bounds.lost_utterance_limit);
    duration(section, "transcript_timeout", 200..=30_000, &mut bounds.transcript_timeout);
    duration(section, "busy_transcript_timeout", 200..=60_000, &mut bounds.busy_transcript_timeout);
    duration(section, "reply_timeout", 500..=60_000, &mut bounds.reply_timeout);
    duration(section, "playout_timeout", 1000..=60_000, &mut bounds.playout_timeout);
    bounds.max_failed_turns = section.or("max_failed_turns", kinds::integer(1..=10), bounds.max_failed_turns);
    duration(section, "transfer_timeout", 5000..=180_000, &mut bounds.transfer_timeout);
    duration(section, "dtmf_pause", 200..=20_000, &mut bounds.dtmf_pause);
    count(section, "dtmf_max_digits", 1..=128, &mut bounds.dtmf_max_digits);
    duration(section, "max_call", 10_000..=86_400_000, &mut bounds.max_call_duration);
}

/// A score of 1.0 in the machine's unit.
const PER_MILLE: f32 = 1000.0;

fn duration(section: &mut Section<'_>, key: &'static str, range_ms: RangeInclusive<u64>, value: &mut Duration) {
    *value = section.or(key, kinds::duration(range_ms), *value);
}

fn score(section: &mut Section<'_>, key: &'static str, per_mille: &mut u16) {
    if let Some(probability) = section.optional(key, kinds::number(0.0..=1.0)) {
        *per_mille = (probability * PER_MILLE).round() as u16;
    }
}

fn count(section: &mut Section<'_>, key: &'static str, range: RangeInclusive<u32>, value: &mut usize) {
    if let Some(number) = section.optional(key, kinds::integer(range)) {
        *value = number as usize;
    }
}

/// A value as a problem shows it.
trait Show: PartialOrd {
    fn show(&self) -> String;
}

impl Show for Duration {
    fn show(&self) -> String {
        humantime::format_duration(*self).to_string()
    }
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct Shown<T>(T);

impl<T: PartialOrd + Display> Show for Shown<T> {
    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// Reports that `small` is more than `large`, at whichever of them this section sets: the other one may stand in
/// another file. Where it sets neither, the fault is the base's, and reported there.
fn in_order<T: Show>(section: &Section<'_>, small: (&str, T), large: (&str, T)) {
    if small.1 <= large.1 {
        return;
    }
    let ((key, value), (other, bound), allowed) = match section.has(large.0) {
        true => (large, small, "at least that"),
        false => (small, large, "at most that"),
    };
    if section.has(key) {
        let (value, bound) = (value.show(), bound.show());
        section.fault(key, format!("{value} contradicts {other}, {bound}; allowed: {allowed}"));
    }
}
