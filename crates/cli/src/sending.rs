//! Sending one command to many devices: what `send` and `resend` have in common.
//!
//! `order` says what is sent, `devices` to which devices, `consent` asks for agreement, `steps` says in which order all that happens, and
//! `carry` does it. What is remembered of a send is in `session/send_record`.

pub(crate) mod carry;
mod consent;
pub(crate) mod devices;
pub(crate) mod order;
pub(crate) mod steps;
