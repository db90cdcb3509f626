//! eSpeak NG: over a hundred languages, a formant voice, first audio within a millisecond.
//!
//! The library has one global state, so one lock holds it. It makes a minute of speech in less than a twentieth of a
//! second; nobody waits long.

use std::{
    cell::Cell,
    ffi::{CStr, CString, c_int, c_short, c_void},
    ops::ControlFlow,
    panic::catch_unwind,
    ptr,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use super::espeak_sys as sys;
use super::{Audio, Engine, SpeakError, Speech};
use crate::audio::trim::Trimmer;

/// Milliseconds of sound that espeak collects before it calls back.
const CALLBACK_MS: c_int = 20;
const CAPACITY: u32 = 16;
/// espeak's silence is digital; the bounds are those of every engine here.
const THRESHOLD: u16 = 40;
const LEAD_MS: u32 = 20;
const TAIL_MS: u32 = 60;
/// The voice of a worker that names none.
const DEFAULT_VOICE: &str = "en-us";

/// The library, initialised, and what it is set to.
pub struct Library {
    rate_hz: u32,
    /// Of the last selection that succeeded.
    selected: Option<Selection>,
}

/// Which voice speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// A voice by name, perhaps with a variant: `en-us`, `de+f3`.
    Name(String),
    /// The best voice for a language (BCP 47).
    Language(String),
}

/// Exclusive use of the library.
///
/// # Errors
///
/// When its data cannot be found.
pub fn lock() -> Result<MutexGuard<'static, Library>, SpeakError> {
    static LIBRARY: OnceLock<Result<Mutex<Library>, String>> = OnceLock::new();
    match LIBRARY.get_or_init(initialise) {
        Ok(library) => Ok(library.lock().unwrap_or_else(PoisonError::into_inner)),
        Err(reason) => Err(SpeakError::Engine(reason.clone())),
    }
}

fn initialise() -> Result<Mutex<Library>, String> {
    // SAFETY: called once, before any other function of the library.
    let rate = unsafe { sys::espeak_Initialize(sys::OUTPUT_SYNCHRONOUS, CALLBACK_MS, ptr::null(), sys::DONT_EXIT) };
    let rate_hz = u32::try_from(rate)
        .map_err(|_| "espeak-ng does not find its data; the package is espeak-ng-data".to_owned())?;
    // SAFETY: the library is initialised; the callback is a function of this program.
    unsafe { sys::espeak_SetSynthCallback(take) };
    Ok(Mutex::new(Library { rate_hz, selected: None }))
}

impl Library {
    /// Selects a voice.
    ///
    /// # Errors
    ///
    /// [`SpeakError::Invalid`] when there is none.
    pub fn select(&mut self, selection: &Selection) -> Result<(), SpeakError> {
        if self.selected.as_ref() == Some(selection) {
            return Ok(());
        }
        self.selected = None;
        let (wanted, found) = match selection {
            // People take the language column of `espeak-ng --voices` for a name as well.
            Selection::Name(name) => (name, by_name(name)? || by_language(name)?),
            Selection::Language(language) => (language, by_language(language)?),
        };
        if !found {
            return Err(SpeakError::Invalid(format!(
                "espeak-ng has no voice for {wanted:?}; see `espeak-ng --voices`"
            )));
        }
        self.selected = Some(selection.clone());
        Ok(())
    }

