//! What a person sees at a terminal, in a pseudo-terminal.

use std::io::Read as _;
use std::num::NonZero;
use std::time::Duration;

use northbound_emulator::{Emulator, Scenario};
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

/// A platform whose time stands still until it is advanced.
struct Platform {
    _runtime: tokio::runtime::Runtime,
    emulator: Emulator,
}

impl Platform {
    fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let builder = Emulator::builder().scenario(Scenario::default().with_manual_clock());
        let emulator = runtime.block_on(builder.start()).unwrap();
        Self { _runtime: runtime, emulator }
    }

    fn advance(&self, seconds: u64) {
        self.emulator.control().advance(Duration::from_secs(seconds));
    }

    /// How many subtasks of the live task have settled, as the command says it.
    fn settled(&self) -> String {
        let tasks = self.emulator.control().tasks();
        let live = tasks.iter().find(|task| task.id == "live").unwrap();
        let settled: u64 =
            ["Success", "Fail", "Timeout"].iter().map(|status| u64::from(live.counts[*status])).sum();
        format!("{settled} of 1000 settled")
    }
}

const ROWS: u16 = 24;

fn screen_of(columns: u16) -> vt100::Parser {
    vt100::Parser::new(NonZero::new(ROWS).unwrap(), NonZero::new(columns).unwrap(), 0)
}

/// A command in a terminal of so many columns.
struct Terminal {
    pty: Pty,
    screen: vt100::Parser,
    process: std::process::Child,
}

impl Terminal {
    fn run(platform: &Platform, columns: u16, arguments: &[&str]) -> Self {
        Self::run_into(platform, columns, arguments, None)
    }

    /// The same with stdout in a file.
    fn run_into(
        platform: &Platform,
        columns: u16,
        arguments: &[&str],
        stdout: Option<std::fs::File>,
    ) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(ROWS, columns)).unwrap();
        let url = platform.emulator.url();
        let command = Command::new(env!("CARGO_BIN_EXE_northbound"))
            .args(["--endpoint", &url, "--app-id", "demo-app"])
            .args(if arguments.contains(&"--quota") { &[][..] } else { &["--quota", "100000"] })
            .args(arguments)
            .env("NORTHBOUND_SECRET", "demo-secret")
            .env("TERM", "xterm-256color")
            .env_remove("NORTHBOUND_TOKEN")
            .env_remove("NO_COLOR");
        let command = if let Some(file) = stdout { command.stdout(file) } else { command };
        let process = command.spawn(pts).unwrap();
        Self { pty, screen: screen_of(columns), process }
    }

    /// Reads on; returns whether there was anything to read.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // A terminal whose last process has ended reports an error on Linux, and the end elsewhere.
        let read = self.pty.read(&mut bytes).unwrap_or(0);
        self.screen.process(&bytes[..read]);
        read > 0
    }

    fn until(&mut self, text: &str) -> String {
        while !self.shown().contains(text) {
            assert!(self.read(), "the command ended without {text:?}:\n{}", self.shown());
        }
        self.shown()
    }

    fn end(&mut self) -> (Option<i32>, String) {
        while self.read() {}
        (self.process.wait().unwrap().code(), self.shown())
    }

    fn shown(&self) -> String {
        self.screen.screen().contents()
    }

    fn type_ctrl_c(&mut self) {
        std::io::Write::write_all(&mut self.pty, b"\x03").unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The picture without its last facts, which depend on how fast this machine is; they have to be there.
fn steady(shown: &str) -> String {
    let facts = shown.lines().position(|line| line.contains("failed or timed out")).unwrap() + 1;
    let (steady, moving): (Vec<_>, Vec<_>) = shown.lines().enumerate().partition(|(place, _)| *place < facts);
    let moving: String = moving.into_iter().map(|(_, line)| format!("{line} ")).collect();
    assert!(
        moving.contains(" calls") && moving.contains("quota ") && moving.contains(" of 100000 used"),
        "{moving}"
    );
    steady.into_iter().map(|(_, line)| format!("{line}\n")).collect()
}

fn watched(columns: u16) -> String {
    let platform = Platform::start();
    let mut terminal = Terminal::run(&platform, columns, &["watch", "live", "--interval", "20ms"]);
    let mut seen = steady(&terminal.until("used"));
    for seconds in [20, 20] {
        platform.advance(seconds);
        let settled = platform.settled();
        terminal.until(&settled);
        seen += &format!("\n-- {seconds} s later --\n\n{}", steady(&terminal.until("used")));
    }
    platform.advance(600);
    let (code, shown) = terminal.end();
    assert!(shown.contains("settled after "), "{shown}");
    seen + &format!("\n-- at the end, exit code {code:?} --\n\n{}", steady(&shown))
}

#[test]
fn a_watch_is_one_picture_that_changes_in_its_place() {
    insta::assert_snapshot!(watched(80));
}

#[test]
fn a_watch_reads_well_on_forty_columns() {
    insta::assert_snapshot!(watched(40));
}

#[test]
fn ctrl_c_leaves_the_picture_and_exit_code_130() {
    let platform = Platform::start();
    let mut terminal = Terminal::run(&platform, 80, &["watch", "live", "--interval", "20ms"]);
    terminal.until("used");
    terminal.type_ctrl_c();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130));
    assert!(shown.contains("0 of 1000 settled") && shown.contains("error: stopped"), "{shown}");
}

