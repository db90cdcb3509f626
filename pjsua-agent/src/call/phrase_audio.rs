//! What an agent's calls say again and again: its phrases, always at hand, and every clause it has said before.

use std::sync::Arc;

use super::voice::{VoiceSettings, synthesise_whole};
use crate::speech::{Origin, PhraseCache, PhraseKey, RequestError, Speech};

/// The cache as one agent uses it.
pub struct PhraseAudio {
    cache: Arc<PhraseCache>,
    /// What the operator wrote, each text with single blanks.
    fixed: Vec<String>,
}

impl PhraseAudio {
    /// `fixed` is what the operator wrote: phrases, and rules. Where a text has a placeholder, what a call puts in
    /// its place makes the clause another one.
    pub fn new<'a>(cache: Arc<PhraseCache>, fixed: impl IntoIterator<Item = &'a str>) -> PhraseAudio {
        PhraseAudio { cache, fixed: fixed.into_iter().map(single_blanks).collect() }
    }

    /// Whether a clause may hold anything that the operator has not written.
    pub fn origin(&self, clause: &str) -> Origin {
        let clause = single_blanks(clause);
        match self.fixed.iter().any(|text| text.contains(&clause)) {
            true => Origin::Configured,
            false => Origin::Generated,
        }
    }

    pub fn cache(&self) -> &Arc<PhraseCache> {
        &self.cache
    }

    /// The audio of `texts`, from the cache as far as it is there, else synthesised; `failed` is told of those that
    /// could not be made.
    pub async fn prepare(
        &self,
        speech: &Speech,
        voice: &VoiceSettings,
        texts: impl IntoIterator<Item = &str>,
        failed: impl Fn(&str, RequestError),
    ) -> Vec<(PhraseKey, Arc<[i16]>)> {
        let mut prepared = Vec::new();
        for text in texts {
            let spoken = voice.speakable(text);
            if spoken.is_empty() {
                continue;
            }
            let key = voice.key(&spoken);
            let found = match self.cache.find(&key) {
                Some(samples) => Some(samples),
                None => self.cache.load(key, self.origin(text)).await,
            };
            let samples = match found {
                Some(samples) => samples,
                None => match synthesise_whole(speech, voice, &spoken).await {
                    Ok(samples) => {
                        let samples: Arc<[i16]> = samples.into();
                        self.cache.keep(key, &spoken, Arc::clone(&samples), self.origin(text)).await;
                        samples
                    }
                    Err(error) => {
                        failed(text, error);
                        continue;
                    }
                },
            };
            prepared.push((key, samples));
        }
        prepared
    }
}

fn single_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_operator_wrote_is_configured() {
        let phrases = PhraseAudio::new(
            Arc::new(PhraseCache::off()),
            ["Hello {caller_name}, how can I help?", "We open at nine.\nWe close\nat six."],
        );
        assert_eq!(phrases.origin("We close at six."), Origin::Configured);
        assert_eq!(phrases.origin(" We open at nine. We close"), Origin::Configured);
        assert_eq!(phrases.origin("how can I help?"), Origin::Configured);
        assert_eq!(phrases.origin("Hello Ada, how can I help?"), Origin::Generated);
        assert_eq!(phrases.origin("Your balance is ten pounds."), Origin::Generated);
    }
}
