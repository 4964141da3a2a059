//! The platform's pages as data, held against the document and, where it can be observed, against the emulator.

pub(crate) mod compare;
mod document;
mod emulator;
mod readme;

use std::ops::{Deref, DerefMut};
use std::path::Path;

use northbound_openapi::document::Document;
use serde_json::Value;

use crate::freshness::root;

/// A file of `spec/page`: its sections and rows, by the names that they have there.
#[derive(Clone)]
pub(crate) struct Facts {
    /// The name of the file, without its end.
    pub(crate) name: String,
    sections: Value,
}

impl Facts {
    /// Every page, in the order of the names.
    pub(crate) fn all() -> Vec<Self> {
        let files = std::fs::read_dir(root().join("spec/page")).unwrap().map(|entry| entry.unwrap().path());
        let mut pages: Vec<Self> = files
            .map(|path| Self {
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                sections: toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap(),
            })
            .collect();
        pages.sort_by(|one, other| one.name.cmp(&other.name));
        pages
    }

    /// The page of which we have everything, with its examples.
    pub(crate) fn whole() -> Self {
        let mut whole = Self::all().into_iter().filter(|page| page.get("unobtained").is_none());
        let page = whole.next().unwrap();
        assert!(whole.next().is_none(), "several pages are whole: let the tests ask for each");
        page
    }

    fn rows(&self, of: &str) -> &[Value] {
        self[of].as_array().map_or(&[], Vec::as_slice)
    }

    /// The only error row with this status and code.
    fn error(&self, status: u16, code: &str) -> &Value {
        let mut rows = self.rows("error").iter().filter(|row| row["status"] == status && row["code"] == code);
        let row = rows.next().unwrap_or_else(|| panic!("no error row {status}/{code}"));
        assert!(rows.next().is_none(), "error row {status}/{code} stands twice");
        row
    }

    fn reply_example(&self) -> Value {
        serde_json::from_str(text(&self["reply_example"]["body"])).unwrap()
    }
}

impl Deref for Facts {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.sections
    }
}

impl DerefMut for Facts {
    fn deref_mut(&mut self) -> &mut Value {
        &mut self.sections
    }
}

/// A text, or nothing where something else is.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The names in the query of a URL, in their order.
fn query_names(url: &str) -> Vec<&str> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| Some(pair.split_once('=')?.0)).collect()
}

/// A file of the project.
fn text_of(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn the_document() -> Value {
    let document = Document::read_in(root(), Path::new(xtask::DOCUMENT));
    document.unwrap_or_else(|error| panic!("{error}")).value().clone()
}
