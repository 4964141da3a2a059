//! How far the document's version and the changelog have to move for a change.

use anyhow::Context as _;
use semver::Version;
use serde_json::Value;

use super::Class;

/// The changelog, relative to the project.
pub const CHANGELOG: &str = "CHANGELOG.md";

/// `info.version` of a document; `place` names it in an error.
pub(super) fn version(document: &Value, place: &str) -> anyhow::Result<Version> {
    let text = document.pointer("/info/version").and_then(Value::as_str).unwrap_or_default();
    Version::parse(text)
        .with_context(|| format!("{place}: info.version is {text:?}, which is no semantic version"))
}

/// The part of the version that has to move. Before 1.0.0 the parts stand one place further back.
fn part(base: &Version, class: Class) -> &'static str {
    match (class, base.major) {
        (Class::Breaking, 1..) => "major",
        (Class::Breaking, 0) | (Class::Additive, 1..) => "minor",
        (Class::Additive, 0) | (Class::Editorial, _) => "patch",
    }
}

/// The least version that a change of this class asks for.
fn needed(base: &Version, class: Class) -> Version {
    // What was announced by a pre-release may still change.
    if !base.pre.is_empty() {
        return Version::new(base.major, base.minor, base.patch);
    }
    match part(base, class) {
        "major" => Version::new(base.major.saturating_add(1), 0, 0),
        "minor" => Version::new(base.major, base.minor.saturating_add(1), 0),
        _ => Version::new(base.major, base.minor, base.patch.saturating_add(1)),
    }
}

/// What has to move.
pub(super) fn verdict(base: &Version, now: &Version, class: Option<Class>) -> String {
    let Some(class) = class else { return format!("nothing has changed, and info.version is {now}\n") };
    let (part, least) = (part(base, class), needed(base, class));
    format!("this moves the {part} part of info.version from {base} to {least} or above: it is {now}\n")
}

/// What is missing; nothing, if version and changelog have moved far enough.
pub(super) fn missing(base: &Version, now: &Version, class: Option<Class>, changelog: &str) -> Vec<String> {
    let mut missing = Vec::new();
    // The version that the changelog has to tell of.
    let mut told = now.clone();
    if now.cmp_precedence(base).is_lt() {
        missing.push(format!("info.version went back from {base} to {now}: versions only grow"));
    }
    if let Some(class) = class {
        let least = needed(base, class);
        let core = Version::new(now.major, now.minor, now.patch);
        if core < least || now.cmp_precedence(base).is_le() {
            let part = part(base, class);
            missing.push(format!("info.version is {now}: its {part} part has to move, to {least} or above"));
            told = least;
        }
    }
    if class.is_some() || now != base {
        missing.extend(missing_in_changelog(&told, class, changelog));
    }
    missing
}

fn missing_in_changelog(now: &Version, class: Option<Class>, changelog: &str) -> Option<String> {
    let heading = format!("### Document {now}");
    let Some(section) = section(changelog, &heading) else {
        return Some(format!(
            "{CHANGELOG} has no heading `{heading}`: add it, and below it a line for each change"
        ));
    };
    let mut entries = section.filter(|line| line.starts_with("* ")).peekable();
    if entries.peek().is_none() {
        return Some(format!("{CHANGELOG} has no entry (`* …`) below `{heading}`"));
    }
    let breaks = class == Some(Class::Breaking);
    (breaks && !entries.any(|entry| entry.starts_with("* Breaking: "))).then(|| {
        format!("{CHANGELOG} has no entry `* Breaking: …` below `{heading}`: tell clients what to do")
    })
}

/// The lines below a heading, up to the next heading that is not below it.
fn section<'a>(changelog: &'a str, heading: &str) -> Option<impl Iterator<Item = &'a str>> {
    let mut lines = changelog.lines().skip_while(move |line| line.trim_end() != heading);
    lines.next()?;
    let is_heading = |line: &str| ["# ", "## ", "### "].iter().any(|mark| line.starts_with(mark));
    Some(lines.take_while(move |line| !is_heading(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(version: &str) -> Version {
        Version::parse(version).unwrap()
    }

    #[test]
    fn each_class_moves_its_part() {
        for (base, class, least) in [
            ("1.2.3", Class::Breaking, "2.0.0"),
            ("1.2.3", Class::Additive, "1.3.0"),
            ("1.2.3", Class::Editorial, "1.2.4"),
            ("0.2.3", Class::Breaking, "0.3.0"),
            ("0.2.3", Class::Additive, "0.2.4"),
            ("0.2.3", Class::Editorial, "0.2.4"),
            ("2.0.0-rc.1", Class::Breaking, "2.0.0"),
        ] {
            assert_eq!(needed(&parsed(base), class).to_string(), least, "{base} {class:?}");
        }
    }

    #[test]
    fn a_version_that_moves_too_little_is_named_with_what_it_needs() {
        let log = "# Changelog\n\n## Unreleased\n\n### Document 1.1.0\n\n* A member.\n\n### Crates 0.1.0\n";
        let heading =
            "CHANGELOG.md has no heading `### Document 2.0.0`: add it, and below it a line for each change";
        for (base, now, class, said) in [
            ("1.0.0", "1.1.0", Some(Class::Additive), vec![]),
            ("1.0.0", "1.1.0", Some(Class::Editorial), vec![]),
            ("1.1.0", "1.1.0", None, vec![]),
            (
                "1.0.0",
                "1.1.0",
                Some(Class::Breaking),
                vec!["info.version is 1.1.0: its major part has to move, to 2.0.0 or above", heading],
            ),
            ("1.2.0", "1.1.0", None, vec!["info.version went back from 1.2.0 to 1.1.0: versions only grow"]),
            ("1.9.0", "2.0.0", Some(Class::Editorial), vec![heading]),
        ] {
            assert_eq!(missing(&parsed(base), &parsed(now), class, log), said, "{base} to {now}");
        }
    }

    #[test]
    fn a_changelog_needs_the_heading_and_an_entry_of_its_own() {
        let said = |log: &str| missing(&parsed("1.0.0"), &parsed("1.1.0"), Some(Class::Additive), log);
        assert_eq!(
            said("### Document 1.1.0-rc.1\n* A.\n"),
            ["CHANGELOG.md has no heading `### Document 1.1.0`: add it, and below it a line for each change"]
        );
        let empty = "CHANGELOG.md has no entry (`* …`) below `### Document 1.1.0`";
        assert_eq!(said("### Document 1.1.0\n\n### Document 1.0.0\n\n* A.\n"), [empty]);
        assert_eq!(said("### Document 1.1.0"), [empty]);
    }
}
