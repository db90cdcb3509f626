//! What the audio thread may call allocates nothing once the first frame is there.

mod common;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use common::{CONFIRMED, DISMISSED, ear, hearing, next};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn utterances_and_their_frames_allocate_nothing() {
    let Some(hearing) = hearing() else { return };
    let (ear, events) = ear(&hearing);
    for _ in 0..3 {
        ear.speech_started(0);
        ear.frame(&[0; 320]);
        ear.speech_ended();
        assert_eq!(next(&events), DISMISSED);
        assert_no_alloc(|| {
            ear.speech_started(0);
            (0..100).for_each(|_| ear.frame(&[1_000; 320]));
            ear.speech_ended();
        });
        assert!(matches!(next(&events), CONFIRMED | DISMISSED));
    }
}
