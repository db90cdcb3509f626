use super::*;
use Completeness::{Complete, Incomplete, Open};

#[test]
fn a_trailing_function_word_is_incomplete() {
    are(
        "fr",
        Incomplete,
        &[
            "je voudrais",
            "j'aimerais",
            "je voudrais une table pour",
            "et",
            "parce que",
            "pouvez-vous me dire",
            "mon numéro est",
            "mon numéro c'est",
            "je cherche",
            "c'est le",
            "j'ai besoin de",
            "je viens de",
            "l'",
            "c'est l' ",
            "où est",
            "où est la",
            "quels sont vos",
            "est-ce que",
            "est-ce que vous",
            "avez-vous",
            "à partir de",
            "je m'appelle",
            "c'est pour",
            "il y a",
            "bonjour je voudrais",
            "je pense que",
            "jusqu'à",
            "qu'est-ce que",
            "ou bien",
            "je",
            "mais",
            "J’ai",
        ],
    );
}

#[test]
fn a_filler_or_a_comma_at_the_end_is_incomplete() {
    are(
        "fr",
        Incomplete,
        &["euh", "je voudrais euh", "oui euh", "Alors,", "alors", "en fait", "Je voudrais...", "ma question"],
    );
}

#[test]
fn digits_and_letters_are_dictated_and_counted() {
    dictate(
        "fr",
        &[
            ("zéro six douze trente quatre", 6),
            ("quatre cinq zéro un", 4),
            ("mon numéro est le quatre", 1),
            ("b comme bernard", 1),
            ("d u p o n t", 6),
            ("4501", 4),
            ("zéro un quarante deux quatre vingt dix sept", 6),
            ("06 12 34", 6),
            ("double sept", 2),
            ("vingt et un trente quatre cinquante", 6),
            ("b c", 2),
        ],
    );
    are(
        "fr",
        Open,
        &["vingt", "vingt et un", "à dix heures", "deux personnes", "soixante dix", "à huit heures trente"],
    );
}

#[test]
fn an_email_address_lasts_until_after_its_dot() {
    are(
        "fr",
        Incomplete,
        &["mon mail c'est jean", "mon adresse mail est jean arobase exemple", "jean arobase exemple point"],
    );
    are("fr", Open, &["mon mail c'est jean arobase exemple point fr"]);
}

#[test]
fn whole_questions_are_complete() {
    are(
        "fr",
        Complete,
        &[
            "quels sont vos horaires d'ouverture",
            "combien coûte la théière bleue",
            "où est la gare",
            "où se trouve votre magasin",
            "avez-vous un parking",
            "est-ce que vous êtes ouverts le dimanche",
            "à quelle heure ouvrez-vous",
            "c'est combien",
            "est-ce que je peux payer par carte",
            "qu'est-ce que c'est",
            "Quels sont vos horaires ?",
            "vous êtes ouverts demain",
            "pouvez-vous me dire où se trouve la gare",
            "bonjour à quelle heure fermez-vous",
            "puis-je annuler ma commande",
            "c'est gratuit n'est-ce pas",
            "quand est-ce que ma commande arrive",
            "y a-t-il un arrêt de bus",
            "comment puis-je annuler ma réservation",
        ],
    );
}

#[test]
fn short_answers_and_commands_are_complete() {
    are(
        "fr",
        Complete,
        &[
            "oui",
            "non",
            "oui s'il vous plaît",
            "non merci",
            "c'est ça",
            "au revoir",
            "merci au revoir",
            "bonne journée",
            "d'accord",
            "c'est tout",
            "stop",
            "parler à un conseiller",
            "je voudrais parler à quelqu'un",
            "je ne sais pas",
            "merci beaucoup",
            "une table pour deux s'il vous plaît",
            "Je voudrais une table.",
            "pouvez-vous m'aider",
        ],
    );
}

#[test]
fn other_sentences_are_open() {
    are(
        "fr",
        Open,
        &[
            "",
            "je voudrais réserver une table",
            "la théière est cassée",
            "la bleue",
            "bonjour",
            "pardon",
            "attendez",
            "j'ai commandé un vase la semaine dernière",
            "allô",
        ],
    );
}

#[test]
fn requests_to_listen_are_told_apart() {
    ask_for(
        "fr",
        Request::Hello,
        &["allô", "Allô ?", "allo allo", "vous êtes là", "vous m'entendez", "allô vous m’entendez"],
    );
    ask_for(
        "fr",
        Request::Repeat,
        &[
            "pardon",
            "comment",
            "quoi",
            "pouvez-vous répéter s'il vous plaît",
            "qu'est-ce que vous avez dit",
            "excusez-moi",
            "je n'ai pas compris",
            "vous pouvez répéter",
            "Pardon ?",
            "encore une fois s'il vous plaît",
        ],
    );
    ask_for(
        "fr",
        Request::Wait,
        &[
            "un instant",
            "un moment s'il vous plaît",
            "attendez",
            "attendez une seconde",
            "ne quittez pas",
            "je vérifie",
            "oui une minute",
            "un instant je cherche ma carte",
            "laissez-moi regarder",
            "euh attendez",
        ],
    );
    ask_for(
        "fr",
        Request::None,
        &[
            "attendez j'ai une question",
            "allô je voudrais une table",
            "oui",
            "c'est combien",
            "je cherche ma commande",
            "",
            "pardon je voudrais autre chose",
            "s'il vous plaît",
        ],
    );
}

#[test]
fn questions_are_told_from_statements() {
    are_questions(
        "fr",
        true,
        &[
            "combien coûte la théière",
            "est-ce que c'est ouvert",
            "vous êtes ouverts demain",
            "où",
            "c'est gratuit n'est-ce pas",
            "la bleue ?",
            "bonjour avez-vous un parking",
        ],
    );
    are_questions("fr", false, &["je voudrais une table", "oui", "je ne sais pas", "le magasin est fermé", ""]);
}