    /// Speaks with the selected voice.
    pub fn speak(&mut self, text: &str, rate: f32, audio: &mut dyn Audio) -> Result<(), SpeakError> {
        let text = c_text(text)?;
        audio.begin(self.rate_hz)?;
        let words_per_minute = (sys::RATE_NORMAL * rate).clamp(sys::RATE_MINIMUM, sys::RATE_MAXIMUM);
        let mut listener = Listener {
            audio,
            trimmer: Trimmer::new(self.rate_hz, THRESHOLD, LEAD_MS, TAIL_MS),
            ready: Vec::new(),
            flow: ControlFlow::Continue(()),
        };
        LISTENER.set(ptr::from_mut(&mut listener).cast::<c_void>());
        // SAFETY: `&mut self` is exclusive use of the initialised library. The text is UTF-8 with a final zero
        // and outlives the call; in synchronous mode `take` runs on this thread within the call, where LISTENER
        // points to `listener`.
        let result = unsafe {
            sys::espeak_SetParameter(sys::RATE, words_per_minute as c_int, 0);
            sys::espeak_Synth(
                text.as_ptr().cast(),
                text.as_bytes_with_nul().len(),
                0,
                sys::POS_CHARACTER,
                0,
                sys::CHARS_UTF8 as u32,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        LISTENER.set(ptr::null_mut());
        if listener.flow.is_continue() {
            listener.trimmer.finish(&mut listener.ready);
            // Whoever has gone needs no end.
            let _ = listener.audio.push(&listener.ready);
        }
        if result == sys::OK { Ok(()) } else { Err(SpeakError::Engine(format!("espeak-ng failed with {result}"))) }
    }

    /// The phonemes of `text` in IPA by the selected voice, clause by clause, each with the text it came from.
    pub fn phonemes(&mut self, text: &str) -> Result<Vec<(String, String)>, SpeakError> {
        let text = c_text(text)?;
        let mut clauses = Vec::new();
        let mut at: *const c_void = text.as_ptr().cast();
        let end = text.as_bytes().len();
        let (mut start, mut begun) = (0, 0);
        while start < end {
            // SAFETY: `&mut self` is exclusive use of the initialised library; `at` points into `text`, and
            // the library moves it forward within the text or sets it to null at its end.
            let phonemes = unsafe {
                let phonemes = sys::espeak_TextToPhonemes(&raw mut at, sys::CHARS_UTF8, sys::PHONEMES_IPA);
                if phonemes.is_null() { String::new() } else { CStr::from_ptr(phonemes).to_string_lossy().into_owned() }
            };
            let next = if at.is_null() { end } else { (at as usize - text.as_ptr() as usize).min(end) };
            if next <= start {
                break;
            }
            // espeak has looked at, and remembers, the first character of the next clause.
            let ahead = if next == end { 0 } else { last_char(&text.as_bytes()[start..next]) };
            let clause = &text.as_bytes()[start - begun..next - ahead];
            clauses.push((phonemes, String::from_utf8_lossy(clause).into_owned()));
            (start, begun) = (next, ahead);
        }
        Ok(clauses)
    }
}

/// The length of the last character, in bytes.
fn last_char(text: &[u8]) -> usize {
    text.iter().rev().position(|byte| byte & 0xC0 != 0x80).map_or(0, |at| at + 1)
}

fn c_text(text: &str) -> Result<CString, SpeakError> {
    CString::new(text).map_err(|_| SpeakError::Invalid("the text contains a NUL".to_owned()))
}

fn by_name(name: &str) -> Result<bool, SpeakError> {
    if name.contains("..") {
        // espeak-ng would leave its folder of voices.
        return Ok(false);
    }
    let name = c_text(name)?;
    // SAFETY: only `Library::select` calls this, with exclusive use of the initialised library.
    Ok(unsafe { sys::espeak_SetVoiceByName(name.as_ptr()) } == sys::OK)
}

fn by_language(language: &str) -> Result<bool, SpeakError> {
    let mut wanted = language.to_lowercase().replace('_', "-");
    if wanted == "zh" || wanted.starts_with("zh-") {
        wanted = "cmn".to_owned();
    }
    let primary = wanted.split('-').next().unwrap_or_default().to_owned();
    let name = c_text(&wanted)?;
    let mut criteria = sys::espeak_VOICE {
        name: ptr::null(),
        languages: name.as_ptr(),
        identifier: ptr::null(),
        gender: 0,
        age: 0,
        variant: 0,
        xx1: 0,
        score: 0,
        spare: ptr::null_mut(),
    };
    // SAFETY: as in `by_name`; the criteria outlive the call.
    let selected = unsafe { sys::espeak_SetVoiceByProperties(&raw mut criteria) } == sys::OK;
    // espeak-ng answers an unknown language with English.
    Ok(selected && current_languages().iter().any(|language| language.split('-').next() == Some(&primary)))
}

/// The languages of the selected voice.
fn current_languages() -> Vec<String> {
    let mut languages = Vec::new();
    // SAFETY: as in `by_name`. The current voice, if any, stays valid until the next selection; its languages are
    // pairs of a priority byte and a string, ended by a zero byte (speak_lib.h).
    unsafe {
        let Some(voice) = sys::espeak_GetCurrentVoice().as_ref() else { return languages };
        let mut at = voice.languages;
        while !at.is_null() && *at != 0 {
            let language = CStr::from_ptr(at.add(1));
            languages.push(language.to_string_lossy().into_owned());
            at = at.add(language.count_bytes() + 2);
        }
    }
    languages
}

struct Listener<'audio> {
    audio: &'audio mut dyn Audio,
    trimmer: Trimmer,
    ready: Vec<i16>,
    flow: ControlFlow<()>,
}

impl Listener<'_> {
    fn take(&mut self, samples: &[i16]) {
        self.trimmer.push(samples, &mut self.ready);
        self.flow = self.audio.push(&self.ready);
        self.ready.clear();
    }
}

