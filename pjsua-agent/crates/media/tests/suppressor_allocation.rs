//! Once a thread has its tables, a frame costs no allocation.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use media::{FRAME_SAMPLES, Suppressor};

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

#[test]
fn after_a_threads_first_frame_nothing_is_allocated_for_any_call() {
    let noise = |i: usize| ((i * 7_919) % 2_001) as i16 - 1_000;
    Suppressor::new().process(&mut std::array::from_fn(noise));
    let mut suppressors = [Suppressor::new(), Suppressor::new()];
    assert_no_alloc(|| {
        for number in 0..200 {
            for suppressor in &mut suppressors {
                suppressor.process(&mut std::array::from_fn(|i| noise(number * FRAME_SAMPLES + i)));
            }
        }
    });
}
