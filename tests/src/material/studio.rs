//! What recordings of the exchange say, taken down by ear: Debian's packages leave the lists out. Sentences of at least
//! three words that one speaker reads in a studio.

/// The recording's name, and its words.
pub(super) const STUDIO: &[(&str, &str)] = &[
    ("agent-incorrect", "Login incorrect. Please enter your agent number followed by the pound key."),
    ("agent-loginok", "Agent logged in."),
    ("agent-pass", "Please enter your password followed by the pound key."),
    ("agent-user", "Agent login. Please enter your agent number followed by the pound key."),
    ("all-circuits-busy-now", "All circuits are busy now."),
    ("cannot-complete-as-dialed", "Your call cannot be completed as dialed."),
    ("conf-getconfno", "Please enter your conference number followed by the pound key."),
    ("conf-getpin", "Please enter the conference PIN number."),
    ("conf-invalid", "That is not a valid conference number. Please try again."),
    ("conf-kicked", "You have been kicked from this conference."),
    ("conf-leaderhasleft", "The leader has left the conference."),
    ("conf-lockednow", "The conference is now locked."),
    ("conf-muted", "You are now muted."),
    ("conf-noempty", "No empty conferences currently exist."),
    ("conf-onlyone", "There is currently one other participant in the conference."),
    ("confbridge-invalid", "You have entered an invalid option."),
    ("confbridge-lock-no-join", "The conference is currently locked and cannot be joined."),
    ("confbridge-only-participant", "You are currently the only participant in the conference."),
    ("confbridge-pin-bad", "You have entered too many invalid personal identification numbers."),
    ("dir-instr", "If this is the person you are looking for press one now. Otherwise please press star now."),
    ("dir-usingkeypad", "Using your touch tone keypad use the seven key for Q and the nine key for Z."),
    ("enter-num-blacklist", "Please enter the number to be blacklisted."),
    ("feature-not-avail-line", "That feature is not available on this line."),
    ("pm-invalid-option", "That option is invalid. Please try again."),
    ("priv-introsaved", "Thank you. Please hold while I attempt to connect you with your party."),
    ("privacy-prompt", "Please enter your phone number starting with the area code."),
    ("privacy-unident", "The party you are trying to reach does not accept unidentified calls."),
    ("ss-noservice", "The number you have dialed is not in service. Please check the number and try again."),
];