thread_local! {
    /// The listener of the synthesis that runs on this thread: espeak's callback has no argument of ours.
    static LISTENER: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
}

/// The callback. A panic must not unwind into espeak; it ends the synthesis instead.
unsafe extern "C" fn take(samples: *mut c_short, count: c_int, _events: *mut sys::espeak_EVENT) -> c_int {
    let flow = catch_unwind(|| {
        let listener = LISTENER.get().cast::<Listener<'_>>();
        // SAFETY: LISTENER is null or the listener that `speak` holds on this thread and does not touch
        // meanwhile.
        let Some(listener) = (unsafe { listener.as_mut() }) else { return ControlFlow::Break(()) };
        if let (false, Ok(count)) = (samples.is_null(), usize::try_from(count))
            && listener.flow.is_continue()
        {
            // SAFETY: espeak passes `count` samples that stay valid for the call.
            listener.take(unsafe { std::slice::from_raw_parts(samples, count) });
        }
        listener.flow
    });
    c_int::from(!matches!(flow, Ok(ControlFlow::Continue(()))))
}

/// The engine `espeak`.
pub struct Espeak {
    default: String,
}

impl Espeak {
    /// `default` is a voice's name; empty is `en-us`.
    ///
    /// # Errors
    ///
    /// When the library's data or the voice are missing.
    pub fn load(default: &str) -> Result<Self, SpeakError> {
        let default = if default.is_empty() { DEFAULT_VOICE } else { default }.to_owned();
        lock()?.select(&Selection::Name(default.clone()))?;
        Ok(Self { default })
    }

    /// The voice asked for; else the language's; else the worker's, which also keeps its language.
    fn selection(&self, speech: &Speech) -> Selection {
        let primary = |tag: &str| tag.split(['-', '_', '+']).next().unwrap_or_default().to_lowercase();
        if !speech.voice.is_empty() {
            Selection::Name(speech.voice.clone())
        } else if speech.language.is_empty() || primary(&speech.language) == primary(&self.default) {
            Selection::Name(self.default.clone())
        } else {
            Selection::Language(speech.language.clone())
        }
    }
}

impl Engine for Espeak {
    fn name(&self) -> &'static str {
        "espeak"
    }

    fn model(&self) -> String {
        self.default.clone()
    }

    fn capacity(&self) -> u32 {
        CAPACITY
    }

    fn speak(&self, speech: &Speech, audio: &mut dyn Audio) -> Result<(), SpeakError> {
        let mut library = lock()?;
        library.select(&self.selection(speech))?;
        library.speak(&speech.text, speech.rate, audio)
    }
}

#[cfg(test)]
mod tests;
