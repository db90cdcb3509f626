//! One state of whisper.cpp, and a pass of it over an utterance.

use std::{
    collections::BTreeMap,
    ffi::{c_int, c_void},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use inference::SAMPLE_RATE_HZ;
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperError, WhisperState, WhisperSysContext, WhisperSysState,
    WhisperTokenData, get_lang_id, get_lang_str,
};

use super::{judging::Decoded, loops, loops::Alike};
use crate::{cores::Cores, engines::EngineError, fate::Fate};

/// Positions of the encoder a second of audio takes.
const POSITIONS_PER_SECOND: usize = 50;
/// Positions beyond the audio. Whisper was trained on 30 s, and repeats itself or goes on when the audio fills a short
/// context: with 64 a pass took a fifth less, and of 70 words of people in their rooms 14 were wrong instead of 6.
const SPARE_POSITIONS: usize = 128;
/// Context sizes are multiples of this, which ggml's matrix kernels like best.
const POSITION_STEP: usize = 16;
/// The least audio: whisper.cpp refuses less than 0.1 s, and a short context at that is of no use.
pub(super) const LEAST_SAMPLES: usize = SAMPLE_RATE_HZ as usize;

/// What a pass is for, and so what stops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A look while the caller speaks: of no use once he is silent or another's end waits for a core.
    Look,
    /// All that was said, as far as is known: only of no use when nobody wants it.
    Whole,
}

/// How a pass is run.
pub(super) struct Pass<'a> {
    pub(super) language: &'a str,
    /// Tokens of what was said before, or might have been: Whisper writes as they do.
    pub(super) prompt: &'a [c_int],
    pub(super) purpose: Purpose,
    pub(super) threads: usize,
}

/// What the pass that runs must know of the world.
#[derive(Default)]
struct Watch {
    fate: Arc<Fate>,
    cores: Arc<Cores>,
    is_look: bool,
    /// It was told to stop: what was true for a moment stays so.
    stopped: bool,
}

impl Watch {
    fn stops(&mut self) -> bool {
        let is_late = || self.fate.is_silent() || self.fate.is_finishing() || self.cores.is_awaited();
        self.stopped |= self.fate.is_cancelled() || (self.is_look && is_late());
        self.stopped
    }
}

type SharedWatch = Arc<Mutex<Watch>>;

/// A state with what its passes are run with.
pub(super) struct Decoder {
    state: WhisperState,
    /// Of each language that was asked for.
    parameters: BTreeMap<String, FullParams<'static, 'static>>,
    start_of_text: c_int,
    multilingual: bool,
    most_positions: usize,
    watch: SharedWatch,
    guard: Box<Guard>,
}

/// What whisper.cpp is told by [`stop_loops`].
struct Guard {
    alike: Arc<Alike>,
    end_of_text: i32,
    vocabulary: usize,
    seconds: f32,
    /// Tokens that were said, once it repeats itself.
    said: Option<usize>,
}

impl Decoder {
    pub(super) fn new(context: &WhisperContext, alike: &Arc<Alike>) -> Result<Self, EngineError> {
        let watch = SharedWatch::default();
        let guard = Guard {
            alike: Arc::clone(alike),
            end_of_text: context.token_eot(),
            vocabulary: usize::try_from(context.n_vocab()).unwrap_or(0),
            seconds: 0.0,
            said: None,
        };
        Ok(Decoder {
            state: context.create_state().map_err(failed)?,
            parameters: BTreeMap::new(),
            start_of_text: context.token_sot(),
            multilingual: context.is_multilingual(),
            most_positions: usize::try_from(context.n_audio_ctx()).unwrap_or(0),
            watch,
            guard: Box::new(guard),
        })
    }

