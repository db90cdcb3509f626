use super::*;
use Completeness::{Complete, Incomplete, Open};

#[test]
fn a_trailing_postposition_or_conjunction_is_incomplete() {
    are(
        "hi",
        Incomplete,
        &[
            "मेरा",
            "मेरा नंबर है",
            "मेरा नाम है",
            "मैं दिल्ली से",
            "मुझे",
            "और",
            "लेकिन",
            "क्योंकि",
            "दो लोगों के लिए",
            "इसके बारे में",
            "मेरे ऑर्डर का",
            "आपकी दुकान में",
            "क्या आप",
            "अगर",
            "साढ़े",
            "मुझे एक",
            "समस्या यह है कि",
            "mera",
            "mera number hai",
            "main delhi se",
            "mujhe",
            "aur",
            "lekin",
            "kyunki",
            "do logon ke liye",
            "mere order ke baare mein",
            "kya aap",
            "agar",
            "mujhe ek",
        ],
    );
}

#[test]
fn a_filler_or_a_comma_at_the_end_is_incomplete() {
    are("hi", Incomplete, &["उम", "मुझे उम", "तो", "मुझे एक टेबल,", "umm", "to", "dekhiye", "मेरा सवाल"]);
}

#[test]
fn digits_and_letters_are_dictated_and_counted() {
    dictate(
        "hi",
        &[
            ("चार पाँच शून्य एक", 4),
            ("चार पांच", 2),
            ("नौ आठ डबल सात", 4),
            ("मेरा नंबर है चार", 1),
            ("४५०१", 4),
            ("4501", 4),
            ("char paanch shunya ek", 4),
            ("nau aath double saat", 4),
            ("फोर फाइव वन", 3),
            ("बी आर ए", 3),
            ("mera number hai nau", 1),
        ],
    );
    are("hi", Open, &["बीस", "दस बजे", "दो लोग", "das baje"]);
}

#[test]
fn a_clause_with_its_verb_is_complete() {
    are(
        "hi",
        Complete,
        &[
            "आपका समय क्या है",
            "दुकान कब खुलती है",
            "नीली केतली कितने की है",
            "क्या आप रविवार को खुले हैं",
            "मुझे टेबल बुक करना है",
            "स्टेशन कहाँ है।",
            "मेरा ऑर्डर कब आएगा",
            "aapka time kya hai",
            "dukaan kab khulti hai",
            "kya aap sunday ko khule hain",
            "mujhe table book karna hai",
            "mera order kab aayega",
        ],
    );
}

#[test]
fn short_answers_and_commands_are_complete() {
    are(
        "hi",
        Complete,
        &[
            "हाँ",
            "हां",
            "हाँ जी",
            "नहीं",
            "नहीं धन्यवाद",
            "ठीक है",
            "धन्यवाद",
            "अलविदा",
            "बस इतना ही",
            "किसी से बात करनी है",
            "पता नहीं",
            "haan",
            "nahi",
            "haan ji",
            "theek hai",
            "dhanyavaad",
            "bye",
            "pata nahi",
            "kisi se baat karni hai",
        ],
    );
}

#[test]
fn other_texts_are_open() {
    are("hi", Open, &["", "नीली केतली", "हैलो", "रविवार", "neeli ketli", "hello"]);
}

#[test]
fn requests_to_listen_are_told_apart() {
    ask_for(
        "hi",
        Request::Hello,
        &["हैलो", "हेलो हेलो", "कोई है", "आवाज आ रही है", "आवाज़ आ रही है", "hello", "koi hai", "hello koi hai"],
    );
    ask_for(
        "hi",
        Request::Repeat,
        &["क्या कहा", "फिर से बोलिए", "क्या", "समझ नहीं आया", "phir se boliye", "kya kaha aapne", "sorry"],
    );
    ask_for(
        "hi",
        Request::Wait,
        &["एक मिनट", "एक मिनट रुकिए", "रुकिए", "ज़रा रुकिए", "जरा रुकिए", "ek minute", "haan ek second", "hold kijiye"],
    );
    ask_for(
        "hi",
        Request::None,
        &["रुकिए मुझे एक सवाल पूछना है", "हैलो मुझे टेबल चाहिए", "हाँ", "ek minute mujhe poochna hai", "haan", ""],
    );
}

#[test]
fn questions_are_told_from_statements() {
    are_questions(
        "hi",
        true,
        &["आपका समय क्या है", "कब", "यह मुफ्त है ना", "dukaan kab khulti hai", "नीली?", "kitne ka hai"],
    );
    are_questions("hi", false, &["मुझे टेबल चाहिए", "हाँ", "mujhe table chahiye", ""]);
}
