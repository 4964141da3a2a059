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
    let mut files = generate::derive(root(), &document).unwrap();
    let prints = generate::EMULATOR.into_iter().zip([emulator, control, schema]);
    files.extend(prints.map(|((_, path), text)| derived::Derived::new(path, text)));
    let gateway = northbound_gateway::openapi().to_pretty_json().unwrap() + "\n";
    files.push(derived::Derived::new(generate::GATEWAY, gateway));
    let stale = derived::stale(root(), &files, generate::GENERATED).unwrap();
    let diffs: String = stale.iter().map(|stale| stale.diff.as_str()).collect();
    assert!(stale.is_empty(), "run `cargo xtask generate`:\n{diffs}");
}

#[test]
fn deriving_twice_gives_the_same_bytes() {
    let document = load::read_checked(root()).unwrap();
    assert_eq!(generate::derive(root(), &document).unwrap(), generate::derive(root(), &document).unwrap());
}

#[test]
fn the_client_carries_the_document() {
    assert_eq!(northbound_client::DOCUMENT, load::read(root()).unwrap().text());
}
