//! Callers who speak French and Spanish, recorded people, and one who changes the language: Whisper's base model hears, the
//! agents' rules answer, espeak-ng speaks. They read out announcements of a telephone system, and are told what these mean. Of each speaker's recordings these are
//! some that the model understands; "verrouillée" it does not.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use tests::caller::Caller;
use tests::daemon::{Daemon, Engines};
use tests::material::{self, Talker};
use tests::paths::repository;
use tests::rtp::Codec;
use tests::scene;
use tests::speech::Speech;

/// Says recordings of `speaker` to an agent of `tests/agents`; each must be answered as told.
fn are_answered(language: &str, speaker: &str, agent: &str, says: &[(&str, &str)]) {
    let (daemon, dir) = scene::direct(&format!("languages-{language}"), |setup| {
        setup.engines = Engines::Multilingual;
        setup.agent_file = repository().join("tests/agents").join(agent);
    })
    .unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    for (name, answer) in says {
        is_answered(&daemon, &caller, name, &recorded(language, speaker, name), answer);
    }
    scene::hang_up(&caller, &daemon).unwrap();
}

fn recorded(language: &str, speaker: &str, name: &str) -> Speech {
    let people = material::prompts(language).unwrap();
    people.iter().find(|prompt| prompt.speaker == speaker && prompt.name == name).unwrap().speech()
}

/// The last clause of what is said to it must be `answer`.
fn is_answered(daemon: &Daemon, caller: &Caller, name: &str, said: &Speech, answer: &str) {
    let heard = scene::ask_speech(caller, said).unwrap();
    let journal = daemon.running_journal().unwrap().unwrap();
    let understood = journal.transcripts().last().cloned().unwrap_or_default();
    eprintln!("{name}: heard as “{understood}”, answered after {} ms", heard.latency().as_millis());
    let spoken = journal.spoken().last().cloned().unwrap_or_default();
    assert_eq!(spoken, answer, "{name}, heard as “{understood}”");
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

/// One call, of an agent that speaks English: the other agents take it over as the languages change.
#[test]
fn who_changes_the_language_is_answered_in_it() {
    let agents = repository().join("tests/agents");
    let (daemon, dir) = scene::direct("languages-changed", |setup| {
        setup.engines = Engines::Multilingual;
        setup.agent_more = "other_languages = [\"french-conferences\", \"spanish-conferences\"]\n".into();
        setup.more_agents =
            ["french-conferences.toml", "spanish-conferences.toml"].map(|name| agents.join(name)).into();
    })
    .unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    let french = |name| recorded("fr", "June Wallack", name);
    let spanish = |name| recorded("es", "Allison Smith", name);
    let english = |question| Speech::whole(material::spoken(Talker::Rms, question).unwrap().samples_16k);
    let says = [
        ("French, first", french("all-circuits-busy-now"), "Rappelez dans cinq minutes."),
        ("French", french("vm-tooshort"), "Parlez au moins trois secondes."),
        ("Spanish", spanish("vm-msgsaved"), "Lo encuentra en la carpeta número uno."),
        ("English", english("Can you tell me your address please?"), "opposite the old station."),
        ("English", english("How much is the blue teapot?"), "The blue teapot costs twenty five dollars."),
    ];
    for (name, said, answer) in &says {
        is_answered(&daemon, &caller, name, said, answer);
    }
    let changes = daemon.metric("pjsua_agent_language_changes_total").unwrap();
    scene::hang_up(&caller, &daemon).unwrap();
    assert_eq!(changes, 3.0);
}
