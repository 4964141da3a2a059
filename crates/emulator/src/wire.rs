//! Sockets: connections and their deadlines, TLS, and which requests may come in. Nothing here knows a path or a body.

#[cfg(feature = "tls")]
pub(crate) mod certificates;
pub(crate) mod connection;
pub(crate) mod guard;
pub(crate) mod listener;
#[cfg(feature = "tls")]
pub(crate) mod tls;
