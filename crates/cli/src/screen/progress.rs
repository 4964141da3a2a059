//! Reports on stderr how far a read is: as a picture on a terminal, as a line now and then in a log.

use std::pin::pin;
use std::time::Duration;

use northbound::{Client, Quota};
use tokio::time::{Instant, sleep_until};

use crate::arguments::global::Global;
use crate::screen::chart::{bar, per_second, percent, span};
use crate::screen::layout::{counted, flowed};
use crate::screen::outlet::Outlet;
use crate::screen::palette::{Palette, QUIET};
use crate::screen::picture::Picture;

/// A read that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often a terminal is redrawn at most while rows come, and how often while none comes.
const DRAWN: Duration = Duration::from_millis(100);
const IDLE: Duration = Duration::from_secs(1);
/// How often a log gets a line.
const LOGGED: Duration = Duration::from_secs(30);
/// `100.0 %` and a gap.
const SHARE: usize = 9;

/// Reports on a read while it runs. It never fails: a read does not stop because nobody can see how far it is.
#[derive(Debug)]
pub(crate) struct Progress<'a, 'p> {
    kind: ProgressKind,
    stderr: &'a mut Outlet<'p>,
    quota: Quota,
    /// As it was when rows came last.
    snapshot: ReadSnapshot,
    began: Instant,
    came: Instant,
    due: Instant,
}

#[derive(Debug)]
enum ProgressKind {
    Silent,
    Picture(Picture),
    Log,
}

impl<'a, 'p> Progress<'a, 'p> {
    /// Starts reporting on a read by this client. Nothing else may write to stderr until it has finished.
    pub(crate) fn new(global: &Global, client: &Client, stderr: &'a mut Outlet<'p>) -> Self {
        let kind = if global.quiet {
            ProgressKind::Silent
        } else if stderr.is_terminal() && global.verbose == 0 {
            ProgressKind::Picture(Picture::default())
        } else if global.asks_json() {
            // A program reads errors there.
            ProgressKind::Silent
        } else {
            // Also on a terminal that shows traces: they would tear a picture.
            ProgressKind::Log
        };
        Self::of(kind, client.quota().clone(), stderr)
    }

    fn of(kind: ProgressKind, quota: Quota, stderr: &'a mut Outlet<'p>) -> Self {
        let began = Instant::now();
        let due = began + if matches!(kind, ProgressKind::Log) { LOGGED } else { PATIENCE };
        Self { kind, stderr, quota, snapshot: ReadSnapshot::default(), began, came: began, due }
    }

    /// Stops reporting: on one terminal its lines would be among the rows.
    pub(crate) fn silence(&mut self) {
        self.kind = ProgressKind::Silent;
    }

    /// Sets the number of rows that an earlier run has written.
    pub(crate) fn starts_from(&mut self, rows: u64) {
        self.snapshot.rows = rows;
    }

    /// Sets the number of rows by now, and of all rows if that is known.
    pub(crate) fn rows(&mut self, rows: u64, total: Option<u64>) {
        let snapshot = &mut self.snapshot;
        let fresh = rows.saturating_sub(snapshot.rows);
        (snapshot.rows, snapshot.total, snapshot.fresh) = (rows, total, snapshot.fresh + fresh);
        snapshot.page = snapshot.page.max(fresh);
        self.came = Instant::now();
        if matches!(self.kind, ProgressKind::Picture(_)) && !self.is_first() {
            self.due = self.due.min(self.came + DRAWN);
        }
        if self.came >= self.due {
            self.tell();
        }
    }

    fn is_first(&self) -> bool {
        self.due == self.began + PATIENCE
    }

