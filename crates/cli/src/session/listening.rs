//! What commands need that serve: the address to listen on, host names to allow, and enough files to open.

use std::io;
use std::net::SocketAddr;

use crate::error::CliError;

/// Each connection takes a descriptor, and the usual limit of 1,024 is meant for programs that use `select`. Where the system refuses, the
/// limit stays.
#[cfg(unix)]
pub(crate) fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// The first address that the host has.
pub(crate) async fn address(listen: &str) -> Result<SocketAddr, CliError> {
    let found = tokio::net::lookup_host(listen).await.and_then(|mut addresses| {
        addresses.next().ok_or_else(|| io::Error::other("the name has no address"))
    });
    found.map_err(|error| {
        let advice = "write it like 127.0.0.1:8743 or localhost:8743";
        CliError::usage(format!("cannot listen on {listen}: {error}"), advice)
    })
}

/// The name of a host, with a port or without.
pub(crate) fn host(text: &str) -> Result<String, &'static str> {
    let is_host = |char: char| char.is_ascii_alphanumeric() || "-._:[]".contains(char);
    let is_name = !text.is_empty() && text.chars().all(is_host);
    is_name.then(|| text.to_owned()).ok_or("write the name alone, or with a port: gateway or gateway:8743")
}
