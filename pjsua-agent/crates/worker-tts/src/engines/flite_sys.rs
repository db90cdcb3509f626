//! The part of libflite's C interface (`flite.h`, `cst_audio.h`, version 2.2) that [`super::flite`] uses.

#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_float, c_int, c_short, c_void};

/// `CST_AUDIO_STREAM_STOP`: end the synthesis.
pub const STREAM_STOP: c_int = -1;
/// `CST_AUDIO_STREAM_CONT`: go on.
pub const STREAM_CONTINUE: c_int = 0;

/// Named parameters; opaque.
#[repr(C)]
pub struct cst_features {
    _opaque: [u8; 0],
}

/// A parameter's value; opaque.
#[repr(C)]
pub struct cst_val {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct cst_voice {
    pub name: *const c_char,
    pub features: *mut cst_features,
    pub ffunctions: *mut cst_features,
    pub utt_init: *mut c_void,
}

#[repr(C)]
pub struct cst_wave {
    pub kind: *const c_char,
    pub sample_rate: c_int,
    pub num_samples: c_int,
    pub num_channels: c_int,
    pub samples: *mut c_short,
}

/// Called with each piece of the wave: samples `start .. start + size` are new.
pub type cst_audio_stream_callback = unsafe extern "C" fn(
    wave: *const cst_wave,
    start: c_int,
    size: c_int,
    last: c_int,
    info: *mut cst_audio_streaming_info,
) -> c_int;

#[repr(C)]
pub struct cst_audio_streaming_info {
    pub min_buffsize: c_int,
    pub asc: Option<cst_audio_stream_callback>,
    pub utt: *const c_void,
    pub item: *const c_void,
    pub userdata: *mut c_void,
}

#[link(name = "flite_cmu_us_slt")]
unsafe extern "C" {
    pub fn register_cmu_us_slt(voxdir: *const c_char) -> *mut cst_voice;
}
#[link(name = "flite_cmu_us_rms")]
unsafe extern "C" {
    pub fn register_cmu_us_rms(voxdir: *const c_char) -> *mut cst_voice;
}
#[link(name = "flite_cmu_us_awb")]
unsafe extern "C" {
    pub fn register_cmu_us_awb(voxdir: *const c_char) -> *mut cst_voice;
}
#[link(name = "flite_cmu_us_kal16")]
unsafe extern "C" {
    pub fn register_cmu_us_kal16(voxdir: *const c_char) -> *mut cst_voice;
}
#[link(name = "flite_usenglish")]
unsafe extern "C" {}
#[link(name = "flite_cmulex")]
unsafe extern "C" {}
#[link(name = "flite")]
unsafe extern "C" {
    pub fn flite_init() -> c_int;
    pub fn flite_text_to_wave(text: *const c_char, voice: *mut cst_voice) -> *mut cst_wave;
    pub fn flite_feat_set_float(features: *mut cst_features, name: *const c_char, value: c_float);
    pub fn flite_feat_set(features: *mut cst_features, name: *const c_char, value: *const cst_val);
    pub fn flite_get_param_int(features: *const cst_features, name: *const c_char, default: c_int) -> c_int;
    pub fn delete_wave(wave: *mut cst_wave);
    pub fn new_audio_streaming_info() -> *mut cst_audio_streaming_info;
    pub fn audio_streaming_info_val(info: *mut cst_audio_streaming_info) -> *mut cst_val;
}
