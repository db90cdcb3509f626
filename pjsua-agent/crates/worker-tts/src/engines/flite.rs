//! CMU Flite: the embedded English default. Voices slt, rms, awb (statistical) and kal16 (diphone), all 16 kHz.
//!
//! **One at a time.** libflite is not thread-safe where it matters: a voice's parameters, among them the streaming
//! callback, are shared by all its utterances, their reference counts are plain integers (`val_inc_refcount` is an
//! unlocked `addl`), and the excitation noise has one global state. Setting parameters in one thread while another
//! speaks has ended in a segmentation fault. So one lock holds the whole library, for one sentence at a time: at fifty
//! times real time nobody waits long for another's sentence.

use std::{
    ffi::{CStr, CString, c_int, c_void},
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::{self, NonNull},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use super::flite_sys as sys;
use super::{Audio, Engine, SpeakError, Speech};
use crate::{
    audio::{
        cache::{Cache, Key},
        trim::Trimmer,
    },
    text,
};

/// The voices' names and, of 32768, the peak of a 10 ms block from which on it is sound: about twice the noise
/// that the voice puts before an utterance (measured: slt 50, rms 12, awb 121, kal16 71).
const VOICES: [(&str, u16); 4] = [("slt", 100), ("rms", 40), ("awb", 180), ("kal16", 120)];
/// Silence that stays before and after a sentence. Flite makes 170 to 230 ms before and up to 200 ms after.
const LEAD_MS: u32 = 20;
const TAIL_MS: u32 = 60;
/// Silence between two sentences of one request, besides these.
const BETWEEN_MS: usize = 120;
/// Samples that flite collects before it calls back: 20 ms.
const CALLBACK_SAMPLES: c_int = 320;
/// Bytes of text under one lock.
const LONGEST_PIECE: usize = 300;
const CAPACITY: u32 = 16;
/// Ten minutes of speech: 19 MB.
const CACHED_SAMPLES: usize = 16_000 * 600;

/// The engine `flite`.
pub struct Flite {
    default: String,
}

/// libflite's one state.
struct Library {
    voices: Vec<Voice>,
    spoken: Cache,
}

impl Library {
    fn load() -> Result<Mutex<Self>, String> {
        let voices = VOICES.iter().map(|(name, threshold)| Voice::load(name, *threshold)).collect::<Result<_, _>>()?;
        Ok(Mutex::new(Self { voices, spoken: Cache::new(CACHED_SAMPLES) }))
    }
}

/// Exclusive use of the library.
///
/// # Errors
///
/// When libflite refuses a voice.
fn lock() -> Result<MutexGuard<'static, Library>, SpeakError> {
    static LIBRARY: OnceLock<Result<Mutex<Library>, String>> = OnceLock::new();
    match LIBRARY.get_or_init(Library::load) {
        Ok(library) => Ok(library.lock().unwrap_or_else(PoisonError::into_inner)),
        Err(reason) => Err(SpeakError::Engine(reason.clone())),
    }
}

struct Voice {
    name: &'static str,
    threshold: u16,
    voice: NonNull<sys::cst_voice>,
    /// Belongs to the voice's parameters, which live as long as the process.
    streaming: NonNull<sys::cst_audio_streaming_info>,
    rate_hz: u32,
}

// SAFETY: the pointers are to heap memory that libflite binds to no thread; the mutex round the voices
// makes their use exclusive.
unsafe impl Send for Voice {}

impl Flite {
    /// Loads the voices. `default` names one of them; empty is `slt`.
    ///
    /// # Errors
    ///
    /// [`SpeakError::Invalid`] for an unknown voice, [`SpeakError::Engine`] when libflite refuses.
    pub fn load(default: &str) -> Result<Self, SpeakError> {
        let default = if default.is_empty() { VOICES[0].0 } else { default };
        if !VOICES.iter().any(|(name, _)| *name == default) {
            return Err(unknown(default));
        }
        drop(lock()?);
        Ok(Self { default: default.to_owned() })
    }
}

