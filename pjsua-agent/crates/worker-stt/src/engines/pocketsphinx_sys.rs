//! libpocketsphinx and libsphinxbase 5prealpha: the declarations that are used, and one owner for each handle.
//!
//! The front end and the decoder are separate here: [`FrontEnd`] makes cepstra of samples, [`Decoder`] finds words in
//! cepstra whose mean was taken out by the caller. Neither library has global state but the log, so handles may move
//! between threads as long as only one uses a handle at a time, which `&mut` ensures.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    path::Path,
    ptr::{self, NonNull},
    sync::Once,
};

/// Coefficients of a cepstrum.
pub const CEPSTRUM_SIZE: usize = 13;
/// The cepstrum of 10 ms, before or after its mean was taken out.
pub type Cepstrum = [f32; CEPSTRUM_SIZE];

/// Frames that are asked for at once; more than the front end keeps back at the start of speech.
const FRAMES_AT_ONCE: usize = 64;

/// An error of the library, which reports no reasons.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pocketsphinx: {0}")]
pub struct SphinxError(pub String);

#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

unsafe extern "C" {
    fn err_set_logfp(stream: *mut c_void);
    fn cmd_ln_parse_r(
        config: *mut Opaque,
        definitions: *const Opaque,
        argc: i32,
        argv: *mut *mut c_char,
        strict: i32,
    ) -> *mut Opaque;
    fn cmd_ln_free_r(config: *mut Opaque) -> c_int;
    fn fe_init_auto_r(config: *mut Opaque) -> *mut Opaque;
    fn fe_free(fe: *mut Opaque) -> c_int;
    fn fe_start_stream(fe: *mut Opaque);
    fn fe_start_utt(fe: *mut Opaque) -> c_int;
    fn fe_get_output_size(fe: *mut Opaque) -> c_int;
    fn fe_process_frames(
        fe: *mut Opaque,
        samples: *mut *const i16,
        samples_len: *mut usize,
        cepstra: *mut *mut f32,
        cepstra_len: *mut i32,
        first_frame: *mut i32,
    ) -> c_int;
    fn fe_end_utt(fe: *mut Opaque, cepstrum: *mut f32, cepstra_len: *mut i32) -> c_int;
    fn ps_args() -> *const Opaque;
    fn ps_init(config: *mut Opaque) -> *mut Opaque;
    fn ps_free(ps: *mut Opaque) -> c_int;
    fn ps_start_utt(ps: *mut Opaque) -> c_int;
    fn ps_process_cep(ps: *mut Opaque, cepstra: *mut *mut f32, frames: c_int, no_search: c_int, full: c_int) -> c_int;
    fn ps_end_utt(ps: *mut Opaque) -> c_int;
    fn ps_get_hyp(ps: *mut Opaque, score: *mut i32) -> *const c_char;
    fn ps_get_prob(ps: *mut Opaque) -> i32;
    fn ps_get_logmath(ps: *mut Opaque) -> *mut Opaque;
    fn logmath_exp(logmath: *mut Opaque, value: c_int) -> f64;
}

/// A parsed command line, which is how the library is configured.
struct Config(NonNull<Opaque>);

impl Config {
    /// `options` are pairs: `-name`, value.
    fn new(options: &[(String, String)]) -> Result<Self, SphinxError> {
        static QUIET: Once = Once::new();
        // SAFETY: a null stream turns the library's log off (err.h); once, before its first other use.
        QUIET.call_once(|| unsafe { err_set_logfp(ptr::null_mut()) });
        let words = std::iter::once("pocketsphinx").chain(options.iter().flat_map(|(name, value)| [&**name, &**value]));
        let words: Vec<CString> = words
            .map(CString::new)
            .collect::<Result<_, _>>()
            .map_err(|_| SphinxError("an option contains a NUL".into()))?;
        let mut argv: Vec<*mut c_char> = words.iter().map(|word| word.as_ptr().cast_mut()).collect();
        let argc = i32::try_from(argv.len()).expect("a handful of options");
        // SAFETY: argv holds argc strings that outlive the call; the values are copied (cmd_ln.c: cmd_ln_val_init).
        let config = unsafe { cmd_ln_parse_r(ptr::null_mut(), ps_args(), argc, argv.as_mut_ptr(), 1) };
        NonNull::new(config).map(Config).ok_or_else(|| SphinxError(format!("does not take the options {options:?}")))
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        // SAFETY: gives up this owner's reference; users of the configuration hold their own.
        unsafe { cmd_ln_free_r(self.0.as_ptr()) };
    }
}

/// Makes cepstra of samples: noise subtraction, the acoustic model's filter bank, removal of silence.
pub struct FrontEnd(NonNull<Opaque>);

// SAFETY: the handle's state is its own (fe_s holds no reference to other handles), and every use takes &mut.
unsafe impl Send for FrontEnd {}

impl FrontEnd {
    fn new(config: &Config) -> Result<Self, SphinxError> {
        // SAFETY: config is a live configuration made of ps_args, which include the front end's options.
        let fe = NonNull::new(unsafe { fe_init_auto_r(config.0.as_ptr()) })
            .map(FrontEnd)
            .ok_or_else(|| SphinxError("the front end does not take the model's feat.params".into()))?;
        // SAFETY: the handle is live.
        match unsafe { fe_get_output_size(fe.0.as_ptr()) } {
            13 => Ok(fe),
            size => Err(SphinxError(format!("the model has {size} coefficients a frame instead of 13"))),
        }
    }

    /// Forgets the last utterance and the noise it had.
    pub fn start(&mut self) {
        // SAFETY: the handle is live; both calls reset it whatever its state.
        unsafe {
            fe_start_stream(self.0.as_ptr());
            fe_start_utt(self.0.as_ptr());
        }
    }

