use std::{ops::ControlFlow, sync::OnceLock};

use super::*;
use crate::engines::piper::{
    runtime,
    split::{Context, split},
    voice::Voice,
};

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

fn sentence(voice: &Voice) -> Sentence {
    Sentence { ids: voice.ids(SENTENCE), scales: voice.scales(1.0), speaker: None, in_pieces: true }
}

fn decoded(stages: &mut Stages, made: &[Sequence], in_pieces: bool) -> Vec<f32> {
    let mut samples = Vec::new();
    let flow = stages.decode(made, in_pieces, None, &mut |piece| {
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
    let flow = parts.flow.as_ref().unwrap();
    assert_eq!((flow.takes.len(), flow.frame_samples, parts.vocoder.frame_samples), (2, 1, 256));
    // Four couplings of four convolutions that reach two frames each.
    assert_eq!(flow.context, Context { before: 32, behind: 32 });
    // 3 + 1.4 + 5.6 + 0.2 + 0.7 + 0.2 frames, by the kernels of conv_pre, three upsamplings and their residual blocks.
    assert_eq!(parts.vocoder.context, Context { before: 12, behind: 11 });
    let size = parts.front.len() + flow.model.len() + parts.vocoder.model.len();
    assert!(size < bytes.len(), "no weight is held twice");

    let Model::Split(mut stages) = (Builder { environment, threads: 1 }).split(&parts).unwrap() else {
        panic!("it is split")
    };
    let made = stages.prepare(sentence(&voice)).unwrap();
    let frames = made[0].frames();
    assert!(frames > 200, "{frames}");
    let whole = decoded(&mut stages, &made, false);
    let joined = decoded(&mut stages, &made, true);
    assert_eq!((whole.len(), joined.len()), (frames * 256, frames * 256));
    let worst = whole.iter().zip(&joined).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("{frames} frames: pieces and whole differ by at most {worst:e} of full scale");
    assert!(worst < 1e-4, "{worst:e}");
}

#[test]
fn a_listener_who_breaks_off_hears_no_further_piece() {
    let (environment, bytes, voice) = real_voice();
    let mut model = Builder { environment, threads: 1 }.split(&split(&bytes).unwrap()).unwrap();
    let mut pieces = 0;
    let flow = model.speak(sentence(&voice), &mut |piece| {
        assert!(!piece.is_all);
        pieces += 1;
        if pieces == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((flow.unwrap(), pieces), (ControlFlow::Break(()), 2));
}
