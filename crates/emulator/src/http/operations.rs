//! One list of operations for the router and, with the feature `openapi`, for the document: an operation without a description
//! does not compile there.

/// Defines `OPERATIONS`, the function `routes` that serves them, and `Paths`, which describes them.
macro_rules! operations {
    ($($method:ident $path:tt => $($handler:ident)::+),+ $(,)?) => {
        /// Method and path of every operation.
        pub(super) const OPERATIONS: &[(&str, &str)] = &[$((stringify!($method), $path)),+];

        fn routes() -> axum::Router<crate::control::Control> {
            use axum::routing::{MethodFilter, on};
            axum::Router::new()$(.route($path, on(MethodFilter::$method, $($handler)::+)))+
        }

        #[cfg(feature = "openapi")]
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($handler)::+),+))]
        pub(super) struct Paths;
    };
}

pub(super) use operations;

/// The operations in words.
pub(super) fn named(operations: &[(&str, &str)]) -> Vec<String> {
    operations.iter().map(|(method, path)| format!("{method} {path}")).collect()
}
