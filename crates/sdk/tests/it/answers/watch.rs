//! Watching a task until it is settled, with the time simulated. What is asked when, and when a watch may end, is tested on the
//! state machine (`answers/watch/rounds.rs`).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use northbound::{
    Client, Doubt, Error, Method, Quota, Remedy, SubtaskStatus, Summary, WaitReason, WatchStream,
};
use northbound_testkit::{Asked, Platform, json_reply};
use tokio::time::Instant;

use super::calls_of_a_summary;
use crate::support::{
    Clients as _, Task, Window, answer, calls_of, fleet, page, page_or_counters, unfiltered,
};

/// A watch that does not rest.
fn watch(client: &Client) -> WatchStream {
    client.watch("demo").interval(Duration::ZERO, Duration::ZERO).share(1.0).stream()
}

/// All summaries, and the error with which the watch ends.
async fn all(mut watch: WatchStream) -> (Vec<Summary>, Option<Error>) {
    let mut summaries = Vec::new();
    loop {
        match watch.try_next().await {
            Ok(Some(summary)) => summaries.push(summary),
            Ok(None) => return (summaries, None),
            Err(error) => return (summaries, Some(error)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_asks_until_the_task_is_settled_and_then_no_more() {
    const OPEN: &Task = &[("Success", 1), ("WaitResult", 3)];
    let mut moments = vec![OPEN; calls_of_a_summary() + 1];
    moments.push(&[("Success", 4)]);
    let platform = fleet(moments);
    let mut watch = watch(&platform.client());
    assert_eq!(watch.try_next().await.unwrap().unwrap().settled(), 1);
    let last = watch.try_next().await.unwrap().unwrap();
    assert!(last.is_settled());
    // Nothing is Pending any more, and Success has to be all.
    assert_eq!(calls_of(&platform)[6..], ["Success", "Fail", "Timeout", "WaitResult", "all"]);
    assert_eq!((watch.time_left(), watch.calls()), (Some(Duration::ZERO), platform.calls() as u64));
    assert_eq!(watch.try_next().await.unwrap(), None);
}

/// What each of these platforms answers at first is no end, whatever else it is; then it settles, or does not.
#[tokio::test(start_paused = true)]
async fn a_watch_never_ends_before_the_task_is_settled() {
    /// The task at first and later, if it changes, and what the platform makes of a call.
    type Row = (&'static Task, Option<&'static Task>, fn(&Asked) -> Window);
    const MOMENT: Duration = Duration::from_secs(600);
    let done: &'static Task = &[("Success", 9), ("Fail", 1)];
    let honest = Window::of as fn(&Asked) -> Window;
    let ignores_filters = Window::without_filter;
    let rows: [Row; 10] = [
        (&[], Some(done), honest),
        (&[], None, ignores_filters),
        (&[("Executing", 10)], Some(done), honest),
        (&[("Executing", 10)], None, ignores_filters),
        (&[("Success", 9), ("Halted", 1)], Some(done), ignores_filters),
        (&[("Success", 9), ("Halted", 1)], None, honest),
        (&[("Success", 9), ("Pending", 1)], Some(&[("Success", 9)]), honest),
        (&[("Success", 9), ("Pending", 1)], Some(&[("Success", 9)]), ignores_filters),
        (&[("Success", 9), ("Pending", 1)], Some(&[]), honest),
        (&[("", 10)], None, honest),
    ];
    for (first, then, window) in rows {
        let start = Instant::now();
        let moment =
            move |asked: &Asked| if asked.at < start + MOMENT { first } else { then.unwrap_or(first) };
        let platform = Platform::in_process(move |asked| answer(moment(asked), asked, window));
        let client = platform.builder().quota(Quota::default()).build().unwrap();
        let (summaries, end) = all(client.watch("demo").deadline(2 * MOMENT).stream()).await;
        let (last, settles) = (summaries.last().unwrap(), then == Some(done));
        assert_eq!((end.is_none(), last.is_settled()), (settles, settles), "{first:?} {then:?}: {last}");
        assert!(start.elapsed() >= if settles { MOMENT } else { 2 * MOMENT }, "{first:?}: {last}");
        assert!(end.is_none_or(|error| error.is_timeout()), "{first:?}: {last}");
    }
}

#[tokio::test]
async fn a_platform_that_must_be_read_is_watched_all_the_same() {
    let platform = Platform::in_process(|asked| {
        let last = if asked.number < 6 { "WaitResult" } else { "Fail" };
        unfiltered(&[("Success", 1), (last, 1)], asked)
    });
    let (summaries, end) = all(watch(&platform.client())).await;
    assert_eq!(calls_of(&platform), ["all", "Success", "Fail", "Fail", "all 0/250", "all 0/250"]);
    let settled: Vec<_> = summaries.iter().map(|summary| (summary.settled(), summary.is_settled())).collect();
    assert_eq!((settled, end.is_none()), (vec![(1, false), (2, true)], true));
    assert!(summaries.iter().all(|summary| summary.method() == Method::Read(Doubt::FilterIgnored)));
}

/// 12 pages, on a platform that ignores the filter.
#[tokio::test(start_paused = true)]
async fn a_watch_that_must_read_keeps_its_share_and_counts_its_calls() {
    const WINDOW: Duration = Duration::from_secs(30);
    for (quota, share, allowed) in [
        (Quota::new(10, WINDOW).unwrap(), 0.5, 5),
        (Quota::new(10, WINDOW).unwrap(), 1.0, 10),
        (Quota::unlimited(), 0.05, 14),
    ] {
        let platform = Platform::in_process(|asked| unfiltered(&[("Fail", 1), ("Success", 2999)], asked));
        let client = platform.builder().quota(quota.clone()).build().unwrap();
        let mut watch = client.watch("demo").share(share).stream();
        let summary = watch.try_next().await.unwrap().unwrap();
        assert_eq!((summary.settled(), summary.method()), (3000, Method::Read(Doubt::FilterIgnored)));
        let asked = platform.asked();
        assert_eq!((asked.len(), summary.calls(), watch.calls()), (16, 16, 16), "four to doubt, 12 to read");
        let spans = asked.windows(allowed + 1).map(|calls| calls[allowed].at - calls[0].at);
        let span = quota.calls().map_or(Duration::ZERO, |_| quota.window());
        assert_eq!(spans.min(), Some(span), "{allowed} calls a window, and no fewer");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_says_how_far_it_came() {
    let rows: [(&Task, &str, Remedy); 3] = [
        (
            &[("Success", 2), ("WaitResult", 1)],
            "2 of 3 subtasks are settled, 1 WaitResult, 2 Success",
            Remedy::WatchLonger,
        ),
        (
            &[("Success", 1), ("Halted", 2)],
            "1 of 3 subtasks are settled, 1 Success, 2 not found in a documented status",
            Remedy::ReadSubtasks { other: 2, total: 3 },
        ),
        (&[], "the task has no subtasks", Remedy::AllowEmpty),
    ];
    let hour = Duration::from_secs(3600);
    for (task, far, remedy) in rows {
        let platform = fleet(vec![task]);
        let watch =
            |deadline| platform.client().watch("demo").interval(hour, hour).deadline(deadline).stream();
        let (summaries, error) = all(watch(hour / 2)).await;
        let error = error.unwrap();
        assert_eq!((summaries.len(), error.asked()), (1, Some("watch of batch task demo")));
        assert_eq!(error.found(), format!("not settled within 30 min: {far}"));
        assert_eq!((error.is_timeout(), error.remedy()), (true, &remedy));
        assert_eq!(platform.calls(), calls_of_a_summary() + 1);
        let error = all(watch(Duration::ZERO)).await.1.unwrap();
        assert!(error.to_string().contains("no count has come in yet"), "{error}");
        assert_eq!(platform.calls(), calls_of_a_summary() + 1, "a deadline that is over asks nothing");
    }
}

#[tokio::test]
async fn no_span_of_time_is_too_long() {
    for longest in [Duration::MAX, Duration::from_secs(i64::MAX.unsigned_abs() - 10_000_000)] {
        let platform = Platform::start(|asked| page(&[("Success", 2)], asked)).await;
        let builder = platform.builder().deadline(longest).timeout(longest).connect_timeout(longest);
        let client = builder.retry(northbound::Retry::new().between(longest, longest)).build().unwrap();
        let mut watch = client.watch("demo").interval(longest, longest).deadline(longest).stream();
        assert!(watch.try_next().await.unwrap().unwrap().is_settled());
    }
}

#[tokio::test]
async fn a_permanent_error_ends_the_watch() {
    for (status, code) in [(400, "100022"), (403, "105005"), (500, "100203"), (403, "1010005")] {
        let platform = Platform::in_process(move |asked| match asked.number {
            0..10 => page(&[("Pending", 2)], asked),
            _ => json_reply(status, format!(r#"{{"error_code":"{code}"}}"#)),
        });
        let mut watch = watch(&platform.client());
        assert!(watch.try_next().await.unwrap().is_some());
        let error = watch.try_next().await.unwrap_err();
        assert_eq!(error.code().map_or("", |code| code.as_str()), code, "{error}");
        let calls = platform.calls();
        assert_eq!(watch.try_next().await.unwrap(), None, "{code}");
        assert_eq!((platform.calls(), watch.missed()), (calls, 0), "{code}");
    }
}

/// What a proxy may put in the place of a reply: it may be gone with the next poll.
#[tokio::test(start_paused = true)]
async fn a_few_replies_that_are_not_the_platforms_do_not_end_the_watch() {
    let long = " ".repeat(2000);
    for (status, body) in
        [(200, r#"{"total"#), (200, "\u{1f}\u{8b}"), (302, ""), (200, &long), (404, "<html>"), (200, "{}")]
    {
        for (strange, from) in [(3, 8), (4, 8), (1, 0)] {
            let (body, pages) = (body.to_owned(), AtomicUsize::new(0));
            let platform = Platform::in_process(move |asked| match asked.task() {
                Some(_) => json_reply(404, ""),
                None => match pages.fetch_add(1, Ordering::Relaxed) {
                    number if (from..from + strange).contains(&number) => {
                        let mut reply = json_reply(status, &body);
                        reply.headers_mut().insert("location", "http://127.0.0.1:1/".parse().unwrap());
                        reply
                    }
                    number => page(&[if number < 30 { ("Pending", 2) } else { ("Success", 2) }], asked),
                },
            });
            let client = platform.builder().body_limit(1000).build().unwrap();
            let (summaries, error) = all(watch(&client)).await;
            let is_settled = summaries.last().is_some_and(Summary::is_settled);
            assert_eq!((is_settled, error.is_none()), (strange == 3, strange == 3), "{status}: {error:?}");
        }
    }
}

/// An outage of ten minutes in the middle of a poll, in which the last subtask settles.
#[tokio::test(start_paused = true)]
async fn an_outage_is_seen_and_does_not_end_the_watch() {
    const OUTAGE: std::ops::Range<u64> = 20..620;
    type Row = (u16, &'static str, fn(&WaitReason) -> bool);
    let failing = |reason: &WaitReason| matches!(reason, WaitReason::Failing(_));
    let rows: [Row; 5] = [
        (502, "<html>", failing),
        (501, "", failing),
        (500, r#"{"error_code":"50252"}"#, failing),
        (403, r#"{"error_code":"1010009"}"#, |reason| matches!(reason, WaitReason::QuotaUsedElsewhere)),
        (403, r#"{"error_code":"1010005"}"#, |reason| matches!(reason, WaitReason::TokenRefused)),
    ];
    for (status, body, is_reason) in rows {
        let start = Instant::now();
        let platform = Platform::in_process(move |asked| match (asked.at - start).as_secs() {
            _ if asked.is_login() => json_reply(200, r#"{"accessToken":"t0ken"}"#),
            second if OUTAGE.contains(&second) => json_reply(status, body),
            second => page(&[if second < 20 { ("Pending", 2) } else { ("Success", 2) }], asked),
        });
        let client = platform.with_login().seed(7).build().unwrap();
        let mut watch = client.watch("demo").stream();
        while start.elapsed() < Duration::from_secs(300) {
            let _ = tokio::time::timeout(Duration::from_secs(1), watch.try_next()).await;
        }
        let waiting = client.waiting().unwrap();
        let since = (waiting.since - start).as_secs();
        assert!(is_reason(&waiting.reason) && (20..60).contains(&since), "{body}: {since} s, {waiting:?}");
        assert!(waiting.until.is_some() && watch.missed() > 2, "{body}: {}", watch.missed());
        assert!(platform.logins() <= 4, "{body}");
        let last = watch.try_next().await.unwrap().unwrap();
        assert!(last.is_settled() && watch.missed() == 0 && client.waiting().is_none(), "{body}: {last}");
        let late = start.elapsed().as_secs() - OUTAGE.end;
        assert!(late <= if body.contains("1010005") { 660 } else { 100 }, "{body}: {late} s");
    }
}

/// The client's other calls have used up its quota, and a call may not wait so long: that is no outage.
#[tokio::test(start_paused = true)]
async fn a_poll_for_which_the_quota_has_no_room_waits_for_the_quota() {
    let platform = Platform::in_process(|asked| page(&[("Success", 2)], asked));
    let quota = Quota::new(8, Duration::from_secs(60)).unwrap();
    let client = platform.builder().quota(quota).deadline(Duration::from_secs(10)).build().unwrap();
    for _ in 0..8 {
        client.subtasks("demo").page(0).await.unwrap();
    }
    let mut watch = client.watch("demo").stream();
    let _ = tokio::time::timeout(Duration::from_secs(20), watch.try_next()).await;
    let waiting = client.waiting().unwrap();
    let left = waiting.until.map(|until| (until - Instant::now()).as_secs());
    assert!(matches!(waiting.reason, WaitReason::Quota), "{waiting:?}");
    assert_eq!((watch.missed() > 0, left), (true, Some(40)), "{waiting:?}");
    assert!(watch.try_next().await.unwrap().unwrap().is_settled());
}

/// Every call so far: `own` for the task's own counters.
fn all_calls(platform: &Platform) -> String {
    let mut others = calls_of(platform).into_iter();
    let call = |asked: &Asked| asked.task().map_or_else(|| others.next().unwrap(), |_| "own".to_owned());
    platform.asked().iter().map(call).collect::<Vec<_>>().join(" ")
}

const MOMENTS: [&Task; 3] = [
    &[("Pending", 2), ("WaitResult", 1)],
    &[("Pending", 1), ("Success", 1), ("WaitResult", 1)],
    &[("Success", 2), ("Fail", 1)],
];

#[tokio::test(start_paused = true)]
async fn a_watch_makes_one_call_a_poll_and_says_what_it_did_not_ask() {
    for (split, calls) in [
        (false, "own own own Success Fail Timeout all"),
        (
            true,
            "own WaitResult Pending own WaitResult Pending own WaitResult Pending Success Fail Timeout all",
        ),
    ] {
        let start = Instant::now();
        let platform = Platform::in_process(move |asked| {
            page_or_counters(MOMENTS[((asked.at - start).as_secs() / 10).min(2) as usize], asked)
        });
        let watch =
            platform.client().watch("demo").interval(Duration::from_secs(10), Duration::from_secs(10));
        let (summaries, end) = all(watch.split_open(split).stream()).await;
        assert_eq!(all_calls(&platform), calls);
        assert!(end.is_none());
        let [first, second, last] = &summaries[..] else { panic!("{summaries:?}") };
        assert_eq!((first.method(), last.method()), (Method::Counters, Method::Counted));
        assert_eq!((second.settled(), second.total(), second.other()), (1, 3, 0));
        let open = if split { (0, 5, 1) } else { (2, 3, 0) };
        let seen = (second.unsplit(), second.by_status().len(), second.count(&SubtaskStatus::Pending));
        assert_eq!(seen, open);
        assert_eq!((last.is_settled(), last.failed(), last.by_status().len()), (true, 1, 5));
        let written = serde_json::to_value(second).unwrap();
        assert_eq!(written.get("unsplit").is_some(), !split);
        assert_eq!(serde_json::from_value::<Summary>(written).unwrap().unsplit(), second.unsplit());
    }
}

#[tokio::test(start_paused = true)]
async fn a_platform_without_the_call_or_with_wrong_counters_is_watched_all_the_same() {
    let zeros = r#"{"totalCnt":3,"successCnt":0,"failCnt":0,"timeoutCnt":0}"#;
    let all_done = r#"{"totalCnt":3,"successCnt":3,"failCnt":0,"timeoutCnt":0}"#;
    let expired = r#"{"totalCnt":3,"successCnt":0,"failCnt":0,"timeoutCnt":0,"expiredCnt":1}"#;
    for (status, body) in [
        (404, ""),
        (404, r#"{"error_code":"999001"}"#),
        (404, r#"{"error_code":"105005"}"#),
        (400, r#"{"error_code":"100022"}"#),
        (403, r#"{"error_code":"APIG.0101"}"#),
        (405, ""),
        (501, ""),
        (503, ""),
        (204, ""),
        (200, "<html>"),
        (200, "{}"),
        (200, r#"{"taskId":"demo"}"#),
        (200, zeros),
        (200, all_done),
        (200, expired),
    ] {
        let start = Instant::now();
        let platform = Platform::in_process(move |asked| match asked.task() {
            Some(_) => json_reply(status, body),
            None => page(MOMENTS[((asked.at - start).as_secs() / 60).min(2) as usize], asked),
        });
        let watch = platform.client().watch("demo").deadline(Duration::from_secs(3600));
        let (summaries, end) = all(watch.stream()).await;
        let last = summaries.last().unwrap();
        assert!(end.is_none() && last.is_settled() && last.failed() == 1, "{status} {body}: {last} {end:?}");
        assert!(start.elapsed() >= Duration::from_secs(120), "{status} {body}: it ended early");
        let own = platform.asked().iter().filter(|asked| asked.task().is_some()).count();
        assert!(own <= if body == zeros { 40 } else { 3 }, "{status} {body}: {own}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_in_an_outage_says_so() {
    let platform = Platform::in_process(|_| json_reply(503, ""));
    let error = all(platform.client().watch("demo").deadline(Duration::from_secs(60)).stream()).await.1;
    insta::assert_snapshot!(error.unwrap());
    let platform = Platform::in_process(|_| {
        let mut reply = json_reply(503, "");
        reply.headers_mut().insert("retry-after", "50".parse().unwrap());
        reply
    });
    let client = platform.builder().retry(northbound::Retry::new()).build().unwrap();
    let error = all(client.watch("demo").deadline(Duration::from_secs(60)).stream()).await.1.unwrap();
    assert!(error.found().contains("and the last poll fails: HTTP 503"), "{error}");
    assert_ne!(error.remedy(), &Remedy::WatchLonger);
    let start = Instant::now();
    let platform = Platform::in_process(move |asked| match asked.is_login() {
        true => json_reply(200, r#"{"accessToken":"t0ken"}"#),
        false if start.elapsed() > Duration::from_secs(20) => json_reply(403, r#"{"error_code":"1010005"}"#),
        false => page(&[("Pending", 2)], asked),
    });
    let client = platform.with_login().seed(7).build().unwrap();
    let error = all(client.watch("demo").deadline(Duration::from_secs(600)).stream()).await.1.unwrap();
    assert_eq!(error.remedy(), &Remedy::StopOtherLogins, "{error}");
    assert!(error.found().contains("and the last "), "{error}");
    let nobody = platform.builder().service(tower::service_fn(|_: http::Request<_>| async {
        Err::<http::Response<northbound::reqwest::Body>, _>(std::io::Error::other("no route"))
    }));
    let error = all(nobody.build().unwrap().watch("demo").stream()).await.1.unwrap();
    assert!(error.is_connection(), "where nobody has ever answered, the address may be wrong: {error}");
}