    /// Waits for some work, and reports meanwhile.
    pub(crate) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if matches!(self.kind, ProgressKind::Silent) {
            return work.await;
        }
        loop {
            tokio::select! {
                biased;
                outcome = &mut work => return outcome,
                () = sleep_until(self.due) => self.tell(),
            }
        }
    }

    /// Leaves the terminal as it was: what comes next on stderr says how the read ended.
    pub(crate) fn finish(mut self) {
        if let ProgressKind::Picture(picture) = &mut self.kind {
            // See `Progress`.
            let _ = picture.draw(&[], self.stderr);
        }
    }

    fn tell(&mut self) {
        let (snapshot, stderr) = (self.snapshot(), &mut *self.stderr);
        // See `Progress`.
        let _ = match &mut self.kind {
            ProgressKind::Silent => Ok(()),
            ProgressKind::Picture(picture) => {
                self.due = Instant::now() + IDLE;
                picture.draw(&frame(&snapshot, stderr.width().unwrap_or(0), stderr.palette), stderr)
            }
            ProgressKind::Log => {
                self.due = Instant::now() + LOGGED;
                std::io::Write::write_all(stderr, (log_line(&snapshot) + "\n").as_bytes())
            }
        };
    }

    fn snapshot(&self) -> ReadSnapshot {
        let quota = self.quota.calls().map(|calls| QuotaState {
            calls,
            window: self.quota.window(),
            free: calls.saturating_sub(self.quota.used()),
        });
        ReadSnapshot { elapsed: self.began.elapsed(), idle: self.came.elapsed(), quota, ..self.snapshot }
    }
}

/// What can be seen of a read at one moment.
#[derive(Clone, Debug, Default)]
struct ReadSnapshot {
    rows: u64,
    total: Option<u64>,
    /// Rows that came in this run.
    fresh: u64,
    /// Rows that one call brings: the most that came at once.
    page: u64,
    elapsed: Duration,
    /// Since when nothing has come.
    idle: Duration,
    quota: Option<QuotaState>,
}

/// A quota at one moment.
#[derive(Clone, Copy, Debug)]
struct QuotaState {
    calls: u32,
    window: Duration,
    /// Calls that can be made at once.
    free: u32,
}

impl ReadSnapshot {
    /// Rows in a second, since the run began.
    fn rate(&self) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        (self.fresh > 0 && seconds >= 0.1).then(|| self.fresh as f64 / seconds)
    }

    /// How long the rest takes at this rate, and no less than the quota makes it.
    fn left(&self) -> Option<Duration> {
        let rows = self.total?.checked_sub(self.rows).filter(|rows| *rows > 0)?;
        let at_rate = Duration::try_from_secs_f64(rows as f64 / self.rate()?).ok()?;
        let by_quota = self.quota.filter(|_| self.page > 0).and_then(|quota| {
            let waiting = rows.div_ceil(self.page).saturating_sub(quota.free.into());
            let windows = u32::try_from(waiting.div_ceil(quota.calls.into())).ok()?;
            quota.window.checked_mul(windows)
        });
        Some(at_rate.max(by_quota.unwrap_or_default()))
    }

    fn facts(&self) -> Vec<String> {
        let Self { rows, total, .. } = self;
        let mut facts = vec![match total {
            Some(total) => format!("{rows} of {total} rows"),
            None => counted(*rows, "row"),
        }];
        if self.idle >= IDLE {
            facts.push(match self.quota {
                Some(QuotaState { calls, window, free: 0 }) => {
                    format!("waiting for the quota ({calls} in {})", span(window))
                }
                _ => "waiting for the platform".to_owned(),
            });
        }
        facts.extend(self.rate().map(per_second));
        facts.extend(self.left().map(|left| format!("about {} left", span(left))));
        facts
    }
}

/// What a terminal shows, no line wider than `width`.
fn frame(snapshot: &ReadSnapshot, width: usize, palette: Palette) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(total) = snapshot.total.filter(|total| *total > 0) {
        let room = width.saturating_sub(SHARE).min(crate::screen::chart::LONGEST_BAR);
        let share = percent(snapshot.rows, total);
        lines.push(format!("{share:>7}  {}", bar(snapshot.rows, total, room)).trim_end().to_owned());
    }
    lines.extend(flowed(&snapshot.facts(), width).iter().map(|line| palette.paint(QUIET, line)));
    lines
}

