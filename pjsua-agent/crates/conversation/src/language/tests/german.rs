use super::*;
use Completeness::{Complete, Incomplete, Open};

#[test]
fn a_trailing_function_word_is_incomplete() {
    are(
        "de",
        Incomplete,
        &[
            "ich möchte",
            "ich hätte gern",
            "ich möchte einen Tisch für",
            "können sie mir sagen",
            "meine nummer ist",
            "und",
            "ich rufe an wegen",
            "weil",
            "das ist der",
            "ich habe eine",
            "haben sie",
            "wo ist",
            "wo ist der",
            "wann haben sie",
            "ich brauche einen",
            "bis zum",
            "ich wohne in",
            "wir sind im",
            "und dann",
            "ob",
            "ich weiß nicht ob",
            "mein name ist",
            "es geht um",
            "halb",
            "viertel nach",
            "ich suche",
            "entweder",
            "meine bestellnummer lautet",
            "guten tag ich möchte",
        ],
    );
}

#[test]
fn a_filler_or_a_comma_at_the_end_is_incomplete() {
    are(
        "de",
        Incomplete,
        &["äh", "ich möchte ähm", "ja äh", "Also,", "also", "Ich hätte gern...", "na ja", "meine frage"],
    );
}

#[test]
fn digits_and_letters_are_dictated_and_counted() {
    dictate(
        "de",
        &[
            ("vier fünf null eins", 4),
            ("meine nummer ist vier", 1),
            ("null sieben doppel drei", 4),
            ("b wie berta", 1),
            ("m ü l l e r", 6),
            ("anton berta", 2),
            ("4501", 4),
            ("einundzwanzig zweiunddreißig vierundvierzig", 6),
            ("null eins sieben eins", 4),
            ("zwo drei", 2),
            ("meine postleitzahl ist fünf null", 2),
            ("s wie siegfried c wie", 2),
        ],
    );
    are("de", Open, &["zwanzig", "vierundzwanzig", "um zehn uhr dreißig", "zwei personen", "um acht"]);
}

#[test]
fn an_email_address_lasts_until_after_its_dot() {
    are(
        "de",
        Incomplete,
        &["meine e-mail ist hans", "meine email adresse ist hans at beispiel", "hans at beispiel punkt"],
    );
    are("de", Open, &["meine e-mail ist hans at beispiel punkt de"]);
}

#[test]
fn whole_questions_are_complete() {
    are(
        "de",
        Complete,
        &[
            "was kostet die blaue teekanne",
            "wann machen sie auf",
            "wann machen sie zu",
            "wo ist der bahnhof",
            "haben sie am sonntag geöffnet",
            "wie sind ihre öffnungszeiten",
            "Was sind Ihre Öffnungszeiten?",
            "wo finde ich das",
            "kann ich mit karte bezahlen",
            "wie lange dauert das",
            "gibt es einen parkplatz",
            "wann kommt meine bestellung an",
            "können sie mir sagen wo der bahnhof ist",
            "wissen sie wie spät es ist",
            "hallo wann haben sie geöffnet",
            "nehmen sie kreditkarten",
            "das ist kostenlos oder nicht",
            "muss ich einen termin vereinbaren",
        ],
    );
}

#[test]
fn short_answers_and_commands_are_complete() {
    are(
        "de",
        Complete,
        &[
            "ja",
            "nein",
            "ja bitte",
            "nein danke",
            "genau",
            "auf wiederhören",
            "tschüss",
            "vielen dank",
            "danke auf wiedersehen",
            "das ist alles",
            "stopp",
            "mit einem mitarbeiter sprechen",
            "ich möchte mit einem menschen sprechen",
            "können sie mir helfen",
            "ich weiß nicht",
            "einen tisch für zwei bitte",
            "Ich möchte einen Termin.",
        ],
    );
}

#[test]
fn other_sentences_are_open() {
    are(
        "de",
        Open,
        &[
            "",
            "ich möchte einen termin vereinbaren",
            "die teekanne ist kaputt",
            "rufen sie mich an",
            "guten tag",
            "ich möchte wissen ob meine bestellung angekommen ist",
            "hallo",
            "was",
            "die blaue",
        ],
    );
}

#[test]
fn requests_to_listen_are_told_apart() {
    ask_for(
        "de",
        Request::Hello,
        &["hallo", "Hallo?", "sind sie noch da", "hören sie mich", "hallo ist da jemand", "noch dran"],
    );
    ask_for(
        "de",
        Request::Repeat,
        &[
            "wie bitte",
            "was",
            "was haben sie gesagt",
            "noch mal bitte",
            "können sie das bitte wiederholen",
            "entschuldigung",
            "das habe ich nicht verstanden",
            "Könnten Sie das wiederholen, bitte?",
            "äh wie bitte",
        ],
    );
    ask_for(
        "de",
        Request::Wait,
        &[
            "moment",
            "einen moment bitte",
            "Moment mal.",
            "warten sie bitte",
            "ich schaue nach",
            "sekunde",
            "ja moment",
            "einen augenblick bitte ich hole meine karte",
            "bleiben sie dran",
            "lassen sie mich kurz nachsehen",
        ],
    );
    ask_for(
        "de",
        Request::None,
        &[
            "moment ich habe eine frage",
            "hallo ich möchte einen termin",
            "ja",
            "was kostet das",
            "ich hole meine bestellung ab",
            "entschuldigung ich möchte etwas anderes",
            "",
            "bitte",
        ],
    );
}

#[test]
fn questions_are_told_from_statements() {
    are_questions(
        "de",
        true,
        &[
            "was kostet das",
            "haben sie offen",
            "ist der laden offen",
            "und wann",
            "wo",
            "das ist frei oder",
            "die blaue?",
        ],
    );
    are_questions(
        "de",
        false,
        &["ich möchte einen tisch", "ja", "das weiß ich nicht", "dann können sie mich anrufen", ""],
    );
}
