//! Prints the gateway's own OpenAPI document to standard output, as JSON.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let document = northbound_gateway::openapi().to_pretty_json()?;
    writeln!(io::stdout().lock(), "{document}")
}
