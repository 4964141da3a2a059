//! Prints the JSON schema of scenario files to standard output.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let schema = serde_json::to_string_pretty(&northbound_emulator::scenario_schema())?;
    writeln!(io::stdout().lock(), "{schema}")
}