    /// Decodes `samples`, of which the first `sounding` hold sound; `None` when it was stopped on the way.
    pub(super) fn run(
        &mut self,
        samples: &[f32],
        sounding: usize,
        pass: &Pass<'_>,
        fate: &Arc<Fate>,
        cores: &Arc<Cores>,
    ) -> Result<Option<Decoded>, EngineError> {
        let (fate_of, is_look) = (Arc::clone(fate), pass.purpose == Purpose::Look);
        *self.watch() = Watch { fate: fate_of, cores: Arc::clone(cores), is_look, stopped: false };
        let seconds = sounding as f32 / SAMPLE_RATE_HZ as f32;
        // whisper.cpp shows the tokens of one window, 30 s at most.
        self.guard.seconds = seconds.min(30.0);
        self.guard.said = None;
        let of_language = self.parameters.entry(pass.language.to_owned());
        let mut parameters = of_language.or_insert_with(|| parameters(pass.language, &self.watch)).clone();
        parameters.set_tokens(pass.prompt);
        parameters.set_audio_ctx(audio_context(samples.len(), self.most_positions));
        parameters.set_n_threads(c_int::try_from(pass.threads).unwrap_or(1));
        parameters.set_max_tokens(most_tokens(samples.len()));
        // SAFETY: `stop_loops` casts the pointer to what it is; the guard lies on the heap, lives as long as this state,
        // and nobody else touches it while `full`, the only caller of the callback, runs.
        unsafe {
            parameters.set_filter_logits_callback(Some(stop_loops));
            parameters.set_filter_logits_callback_user_data((&raw mut *self.guard).cast());
        }
        let result = self.state.full(parameters, samples);
        let stopped = self.watch().stopped || fate.is_cancelled();
        // A fate or cores that are kept here would outlive their utterance.
        *self.watch() = Watch::default();
        if stopped {
            return Ok(None);
        }
        result.map_err(failed)?;
        Ok(Some(self.decoded(seconds, pass.prompt.is_empty() && !self.multilingual)))
    }

    fn decoded(&self, seconds: f32, knows_silence: bool) -> Decoded {
        let most = self.guard.said.unwrap_or(usize::MAX);
        let mut text = Vec::new();
        let mut log_probabilities = Vec::new();
        let mut no_speech: f32 = 0.0;
        for segment in self.state.as_iter() {
            no_speech = no_speech.max(segment.no_speech_probability());
            for token in (0..segment.n_tokens()).filter_map(|number| segment.get_token(number)) {
                let data = token.token_data();
                if data.id < self.guard.end_of_text && log_probabilities.len() < most {
                    text.extend_from_slice(token.to_bytes().unwrap_or_default());
                    log_probabilities.push(data.plog);
                }
            }
        }
        let count = log_probabilities.len().max(1) as f32;
        let text = String::from_utf8_lossy(&text);
        // What leads over to the next time.
        let text = if self.guard.said.is_some() { text.trim_end_matches([',', ' ']) } else { &text };
        Decoded {
            text: text.trim().to_owned(),
            mean_log_probability: log_probabilities.iter().sum::<f32>() / count,
            no_speech: knows_silence.then_some(no_speech),
            seconds,
        }
    }

