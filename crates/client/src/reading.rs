//! Reads the body of a reply: strictly first, and if that fails once more with a closed list of repairs.
//!
//! The second reading drops a byte order mark or blanks before the JSON and NUL bytes after it, replaces a lone surrogate with
//! U+FFFD, and accepts raw control characters inside strings. (That the last of two equal members counts, and that `3.0` is a
//! whole number, holds for both readings.) A list of objects is then read one by one, so that one of them cannot cost the others.

mod split;

use http::Version;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use progenitor_client::{Error, ResponseValue};
use reqwest::Response;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::call::{Call, Misread};
use crate::limits;
use crate::members::{Members, Unreadable};
use crate::repair;

/// A longer body is read on a thread of its own, so that deadlines hold meanwhile, in bytes.
const LONG: usize = 256 * 1024;

/// How many letters of a place or a fault are kept: more than any error needs.
const LONGEST: usize = 4096;

/// A struct that a reply can consist of, with a place for further members.
pub(crate) trait Reply: DeserializeOwned + Send + 'static {
    /// The members that the document does not list.
    fn members(&mut self) -> &mut Members;

    /// What is delivered in place of an object that cannot be read.
    fn unreadable(unreadable: Unreadable) -> Self;

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

/// Reads a struct whose last field, `extra`, takes the members that are not listed. Of two equal members the last one counts.
///
/// `rows` names the member whose objects are read one by one when the reply as a whole cannot be.
macro_rules! object {
    ($type:ident { $($field:ident: $name:literal as $way:ident,)* } $(rows $rows:ident: $rows_name:literal)?) => {
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> ::serde::de::Visitor<'de> for Fields {
                    type Value = $type;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$type, A::Error> {
                        $(let mut $field = None;)*
                        let (mut extra, mut repaired) = (crate::members::Collected::default(), false);
                        while let Some(crate::members::Key(name)) = map.next_key()? {
                            match &*name {
                                $($name => {
                                    let value: crate::object::$way<_> = map.next_value()?;
                                    repaired |= value.1 || $field.is_some();
                                    $field = Some(value.0);
                                })*
                                name => {
                                    extra.push(name, &map.next_value::<Box<::serde_json::value::RawValue>>()?);
                                }
                            }
                        }
                        Ok($type { $($field: $field.flatten(),)* extra: extra.finish(repaired) })
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }

        impl crate::reading::Reply for $type {
            fn members(&mut self) -> &mut crate::Members {
                &mut self.extra
            }

            fn unreadable(unreadable: crate::Unreadable) -> Self {
                Self { $($field: None,)* extra: crate::Members::unreadable_object(unreadable) }
            }

            $(
                fn read_again(body: &[u8]) -> Option<crate::reading::Again<Self>> {
                    crate::reading::row_by_row(body, $rows_name, |page: &mut Self, rows| page.$rows = Some(rows))
                }
            )?
        }
    };
}
pub(crate) use object;

/// What a second reading brings.
pub(crate) struct Again<T> {
    pub(crate) value: T,
    repaired: bool,
    unreadable_rows: usize,
}

/// Reads a reply, in place of progenitor's own function.
pub(crate) async fn reply<T: Reply, E>(
    response: Response,
    call: &Call,
) -> Result<ResponseValue<T>, Error<E>> {
    let (status, headers) = (response.status(), response.headers().clone());
    let ends_with_connection = response.version() <= Version::HTTP_11
        && !headers.contains_key(CONTENT_LENGTH)
        && !headers.contains_key(TRANSFER_ENCODING);
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
            // An error may have no body at all.
            let may_break_off = ends_with_connection && (status.is_success() || !body.is_empty());
            call.note(if may_break_off && is_cut(&body) { Misread::BrokenOff } else { misread });
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

pub(crate) fn read<T: Reply>(body: &[u8], rows: usize) -> Result<Again<T>, Misread> {
    let (first, mut is_too_long) = limits::within(rows, true, || serde_json::from_slice(body).ok());
    let mut outcome = first.map(|value| Again { value, repaired: false, unreadable_rows: 0 });
    // No second reading makes a list shorter.
    if outcome.is_none() && !is_too_long {
        (outcome, is_too_long) = limits::within(rows, false, || T::read_again(body));
    }
    match outcome {
        Some(again) => Ok(again),
        None if is_too_long => Err(Misread::TooManyRows),
        None => Err(explain::<T>(body)),
    }
}

/// Whether a body ends in the middle of its JSON.
fn is_cut(body: &[u8]) -> bool {
    let text = repair::repaired(String::from_utf8_lossy(body).as_bytes());
    text.is_some_and(|(text, _)| serde_json::from_str::<IgnoredAny>(&text).is_err_and(|fault| fault.is_eof()))
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
    let value: T = serde_json::from_str(&around).ok()?;
    drop(around);
    let mut again = Again { value, repaired, unreadable_rows: 0 };
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
        let rows = rows.collect();
        put(&mut again.value, rows);
    }
    if repaired {
        again.value.members().mark_repaired();
    }
    Some(again)
}

/// Reads one row: strictly, then repaired, else as unreadable.
pub(crate) fn row<R: Reply>(text: &[u8], place: impl Fn(&str) -> String) -> R {
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
