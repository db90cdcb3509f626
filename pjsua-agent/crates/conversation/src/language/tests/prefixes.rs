//! Every beginning of whole sentences: how often would the caller be cut off?

use super::*;

/// How the beginnings and the whole of some sentences are judged.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    beginnings: usize,
    falsely_complete: Vec<String>,
    incomplete: usize,
    whole_incomplete: Vec<String>,
    whole_complete: usize,
}

fn tally(sentences: &[&str]) -> Tally {
    let english = Language::of("en");
    let mut tally = Tally::default();
    for sentence in sentences {
        for (at, _) in sentence.match_indices(' ') {
            let beginning = &sentence[..at];
            tally.beginnings += 1;
            match english.completeness(beginning) {
                Completeness::Complete => tally.falsely_complete.push(beginning.to_owned()),
                Completeness::Incomplete | Completeness::Dictating { .. } => tally.incomplete += 1,
                Completeness::Open => {}
            }
        }
        match english.completeness(sentence) {
            Completeness::Incomplete => tally.whole_incomplete.push((*sentence).to_owned()),
            Completeness::Complete => tally.whole_complete += 1,
            Completeness::Open | Completeness::Dictating { .. } => {}
        }
    }
    tally
}

const SENTENCES: [&str; 30] = [
    "what are your opening hours on saturday",
    "i'd like to book a table for two at seven o'clock",
    "can you tell me when my order will arrive",
    "do you have the blue teapot in stock",
    "i want to cancel my appointment for next tuesday",
    "how much does it cost to send a parcel to germany",
    "where is the nearest branch to the railway station",
    "i ordered a vase last week and it arrived broken",
    "could you put me through to someone in the billing department",
    "my order number is four five oh one double seven",
    "is there anywhere to park near the shop",
    "i'm calling because i haven't received my refund yet",
    "what is the difference between the large bowl and the small one",
    "can i change the delivery address for my order",
    "who do i speak to about a complaint",
    "i would like to know whether you are open on christmas eve",
    "when does the last train to london leave",
    "please send the invoice to my office in manchester",
    "my name is sarah and i have a question about my bill",
    "how do i reset the password for my account",
    "i think there is a mistake on my last invoice",
    "are you open this weekend or only during the week",
    "the parcel was supposed to be here two days ago",
    "can you check if my payment has gone through",
    "i need a replacement for the lid because it was cracked",
    "what time do you close on a friday evening",
    "could you tell me what the delivery charge is",
    "i was told that someone would call me back yesterday",
    "do i need to make an appointment before i come in",
    "we are a party of six and one of us is in a wheelchair",
];

/// Sentences that the tables were not fitted to.
const OTHER_SENTENCES: [&str; 25] = [
    "good morning i bought a kettle from you and the handle has come off",
    "which bus should i take from the airport to your office",
    "is it possible to pay in monthly instalments",
    "i am not sure whether i filled in the form correctly",
    "would it be alright if my brother picked up the package",
    "how many people can stay in the family room",
    "there seems to be something wrong with the internet connection",
    "i'd like to move my dentist appointment to the following week",
    "does the price include breakfast for the children",
    "please tell me the phone number of the head office",
    "why was i charged twice for the same ticket",
    "my flight has been delayed so i will arrive after midnight",
    "what do i have to bring for the interview on monday",
    "the heating in our flat stopped working last night",
    "could i get a receipt for the donation i made in march",
    "have you got any rooms left for the second week of august",
    "i forgot my password and the email never arrives",
    "are dogs allowed on the terrace of the restaurant",
    "where should i send the signed contract",
    "he said the technician would come between nine and twelve",
    "let me know when the new model is available",
    "do you deliver to the islands and how long does that take",
    "i want to complain about the way i was treated yesterday",
    "how old does my son have to be to open an account",
    "can someone explain the second line of my electricity bill",
];

/// Those beginnings that a caller who means nothing more would say as well.
const WHOLE_BEGINNINGS: [&str; 17] = [
    "are you open",
    "are you open this weekend",
    "can i change the delivery address",
    "could you put me through",
    "do i need to make an appointment",
    "do i need to make an appointment before i come",
    "do you have the blue teapot",
    "how do i reset the password",
    "how much does it cost",
    "how much does it cost to send a parcel",
    "i want to cancel",
    "is there anywhere to park",
    "what are your opening hours",
    "what time do you close",
    "what time do you close on a friday",
    "where is the nearest branch",
    "who do i speak to",
];

#[test]
fn beginnings_of_sentences_are_seldom_complete_and_whole_ones_never_incomplete() {
    let tally = tally(&SENTENCES);
    let unfinished = tally.falsely_complete.iter().filter(|text| !WHOLE_BEGINNINGS.contains(&text.as_str()));
    assert_eq!(tally.whole_incomplete, Vec::<String>::new());
    assert!(unfinished.count() * 100 <= tally.beginnings, "{tally:#?}");
    assert!(tally.incomplete * 2 >= tally.beginnings, "{tally:#?}");
}

#[test]
fn so_it_is_with_sentences_the_tables_were_not_fitted_to() {
    let tally = tally(&OTHER_SENTENCES);
    assert_eq!(tally.whole_incomplete, Vec::<String>::new());
    assert!(tally.falsely_complete.len() * 10 <= tally.beginnings, "{tally:#?}");
    assert!(tally.incomplete * 2 >= tally.beginnings, "{tally:#?}");
}
