//! Computations that end early when nobody wants their result any more.
//!
//! Between two operations of a graph ggml's CPU backend asks a callback whether it shall stop. Who makes a context of
//! llama.cpp may set that callback; llama-cpp-2 has no way to do so, and sets none. [`select`](crate::select) therefore puts
//! [`asked_by_ggml`] in the place of a callback that is not set, and [`stoppable`] answers it. Other backends have no such
//! callback: what a GPU computes is computed to its end.

use std::{cell::RefCell, ffi::c_void, rc::Rc};

/// Who knows whether to stop, and what he said.
struct Watch {
    is_to_stop: Rc<dyn Fn() -> bool>,
    stopped: bool,
}

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// Runs `compute`, and stops ggml's computations in it as soon as `is_to_stop` says so.
///
/// `is_to_stop` is asked between any two operations, on this thread, some thousand times a second: an answer must take less
/// than a microsecond, and must neither panic nor use ggml. Once it has said yes it is not asked again. What a stopped
/// computation returns is up to the caller of ggml: `llama_decode` returns 2.
///
/// # Threads
///
/// ggml asks on the thread that called it; computations that other threads begin meanwhile are not stopped.
pub fn stoppable<T>(is_to_stop: Rc<dyn Fn() -> bool>, compute: impl FnOnce() -> T) -> T {
    struct Forget;
    impl Drop for Forget {
        fn drop(&mut self) {
            WATCH.set(None);
        }
    }
    WATCH.set(Some(Watch { is_to_stop, stopped: false }));
    let _forget = Forget;
    compute()
}

/// Whether the computation that this thread is in was told to stop.
pub fn is_stopped() -> bool {
    WATCH.with_borrow(|watch| watch.as_ref().is_some_and(|watch| watch.stopped))
}

/// `ggml_abort_callback`.
pub(crate) extern "C" fn asked_by_ggml(_data: *mut c_void) -> bool {
    WATCH.with_borrow_mut(|watch| {
        let Some(watch) = watch else { return false };
        watch.stopped = watch.stopped || (watch.is_to_stop)();
        watch.stopped
    })
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, ptr};

    use super::*;

    fn asked() -> bool {
        asked_by_ggml(ptr::null_mut())
    }

    #[test]
    fn a_computation_is_stopped_once_and_for_all() {
        let wanted = Rc::new(Cell::new(true));
        let is_to_stop = {
            let wanted = Rc::clone(&wanted);
            move || !wanted.get()
        };
        stoppable(Rc::new(is_to_stop), || {
            assert!(!asked() && !is_stopped());
            wanted.set(false);
            assert!(asked() && is_stopped());
            wanted.set(true);
            assert!(asked() && is_stopped());
        });
        assert!(!asked() && !is_stopped(), "outside nothing is stopped");
    }

    #[test]
    fn other_threads_go_on() {
        stoppable(Rc::new(|| true), || {
            assert!(asked());
            std::thread::spawn(|| assert!(!asked())).join().unwrap();
        });
    }

    #[test]
    fn a_panic_ends_the_watch() {
        let panicked = std::panic::catch_unwind(|| stoppable(Rc::new(|| true), || panic!("meant")));
        assert!(panicked.is_err() && !asked());
    }
}