/// What a log shows.
fn log_line(snapshot: &ReadSnapshot) -> String {
    let mut facts = snapshot.facts();
    if let Some(total) = snapshot.total {
        facts[0] += &format!(" ({})", percent(snapshot.rows, total));
    }
    format!("{:>10}  {}", span(snapshot.elapsed), facts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::layout;

    fn snapshot() -> ReadSnapshot {
        let (rows, total, fresh, page) = (12_500, Some(30_000), 2_500, 250);
        let elapsed = Duration::from_secs(5);
        ReadSnapshot { rows, total, fresh, page, elapsed, idle: Duration::ZERO, quota: None }
    }

    fn limit(free: u32) -> Option<QuotaState> {
        Some(QuotaState { calls: 100, window: Duration::from_secs(60), free })
    }

    #[test]
    fn a_picture_shows_rows_share_rate_and_time_left_or_for_what_the_read_waits() {
        let waiting = |free| ReadSnapshot { idle: IDLE, quota: limit(free), ..snapshot() };
        let shown = [
            (60, snapshot()),
            (60, ReadSnapshot { rows: 1, fresh: 1, total: None, ..snapshot() }),
            (60, ReadSnapshot { rows: 0, fresh: 0, total: Some(0), ..snapshot() }),
            (40, waiting(0)),
            (40, waiting(1)),
            (40, ReadSnapshot { idle: IDLE, ..snapshot() }),
        ]
        .map(|(width, snapshot)| frame(&snapshot, width, Palette::default()).join("\n"));
        insta::assert_snapshot!(shown.join("\n\n"));
        for width in 0..100 {
            let lines = frame(&waiting(0), width, Palette::coloured());
            assert!(width < 8 || lines.iter().all(|line| layout::width(line) <= width), "{width}: {lines:?}");
        }
    }

    #[test]
    fn the_quota_makes_the_rest_take_its_windows() {
        let left = |total, free| ReadSnapshot { total: Some(total), quota: limit(free), ..snapshot() }.left();
        assert_eq!(left(30_000, 70), Some(Duration::from_secs(35)), "70 calls are left to make");
        assert_eq!(left(30_000, 69), Some(Duration::from_secs(60)));
        assert_eq!(left(1_012_500, 0), Some(Duration::from_secs(40 * 60)));
        assert_eq!(left(12_500, 0), None);
        assert_eq!(ReadSnapshot { total: None, ..snapshot() }.left(), None);
        let before_the_first_page = ReadSnapshot { page: 0, quota: limit(0), ..snapshot() };
        assert_eq!(before_the_first_page.left(), Some(Duration::from_secs(35)));
    }

    /// What is written while rows come every 20 ms for so many seconds, and none for as many more.
    async fn written(kind: ProgressKind, seconds: u64) -> String {
        let (mut written, width) = (Vec::new(), || 80);
        let mut stderr = Outlet::terminal(&mut written, &width);
        let mut progress = Progress::of(kind, Quota::unlimited(), &mut stderr);
        for page in 1..=seconds * 50 {
            progress.during(tokio::time::sleep(Duration::from_millis(20))).await;
            progress.rows(page, Some(seconds * 50));
        }
        progress.during(tokio::time::sleep(Duration::from_secs(seconds))).await;
        progress.finish();
        drop(stderr);
        String::from_utf8(written).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_terminal_is_redrawn_and_left_as_it_was_and_a_log_gets_a_line_in_half_a_minute() {
        let picture = || ProgressKind::Picture(Picture::default());
        let pictures = written(picture(), 10).await;
        let drawn = pictures.matches("rows").count();
        assert!((80..=112).contains(&drawn), "{drawn}");
        assert!(pictures.contains("500 of 500 rows, waiting for the platform, "), "{pictures}");
        assert!(pictures.ends_with("\u{1b}[2A\r\u{1b}[J"), "the picture is taken away");
        assert_eq!(
            written(ProgressKind::Log, 40).await,
            "      30 s  1500 of 2000 rows (75.0 %), 50/s, about 10 s left\n\
             \x20    1 min  2000 of 2000 rows (100.0 %), waiting for the platform, 33/s\n"
        );
        assert_eq!(written(picture(), 0).await, "", "a short read shows nothing");
        assert_eq!(written(ProgressKind::Silent, 40).await, "");
    }
}
