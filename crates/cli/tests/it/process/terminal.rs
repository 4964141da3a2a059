//! What a person sees at a terminal, in a pseudo-terminal.

use std::io::Read as _;
use std::time::Duration;

use northbound_emulator::{Emulator, Scenario};
use northbound_testkit::Background;
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

use super::Running;
use crate::CREDENTIALS;

/// A platform whose time stands still until it is advanced.
fn platform() -> Background {
    Background::start(Emulator::builder().scenario(Scenario::default().with_manual_clock()))
}

/// How many subtasks of the live task have settled, as the command says it.
fn settled(platform: &Background) -> String {
    let tasks = platform.control().tasks();
    let live = tasks.iter().find(|task| task.id == "live").unwrap();
    let settled: u64 =
        ["Success", "Fail", "Timeout"].iter().map(|status| u64::from(live.counts[*status])).sum();
    format!("{settled} of 1000 settled")
}

const ROWS: u16 = 24;

/// A command in a terminal.
pub(super) struct Terminal {
    pty: Pty,
    screen: vt100::Parser,
    process: Running,
}

impl Terminal {
    /// Runs a command line, whose stdout may be a file.
    fn run(platform: &Background, columns: u16, line: &str, stdout: Option<std::fs::File>) -> Self {
        Self::run_in(platform, columns, line, stdout, &[])
    }

    /// The same with further variables.
    pub(super) fn run_in(
        platform: &Background,
        columns: u16,
        line: &str,
        stdout: Option<std::fs::File>,
        environment: &[(&str, &std::path::Path)],
    ) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(ROWS, columns)).unwrap();
        let command = Command::new(env!("CARGO_BIN_EXE_northbound"))
            .args(line.split_whitespace())
            .env("NORTHBOUND_ENDPOINT", platform.url())
            .envs(CREDENTIALS)
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("NORTHBOUND_TOKEN")
            .env_remove("NO_COLOR")
            // Nothing is remembered among the files of whoever runs the tests.
            .env_remove("HOME")
            .env_remove("XDG_STATE_HOME")
            .envs(environment.iter().copied());
        let command = if let Some(file) = stdout { command.stdout(file) } else { command };
        let process = Running(command.spawn(pts).unwrap());
        let screen = vt100::Parser::new(ROWS.try_into().unwrap(), columns.try_into().unwrap(), 0);
        Self { pty, screen, process }
    }

    /// Reads on; returns whether there was anything to read.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // A terminal whose last process has ended reports an error on Linux, and the end elsewhere.
        let read = self.pty.read(&mut bytes).unwrap_or(0);
        self.screen.process(&bytes[..read]);
        read > 0
    }

    /// Reads until a text is shown. What follows it on the screen may still be on its way.
    pub(super) fn until(&mut self, text: &str) -> String {
        self.until_one_of(&[text])
    }

    fn until_one_of(&mut self, texts: &[&str]) -> String {
        while !texts.iter().any(|text| self.shown().contains(text)) {
            assert!(self.read(), "the command ended without one of {texts:?}:\n{}", self.shown());
        }
        self.shown()
    }

    pub(super) fn end(&mut self) -> (Option<i32>, String) {
        while self.read() {}
        (self.process.code(), self.shown())
    }

    fn shown(&self) -> String {
        self.screen.screen().contents()
    }

    fn type_ctrl_c(&mut self) {
        self.type_text("\x03");
    }

    pub(super) fn type_text(&mut self, text: &str) {
        std::io::Write::write_all(&mut self.pty, text.as_bytes()).unwrap();
    }
}

/// The picture without its last facts, which depend on how fast this machine is; they have to be there.
fn steady(shown: &str) -> String {
    let lines: Vec<&str> = shown.lines().collect();
    let facts = lines.iter().position(|line| line.contains("failed or timed out")).unwrap() + 1;
    let moving = lines[facts..].join(" ");
    for fact in [" calls", "quota ", " of 100000 used"] {
        assert!(moving.contains(fact), "{moving}");
    }
    lines[..facts].join("\n") + "\n"
}

const WATCH: &str = "watch live --interval 20ms --quota 100000";

