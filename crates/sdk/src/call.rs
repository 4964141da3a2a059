//! One call to the platform: its token, its place in the quota, its attempts, and what its reply means.
//!
//! What a call asks for belongs to [`crate::reads`]; who calls and where to belongs to [`crate::client`].

pub(crate) mod attempts;
pub(crate) mod envelope;
pub(crate) mod exchange;
pub(crate) mod login;
pub(crate) mod quota;
pub(crate) mod run;
pub(crate) mod token;