impl Engine for Flite {
    fn name(&self) -> &'static str {
        "flite"
    }

    fn model(&self) -> String {
        self.default.clone()
    }

    fn capacity(&self) -> u32 {
        CAPACITY
    }

    fn speak(&self, speech: &Speech, audio: &mut dyn Audio) -> Result<(), SpeakError> {
        let wanted = if speech.voice.is_empty() { &self.default } else { &speech.voice };
        if !speech.language.is_empty() && !speech.language.to_lowercase().starts_with("en") {
            // An English accent is better than silence on the line.
            tracing::warn!(language = speech.language, "flite speaks English only; use the engine espeak or piper");
        }
        let plain = text::ascii(&speech.text);
        for (nth, sentence) in text::sentences(&plain, LONGEST_PIECE).into_iter().enumerate() {
            let mut library = lock()?;
            if !audio.is_wanted() {
                return Ok(());
            }
            let Library { voices, spoken } = &mut *library;
            let voice = voices.iter_mut().find(|voice| voice.name == wanted).ok_or_else(|| unknown(wanted))?;
            if nth == 0 {
                audio.begin(voice.rate_hz)?;
            } else if audio.push(&vec![0; voice.rate_hz as usize / 1000 * BETWEEN_MS]).is_break() {
                return Ok(());
            }
            let key = Key::new(voice.name, sentence, speech.rate);
            if let Some(samples) = spoken.get(&key) {
                drop(library);
                if audio.push(&samples).is_break() {
                    return Ok(());
                }
                continue;
            }
            match voice.say(sentence, speech.rate, audio)? {
                Some(samples) => spoken.put(key, &samples),
                None => return Ok(()),
            }
        }
        Ok(())
    }
}

fn unknown(voice: &str) -> SpeakError {
    let names: Vec<&str> = VOICES.iter().map(|(name, _)| *name).collect();
    SpeakError::Invalid(format!("flite has no voice {voice:?}; it has {}", names.join(", ")))
}

impl Voice {
    fn load(name: &'static str, threshold: u16) -> Result<Self, String> {
        let failed = |what: &str| format!("flite: {what} of voice {name} failed");
        // SAFETY: flite_init may be called any number of times; the register functions take a null folder
        // and return a voice that is never freed, or null. Nobody else is in the library while voices load.
        let voice = unsafe {
            sys::flite_init();
            match name {
                "slt" => sys::register_cmu_us_slt(ptr::null()),
                "rms" => sys::register_cmu_us_rms(ptr::null()),
                "awb" => sys::register_cmu_us_awb(ptr::null()),
                _ => sys::register_cmu_us_kal16(ptr::null()),
            }
        };
        let voice = NonNull::new(voice).ok_or_else(|| failed("registration"))?;
        // SAFETY: the streaming info is allocated by flite and handed to the voice's parameters, which own
        // it from then on and are never freed; the features belong to the live voice.
        let (streaming, rate_hz) = unsafe {
            let features = (*voice.as_ptr()).features;
            let streaming = NonNull::new(sys::new_audio_streaming_info()).ok_or_else(|| failed("streaming"))?;
            (*streaming.as_ptr()).min_buffsize = CALLBACK_SAMPLES;
            (*streaming.as_ptr()).asc = Some(take);
            (*streaming.as_ptr()).userdata = ptr::null_mut();
            let value = sys::audio_streaming_info_val(streaming.as_ptr());
            sys::flite_feat_set(features, c"streaming_info".as_ptr(), value);
            (streaming, sys::flite_get_param_int(features, c"sample_rate".as_ptr(), 16_000))
        };
        let rate_hz = u32::try_from(rate_hz).map_err(|_| failed("sample rate"))?;
        Ok(Self { name, threshold, voice, streaming, rate_hz })
    }

    /// Speaks one sentence of ASCII text and returns its samples; nothing when nobody wanted them all.
    fn say(&mut self, sentence: &str, rate: f32, audio: &mut dyn Audio) -> Result<Option<Vec<i16>>, SpeakError> {
        let sentence = CString::new(sentence).map_err(|_| SpeakError::Invalid("the text contains a NUL".to_owned()))?;
        let mut listener = Listener {
            audio,
            trimmer: Trimmer::new(self.rate_hz, self.threshold, LEAD_MS, TAIL_MS),
            given: Vec::new(),
            heard: 0,
            ended: false,
            flow: ControlFlow::Continue(()),
        };
        self.synthesise(&sentence, rate, &mut listener);
        match (listener.flow, listener.ended) {
            (ControlFlow::Break(()), _) => Ok(None),
            (ControlFlow::Continue(()), true) => Ok(Some(listener.given)),
            (ControlFlow::Continue(()), false) => {
                Err(SpeakError::Engine(format!("flite broke off after {} samples", listener.heard)))
            }
        }
    }

