//! What the machine says by itself.

use redaction::Spoken;

/// A phrase, to be changed.
#[derive(Debug)]
pub enum Wording<'a> {
    /// A phrase that is always put like this.
    One(&'a mut Spoken),
    /// A phrase that is put in one of these ways, in turn; not said when there is none.
    AnyOf(&'a mut Vec<Spoken>),
}

/// How a phrase may be put.
trait Wordings {
    fn all(&self) -> &[Spoken];
    fn all_mut(&mut self) -> Wording<'_>;
}

impl Wordings for Spoken {
    fn all(&self) -> &[Spoken] {
        std::slice::from_ref(self)
    }

    fn all_mut(&mut self) -> Wording<'_> {
        Wording::One(self)
    }
}

impl Wordings for Vec<Spoken> {
    fn all(&self) -> &[Spoken] {
        self
    }

    fn all_mut(&mut self) -> Wording<'_> {
        Wording::AnyOf(self)
    }
}

macro_rules! phrases {
    ($($(#[$doc:meta])* $key:ident: $kind:ty = $built_in:expr;)*) => {
        /// What the machine says by itself. A phrase that holds no word is not spoken: what would follow it happens at once.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
        pub struct Phrases {
            $($(#[$doc])* pub $key: $kind,)*
        }

        impl Default for Phrases {
            fn default() -> Self {
                Self { $($key: $built_in,)* }
            }
        }

        impl Phrases {
            /// Each phrase's key and how it may be put.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[Spoken])> {
                [$((stringify!($key), self.$key.all()),)*].into_iter()
            }

            /// The same, to be changed.
            pub fn iter_mut(&mut self) -> impl Iterator<Item = (&'static str, Wording<'_>)> {
                [$((stringify!($key), self.$key.all_mut()),)*].into_iter()
            }
        }
    };
}

// A phrase is added here, and nowhere else but where it is said and in the documented agent's file.
phrases! {
    /// Said when the call is answered.
    greeting: Spoken = "Hello, how can I help you?".into();
    /// Said when the caller is silent.
    no_input_prompt: Spoken = "Are you still there? How can I help you?".into();
    /// Said when the caller stays silent, before hanging up.
    no_input_goodbye: Spoken = "I can't hear you, so I'll hang up now. Goodbye.".into();
    /// Said when the caller spoke and nothing could be made of it.
    not_understood: Spoken = "Sorry, I missed that. Could you say it again, please?".into();
    /// Said when a worker failed.
    failure: Spoken = "Sorry, I'm having a technical problem. Could you say that again, please?".into();
    /// Said when workers keep failing and there is no human, before hanging up.
    failure_goodbye: Spoken = "I'm sorry, I can't help you right now. Please call again later. Goodbye.".into();
    /// Said before a transfer when the reply that asks for it says nothing itself.
    transfer_announcement: Spoken = "One moment please, I'm putting you through.".into();
    /// Said when a transfer failed or there is nobody to transfer to.
    transfer_failed: Spoken = "I'm sorry, nobody is available right now. Can I help you with something else?".into();
    /// Said before hanging up when the reply that asks for it says nothing itself.
    goodbye: Spoken = "Thank you for calling. Goodbye.".into();
    /// Said when the call has lasted as long as one may, before hanging up.
    time_limit_goodbye: Spoken = "I'm sorry, I have to end the call here. Thank you, and goodbye.".into();
    /// Said before the greeting and never interrupted: what the law wants said. Empty by default.
    notice: Spoken = Spoken::default();
    /// The answer to a caller who only asks whether anybody is there.
    hello_answer: Spoken = "Yes, I'm here. How can I help you?".into();
    /// The answer to a caller who asks to wait.
    hold_answer: Spoken = "Of course, take your time.".into();
    /// Said when the reply is late, in turn; short, and right whatever the reply will be.
    fillers: Vec<Spoken> = vec!["One moment, please.".into(), "Just a second.".into()];
    /// The same after a question of the caller's.
    question_fillers: Vec<Spoken> = vec!["Let me see.".into(), "Let me check that.".into()];
}

impl Phrases {
    /// Every wording of every phrase; some may be empty.
    pub fn wordings(&self) -> impl Iterator<Item = &Spoken> {
        self.iter().flat_map(|(_, wordings)| wordings)
    }

    /// What may be said while a reply is late, after a question or not.
    pub fn all_fillers(&self) -> impl Iterator<Item = &Spoken> {
        self.fillers.iter().chain(&self.question_fillers)
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn is_filler(&self, text: &str) -> bool {
        self.all_fillers().any(|filler| filler.trim() == text)
    }

    /// The same phrases with `change` done to each wording.
    #[must_use]
    pub fn map(mut self, change: impl Fn(&str) -> String) -> Self {
        for (_, wording) in self.iter_mut() {
            let wordings = match wording {
                Wording::One(one) => std::slice::from_mut(one),
                Wording::AnyOf(list) => &mut list[..],
            };
            for text in wordings {
                *text = change(text).into();
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_is_there_by_its_key() {
        let phrases = Phrases::default();
        let of = |key| phrases.iter().find(|(of, _)| *of == key).map(|(_, wordings)| wordings);
        assert_eq!(of("goodbye"), Some(&[phrases.goodbye.clone()][..]));
        assert_eq!(of("fillers"), Some(&phrases.fillers[..]));
        assert_eq!(phrases.wordings().count(), 17);
    }

    #[test]
    fn every_wording_is_changed() {
        let phrases = Phrases::default().map(|text| format!("{text}!"));
        assert!(phrases.wordings().all(|text| text.ends_with('!')), "{phrases:#?}");
    }
}
