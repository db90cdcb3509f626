use std::{ops::ControlFlow, sync::OnceLock};

use super::*;
use crate::engines::piper::{runtime, split::split, voice::Voice};

/// A sentence of the real voice.
const SENTENCE: &str =
    "wiː ɑːɹ ˈoʊpən ɛvɹi dˈeɪ fɹʌm nˈaɪn ɪnðə mˈɔːɹnɪŋ tə sˈɪks ɪnðɪ ˈiːvnɪŋ, bˌʌt nˌɑːt ɔn sˈʌndeɪz.";

/// There is one environment a process.
fn real_voice() -> (&'static Environment, Vec<u8>, Voice) {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    let store = model_store::Store::open_default().unwrap();
    let path = |name| store.path(name).unwrap_or_else(|error| panic!("{error} (or: make models)"));
    let model = path("piper-en-us-joe");
    let environment = ENVIRONMENT.get_or_init(|| runtime(Some(&path("onnxruntime"))).unwrap());
    (environment, fs::read(&model).unwrap(), Voice::read(&model).unwrap())
}

fn decoded(vocoder: &mut Session, cut: &Cut, latent: &Latent<'_>, pieces: &[Chunk]) -> Vec<f32> {
    let mut samples = Vec::new();
    let flow = decode(vocoder, cut, latent, pieces, None, &mut |piece| {
        samples.extend_from_slice(piece.samples);
        ControlFlow::Continue(())
    });
    assert_eq!(flow.unwrap(), ControlFlow::Continue(()));
    samples
}

#[test]
fn the_pieces_of_a_real_voice_join_to_what_one_run_makes() {
    let (environment, bytes, voice) = real_voice();
    let parts = split(&bytes).unwrap();
    assert_eq!(parts.frame_samples, 256);
    // 3 + 1.4 + 5.6 + 0.2 + 0.7 + 0.2 frames, by the kernels of conv_pre, three upsamplings and their residual blocks.
    assert_eq!((parts.context.before, parts.context.behind), (12, 11));
    assert!(parts.front.len() + parts.vocoder.len() < bytes.len(), "no weight is held twice");

    let Model::Split { mut front, mut vocoder, cut } = (Builder { environment, threads: 1 }).split(&parts).unwrap()
    else {
        panic!("it is split")
    };
    let sentence = Sentence { ids: voice.ids(SENTENCE), scales: voice.scales(1.0), speaker: None, in_pieces: true };
    let outputs = phonemes(&mut front, sentence).unwrap();
    let (shape, values) = floats(&outputs).unwrap();
    let latent = Latent { values, channels: usize::try_from(shape[1]).unwrap() };
    let frames = latent.frames();
    assert!(frames > 200, "{frames}");

    let whole = decoded(&mut vocoder, &cut, &latent, &one(frames));
    let joined = decoded(&mut vocoder, &cut, &latent, &chunks(frames, cut.context));
    assert_eq!((whole.len(), joined.len()), (frames * 256, frames * 256));
    let worst = whole.iter().zip(&joined).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("{frames} frames: pieces and whole differ by at most {worst:e} of full scale");
    assert!(worst < 1e-4, "{worst:e}");
}

#[test]
fn a_listener_who_breaks_off_hears_no_further_piece() {
    let (environment, bytes, voice) = real_voice();
    let mut model = Builder { environment, threads: 1 }.split(&split(&bytes).unwrap()).unwrap();
    let sentence = Sentence { ids: voice.ids(SENTENCE), scales: voice.scales(1.0), speaker: None, in_pieces: true };
    let mut pieces = 0;
    let flow = model.speak(sentence, &mut |piece| {
        assert!(!piece.is_all);
        pieces += 1;
        if pieces == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((flow.unwrap(), pieces), (ControlFlow::Break(()), 2));
}
