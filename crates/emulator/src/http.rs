//! HTTP: which path leads to which call, what happens around each call, the control API, and the docs page. What a call is
//! answered is decided in `platform` and `exam`. Sockets are in `wire`.

pub(crate) mod control_api;
#[cfg(feature = "docs")]
pub(crate) mod docs;
#[cfg(feature = "openapi")]
pub(crate) mod document;
mod middleware;
mod operations;
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

/// The emulator as an axum router. A test can call it without a socket, or a program can mount it elsewhere.
/// [`Control::router`] is the same for a program that also controls the emulator.
///
/// ```
/// use northbound_emulator::{Scenario, router};
///
/// # fn main() -> Result<(), northbound_emulator::ScenarioError> {
/// let router: axum::Router = router(Scenario::default())?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A scenario that contradicts itself.
pub fn router(scenario: Scenario) -> Result<Router, ScenarioError> {
    Ok(Control::new(scenario)?.router())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_documents_have_the_operations_that_are_served_and_no_others() {
        let served = [routes::OPERATIONS, control_api::OPERATIONS];
        let documents = [include_str!("../openapi.json"), include_str!("../control.json")];
        for (served, document) in served.into_iter().zip(documents) {
            let document: Value = serde_json::from_str(document).unwrap();
            let paths = document["paths"].as_object().unwrap().iter();
            let methods = paths.flat_map(|(path, item)| {
                item.as_object()
                    .unwrap()
                    .keys()
                    .map(move |method| format!("{} {path}", method.to_uppercase()))
            });
            let (mut documented, mut served) = (methods.collect::<Vec<_>>(), operations::named(served));
            documented.sort();
            served.sort();
            assert_eq!(documented, served);
        }
    }
}
