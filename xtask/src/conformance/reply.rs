//! Requests and replies, and whoever answers.

use std::fmt;
use std::io;
use std::time::Duration;

/// A request, ready to be sent.
#[derive(Clone)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers, without those that every client adds by itself.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<String>,
    /// What its headers or its body have that a reader of the report should know: they are not shown themselves.
    pub(super) note: String,
}

/// Headers and body hold secrets.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.target, self.note)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What came back.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The header `Content-Type`, as it came.
    pub content_type: Option<String>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl Reply {
    /// Status and the beginning of the body, on one line.
    pub(super) fn shown(&self) -> String {
        const LONGEST: usize = 160;
        let text = String::from_utf8_lossy(&self.body);
        let mut shown: String =
            text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if text.chars().nth(LONGEST).is_some() {
            shown.push('…');
        }
        match shown.trim() {
            "" => format!("{} without a body", self.status),
            shown => format!("{} {shown}", self.status),
        }
    }
}

/// A server that claims to be this API, and the time that passes for it.
pub trait Server {
    /// Sends a request and waits for the reply; redirects are not followed.
    ///
    /// # Errors
    /// When there is no reply.
    fn answer(&mut self, request: &Request) -> io::Result<Reply>;

    /// Time since some moment.
    fn now(&self) -> Duration;

    /// Lets time pass.
    fn wait(&mut self, time: Duration);
}
