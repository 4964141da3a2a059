//! Every derived file is what the document makes of it.

use std::path::Path;

use xtask::{derived, generate, load};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn every_derived_file_is_fresh() {
    let document = load::read_checked(root()).unwrap();
    let emulator = northbound_emulator::openapi().to_pretty_json().unwrap() + "\n";
    let control = northbound_emulator::control_openapi().to_pretty_json().unwrap() + "\n";
    let schema = serde_json::to_string_pretty(&northbound_emulator::scenario_schema()).unwrap() + "\n";
    let [_, control_file, schema_file] = generate::EMULATOR;
    let mut files = generate::derive(root(), &document, Some(&emulator)).unwrap();
    files.push(derived::Derived::new(control_file.path, control));
    files.push(derived::Derived::new(schema_file.path, schema));
    let stale = derived::stale(root(), &files, generate::GENERATED).unwrap();
    let diffs: String = stale.iter().map(|stale| stale.diff.as_str()).collect();
    assert!(stale.is_empty(), "run `cargo xtask generate`:\n{diffs}");
}

#[test]
fn deriving_twice_gives_the_same_bytes() {
    let document = load::read_checked(root()).unwrap();
    assert_eq!(
        generate::derive(root(), &document, None).unwrap(),
        generate::derive(root(), &document, None).unwrap()
    );
}

#[test]
fn the_client_carries_the_document() {
    assert_eq!(northbound_client::DOCUMENT, load::read(root()).unwrap().text());
}
