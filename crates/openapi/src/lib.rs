//! An OpenAPI 3.0 document with the position of each node, what it promises, and what is wrong with it.

pub mod contract;
pub mod document;
pub mod lint;
