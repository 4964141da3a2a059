//! Reports on stderr how far a read is and what a command waits for: as a picture on a terminal, as a line now and then in a log.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use northbound::client_layer::PAGE_SIZE;
use northbound::{Client, QUOTA, Quota, WaitReason, Waiting};
use tokio::time::{Instant, sleep_until};

use crate::arguments::global::Global;
use crate::screen::chart::{bar, per_second, percent, span};
use crate::screen::estimate::{Estimate, QuotaState};
use crate::screen::layout::{counted, flowed, wrapped};
use crate::screen::outlet::Outlet;
use crate::screen::palette::{Palette, QUIET};
use crate::screen::picture::{self, Picture};
use crate::screen::waiting;

/// A read that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often a terminal is redrawn at most while rows come, and how often while none comes.
const DRAWN: Duration = Duration::from_millis(100);
const IDLE: Duration = Duration::from_secs(1);
/// How often a log gets a line.
const LOGGED: Duration = Duration::from_secs(30);
/// `100.0 %` and a gap.
const SHARE: usize = 9;

/// Reports on some work of a command. It never fails: a read does not stop because nobody can see how far it is.
#[derive(Debug)]
pub(crate) struct Progress<'a, 'p> {
    kind: ProgressKind,
    stderr: &'a mut Outlet<'p>,
    client: Option<Client>,
    /// How far the read is, if the work is one.
    read: Option<ReadSnapshot>,
    /// Calls that the client had begun before the read.
    calls_before: u64,
    /// What a terminal shows of the work that is done.
    done: Rc<RefCell<Vec<String>>>,
    began: Instant,
    due: Instant,
}

#[derive(Debug)]
enum ProgressKind {
    Silent,
    Picture(Picture),
    /// When the next line is due.
    Log(Instant),
}

impl<'a, 'p> Progress<'a, 'p> {
    /// Starts reporting what the calls of this client wait for. Nothing else may write to stderr until it has finished.
    pub(crate) fn new(global: &Global, client: Option<&Client>, stderr: &'a mut Outlet<'p>) -> Self {
        let kind = if global.quiet {
            ProgressKind::Silent
        } else if stderr.is_redrawn() && global.verbose == 0 {
            ProgressKind::Picture(Picture::default())
        } else if global.asks_json() {
            // A program reads errors there.
            ProgressKind::Silent
        } else {
            // Also on a terminal that shows traces: they would tear a picture.
            ProgressKind::Log(Instant::now() + LOGGED)
        };
        Self::of(kind, client, stderr)
    }

    fn of(kind: ProgressKind, client: Option<&Client>, stderr: &'a mut Outlet<'p>) -> Self {
        let began = Instant::now();
        Self {
            kind,
            stderr,
            client: client.cloned(),
            read: None,
            calls_before: 0,
            done: Rc::default(),
            began,
            due: began + PATIENCE,
        }
    }

    /// Reports how far a read is as well. Each of its calls asks for this number of rows.
    pub(crate) fn reading(mut self, page_size: Option<u32>) -> Self {
        let page = page_size.unwrap_or(PAGE_SIZE.largest);
        self.calls_before = self.calls();
        self.read = Some(ReadSnapshot { rows: 0, total: None, estimate: Estimate::new(page, self.began) });
        self
    }

    fn calls(&self) -> u64 {
        self.client.as_ref().map_or(0, Client::calls)
    }

    /// The lines that a terminal shows of the work that is done: the work fills them in.
    pub(crate) fn done(&self) -> Rc<RefCell<Vec<String>>> {
        Rc::clone(&self.done)
    }

    /// Stops reporting: on one terminal its lines would be among the rows.
    pub(crate) fn silence(&mut self) {
        self.kind = ProgressKind::Silent;
    }

    /// Leaves a terminal to the picture that is on it.
    pub(crate) fn leave_terminal(&mut self) {
        if self.stderr.is_terminal() {
            self.silence();
        }
    }

    /// Sets the number of rows that an earlier run has written.
    pub(crate) fn starts_from(&mut self, rows: u64) {
        self.read.iter_mut().for_each(|read| read.rows = rows);
    }

