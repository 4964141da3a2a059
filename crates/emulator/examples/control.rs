//! Prints the document of the emulator's control API to standard output, as JSON.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let document = northbound_emulator::control_openapi().to_pretty_json()?;
    writeln!(io::stdout().lock(), "{document}")
}
