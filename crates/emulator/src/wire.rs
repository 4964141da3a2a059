//! Sockets: who is let in, how long a connection may be idle, and TLS.

#[cfg(feature = "tls")]
pub(crate) mod certificates;
pub(crate) mod connection;
pub(crate) mod guard;
pub(crate) mod listener;
#[cfg(feature = "tls")]
pub(crate) mod tls;
