//! What a rule has to say: where, what is wrong, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use super::rules::{Rule, comparing};
use crate::document::pointer::last;
use crate::document::{Document, Position, on_one_line};

/// One fault of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The id of the rule, in kebab-case: one of [`rules`](super::rules()).
    pub rule: &'static str,
    /// The path of the document, as it was given when it was read.
    pub path: PathBuf,
    /// The JSON pointer of the node that is at fault.
    pub pointer: String,
    /// Where that node, or the nearest one that exists, is in the text.
    pub position: Position,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub advice: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, path, position, message, advice, .. } = self;
        write!(f, "{}:{position}: {message} ({rule}): {advice}", path.display())
    }
}

/// The findings of all rules, while they are being collected.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    document: &'a Document,
    list: Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self { document, list: Vec::new() }
    }

    /// Reports a breach of a rule that compares nodes, in the words of `rules.yaml`.
    pub(super) fn breach(&mut self, rule: &str, pointer: &str) {
        let rule = comparing(rule);
        self.add(rule, pointer, rule.message);
    }

    /// The same of a rule whose message depends on what is wrong.
    pub(super) fn report(&mut self, rule: &str, pointer: &str, message: impl AsRef<str>) {
        self.add(comparing(rule), pointer, message.as_ref());
    }

    pub(super) fn add(&mut self, rule: &Rule, pointer: &str, message: &str) {
        self.list.push(Finding {
            rule: rule.id,
            path: self.document.path().to_owned(),
            pointer: pointer.to_owned(),
            position: self.document.position(pointer),
            message: on_one_line(&message.replace("{name}", &last(pointer))),
            advice: rule.advice,
        });
    }

    /// All findings in the order of the text, each once.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.list.sort_by(|a, b| (a.position, a.rule, &a.message).cmp(&(b.position, b.rule, &b.message)));
        self.list.dedup();
        self.list
    }
}
