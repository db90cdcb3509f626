use super::*;
use Completeness::{Complete, Incomplete, Open};

#[test]
fn a_trailing_function_word_is_incomplete() {
    are(
        "es",
        Incomplete,
        &[
            "quiero",
            "quisiera",
            "me gustaría",
            "quisiera una mesa para",
            "y",
            "porque",
            "me puede decir",
            "mi número es",
            "busco",
            "es el",
            "necesito una",
            "vengo de",
            "dónde está el",
            "cuáles son sus",
            "cuál es",
            "tienen",
            "a partir de",
            "me llamo",
            "es para",
            "hay",
            "hola quisiera",
            "creo que",
            "hasta",
            "o",
            "yo",
            "pero",
            "llamo por",
            "a las",
            "antes de",
            "el señor",
            "tengo que",
            "no me",
        ],
    );
}

#[test]
fn a_filler_or_a_comma_at_the_end_is_incomplete() {
    are(
        "es",
        Incomplete,
        &["eh", "quiero eh", "sí em", "Bueno,", "pues", "este", "Quisiera...", "mi pregunta", "o sea"],
    );
}

#[test]
fn digits_and_letters_are_dictated_and_counted() {
    dictate(
        "es",
        &[
            ("cuatro cinco cero uno", 4),
            ("mi número es el cuatro", 1),
            ("nueve uno doble siete", 4),
            ("b de barcelona", 1),
            ("g o m e z", 5),
            ("4501", 4),
            ("treinta y cinco cuarenta y dos cincuenta", 6),
            ("91 45 77", 6),
            ("efe ele", 2),
            ("seis seis siete dieciocho", 5),
        ],
    );
    are("es", Open, &["veinte", "treinta y cinco", "a las diez", "dos personas", "a las ocho y media", "cuatro"]);
}

#[test]
fn an_email_address_lasts_until_after_its_dot() {
    are(
        "es",
        Incomplete,
        &["mi correo es juan", "mi correo electrónico es juan arroba ejemplo", "juan arroba ejemplo punto"],
    );
    are("es", Open, &["mi correo es juan arroba ejemplo punto com"]);
}

#[test]
fn whole_questions_are_complete() {
    are(
        "es",
        Complete,
        &[
            "cuál es su horario de apertura",
            "cuánto cuesta la tetera azul",
            "dónde está la estación",
            "tienen aparcamiento",
            "están abiertos el domingo",
            "a qué hora abren",
            "a qué hora cierran mañana",
            "puedo pagar con tarjeta",
            "cuánto es",
            "¿Cuál es su horario?",
            "me puede decir dónde está la estación",
            "hola a qué hora abren",
            "qué es esto",
            "cuándo llega mi pedido",
            "es gratis verdad",
            "por qué no funciona mi tarjeta",
            "hay una parada de autobús",
            "cómo puedo cancelar mi pedido",
        ],
    );
}

#[test]
fn short_answers_and_commands_are_complete() {
    are(
        "es",
        Complete,
        &[
            "sí",
            "no",
            "sí por favor",
            "no gracias",
            "claro",
            "adiós",
            "gracias adiós",
            "hasta luego",
            "de acuerdo",
            "eso es todo",
            "pare",
            "hablar con una persona",
            "quiero hablar con un agente",
            "no lo sé",
            "muchas gracias",
            "está bien",
            "una mesa para dos por favor",
            "Quisiera una mesa.",
            "me puede ayudar",
        ],
    );
}

#[test]
fn other_sentences_are_open() {
    are(
        "es",
        Open,
        &[
            "",
            "quisiera reservar una mesa",
            "la tetera está rota",
            "la azul",
            "buenos días",
            "perdón",
            "espere",
            "pedí un jarrón la semana pasada",
            "hola",
        ],
    );
}

#[test]
fn requests_to_listen_are_told_apart() {
    ask_for(
        "es",
        Request::Hello,
        &["hola", "¿Hola?", "aló", "está ahí", "me oye", "hola me escucha", "hay alguien ahí"],
    );
    ask_for(
        "es",
        Request::Repeat,
        &[
            "perdón",
            "cómo",
            "qué",
            "puede repetir por favor",
            "qué ha dicho",
            "disculpe",
            "no he entendido",
            "¿Cómo dice?",
            "otra vez por favor",
            "me lo puede repetir",
            "mande",
        ],
    );
    ask_for(
        "es",
        Request::Wait,
        &[
            "un momento",
            "un momento por favor",
            "espere",
            "espere un segundo",
            "no cuelgue",
            "déjeme ver",
            "sí un minuto",
            "un momento que busco mi tarjeta",
            "permítame un momento",
            "eh espere",
        ],
    );
    ask_for(
        "es",
        Request::None,
        &[
            "espere tengo una pregunta",
            "hola quisiera una mesa",
            "sí",
            "cuánto es",
            "estoy buscando mi pedido",
            "",
            "perdón quiero otra cosa",
            "por favor",
        ],
    );
}

#[test]
fn questions_are_told_from_statements() {
    are_questions(
        "es",
        true,
        &[
            "cuánto cuesta la tetera",
            "tienen aparcamiento",
            "dónde",
            "es gratis verdad",
            "¿La azul?",
            "hola puedo pagar con tarjeta",
            "y a qué hora cierran",
        ],
    );
    are_questions("es", false, &["quisiera una mesa", "sí", "no lo sé", "la tienda está cerrada", ""]);
}
