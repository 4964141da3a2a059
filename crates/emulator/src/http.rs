//! HTTP: which path leads to which call, what happens around each call, the control API, and the docs page. What a call is
//! answered is decided in `platform` and `exam`. Sockets are in `wire`.

pub(crate) mod control_api;
#[cfg(feature = "docs")]
pub(crate) mod docs;
mod middleware;
pub(crate) mod routes;

use axum::Router;

use crate::control::Control;
use crate::scenario::{Scenario, ScenarioError};

impl Control {
    /// The emulator as an axum router, to be called without a socket or mounted elsewhere.
    pub fn router(&self) -> Router {
        routes::router(self.clone()).merge(control_api::router(self.clone()))
    }
}

/// The emulator as an axum router, to be called without a socket or mounted elsewhere; [`Control::router`] is the same
/// for a program that also controls the emulator.
///
/// # Errors
///
/// A scenario that contradicts itself.
pub fn router(scenario: Scenario) -> Result<Router, ScenarioError> {
    Ok(Control::new(scenario)?.router())
}
