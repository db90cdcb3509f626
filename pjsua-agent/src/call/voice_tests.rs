//! The voice with a cache and without a worker.

use std::path::Path;
use std::sync::Arc;

use conversation::{ClauseId, TurnId};

use super::PhraseAudio;
use super::voice::{Voice, VoiceEvent, VoiceSettings};
use crate::speech::{CacheConfig, Origin, PhraseCache, Speech};

const TURN: TurnId = TurnId(1);
const FAILURE: &str = "Sorry, I'm having a technical problem.";

fn settings() -> VoiceSettings {
    VoiceSettings {
        engine: "flite".into(),
        voice: "slt".into(),
        language: String::new(),
        rate: 1.0,
        text_language: "en".into(),
    }
}

fn cache(dir: Option<&Path>) -> Arc<PhraseCache> {
    let config = CacheConfig { dir: dir.map(Into::into), disk_bytes: 1 << 20, memory_bytes: 1 << 20 };
    Arc::new(PhraseCache::open(config))
}

async fn keep(cache: &PhraseCache, text: &str, samples: usize, origin: Origin) {
    let spoken = settings().speakable(text);
    cache.keep(settings().key(&spoken), &spoken, vec![1; samples].into(), origin).await;
}

/// What becomes of `clauses`, spoken one after the other while no voice worker is there.
async fn spoken(cache: Arc<PhraseCache>, clauses: &[&str]) -> Vec<VoiceEvent> {
    let audio = media::call_audio(&media::AudioSettings::default());
    let phrases = Arc::new(PhraseAudio::new(cache, [FAILURE]));
    let mut voice = Voice::new(audio.playout, Speech::without_workers(), phrases, settings());
    for (number, text) in clauses.iter().enumerate() {
        voice.speak(TURN, ClauseId(number as u32), (*text).to_owned());
    }
    let mut events = Vec::new();
    while let Ok(event) = tokio::time::timeout(std::time::Duration::from_millis(500), voice.next()).await {
        events.push(event);
    }
    events
}

fn ends(events: &[VoiceEvent]) -> Vec<u64> {
    events
        .iter()
        .filter_map(|event| match event {
            VoiceEvent::ClauseReady { end_sample, .. } => Some(*end_sample),
            _ => None,
        })
        .collect()
}

fn failures(events: &[VoiceEvent]) -> usize {
    events.iter().filter(|event| matches!(event, VoiceEvent::Failed { .. })).count()
}

#[tokio::test]
async fn a_phrase_in_memory_is_spoken_while_no_voice_worker_is_there() {
    let cache = cache(None);
    keep(&cache, FAILURE, 3_200, Origin::Configured).await;
    let events = spoken(cache, &[FAILURE]).await;
    assert!(events.iter().any(|event| matches!(event, VoiceEvent::FirstAudio { .. })), "{events:?}");
    assert_eq!((ends(&events), failures(&events)), (vec![3_200], 0));
}

#[tokio::test]
async fn a_configured_phrase_on_disk_is_spoken_while_no_voice_worker_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    keep(&cache(Some(folder.path())), FAILURE, 3_200, Origin::Configured).await;
    let events = spoken(cache(Some(folder.path())), &[FAILURE]).await;
    assert_eq!((ends(&events), failures(&events)), (vec![3_200], 0));
}

#[tokio::test]
async fn what_is_in_no_cache_fails_without_a_worker() {
    let events = spoken(cache(None), &["The blue teapot costs ten pounds."]).await;
    assert_eq!((ends(&events), failures(&events)), (vec![], 1));
}

#[tokio::test]
async fn a_clause_of_which_nothing_can_be_said_is_ready_where_it_begins() {
    let cache = cache(None);
    keep(&cache, "First.", 320, Origin::Generated).await;
    keep(&cache, "Third.", 640, Origin::Generated).await;
    let events = spoken(cache, &["***", "First.", "🙂", "Third."]).await;
    assert_eq!((ends(&events), failures(&events)), (vec![0, 320, 320, 960], 0));
}

#[tokio::test]
async fn two_ways_to_write_the_same_words_are_one_phrase() {
    let cache = cache(None);
    keep(&cache, "See you.", 320, Origin::Generated).await;
    let events = spoken(cache, &["**See you.**"]).await;
    assert_eq!((ends(&events), failures(&events)), (vec![320], 0));
}
