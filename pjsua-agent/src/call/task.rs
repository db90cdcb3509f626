//! Work that nobody wants any more ends.

use std::future::Future;

use tokio::task::JoinHandle;

/// Work beside the driver. Dropping it ends the work.
pub struct Task(JoinHandle<()>);

impl Task {
    /// Begins it; within a runtime.
    pub fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Task {
        Task(tokio::spawn(work))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
