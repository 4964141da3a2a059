//! The command `northbound`: hands the process over to the library.

use std::io::{IsTerminal as _, LineWriter, Write};
use std::process::ExitCode;

use northbound_cli::{Outlet, Process, StandardStream};
use terminal_size::{Height, Width};

fn main() -> ExitCode {
    let environment = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
    let (mut stdout, mut stderr) = (LineWriter::new(StandardStream::Stdout), StandardStream::Stderr);
    let out_size = || cells(terminal_size::terminal_size_of(std::io::stdout()));
    let err_size = || cells(terminal_size::terminal_size_of(std::io::stderr()));
    let (out_is_terminal, err_is_terminal) =
        (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let stdout =
        if out_is_terminal { Outlet::terminal(&mut stdout, &out_size) } else { Outlet::plain(&mut stdout) };
    let stderr =
        if err_is_terminal { Outlet::terminal(&mut stderr, &err_size) } else { Outlet::plain(&mut stderr) };
    let traces = || -> Box<dyn Write> { Box::new(StandardStream::Stderr) };
    let process = Process { environment: &environment, stdout, stderr, traces, signals: true };
    ExitCode::from(northbound_cli::run(std::env::args_os(), process))
}

fn cells(size: Option<(Width, Height)>) -> (u16, u16) {
    size.map_or((0, 0), |(Width(columns), Height(lines))| (columns, lines))
}
