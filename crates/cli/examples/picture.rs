//! Draws the picture of `northbound --emulator watch live` that the README shows, from what the command really prints.
//!
//! `cargo run --release -p northbound-cli --example picture -- crates/cli/watch.svg` takes a minute: that is how long the task lives.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a script that cannot go on fails")]

use std::fmt::Write as _;
use std::io;

use anstyle_svg::{Term, WIN10_CONSOLE};
use northbound_cli::{Outlet, Process};

const COLUMNS: u16 = 80;
/// How long the picture shows each state of the task, and the last one.
const SECONDS: f64 = 0.7;
const LAST_SECONDS: f64 = 4.0;

/// What the terminal shows whenever the counts have changed: what lies between differs by the seconds alone.
#[derive(Default)]
struct Recorder(Vec<String>);

/// The command draws a picture with one write.
impl io::Write for Recorder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        // What comes before it takes the old picture away.
        let picture = text.rsplit("\u{1b}[J").next().unwrap_or_default().to_owned();
        match self.0.last_mut() {
            Some(last) if counts(last) == counts(&picture) => *last = picture,
            _ => self.0.push(picture),
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
    let (mut recorder, mut stderr) = (Recorder::default(), io::stderr());
    let environment = |name: &str| match name {
        "TERM" => Some("xterm-256color".to_owned()),
        "LANG" => Some("C.UTF-8".to_owned()),
        _ => None,
    };
    let size = || (COLUMNS, 0);
    let process =
        Process::new(&environment, Outlet::terminal(&mut recorder, &size), Outlet::plain(&mut stderr));
    let code = northbound_cli::run(arguments.map(Into::into), process);
    assert_eq!(code, 0);
    std::fs::write(&path, picture(&recorder.0)).expect("the picture cannot be written");
}

fn counts(picture: &str) -> String {
    picture.lines().take_while(|line| !line.contains("failed or timed out")).collect()
}

fn picture(states: &[String]) -> String {
    let all = states.len().saturating_sub(1) as f64 * SECONDS + LAST_SECONDS;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 692 272">
<title>northbound --emulator watch live: a batch task settles</title>
<style>
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
    let terminal = Term::new().palette(WIN10_CONSOLE).background(false).min_width_px(672);
    for (place, state) in states.iter().enumerate() {
        // A negative delay starts the picture in the middle of its round.
        let delay = place as f64 * SECONDS - all;
        let drawn = terminal.render_svg(&format!("$ northbound --emulator watch live\n\n{state}"));
        let _ = writeln!(svg, r#"<g class="s" style="animation-delay:{delay:.1}s">{drawn}</g>"#);
    }
    svg + "</svg>\n"
}
