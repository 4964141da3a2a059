//! Sockets: where the gateway listens, connections with their deadlines and limits, and which requests may come in. Nothing here
//! knows a path or a body.

pub(crate) mod guard;
pub(crate) mod listen;
pub(crate) mod seats;
pub(crate) mod server;
