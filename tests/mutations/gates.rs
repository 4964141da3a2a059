//! The gates that a change of one of the two documents has to pass unseen, if it is to go through.
//!
//! That derived files are stale is no gate here: it says that something changed, not that something is wrong.

use std::collections::BTreeMap;

use northbound_openapi::contract::{Contract, contract};
use northbound_openapi::document::Document;
use northbound_openapi::lint::lint;
use serde_json::Value;

use crate::page::{Facts, compare};
use crate::types::{Seen, contradictions};

/// The two documents as they are, and what else they are held against.
pub(super) struct Gates {
    pub(super) written: Contract,
    pub(super) derived: Contract,
    schemas: Value,
    types: BTreeMap<String, Seen>,
    page: Facts,
}

/// Which gates reported a change.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reports {
    pub(super) contract: bool,
    pub(super) types: bool,
    pub(super) page: bool,
    /// None if it was not asked.
    pub(super) lint: Option<bool>,
}

impl Reports {
    pub(super) fn is_silent(self) -> bool {
        !(self.contract || self.types || self.page || self.lint == Some(true))
    }
}

impl Gates {
    pub(super) fn new(written: &Value, derived: &Value) -> Self {
        let types = Seen::of_types();
        assert_eq!(
            contradictions(written.clone(), &types),
            "",
            "the types contradict what nobody has changed"
        );
        Self {
            written: contract(written),
            derived: contract(derived),
            schemas: schemas(written),
            types,
            page: Facts::read(),
        }
    }

    /// A change of the hand-written document. Lint costs ten times as much as the others together: it is asked where they are
    /// silent, and where `with_lint` wants to know.
    pub(super) fn of_written(&self, mutated: &Value, with_lint: bool) -> Reports {
        let mut reports = Reports {
            contract: contract(mutated).facts() != self.derived.facts(),
            types: schemas(mutated) != self.schemas
                && !contradictions(mutated.clone(), &self.types).is_empty(),
            page: !compare::differences(&self.page, mutated).is_empty(),
            lint: None,
        };
        if with_lint || reports.is_silent() {
            let document = Document::parse("mutated.json", mutated.to_string());
            reports.lint = Some(document.map_or(true, |document| !lint(&document).is_empty()));
        }
        reports
    }

    /// A change of the emulator's document, at which the other gates do not look.
    pub(super) fn of_derived(&self, mutated: &Value) -> Reports {
        Reports { contract: contract(mutated).facts() != self.written.facts(), ..Reports::default() }
    }
}

/// All that the types can contradict.
fn schemas(document: &Value) -> Value {
    document["components"]["schemas"].clone()
}
