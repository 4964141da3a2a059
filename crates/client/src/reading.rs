//! Reads the body of a reply: strictly first, and if that fails once more with a closed list of repairs.
//!
//! The second reading drops a byte order mark or blanks before the JSON and NUL bytes after it, replaces a lone surrogate with
//! U+FFFD, and accepts raw control characters inside strings. (That the last of two equal members counts, and that `3.0` is a
//! whole number, holds for both readings.) A list of objects is then read one by one, so that one of them cannot cost the others.

mod repair;
mod split;

use std::cell::Cell;

use progenitor_client::{Error, ResponseValue};
use reqwest::Response;
use serde::de::DeserializeOwned;

use crate::call::{Call, Misread};
use crate::members::Unreadable;
use crate::object::Object;

/// A longer body is read on a thread of its own, so that deadlines hold meanwhile, in bytes.
const LONG: usize = 256 * 1024;

/// How many letters of a place or a fault are kept: more than any error needs.
const LONGEST: usize = 4096;

/// A struct that a reply can consist of.
pub(crate) trait Reply: DeserializeOwned + Object + Send + 'static {
    /// The second reading; `None` if it fails as well.
    fn read_again(body: &[u8]) -> Option<Again<Self>> {
        let (text, is_repaired) = repair::repaired(body)?;
        let mut value: Self = serde_json::from_str(&text).ok()?;
        if is_repaired {
            value.members().mark_repaired();
        }
        Some(Again { value, repaired: is_repaired, unreadable_rows: 0 })
    }
}

/// What a second reading brings.
pub(crate) struct Again<T> {
    value: T,
    repaired: bool,
    unreadable_rows: usize,
}

/// What the thread reads at this moment.
#[derive(Clone, Copy)]
struct Limits {
    /// How many rows a list may have.
    rows: usize,
    is_exceeded: bool,
    /// Whether a text may leave a number whose digits a double loses to the second reading, which takes more time.
    is_first: bool,
}

impl Limits {
    const NONE: Self = Self { rows: usize::MAX, is_exceeded: false, is_first: false };
}

thread_local! {
    static LIMITS: Cell<Limits> = const { Cell::new(Limits::NONE) };
}

/// Whether a list may have this number of rows.
pub(crate) fn allows(rows: usize) -> bool {
    let limits = LIMITS.get();
    if rows > limits.rows {
        LIMITS.set(Limits { is_exceeded: true, ..limits });
    }
    rows <= limits.rows
}

/// Whether the first of two readings is under way.
pub(crate) fn is_first() -> bool {
    LIMITS.get().is_first
}

/// Reads a reply, in place of progenitor's own function.
pub(crate) async fn reply<T: Reply, E>(
    response: Response,
    call: &Call,
) -> Result<ResponseValue<T>, Error<E>> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.map_err(Error::ResponseBodyError)?;
    let limit = call.most_rows();
    let work = {
        let body = body.clone();
        move || read::<T>(&body, limit)
    };
    let outcome = if body.len() > LONG { aside(work).await } else { work() };
    match outcome {
        Ok(Again { value, repaired, unreadable_rows }) => {
            if repaired || unreadable_rows > 0 {
                tracing::warn!(repaired, unreadable_rows, "the reply is not the JSON that it should be");
            }
            Ok(ResponseValue::new(value, status, headers))
        }
        Err(misread) => {
            call.note(misread);
            Err(Error::InvalidResponsePayload(body, serde::de::Error::custom("see what was received")))
        }
    }
}

/// Does work on a thread of its own. The thread is not waited for when nobody wants its outcome any more.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Misread> + Send + 'static,
) -> Result<T, Misread> {
    let failed = || Misread::At { member: ".".to_owned(), fault: "no thread could read it".to_owned() };
    let (outcome, done) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().spawn(move || outcome.send(work()).is_ok()).map_err(|_| failed())?;
    done.await.unwrap_or_else(|_| Err(failed()))
}

