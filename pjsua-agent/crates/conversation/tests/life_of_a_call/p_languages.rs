//! Another agent takes the call over, who speaks the caller's language.

use conversation::{Input, Settings};

use crate::line::{Line, full_settings, settings};

fn french(settings: Settings) -> Input {
    let settings = settings.with(|it| {
        it.language = "fr".into();
        it.phrases.not_understood = "PARDON".into();
        it.phrases.hello_answer = "OUI".into();
    });
    Input::SettingsChanged { settings: Box::new(settings) }
}

#[test]
fn the_other_agents_phrases_are_said_and_its_language_is_understood() {
    let mut line = Line::greeted();
    line.give(french(settings()));
    assert!(line.say(1, "").contains(&"speak 2.0: PARDON".to_owned()));
    line.play_to_end(2);
    assert!(line.say(2, "vous m'entendez").contains(&"speak 3.0: OUI".to_owned()));
}

#[test]
fn what_was_said_before_stays_in_the_history() {
    let mut line = Line::greeted();
    line.speech();
    line.wait(1_200);
    line.silence();
    line.wait(300);
    line.give(french(settings()));
    assert_eq!(line.transcript(1, "quels sont vos horaires"), ["reply 2"]);
    assert_eq!(line.history(), ["agent: GREETING", "caller: quels sont vos horaires"]);
}

#[test]
fn what_the_first_agent_prepared_is_not_said() {
    let mut line = Line::greeted_with(full_settings());
    line.speech();
    line.confirmed();
    line.wait(600);
    line.falls_silent();
    line.score(1, 950);
    line.transcript(1, "when are you open");
    assert_eq!(line.give(french(full_settings())), ["cancel reply 2", "release 2"]);
    assert_eq!(line.wait(100), ["reply 3"], "the other agent is asked");
}
