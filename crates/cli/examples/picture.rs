//! Draws the picture of `northbound --emulator watch live` that the README shows, from what the command really prints.
//!
//! `cargo run --release -p northbound-cli --example picture -- crates/cli/watch.svg` takes a minute: that is how long the task lives.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a script that cannot go on fails")]

use std::fmt::Write as _;
use std::io;

use northbound_cli::{Outlet, Process};
use vt100::{Color, Parser, Screen};

const COLUMNS: u16 = 80;
const ROWS: u16 = 14;
/// How long the picture shows each state of the task, and the last one.
const SECONDS: f64 = 0.7;
const LAST_SECONDS: f64 = 4.0;

/// The screen whenever the counts have changed: what lies between differs by the seconds alone.
struct Recorder {
    terminal: Parser,
    states: Vec<Screen>,
}

/// The command draws a picture with one write.
impl io::Write for Recorder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A terminal's driver turns a line feed into a new line.
        self.terminal.process(String::from_utf8_lossy(bytes).replace('\n', "\r\n").as_bytes());
        let screen = self.terminal.screen().clone();
        match self.states.last_mut() {
            Some(last) if counts(last) == counts(&screen) => *last = screen,
            _ => self.states.push(screen),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() {
    let path = std::env::args().nth(1).expect("usage: picture FILE.svg");
    let arguments = ["northbound", "--emulator", "--color", "always", "watch", "live"];
    let terminal = Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
    let mut recorder = Recorder { terminal, states: Vec::new() };
    recorder.terminal.process(b"$ northbound --emulator watch live\r\n\r\n");
    let mut stderr = io::stderr();
    let (environment, columns) = (|_: &str| None, || COLUMNS);
    let process =
        Process::new(&environment, Outlet::terminal(&mut recorder, &columns), Outlet::plain(&mut stderr));
    let code = northbound_cli::run(arguments.map(Into::into), process);
    assert_eq!(code, 0);
    std::fs::write(&path, picture(&recorder.states)).expect("the picture cannot be written");
}

fn counts(screen: &Screen) -> String {
    screen.contents().lines().take_while(|line| !line.contains("failed or timed out")).collect()
}

fn picture(states: &[Screen]) -> String {
    let (cell, line, margin) = (8.4, 19.0, 16.0);
    let (width, height) = (f64::from(COLUMNS) * cell + 2.0 * margin, f64::from(ROWS) * line + 2.0 * margin);
    let before = states.len().saturating_sub(1) as f64 * SECONDS;
    let all = before + LAST_SECONDS;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">
<title>northbound --emulator watch live: a batch task settles</title>
<style>
text {{ white-space: pre; fill: #d8dee9 }}
.s {{ visibility: hidden; animation: each {all:.1}s step-end infinite }}
.s:last-child {{ visibility: visible; animation-name: last }}
@keyframes each {{ 0% {{ visibility: visible }} {:.3}% {{ visibility: hidden }} }}
@keyframes last {{ 0% {{ visibility: visible }} {:.3}% {{ visibility: hidden }} }}
</style>
<rect width="100%" height="100%" rx="8" fill="#1b1f27"/>
"##,
        100.0 * SECONDS / all,
        100.0 * LAST_SECONDS / all,
    );
    for (place, state) in states.iter().enumerate() {
        // A negative delay starts the picture in the middle of its round.
        let delay = place as f64 * SECONDS - all;
        let _ = writeln!(svg, r#"<g class="s" style="animation-delay:{delay:.1}s">"#);
        for row in 0..ROWS {
            let spans = spans(state, row);
            if !spans.is_empty() {
                let y = margin + line * (f64::from(row) + 0.75);
                let _ = writeln!(svg, r#"<text x="{margin}" y="{y:.1}">{spans}</text>"#);
            }
        }
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

/// A row of the screen: characters of one colour share a span.
fn spans(screen: &Screen, row: u16) -> String {
    let mut spans: Vec<(String, String)> = Vec::new();
    for cell in (0..COLUMNS).filter_map(|column| screen.cell(row, column)) {
        let style = style(cell);
        let contents = if cell.has_contents() { cell.contents() } else { " " };
        match spans.last_mut() {
            Some((text, same)) if *same == style => text.push_str(contents),
            _ => spans.push((contents.to_owned(), style)),
        }
    }
    while spans.last().is_some_and(|(text, _)| text.trim().is_empty()) {
        spans.pop();
    }
    let spans = spans.into_iter().map(|(text, style)| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        if style.is_empty() { text } else { format!("<tspan {style}>{text}</tspan>") }
    });
    spans.collect::<String>().trim_end().to_owned()
}

fn style(cell: &vt100::Cell) -> String {
    let mut style = match cell.fgcolor() {
        Color::Idx(1) => r##"fill="#e06c75""##,
        Color::Idx(2) => r##"fill="#98c379""##,
        Color::Idx(3) => r##"fill="#e5c07b""##,
        Color::Idx(4) => r##"fill="#61afef""##,
        _ if cell.dim() => r##"fill="#8b93a3""##,
        _ => "",
    }
    .to_owned();
    if cell.bold() {
        style += r#" font-weight="bold""#;
    }
    style
}