#[test]
fn a_watch_is_one_picture_that_changes_in_its_place() {
    let platform = platform();
    let mut terminal = Terminal::run(&platform, 80, WATCH, None);
    let mut seen = steady(&terminal.until("used"));
    for seconds in [20, 20] {
        platform.control().advance(Duration::from_secs(seconds));
        let settled = settled(&platform);
        terminal.until(&settled);
        seen += &format!("\n-- {seconds} s later --\n\n{}", steady(&terminal.until("used")));
    }
    platform.control().advance(Duration::from_secs(600));
    let (code, shown) = terminal.end();
    assert!(shown.contains("settled after "), "{shown}");
    seen += &format!("\n-- at the end, exit code {code:?} --\n\n{}", steady(&shown));
    insta::assert_snapshot!(seen);
}

#[test]
fn ctrl_c_leaves_the_picture_and_exit_code_130() {
    let platform = platform();
    let mut terminal = Terminal::run(&platform, 80, WATCH, None);
    terminal.until("used");
    terminal.type_ctrl_c();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130));
    assert!(shown.contains("0 of 1000 settled") && shown.contains("error: stopped"), "{shown}");
}

#[test]
fn a_terminal_gets_colours_unless_it_does_not_want_them() {
    let platform = platform();
    for (line, expected) in [("summary demo", true), ("summary demo --color never", false)] {
        let mut terminal = Terminal::run(&platform, 80, line, None);
        let (code, _) = terminal.end();
        let screen = terminal.screen.screen();
        let mut cells = (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
        let is_coloured = cells.any(|cell| cell.fgcolor() != vt100::Color::Default);
        assert_eq!((code, is_coloured), (Some(0), expected), "{line}");
    }
}

#[test]
fn every_command_says_what_it_waits_for() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let report = format!("report demo --out {}/report.html", folder.path().display());
    let lines = ["summary demo", "subtasks demo --page-size 50", &report, "doctor --task demo"];
    let waiting = lines.map(|line| Terminal::run(&platform, 120, &format!("{line} --quota 3"), None));
    for mut terminal in waiting {
        terminal
            .until_one_of(&["waiting for the quota, continues in ", "waiting for the platform's reply for "]);
        terminal.type_ctrl_c();
        let (code, shown) = terminal.end();
        assert!(code == Some(130) && !shown.contains("waiting for"), "it is taken away: {shown}");
    }
}

/// The login and two pages use the quota up.
#[test]
fn a_read_tells_how_far_it_is_and_that_it_waits_for_the_quota() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let line =
        format!("export demo --format csv --page-size 100 --quota 3 --out {}/rows", folder.path().display());
    let mut terminal = Terminal::run(&platform, 40, &line, None);
    let shown = terminal.until(": 3 calls in 1 min are used up");
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[1] == " 20.0 %  ██████▎" && lines[2].starts_with("200 of 1000 rows, "), "{shown}");
    assert!(lines[3].starts_with("about 2 min 5") && lines[3].ends_with(" left"), "three windows: {shown}");
    assert!(lines[4].starts_with("waiting for the quota, continues in 5"), "{shown}");
    assert!(lines[5].ends_with(": 3 calls in 1 min are used up"), "{shown}");
    terminal.type_ctrl_c();
    let (code, shown) = terminal.end();
    let mut told = shown.lines().skip(1);
    assert_eq!((code, told.next()), (Some(130), Some("error: stopped")), "the picture is gone: {shown}");
    assert!(told.next().unwrap().starts_with("help:  the same"), "{shown}");

    // Rows that go into a file leave the terminal to the progress.
    let file = folder.path().join("stdout");
    let stdout = std::fs::File::create(&file).unwrap();
    let line = "subtasks demo -o csv --page-size 100 --quota 3";
    let mut terminal = Terminal::run(&platform, 80, line, Some(stdout));
    let shown = terminal.until("waiting for the quota");
    assert!(shown.contains("\n200 rows so far, "), "{shown}");
    terminal.type_ctrl_c();
    let (code, shown) = terminal.end();
    assert!(code == Some(130) && shown.contains("; then the read ended\nerror: stopped"), "{shown}");
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 201);
}
