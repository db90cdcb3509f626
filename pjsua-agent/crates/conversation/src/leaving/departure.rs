//! What is known of the call's end before it comes.

/// What became of the wish to be transferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TransferRecord {
    #[default]
    Untried,
    Asked,
    Failed,
}

/// The ways in which the call may end.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Departure {
    pub(crate) transfer: TransferRecord,
    /// The call's time was up while it was closing already.
    pub(crate) overdue: bool,
}

impl Departure {
    /// The human may have the caller yet.
    pub(crate) fn was_asked_for(&self) -> bool {
        match self.transfer {
            TransferRecord::Asked | TransferRecord::Failed => true,
            TransferRecord::Untried => false,
        }
    }
}
