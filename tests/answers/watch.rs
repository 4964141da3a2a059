//! Watching a task until it is settled.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use northbound::{AppId, Client, Doubt, Method, Quota, Remedy, SubtaskStatus, Summary, WatchStream};
use serde_json::json;

use super::fleet::{Asked, Fleet, Unplugged, calls_of_a_summary, page};

/// A watch that does not rest.
fn watch(client: &Client) -> WatchStream {
    client.watch("demo").interval(Duration::ZERO, Duration::ZERO).share(1.0).stream()
}

async fn all(mut watch: WatchStream) -> Vec<Summary> {
    let mut summaries = Vec::new();
    while let Some(summary) = watch.try_next().await.unwrap() {
        summaries.push(summary);
    }
    summaries
}

fn settled(summaries: &[Summary]) -> Vec<(u64, bool)> {
    summaries.iter().map(|summary| (summary.settled(), summary.is_settled())).collect()
}

/// A task that gets one step further each time that Success has been counted.
async fn stepping(steps: &'static [&'static [(&'static str, u64)]]) -> Fleet {
    let counted = AtomicUsize::new(0);
    Fleet::answering(move |asked| {
        let is_new = asked.status.as_deref() == Some("Success");
        let counted = counted.fetch_add(usize::from(is_new), Ordering::Relaxed);
        let step = if is_new { counted } else { counted.saturating_sub(1) };
        (200, page(steps[step.min(steps.len() - 1)], asked))
    })
    .await
}

#[tokio::test]
async fn a_watch_asks_only_for_what_can_have_changed() {
    let fleet = stepping(&[
        &[("Success", 1), ("WaitResult", 2), ("Pending", 1)],
        &[("Success", 2), ("WaitResult", 2)],
        &[("Success", 3), ("WaitResult", 1)],
        &[("Success", 4)],
    ])
    .await;
    let summaries = all(watch(&fleet.client())).await;
    assert_eq!(settled(&summaries), [(1, false), (2, false), (3, false), (4, true)]);
    let polls = [
        &["all", "Success", "Fail", "Timeout", "WaitResult", "Pending"][..],
        &["Success", "Fail", "Timeout", "WaitResult", "Pending"],
        // Pending is empty for ever.
        &["Success", "Fail", "Timeout", "WaitResult"],
        &["Success", "Fail", "Timeout", "WaitResult", "all"],
    ];
    assert_eq!(fleet.asked(), polls.concat());
    assert_eq!(summaries.iter().map(Summary::calls).sum::<u64>(), fleet.calls() as u64);
}

#[tokio::test]
async fn a_subtask_between_two_counts_does_not_end_it() {
    let before: &[_] = &[("Success", 9), ("Pending", 1)];
    let after: &[_] = &[("Success", 9), ("WaitResult", 1)];
    let done: &[_] = &[("Success", 9), ("Timeout", 1)];
    // The last pending subtask moves when everything but Pending has been counted, and times out two polls later.
    let mut moments = vec![before; calls_of_a_summary() as usize - 1];
    moments.extend(vec![after; 10]);
    moments.push(done);
    let fleet = Fleet::of(moments).await;
    let summaries = all(watch(&fleet.client())).await;
    assert_eq!((summaries[0].count(&SubtaskStatus::Pending), summaries[0].other()), (0, 1));
    assert_eq!(summaries[1].count(&SubtaskStatus::WaitResult), 1);
    let last = summaries.last().unwrap();
    assert!(last.is_settled());
    assert_eq!((last.settled(), last.count(&SubtaskStatus::Timeout)), (10, 1));
    assert!(summaries[..summaries.len() - 1].iter().all(|summary| !summary.is_settled()));
}

#[tokio::test]
async fn a_settled_task_is_told_once() {
    let fleet = Fleet::of(vec![&[("Success", 3)]]).await;
    let mut watch = watch(&fleet.client());
    assert!(watch.try_next().await.unwrap().unwrap().is_settled());
    assert_eq!((watch.time_left(), watch.calls()), (Some(Duration::ZERO), calls_of_a_summary() + 1));
    assert_eq!(watch.try_next().await.unwrap(), None);
    assert_eq!(fleet.asked().last().unwrap(), "all");
}

/// What each of these platforms answers at first is no end, whatever else it is; then it settles, or does not.
#[tokio::test(start_paused = true)]
async fn a_watch_never_ends_before_the_task_is_settled() {
    type Moment = &'static [(&'static str, u64)];
    const MOMENT: Duration = Duration::from_secs(600);
    let done: Moment = &[("Success", 9), ("Fail", 1)];
    let ignores_filters = |asked: &Asked| Asked { status: None, ..asked.clone() };
    let honest = |asked: &Asked| asked.clone();
    for (first, then, question) in [
        (&[][..], Some(done), honest as fn(&Asked) -> Asked),
        (&[], None, ignores_filters),
        (&[("Executing", 10)], Some(done), honest),
        (&[("Executing", 10)], None, ignores_filters),
        (&[("Success", 9), ("Halted", 1)], Some(done), ignores_filters),
        (&[("Success", 9), ("Halted", 1)], None, honest),
        (&[("Success", 9), ("Pending", 1)], Some(&[("Success", 9)]), honest),
        (&[("Success", 9), ("Pending", 1)], Some(&[("Success", 9)]), ignores_filters),
        (&[("Success", 9), ("Pending", 1)], Some(&[]), honest),
        (&[("", 10)], None, honest),
    ] {
        let start = tokio::time::Instant::now();
        let moment =
            move |asked: &Asked| if asked.at < start + MOMENT { first } else { then.unwrap_or(first) };
        let platform = Unplugged::answering(move |asked| (200, page(moment(asked), &question(asked))));
        let client = Client::builder("https://platform.example").service(platform.service());
        let client = client.token(AppId::new("demo-app").unwrap(), "t0ken-of-the-test").build().unwrap();
        let mut watch = client.watch("demo").deadline(2 * MOMENT).stream();
        let mut last = None;
        let end = loop {
            match watch.try_next().await {
                Ok(Some(summary)) => last = Some(summary),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let (last, settles) = (last.unwrap(), then == Some(done));
        assert_eq!((end.is_ok(), last.is_settled()), (settles, settles), "{first:?} {then:?}: {last}");
        assert!(start.elapsed() >= if settles { MOMENT } else { 2 * MOMENT }, "{first:?}: {last}");
        assert!(end.err().is_none_or(|error| error.is_timeout()), "{first:?}: {last}");
    }
}

#[tokio::test]
async fn a_platform_that_must_be_read_is_watched_all_the_same() {
    const OPEN: &[(&str, u64)] = &[("Success", 1), ("WaitResult", 1)];
    const DONE: &[(&str, u64)] = &[("Success", 1), ("Fail", 1)];
    let fleet = Fleet::answering(|asked| {
        let moment = if asked.number < 5 { OPEN } else { DONE };
        (200, page(moment, &Asked { status: None, ..asked.clone() }))
    })
    .await;
    let summaries = all(watch(&fleet.client())).await;
    assert_eq!(fleet.asked(), ["all", "Success", "Fail", "Fail", "all 0/250", "all 0/250"]);
    assert_eq!(settled(&summaries), [(1, false), (2, true)]);
    assert!(summaries.iter().all(|summary| summary.method() == Method::Read(Doubt::FilterIgnored)));
}

/// 12 pages, on a platform that ignores the filter.
#[tokio::test(start_paused = true)]
async fn a_watch_that_must_read_keeps_its_share_and_counts_its_calls() {
    const TASK: &[(&str, u64)] = &[("Fail", 1), ("Success", 2999)];
    const WINDOW: Duration = Duration::from_secs(30);
    for (quota, share, allowed) in [
        (Quota::new(10, WINDOW).unwrap(), 0.5, 5),
        (Quota::new(10, WINDOW).unwrap(), 1.0, 10),
        (Quota::unlimited(), 0.05, 14),
    ] {
        let platform =
            Unplugged::answering(|asked| (200, page(TASK, &Asked { status: None, ..asked.clone() })));
        let client = Client::builder("https://platform.example").quota(quota.clone());
        let client = client.token(AppId::new("demo-app").unwrap(), "t0ken-of-the-test");
        let client = client.service(platform.service()).build().unwrap();
        let mut watch = client.watch("demo").share(share).stream();
        let summary = watch.try_next().await.unwrap().unwrap();
        assert_eq!((summary.settled(), summary.method()), (3000, Method::Read(Doubt::FilterIgnored)));
        let asked = platform.asked();
        assert_eq!((asked.len(), summary.calls(), watch.calls()), (15, 15, 15), "three to doubt, 12 to read");
        let spans = asked.windows(allowed + 1).map(|calls| calls[allowed].at - calls[0].at);
        let span = quota.calls().map_or(Duration::ZERO, |_| quota.window());
        assert_eq!(spans.min(), Some(span), "{allowed} calls a window, and no fewer");
    }
}

#[tokio::test]
async fn the_deadline_tells_how_far_it_came() {
    let fleet = Fleet::of(vec![&[("Success", 2), ("WaitResult", 1)]]).await;
    let rest = Duration::from_secs(3600);
    let mut watch = fleet.client().watch("demo").interval(rest, rest).deadline(rest / 2).stream();
    assert_eq!(watch.try_next().await.unwrap().unwrap().settled(), 2);
    // No call is under way, so the clock can run to the deadline by itself.
    tokio::time::pause();
    let error = watch.try_next().await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.asked(), Some("watch of batch task demo"));
    let found = "not settled within 1800s: 2 of 3 subtasks are settled, 1 WaitResult, 2 Success";
    assert_eq!((error.found(), error.remedy()), (found, &Remedy::WatchLonger));
    assert_eq!(watch.try_next().await.unwrap(), None);
    assert_eq!(fleet.calls() as u64, calls_of_a_summary());
}

#[tokio::test]
async fn a_deadline_that_is_over_asks_nothing() {
    let fleet = Fleet::of(vec![&[("Success", 2)]]).await;
    let error = fleet.client().watch("demo").deadline(Duration::ZERO).stream().try_next().await.unwrap_err();
    assert!(error.to_string().contains("no count has come in yet"), "{error}");
    assert_eq!(fleet.calls(), 0);
}

#[tokio::test]
async fn no_span_of_time_is_too_long() {
    for longest in [Duration::MAX, Duration::from_secs(i64::MAX.unsigned_abs() - 10_000_000)] {
        let fleet = Fleet::of(vec![&[("Success", 2)]]).await;
        let builder =
            Client::builder(fleet.url()).deadline(longest).timeout(longest).connect_timeout(longest);
        let builder = builder.token(AppId::new("demo-app").unwrap(), "t0ken-of-the-test");
        let client = builder.retry(northbound::Retry::new().between(longest, longest)).build().unwrap();
        let mut watch = client.watch("demo").interval(longest, longest).deadline(longest).stream();
        assert!(watch.try_next().await.unwrap().unwrap().is_settled());
    }
}

#[tokio::test]
async fn a_call_that_fails_ends_the_watch() {
    let failed = json!({ "error_code": "50252", "error_desc": "Internal server error." });
    let fleet = Fleet::answering(move |asked| match asked.status {
        None => (200, page(&[("Pending", 2)], asked)),
        Some(_) => (500, failed.clone()),
    })
    .await;
    let mut watch = watch(&fleet.client());
    assert!(watch.try_next().await.unwrap_err().is_platform_fault());
    let calls = fleet.calls();
    assert_eq!(watch.try_next().await.unwrap(), None);
    assert_eq!(fleet.calls(), calls);
}

#[tokio::test]
async fn a_share_that_is_none_is_refused() {
    let fleet = Fleet::of(vec![&[]]).await;
    for share in [0.0, -0.5, 1.01, f64::NAN, f64::INFINITY] {
        let error = fleet.client().watch("demo").share(share).stream().try_next().await.unwrap_err();
        assert!(error.is_refused(), "{error}");
    }
    assert_eq!(fleet.calls(), 0);
}
