//! What is said over the agent.

use super::super::{Language, Words};
use super::all_are;

fn of(tag: &str, text: &str) -> Words {
    Language::of(tag).words_over_agent(text, &[])
}

#[test]
fn backchannels_are_told_from_speech() {
    let in_english = |text: &str| of("en", text);
    all_are(
        Words::Backchannel,
        in_english,
        &["uh huh", "Uh-huh.", "okay", "Yes, yes!", "mm hmm okay I see", "all right", "m m h m m", "Hmm", "m m"],
    );
    all_are(Words::None, in_english, &["", "  ", "...", "--", "the", "i", "f", "and", "okay the"]);
    all_are(Words::Speech(1), in_english, &["see", "all", "saturday", "okay saturday"]);
    all_are(Words::Speech(2), in_english, &["all raw", "okay i think", "right all raw"]);
    all_are(
        Words::Claim,
        in_english,
        &[
            "stop",
            "no",
            "yes sorry",
            "wait a moment",
            "hold on",
            "okay but wait",
            "what",
            "i said stop it",
            "Excuse me!",
        ],
    );
}

#[test]
fn every_language_has_words_that_claim_the_floor() {
    for (tag, claims, agrees, tells) in [
        ("de", "einen Moment bitte", "ja genau", "am Samstag"),
        ("fr", "attendez", "d'accord", "samedi matin"),
        ("es", "espere", "sí claro", "el sábado"),
        ("hi", "रुकिए", "ठीक है", "शनिवार सुबह"),
        ("xx", "stop", "mhm", "two words"),
    ] {
        assert_eq!(of(tag, claims), Words::Claim, "{claims}");
        assert_eq!(of(tag, agrees), Words::Backchannel, "{agrees}");
        assert!(matches!(of(tag, tells), Words::Speech(_)), "{tells}: {:?}", of(tag, tells));
    }
}

#[test]
fn the_list_of_backchannels_can_be_replaced() {
    let own = ["ach so".to_owned(), String::new()];
    let words = |text: &str| Language::of("en").words_over_agent(text, &own);
    assert_eq!(words("Ach so, ach so"), Words::Backchannel);
    assert_eq!(words("ach"), Words::Speech(1));
    assert_eq!(words("okay"), Words::Speech(1));
}

/// A backchannel that contains a claim would be one all the same; a claim that is a backchannel would never be heard.
#[test]
fn no_claim_is_a_backchannel() {
    for tag in ["en", "de", "fr", "es", "hi"] {
        let claims = Language::of(tag).claims;
        assert!(claims.len() > 8, "{tag}");
        for claim in claims {
            assert_eq!(of(tag, claim), Words::Claim, "{tag}: {claim}");
        }
    }
}
