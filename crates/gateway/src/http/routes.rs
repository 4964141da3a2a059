//! Which path leads to which call.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, get, on};
use axum::{Extension, Router};

use crate::http::calls::watched;
use crate::http::docs::{self, Docs};
use crate::http::document::{self, CREATE_BATCH_TASK, GET_BATCH_TASK, LIST_SUBTASKS, LOGIN, Operation};
use crate::http::own::{UNKNOWN_METHOD, UNKNOWN_PATH};
use crate::http::{metrics, plain, platform};
use crate::state::State;

/// Everything that the gateway answers.
pub(crate) fn router(state: Arc<State>, docs: Option<Docs>) -> Router {
    let mut router = Router::new();
    // A test shows that the document can be read, and has them.
    for operation in document::operations().unwrap_or_default() {
        let Ok(method) = MethodFilter::try_from(operation.method.clone()) else { continue };
        let handler = match operation.id.as_str() {
            LOGIN => on(method, platform::login),
            LIST_SUBTASKS => on(method, platform::list_subtasks),
            GET_BATCH_TASK => on(method, platform::get_batch_task),
            CREATE_BATCH_TASK => on(method, platform::create_batch_task),
            _ => continue,
        };
        let of = |id: &str, path: &str| {
            Extension(Arc::new(Operation { id: id.to_owned(), path: path.to_owned(), ..operation.clone() }))
        };
        if operation.id == LIST_SUBTASKS {
            // These take the same parameters.
            let (subtasks, summary) =
                (of("readSubtasks", plain::SUBTASKS), of("countSubtasks", plain::SUMMARY));
            router = router.route(plain::SUBTASKS, get(plain::subtasks).layer(subtasks));
            router = router.route(plain::SUMMARY, get(plain::summary).layer(summary));
        }
        let handler = handler.layer(of(&operation.id, &operation.path));
        if let Some((folder, _)) = operation.path.split_once('{') {
            // A client that has an empty id calls this.
            router = router.route(folder, handler.clone());
        }
        router = router.route(&operation.path, handler);
    }
    router
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
