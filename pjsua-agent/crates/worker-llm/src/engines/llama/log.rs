//! What llama.cpp writes into the log.

use llama_cpp_2::LogOptions;
use tracing::{
    Dispatch, Event, Metadata, Subscriber, dispatcher, level_filters::LevelFilter, span, subscriber::DefaultGuard,
    subscriber::Interest,
};

/// Sends what llama.cpp and ggml tell to the worker's log. To be called before either is used.
pub fn to_tracing() {
    llama_cpp_2::send_logs_to_tracing(LogOptions::default());
}

/// Keeps out of the log, on this thread and as long as the guard lives, that a step could not be computed which was stopped on
/// purpose: llama.cpp tells that as an error.
pub(super) fn unless_stopped() -> DefaultGuard {
    let log = dispatcher::get_default(Dispatch::clone);
    dispatcher::set_default(&Dispatch::new(UnlessStopped { log, most: LevelFilter::current() }))
}

struct UnlessStopped {
    log: Dispatch,
    most: LevelFilter,
}

impl Subscriber for UnlessStopped {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.log.register_callsite(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.log.enabled(metadata)
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.log.new_span(span)
    }

    fn record(&self, span: &span::Id, values: &span::Record<'_>) {
        self.log.record(span, values);
    }

    fn record_follows_from(&self, span: &span::Id, follows: &span::Id) {
        self.log.record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        if !ggml_kernels::is_stopped() {
            self.log.event(event);
        }
    }

    fn enter(&self, span: &span::Id) {
        self.log.enter(span);
    }

    fn exit(&self, span: &span::Id) {
        self.log.exit(span);
    }

    fn clone_span(&self, id: &span::Id) -> span::Id {
        self.log.clone_span(id)
    }

    fn try_close(&self, id: span::Id) -> bool {
        self.log.try_close(id)
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps the names of what is logged.
    struct Names(Arc<Mutex<Vec<&'static str>>>);

    impl Subscriber for Names {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &Event<'_>) {
            self.0.lock().unwrap().push(event.metadata().target());
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn only_what_is_told_of_a_stopped_step_is_kept_out() {
        let names = Arc::<Mutex<Vec<&'static str>>>::default();
        dispatcher::with_default(&Dispatch::new(Names(Arc::clone(&names))), || {
            let _log = unless_stopped();
            tracing::error!(target: "before", "told");
            ggml_kernels::stoppable(Rc::new(|| false), || tracing::error!(target: "within", "told"));
        });
        assert_eq!(*names.lock().unwrap(), ["before", "within"]);
    }
}
