//! The process's own stdout and stderr.

use std::io::{self, Write};

use crate::session::interrupt::may_hang;

/// Standard output or standard error, without a buffer.
///
/// A write waits for a slow reader, even if the stream is set to fail instead: any process that shares the stream may set
/// `O_NONBLOCK`. A signal ends the process while it waits.
#[derive(Debug)]
pub struct StandardStream(Descriptor);

#[derive(Clone, Copy, Debug)]
enum Descriptor {
    Out,
    Err,
}

impl StandardStream {
    /// Standard output.
    pub fn stdout() -> Self {
        Self(Descriptor::Out)
    }

    /// Standard error.
    pub fn stderr() -> Self {
        Self(Descriptor::Err)
    }
}

impl Write for StandardStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        may_hang(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
impl Descriptor {
    /// Not through the standard library: it reports success if the stream is not open for writing.
    fn write(self, bytes: &[u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, poll};
        use rustix::io::Errno;

        let stream = match self {
            Self::Out => rustix::stdio::stdout(),
            Self::Err => rustix::stdio::stderr(),
        };
        loop {
            match rustix::io::write(stream, bytes) {
                Err(Errno::AGAIN) => poll(&mut [PollFd::new(&stream, PollFlags::OUT)], None)?,
                written => return Ok(written?),
            };
        }
    }
}

#[cfg(not(unix))]
impl Descriptor {
    fn write(self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Out => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush())?,
            Self::Err => io::stderr().write_all(bytes)?,
        }
        Ok(bytes.len())
    }
}
