//! The media clock's end of a call, as the SIP side wants it.

use media::ClockEnd;

use crate::sip::FramePort;

/// A call's rings behind the interface of the SIP side.
///
/// # Threads
/// Media clock.
pub struct ClockPort(pub ClockEnd);

impl FramePort for ClockPort {
    fn put_frame(&mut self, frame: &media::Samples) {
        self.0.put_frame(frame);
    }

    fn get_frame(&mut self, frame: &mut media::Samples) {
        self.0.get_frame(frame);
    }
}
