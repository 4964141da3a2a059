//! Which path leads to which call.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, get, on};

use crate::http::calls::watched;
use crate::http::docs::{self, Docs};
use crate::http::document::{CREATE_BATCH_TASK, GET_BATCH_TASK, LIST_SUBTASKS, LOGIN, Operation};
use crate::http::own::{UNKNOWN_METHOD, UNKNOWN_PATH};
use crate::http::{metrics, plain, platform};
use crate::state::State;

/// Everything that the gateway answers.
pub(crate) fn router(state: Arc<State>, docs: Option<Docs>) -> Router {
    let of_platform = state.operations.iter().fold(Router::new(), |router, operation| {
        let Some(handler) = handler(operation) else { return router };
        let router = router.route(&operation.path, handler.clone());
        // A client that has an empty id calls this.
        match operation.path.rsplit_once('/') {
            Some((folder, last)) if last.starts_with('{') => router.route(&format!("{folder}/"), handler),
            _ => router,
        }
    });
    of_platform
        .route(plain::SUBTASKS, get(plain::subtasks))
        .route(plain::SUMMARY, get(plain::summary))
        .route(plain::HEALTH, get(plain::health))
        .route(metrics::PATH, get(metrics::metrics))
        .merge(docs::router(docs))
        .fallback(async |method: Method, uri: Uri| {
            UNKNOWN_PATH.because(format!("there is no {method} {}", uri.path()))
        })
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            UNKNOWN_METHOD.because(format!("{} has no {method}", uri.path()))
        })
        // Each call has a limit of its own.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&state), watched))
        .with_state(state)
}

fn handler(operation: &Operation) -> Option<MethodRouter<Arc<State>>> {
    let method = MethodFilter::try_from(operation.method.clone()).ok()?;
    Some(match operation.id.as_str() {
        LOGIN => on(method, platform::login),
        LIST_SUBTASKS => on(method, platform::list_subtasks),
        GET_BATCH_TASK => on(method, platform::get_batch_task),
        CREATE_BATCH_TASK => on(method, platform::create_batch_task),
        _ => return None,
    })
}
