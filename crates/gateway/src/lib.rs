//! A local gateway to the platform: one process has the token and the quota, and any client speaks the document with it.
#![allow(dead_code, reason = "the routes that use them are not there yet")]

mod reads;
mod rows;
