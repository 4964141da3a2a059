//! The process's own stdout and stderr.

use std::io::{self, Write};

use crate::session::interrupt::may_hang;

/// Standard output or standard error, without a buffer.
///
/// A write waits for a slow reader, even if the stream is set to fail instead: any process that shares the stream may set
/// `O_NONBLOCK`. A signal ends the process while it waits.
#[derive(Clone, Copy, Debug)]
pub enum StandardStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Write for StandardStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        may_hang(|| self.write_now(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
impl StandardStream {
    /// Not through the standard library: it reports success if the stream is not open for writing.
    fn write_now(self, bytes: &[u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, poll};
        use rustix::io::Errno;

        let stream = match self {
            Self::Stdout => rustix::stdio::stdout(),
            Self::Stderr => rustix::stdio::stderr(),
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
impl StandardStream {
    fn write_now(self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush())?,
            Self::Stderr => io::stderr().write_all(bytes)?,
        }
        Ok(bytes.len())
    }
}