    /// How likely the sound of the last pass is to be in each of the languages that these tokens stand for, as natural
    /// logarithms of their probabilities among each other. A step of the decoder: what the encoder made of it is still there.
    pub(super) fn log_probabilities(&mut self, languages: &[c_int], threads: usize) -> Result<Vec<f32>, EngineError> {
        self.state.decode(&[self.start_of_text], 0, threads).map_err(failed)?;
        let logits = self.state.get_logits().map_err(failed)?;
        let of_token = |&token: &c_int| usize::try_from(token).ok().and_then(|at| logits.get(at)).copied();
        let logits: Vec<f32> = languages.iter().map(|token| of_token(token).unwrap_or(f32::NEG_INFINITY)).collect();
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
        Ok(logits.iter().map(|logit| logit - most - sum.ln()).collect())
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn failed(error: WhisperError) -> EngineError {
    EngineError(format!("whisper: {error}"))
}

/// The parameters of every pass in a language. Made once: whisper-rs leaks the language and the closure.
fn parameters(language: &str, watch: &SharedWatch) -> FullParams<'static, 'static> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_language(get_lang_id(language).and_then(get_lang_str));
    parameters.set_no_context(true);
    // Asked for the times, it looks where the speech ends, and so repeats itself less.
    parameters.set_no_timestamps(false);
    parameters.set_single_segment(true);
    // Trying again at higher temperatures multiplies the latency of what is noise anyway.
    parameters.set_temperature_inc(0.0);
    parameters.set_suppress_blank(true);
    parameters.set_suppress_nst(true);
    parameters.set_print_special(false);
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_timestamps(false);
    let watch = watch.clone();
    // whisper-rs hands the closure to C as a `Box<dyn FnMut() -> bool>` and takes it back as the closure's own type:
    // only for this very type are the two the same.
    let is_to_stop: Box<dyn FnMut() -> bool> =
        Box::new(move || watch.lock().unwrap_or_else(PoisonError::into_inner).stops());
    parameters.set_abort_callback_safe::<_, Box<dyn FnMut() -> bool>>(is_to_stop);
    parameters
}

/// Ends the text as soon as the decoder repeats itself: called by whisper.cpp before it chooses a token.
///
/// # Safety
/// `tokens` points to `count` tokens, `logits` to one for each entry of the vocabulary, `guard` to a [`Guard`] that nobody
/// else uses meanwhile.
unsafe extern "C" fn stop_loops(
    _context: *mut WhisperSysContext,
    _state: *mut WhisperSysState,
    tokens: *const WhisperTokenData,
    count: c_int,
    logits: *mut f32,
    guard: *mut c_void,
) {
    // SAFETY: the guard of the decoder that runs, which waits in `full`.
    let guard = unsafe { &mut *guard.cast::<Guard>() };
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 || guard.said.is_some() {
        return;
    }
    // SAFETY: whisper.cpp gives the tokens of the sequence so far.
    let tokens = unsafe { std::slice::from_raw_parts(tokens, count) };
    let words = tokens.iter().map(|token| token.id).filter(|&id| id < guard.end_of_text);
    let words: Vec<i32> = words.map(|id| guard.alike.standing_for(id)).collect();
    guard.said = loops::said_before_loop(&words, guard.seconds);
    if guard.said.is_some() {
        // SAFETY: one logit for each entry of the vocabulary of this model.
        let logits = unsafe { std::slice::from_raw_parts_mut(logits, guard.vocabulary) };
        logits.fill(f32::NEG_INFINITY);
        if let Some(end) = usize::try_from(guard.end_of_text).ok().and_then(|end| logits.get_mut(end)) {
            *end = 0.0;
        }
    }
}

/// The encoder's context for `samples`, in positions: short audio needs but a part of the 30 s it is made for.
fn audio_context(samples: usize, most: usize) -> i32 {
    let positions = (samples * POSITIONS_PER_SECOND).div_ceil(SAMPLE_RATE_HZ as usize) + SPARE_POSITIONS;
    let positions = positions.next_multiple_of(POSITION_STEP);
    // 0: the model's own.
    if positions >= most { 0 } else { i32::try_from(positions).unwrap_or(0) }
}

/// The most tokens that can have been said in `samples`: what stops a loop that no rule knows.
fn most_tokens(samples: usize) -> i32 {
    i32::try_from(16 + 10 * samples / SAMPLE_RATE_HZ as usize).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_audio_gets_a_short_context_and_long_audio_the_whole() {
        assert_eq!(audio_context(16_000, 1500), 192);
        assert_eq!(audio_context(16_000 * 5, 1500), 384);
        assert_eq!(audio_context(17_000, 1500), 192);
        assert_eq!(audio_context(16_000 * 30, 1500), 0);
    }
}