    /// Appends the cepstra of `samples` to `cepstra`; the remainder of less than a frame is kept.
    pub fn process(&mut self, samples: &[i16], cepstra: &mut Vec<Cepstrum>) {
        let mut next = samples.as_ptr();
        let mut left = samples.len();
        while left > 0 {
            let before = left;
            let mut frames = [[0.0; CEPSTRUM_SIZE]; FRAMES_AT_ONCE];
            let mut rows = frames.each_mut().map(|frame| frame.as_mut_ptr());
            let mut count = FRAMES_AT_ONCE as i32;
            let mut first = 0;
            // SAFETY: next points at `left` samples; rows are `count` arrays of the size checked in new; the call
            // lowers `left` and `count` to what it left and wrote.
            unsafe {
                fe_process_frames(self.0.as_ptr(), &mut next, &mut left, rows.as_mut_ptr(), &mut count, &mut first);
            }
            let count = usize::try_from(count).unwrap_or(0);
            cepstra.extend(&frames[..count.min(FRAMES_AT_ONCE)]);
            if left == before && count == 0 {
                return;
            }
        }
    }

    /// Appends the cepstrum of what is kept, filled up with zeros.
    pub fn end(&mut self, cepstra: &mut Vec<Cepstrum>) {
        let mut frame = [0.0; CEPSTRUM_SIZE];
        let mut count = 0;
        // SAFETY: the handle is live and frame has the size checked in new; at most one frame is written.
        unsafe { fe_end_utt(self.0.as_ptr(), frame.as_mut_ptr(), &mut count) };
        if count > 0 {
            cepstra.push(frame);
        }
    }
}

impl Drop for FrontEnd {
    fn drop(&mut self) {
        // SAFETY: the only owner gives the handle up.
        unsafe { fe_free(self.0.as_ptr()) };
    }
}

/// Finds words in cepstra.
pub struct Decoder(NonNull<Opaque>);

// SAFETY: a decoder refers to nothing outside itself (pocketsphinx.h: one decoder a thread is the documented use of
// many), and every use takes &mut.
unsafe impl Send for Decoder {}

/// Loads a decoder with `options` (pairs of `-name` and value), and a front end with the same but for `front_end`.
/// Takes about a second.
pub fn load(options: &[(String, String)], front_end: &[(String, String)]) -> Result<(FrontEnd, Decoder), SphinxError> {
    let config = Config::new(options)?;
    // SAFETY: config is a live configuration made of ps_args; the decoder takes its own reference to it.
    let decoder = NonNull::new(unsafe { ps_init(config.0.as_ptr()) })
        .map(Decoder)
        .ok_or_else(|| SphinxError("cannot load the model, or a part of it does not fit the rest".into()))?;
    let is_replaced = |name: &str| front_end.iter().any(|(other, _)| other == name);
    let kept = options.iter().filter(|(name, _)| !is_replaced(name)).cloned();
    let config = Config::new(&kept.chain(front_end.iter().cloned()).collect::<Vec<_>>())?;
    Ok((FrontEnd::new(&config)?, decoder))
}

impl Decoder {
    /// Begins an utterance; one that is running must have been ended.
    pub fn start(&mut self) -> Result<(), SphinxError> {
        // SAFETY: the handle is live.
        match unsafe { ps_start_utt(self.0.as_ptr()) } {
            0 => Ok(()),
            code => Err(SphinxError(format!("cannot start an utterance (code {code})"))),
        }
    }

    /// Searches through `cepstra`, whose mean was taken out.
    pub fn search(&mut self, cepstra: &mut [Cepstrum]) -> Result<(), SphinxError> {
        for cepstrum in cepstra {
            // One by one: blocks that are longer than the decoder's ring of features put its search out of step, and
            // the assertion in eval_nonroot_chan (ngram_search_fwdtree.c) then ends the process.
            let mut row = cepstrum.as_mut_ptr();
            // SAFETY: row is one cepstrum of the size that FrontEnd::new checked; it is copied.
            let searched = unsafe { ps_process_cep(self.0.as_ptr(), &mut row, 1, 0, 0) };
            if searched < 0 {
                return Err(SphinxError(format!("the search failed (code {searched})")));
            }
        }
        Ok(())
    }

    /// Ends the utterance; what was found can be asked for until the next begins.
    pub fn end(&mut self) -> Result<(), SphinxError> {
        // SAFETY: the handle is live; without a running utterance the call does nothing but fail.
        match unsafe { ps_end_utt(self.0.as_ptr()) } {
            code if code >= 0 => Ok(()),
            code => Err(SphinxError(format!("cannot end the utterance (code {code})"))),
        }
    }

    /// The words found so far, without fillers; empty when none were.
    pub fn words(&mut self) -> String {
        let mut score = 0;
        // SAFETY: the handle is live; the text belongs to the decoder until its next call and is copied here.
        unsafe {
            let text = ps_get_hyp(self.0.as_ptr(), &mut score);
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        }
    }

    /// The posterior probability of the words of an ended utterance against the rest of the lattice, 0..1.
    pub fn probability(&mut self) -> f32 {
        // SAFETY: the handle is live; the log table belongs to the decoder.
        let probability = unsafe {
            let log = ps_get_prob(self.0.as_ptr());
            logmath_exp(ps_get_logmath(self.0.as_ptr()), log)
        };
        probability.clamp(0.0, 1.0) as f32
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the only owner gives the handle up.
        unsafe { ps_free(self.0.as_ptr()) };
    }
}

/// `path` as an option's value.
pub fn option_value(path: &Path) -> Result<String, SphinxError> {
    path.to_str().map(str::to_owned).ok_or_else(|| SphinxError(format!("{} is not UTF-8", path.display())))
}