#[test]
fn a_terminal_gets_colours_unless_it_does_not_want_them() {
    let platform = Platform::start();
    for (arguments, expected) in
        [(&["summary", "demo"][..], true), (&["summary", "demo", "--color", "never"], false)]
    {
        let mut terminal = Terminal::run(&platform, 80, arguments);
        let (code, _) = terminal.end();
        let screen = terminal.screen.screen();
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
        let colours = cells.filter(|(row, column)| {
            screen.cell(*row, *column).is_some_and(|cell| cell.fgcolor() != vt100::Color::Default)
        });
        assert_eq!((code, colours.count() > 0), (Some(0), expected), "{arguments:?}");
    }
}

#[test]
fn an_export_tells_how_far_it_is_and_that_it_waits_for_the_quota() {
    let platform = Platform::start();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("rows");
    let out = out.to_str().unwrap();
    let arguments = ["export", "demo", "--format", "csv", "--page-size", "100", "--out", out, "--quota", "3"];
    let mut terminal = Terminal::run(&platform, 40, &arguments);
    let shown = terminal.until("waiting for the quota");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[1..4],
        [" 20.0 %  ██████▎", "200 of 1000 rows", "waiting for the quota (3 in 1 min)"],
        "{shown}"
    );
    assert!(lines[4].contains("/s, about ") && lines[4].ends_with(" left"), "{shown}");
    terminal.type_ctrl_c();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130));
    let told: Vec<&str> = shown.lines().skip(1).collect();
    assert!(
        told[0] == "error: stopped" && told[1].starts_with("help:  the same"),
        "the picture is gone: {shown}"
    );
}

#[test]
fn rows_that_go_into_a_file_leave_the_terminal_to_the_progress() {
    let platform = Platform::start();
    let file = tempfile::NamedTempFile::new().unwrap();
    let arguments = ["subtasks", "demo", "-o", "csv", "--page-size", "100", "--quota", "3"];
    let stdout = Some(file.reopen().unwrap());
    let mut terminal = Terminal::run_into(&platform, 80, &arguments, stdout);
    let shown = terminal.until("waiting for the quota");
    assert!(shown.contains("\n200 rows, waiting for the quota (3 in 1 min), "), "{shown}");
    terminal.type_ctrl_c();
    let (code, shown) = terminal.end();
    assert!(code == Some(130) && shown.contains("; then the read ended\nerror: stopped"), "{shown}");
    assert_eq!(std::fs::read_to_string(file.path()).unwrap().lines().count(), 201);
}