    /// Sets the number of rows by now, and of all rows if that is known.
    pub(crate) fn rows(&mut self, rows: u64, total: Option<u64>) {
        let (now, calls) = (Instant::now(), self.calls());
        let Some(read) = &mut self.read else { return };
        if rows == 0 {
            self.calls_before = calls;
        }
        read.estimate.rows(rows.saturating_sub(read.rows), now);
        (read.rows, read.total) = (rows, total);
        if matches!(self.kind, ProgressKind::Picture(_)) && !self.is_first() {
            self.due = self.due.min(now + DRAWN);
        }
        if now >= self.due {
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

    /// Leaves the terminal as it was: what comes next on stderr says how the work ended.
    pub(crate) fn finish(mut self) {
        if let ProgressKind::Picture(picture) = &mut self.kind {
            // See `Progress`.
            let _ = picture.draw(&[], self.stderr);
        }
    }

    fn tell(&mut self) {
        let now = Instant::now();
        self.due = match self.kind {
            ProgressKind::Log(due) if due > now => due.min(now + IDLE),
            _ => now + IDLE,
        };
        let (pace, waiting) = self.waiting(now);
        let facts = self.read.as_ref().map(|read| read.facts(&pace, now)).unwrap_or_default();
        let (read, stderr) = (self.read.as_ref(), &mut *self.stderr);
        // See `Progress`.
        let _ = match &mut self.kind {
            ProgressKind::Picture(picture) => {
                let (width, palette) = (stderr.width().unwrap_or(0), stderr.palette);
                let mut below = read.map(|read| read.frame(&facts, width, palette)).unwrap_or_default();
                let waiting = waiting.iter().flat_map(|line| wrapped(line, width));
                below.extend(waiting.map(|line| palette.paint(QUIET, &line)));
                let mut lines = self.done.borrow().clone();
                lines.truncate(picture::room(stderr).saturating_sub(below.len()));
                lines.append(&mut below);
                picture.draw(&lines, stderr)
            }
            ProgressKind::Log(due) if now >= *due && (read.is_some() || waiting.is_some()) => {
                *due = now + LOGGED;
                let mut facts = facts;
                if let Some(total) = read.and_then(|read| read.total.map(|total| (read.rows, total))) {
                    facts[0] += &format!(" ({})", percent(total.0, total.1));
                }
                let told = facts.into_iter().chain(waiting).collect::<Vec<_>>().join(", ");
                let line = format!("{:>10}  {told}\n", span(now - self.began));
                std::io::Write::write_all(stderr, line.as_bytes())
            }
            _ => Ok(()),
        };
    }

    /// What rules the pace now, and the line that says what the command waits for.
    fn waiting(&mut self, now: Instant) -> (Pace, Option<String>) {
        let Some(client) = &self.client else {
            let so_far = now - self.began;
            let is_long = self.read.is_none() && so_far >= waiting::PATIENCE;
            let line = is_long.then(|| waiting::unknown(so_far));
            return (Pace::default(), line);
        };
        let quota = client.quota().clone();
        let mut pace = Pace { begun: client.calls() - self.calls_before, ..Pace::default() };
        let wait = client.waiting().filter(|wait| wait.until.is_some() || now - wait.since >= IDLE);
        if let Some(Waiting { reason, until, .. }) = wait
            && !matches!(reason, WaitReason::Reply | WaitReason::TokenSource)
        {
            let of_quota = matches!(reason, WaitReason::Quota);
            let until = until.filter(|_| !of_quota);
            pace.paused = until.map(|until| until.saturating_duration_since(now)).unwrap_or_default();
            let is_throttled = matches!(reason, WaitReason::QuotaUsedElsewhere);
            let spacing = quota.window() / quota.calls().unwrap_or(QUOTA.calls);
            // After a pause calls are spread: that is their pace, and no wait.
            if !is_throttled || pace.paused > spacing {
                pace.begun = if of_quota { 0 } else { pace.begun };
                self.read.iter_mut().for_each(|read| read.estimate.waits(is_throttled));
            } else {
                pace.paused = Duration::ZERO;
            }
        }
        let line = waiting::line_of(client);
        pace.quota = Some(quota);
        (pace, line)
    }
}

/// What rules the pace of a read at one moment.
#[derive(Debug, Default)]
struct Pace {
    quota: Option<Quota>,
    /// Calls of the read that have begun, if none of them waits for the quota.
    begun: u64,
    /// For how long nothing is called because of others.
    paused: Duration,
}

/// How far a read is.
#[derive(Clone, Debug)]
struct ReadSnapshot {
    rows: u64,
    total: Option<u64>,
    estimate: Estimate,
}

impl ReadSnapshot {
    fn facts(&self, pace: &Pace, now: Instant) -> Vec<String> {
        let Self { rows, total, estimate } = self;
        let mut facts = vec![match total {
            Some(total) => format!("{rows} of {total} rows"),
            None => format!("{} so far", counted(*rows, "row")),
        }];
        facts.extend(estimate.rate(now).map(per_second));
        let forecast = |calls| pace.quota.as_ref().map(|quota| quota.forecast(calls)).unwrap_or_default();
        let quota = pace.quota.as_ref().map(|quota| QuotaState {
            forecast: &forecast,
            calls: quota.calls().unwrap_or(QUOTA.calls),
            window: quota.window(),
            in_flight: estimate.in_flight(pace.begun),
        });
        let left =
            total.and_then(|total| estimate.left(total.saturating_sub(*rows), quota, pace.paused, now));
        let left = left.filter(|left| left.as_secs() > 0);
        facts.extend(left.map(|left| format!("about {} left", span(left))));
        facts
    }

    /// What a terminal shows, no line wider than `width`.
    fn frame(&self, facts: &[String], width: usize, palette: Palette) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(total) = self.total.filter(|total| *total > 0) {
            let room = width.saturating_sub(SHARE).min(crate::screen::chart::LONGEST_BAR);
            let share = percent(self.rows, total);
            lines.push(format!("{share:>7}  {}", bar(self.rows, total, room, palette)).trim_end().to_owned());
        }
        lines.extend(flowed(facts, width).iter().map(|line| palette.paint(QUIET, line)));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::layout;

    #[tokio::test(start_paused = true)]
    async fn a_picture_shows_rows_share_rate_and_time_left() {
        let mut estimate = Estimate::new(250, Instant::now());
        for rows in [0, 250, 2_250] {
            tokio::time::advance(Duration::from_millis(2_500)).await;
            estimate.rows(rows, Instant::now());
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        let now = Instant::now();
        let snapshot = |rows, total| ReadSnapshot { rows, total, estimate: estimate.clone() };
        let pace = |quota| Pace { quota, ..Pace::default() };
        let limit = || Some(Quota::default());
        let frame = |snapshot: &ReadSnapshot, quota, width| {
            snapshot.frame(&snapshot.facts(&pace(quota), now), width, Palette::default())
        };
        let shown = [
            frame(&snapshot(12_500, Some(30_000)), None, 60),
            frame(&snapshot(1, None), None, 60),
            frame(&snapshot(0, Some(0)), None, 60),
            frame(&snapshot(12_500, Some(1_012_500)), limit(), 40),
        ];
        insta::assert_snapshot!(shown.map(|lines| lines.join("\n")).join("\n\n"));
        for width in 0..100 {
            let lines = frame(&snapshot(12_500, Some(30_000)), limit(), width);
            assert!(width < 8 || lines.iter().all(|line| layout::width(line) <= width), "{width}: {lines:?}");
        }
    }

    /// What is written while rows come every 20 ms for so many seconds, and none for as many more.
    async fn written(kind: ProgressKind, seconds: u64) -> String {
        let (mut written, size) = (Vec::new(), || (80, 24));
        let mut stderr = Outlet::terminal(&mut written, &size);
        let mut progress = Progress::of(kind, None, &mut stderr).reading(Some(1));
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
        assert!(pictures.contains("500 of 500 rows, 42/s\n"), "{pictures}");
        assert!(pictures.ends_with("\u{1b}[2A\r\u{1b}[J"), "the picture is taken away");
        assert_eq!(
            written(ProgressKind::Log(Instant::now() + LOGGED), 40).await,
            "      30 s  1500 of 2000 rows (75.0 %), 50/s, about 10 s left\n\
             \x20    1 min  2000 of 2000 rows (100.0 %), 33/s\n"
        );
        assert_eq!(written(picture(), 0).await, "", "a short read shows nothing");
        assert_eq!(written(ProgressKind::Silent, 40).await, "");
    }
}
