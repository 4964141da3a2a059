//! Prints the emulator's own OpenAPI document to standard output, as JSON.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let document = northbound_emulator::openapi().to_pretty_json()?;
    writeln!(io::stdout().lock(), "{document}")
}
