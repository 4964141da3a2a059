//! The command `northbound`: hands the process over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
    let (mut stdout, mut stderr) = (std::io::stdout().lock(), std::io::stderr());
    ExitCode::from(northbound_cli::run(std::env::args_os(), &environment, &mut stdout, &mut stderr))
}
