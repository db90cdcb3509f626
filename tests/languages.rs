//! Callers who speak French and Spanish, recorded people: Whisper's base model hears, the agent's rules answer, espeak-ng
//! speaks. They read out announcements of a telephone system, and are told what these mean. Of each speaker's recordings these are
//! some that the model understands; "verrouillée" it does not.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use tests::daemon::Engines;
use tests::material;
use tests::paths::repository;
use tests::rtp::Codec;
use tests::scene;

/// Says recordings of `speaker` to an agent of `tests/agents`; each must be answered as told.
fn are_answered(language: &str, speaker: &str, agent: &str, says: &[(&str, &str)]) {
    let (daemon, dir) = scene::direct(&format!("languages-{language}"), |setup| {
        setup.engines = Engines::Multilingual;
        setup.agent_file = repository().join("tests/agents").join(agent);
    })
    .unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    let people = material::prompts(language).unwrap();
    for (name, answer) in says {
        let said = people.iter().find(|prompt| prompt.speaker == speaker && prompt.name == *name).unwrap();
        let heard = scene::ask_speech(&caller, &said.speech()).unwrap();
        let journal = daemon.running_journal().unwrap().unwrap();
        let understood = journal.transcripts().last().cloned().unwrap_or_default();
        eprintln!("{name}: heard as “{understood}”, answered after {} ms", heard.latency().as_millis());
        let spoken = journal.spoken().last().cloned().unwrap_or_default();
        assert_eq!(&spoken, answer, "{name}, heard as “{understood}”");
    }
    scene::hang_up(&caller, &daemon).unwrap();
}

#[test]
fn who_speaks_french_is_understood_and_answered() {
    are_answered(
        "fr",
        "June Wallack",
        "french-conferences.toml",
        &[
            ("conf-now-recording", "Le responsable peut arrêter l'enregistrement avec l'étoile."),
            ("all-circuits-busy-now", "Rappelez dans cinq minutes."),
            ("ss-noservice", "Ce numéro a changé le mois dernier."),
            ("vm-tooshort", "Parlez au moins trois secondes."),
        ],
    );
}

#[test]
fn who_speaks_spanish_is_understood_and_answered() {
    are_answered(
        "es",
        "Allison Smith",
        "spanish-conferences.toml",
        &[
            ("confbridge-locked", "El responsable puede abrir la conferencia con el asterisco."),
            ("vm-tooshort", "Hable por lo menos tres segundos."),
            ("vm-msgsaved", "Lo encuentra en la carpeta número uno."),
        ],
    );
}