    fn synthesise(&mut self, sentence: &CStr, rate: f32, listener: &mut Listener<'_>) {
        // SAFETY: voice and streaming info live as long as the process, and `&mut self` makes their use
        // exclusive. `userdata` is read only by `take`, on this thread, before flite_text_to_wave returns, and
        // points to `listener` for that long. The wave is ours to delete.
        unsafe {
            (*self.streaming.as_ptr()).userdata = ptr::from_mut(listener).cast::<c_void>();
            let features = (*self.voice.as_ptr()).features;
            sys::flite_feat_set_float(features, c"duration_stretch".as_ptr(), 1.0 / rate);
            let wave = sys::flite_text_to_wave(sentence.as_ptr(), self.voice.as_ptr());
            (*self.streaming.as_ptr()).userdata = ptr::null_mut();
            if let Some(wave) = NonNull::new(wave) {
                listener.take_unstreamed(samples(wave.as_ref(), 0, wave.as_ref().num_samples));
                sys::delete_wave(wave.as_ptr());
            }
        }
    }
}

/// What the callback writes to.
struct Listener<'audio> {
    audio: &'audio mut dyn Audio,
    trimmer: Trimmer,
    /// What the audio has been given.
    given: Vec<i16>,
    /// Samples that came by the callback.
    heard: usize,
    ended: bool,
    flow: ControlFlow<()>,
}

impl Listener<'_> {
    fn take(&mut self, samples: &[i16], last: bool) -> ControlFlow<()> {
        if self.ended || self.flow.is_break() {
            return self.flow;
        }
        self.heard += samples.len();
        let before = self.given.len();
        self.trimmer.push(samples, &mut self.given);
        if last {
            self.trimmer.finish(&mut self.given);
            self.ended = true;
        }
        self.flow = self.audio.push(&self.given[before..]);
        self.flow
    }

    /// What the whole wave holds beyond the streamed samples: everything, for a voice that does not stream.
    fn take_unstreamed(&mut self, whole: &[i16]) {
        let rest = whole.get(self.heard..).unwrap_or_default();
        // The flow is kept in the listener.
        let _ = self.take(rest, true);
    }
}

/// The new samples of a wave; none if it says nonsense.
///
/// # Safety
///
/// `wave.samples` must point to `wave.num_samples` samples for as long as the result lives.
unsafe fn samples(wave: &sys::cst_wave, start: c_int, size: c_int) -> &[i16] {
    let within = start >= 0 && size > 0 && start.checked_add(size).is_some_and(|end| end <= wave.num_samples);
    match (usize::try_from(start), usize::try_from(size)) {
        (Ok(start), Ok(size)) if within && !wave.samples.is_null() => {
            // SAFETY: checked above to lie within the wave.
            unsafe { std::slice::from_raw_parts(wave.samples.add(start), size) }
        }
        _ => &[],
    }
}

/// The streaming callback. A panic must not unwind into flite; it ends the synthesis instead.
unsafe extern "C" fn take(
    wave: *const sys::cst_wave,
    start: c_int,
    size: c_int,
    last: c_int,
    info: *mut sys::cst_audio_streaming_info,
) -> c_int {
    let flow = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: flite passes the wave in the making and the info that `Voice::load` gave it; its userdata is
        // null or the listener that `synthesise` holds exclusively meanwhile.
        let (samples, listener) = unsafe {
            let listener = (*info).userdata.cast::<Listener<'_>>();
            match (wave.as_ref(), listener.as_mut()) {
                (Some(wave), Some(listener)) => (samples(wave, start, size), listener),
                _ => return ControlFlow::Break(()),
            }
        };
        listener.take(samples, last != 0)
    }));
    match flow {
        Ok(ControlFlow::Continue(())) => sys::STREAM_CONTINUE,
        Ok(ControlFlow::Break(())) | Err(_) => sys::STREAM_STOP,
    }
}

#[cfg(test)]
mod tests;
