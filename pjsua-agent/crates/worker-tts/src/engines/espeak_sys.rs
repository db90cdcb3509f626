//! The part of libespeak-ng's C interface (`speak_lib.h`, revision 12) that [`super::espeak`] uses.

#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_int, c_short, c_uchar, c_uint, c_void};

/// `AUDIO_OUTPUT_SYNCHRONOUS`: the callback runs on the caller's thread before `espeak_Synth` returns.
pub const OUTPUT_SYNCHRONOUS: c_int = 2;
/// `espeakINITIALIZE_DONT_EXIT`: a missing data folder is an error, not the end of the process.
pub const DONT_EXIT: c_int = 0x8000;
/// `espeakCHARS_UTF8`. Neither SSML nor `[[phonemes]]` are asked for, so markup is text.
pub const CHARS_UTF8: c_int = 1;
/// `espeakRATE`.
pub const RATE: c_int = 1;
/// `espeakRATE_NORMAL` in words per minute, and its bounds.
pub const RATE_NORMAL: f32 = 175.0;
pub const RATE_MINIMUM: f32 = 80.0;
pub const RATE_MAXIMUM: f32 = 450.0;
/// `espeakPHONEMES_IPA`.
pub const PHONEMES_IPA: c_int = 2;
/// `POS_CHARACTER`.
pub const POS_CHARACTER: c_int = 1;
/// `EE_OK`.
pub const OK: c_int = 0;

/// A list of events; opaque, unused.
#[repr(C)]
pub struct espeak_EVENT {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct espeak_VOICE {
    pub name: *const c_char,
    /// As a result: a priority byte and a language name, again and again, until a zero byte. As a criterion: one name.
    pub languages: *const c_char,
    pub identifier: *const c_char,
    pub gender: c_uchar,
    pub age: c_uchar,
    pub variant: c_uchar,
    pub xx1: c_uchar,
    pub score: c_int,
    pub spare: *mut c_void,
}

/// Called with new samples, and with null at the end; returns 0 to go on, 1 to stop.
pub type t_espeak_callback =
    unsafe extern "C" fn(samples: *mut c_short, count: c_int, events: *mut espeak_EVENT) -> c_int;

#[link(name = "espeak-ng")]
unsafe extern "C" {
    pub fn espeak_Initialize(output: c_int, buffer_ms: c_int, path: *const c_char, options: c_int) -> c_int;
    pub fn espeak_SetSynthCallback(callback: t_espeak_callback);
    pub fn espeak_Synth(
        text: *const c_void,
        size: usize,
        position: c_uint,
        position_type: c_int,
        end_position: c_uint,
        flags: c_uint,
        unique_identifier: *mut c_uint,
        user_data: *mut c_void,
    ) -> c_int;
    pub fn espeak_SetParameter(parameter: c_int, value: c_int, relative: c_int) -> c_int;
    pub fn espeak_SetVoiceByName(name: *const c_char) -> c_int;
    pub fn espeak_SetVoiceByProperties(criteria: *mut espeak_VOICE) -> c_int;
    pub fn espeak_GetCurrentVoice() -> *const espeak_VOICE;
    pub fn espeak_TextToPhonemes(text: *mut *const c_void, text_mode: c_int, phoneme_mode: c_int) -> *const c_char;
}