fn read<T: Reply>(body: &[u8], rows: usize) -> Result<Again<T>, Misread> {
    LIMITS.set(Limits { rows, is_exceeded: false, is_first: true });
    let mut outcome =
        serde_json::from_slice(body).ok().map(|value| Again { value, repaired: false, unreadable_rows: 0 });
    LIMITS.set(Limits { is_first: false, ..LIMITS.get() });
    if outcome.is_none() && !LIMITS.get().is_exceeded {
        outcome = T::read_again(body);
    }
    let outcome = match outcome {
        Some(again) => Ok(again),
        None if LIMITS.get().is_exceeded => Err(Misread::TooManyRows),
        None => Err(explain::<T>(body)),
    };
    LIMITS.set(Limits::NONE);
    outcome
}

/// Reads once more, now to learn where the fault is.
fn explain<T: Reply>(body: &[u8]) -> Misread {
    let mut json = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(error) => {
            Misread::At { member: beginning(error.path()), fault: beginning(&error.inner().to_string()) }
        }
        Ok(_) => Misread::At { member: ".".to_owned(), fault: "something follows the JSON".to_owned() },
    }
}

/// The first letters of a place or a fault: the name of a member may be as long as the reply.
fn beginning(text: &impl ToString) -> String {
    text.to_string().chars().take(LONGEST).collect()
}

/// Reads a reply whose rows are in the member `name`: each row by itself, and the members around them.
///
/// A member beside the rows that cannot be read is left out: a total is worth less than the rows.
pub(crate) fn row_by_row<T: Reply, R: Reply>(
    body: &[u8],
    name: &str,
    put: impl FnOnce(&mut T, Vec<R>),
) -> Option<Again<T>> {
    let (body, mut repaired) = repair::trimmed(body);
    let split::Frame { members, rows } = split::frame(body, name)?;
    let mut around = String::new();
    for member in members {
        let alone = repair::repaired(&[b"{", member, b"}"].concat());
        match alone.filter(|(text, _)| serde_json::from_str::<T>(text).is_ok()) {
            Some((text, is_repaired)) => {
                around.push(if around.is_empty() { '{' } else { ',' });
                around.push_str(&text[1..text.len() - 1]);
                repaired |= is_repaired;
            }
            None => repaired = true,
        }
    }
    around.push_str(if around.is_empty() { "{}" } else { "}" });
    let mut page: T = serde_json::from_str(&around).ok()?;
    drop(around);
    let mut again = Again { value: (), repaired, unreadable_rows: 0 };
    if let Some(rows) = rows {
        let rows = rows.into_iter().enumerate().map(|(place, text)| {
            let mut row = row::<R>(text, |path| format!("{name}[{place}]{path}"));
            if repaired {
                row.members().mark_repaired();
            }
            again.repaired |= row.members().is_repaired();
            again.unreadable_rows += usize::from(row.members().unreadable().is_some());
            row
        });
        put(&mut page, rows.collect());
    }
    if repaired {
        page.members().mark_repaired();
    }
    Some(Again { value: page, repaired: again.repaired, unreadable_rows: again.unreadable_rows })
}

/// Reads a body of another form with the same repairs.
pub(crate) fn repaired<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_str(&repair::repaired(body)?.0).ok()
}

/// Reads one row: strictly, then repaired, else as unreadable.
fn row<R: Reply>(text: &[u8], place: impl Fn(&str) -> String) -> R {
    if let Ok(row) = serde_json::from_slice(text) {
        return row;
    }
    let Some((repaired, _)) = repair::repaired(text) else {
        return R::unreadable(Unreadable::new(text, place("")));
    };
    let mut json = serde_json::Deserializer::from_str(&repaired);
    let fault = match serde_path_to_error::deserialize::<_, R>(&mut json) {
        Ok(mut row) if json.end().is_ok() => {
            row.members().mark_repaired();
            return row;
        }
        Ok(_) => String::new(),
        Err(error) => beginning(error.path()),
    };
    // serde_path_to_error writes `.` for the row itself, and `?` where it has no name.
    let member = fault.trim_end_matches(['.', '?']);
    let path = if member.is_empty() { String::new() } else { format!(".{member}") };
    R::unreadable(Unreadable::new(text, place(&path)))
}

#[cfg(test)]
mod tests;
