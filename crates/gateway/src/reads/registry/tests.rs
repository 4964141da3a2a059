//! Which read serves a page, step by step.

use super::*;

fn key(status: Option<&str>) -> Key {
    let status = status.map(Into::into);
    let key = ReadKey { task_id: "task".into(), app_id: None, status, device_id: None, command_id: None };
    Arc::new((ReaderId { token: 1, app: 1 }, key))
}

fn rows(rows: &[u8], total: u64) -> Chunk {
    Chunk::written(rows, Some(total), |row, json| {
        json.push(*row);
        crate::rows::Changes::default()
    })
}

const WITH_FILTER: Option<&str> = Some("Fail");

/// A registry and its one key.
struct Asked(Registry<()>, Key);

impl Asked {
    fn of(status: Option<&str>) -> Self {
        Self(Registry::new(1_000_000, Instant::now()), key(status))
    }

    /// The read that serves a page, and the page if it can be answered.
    fn page(&mut self, number: u64, size: u32) -> (ReadId, Option<PageOutcome>) {
        let page = PageAsked { number, size };
        let (key, id, ()) = self.0.ask(&self.1, page, SystemTime::UNIX_EPOCH, |_| ()).unwrap();
        let answer = self.0.answer(&key, id, page);
        self.0.leave(&key, id);
        (id, answer)
    }

    fn rows(&mut self, number: u64, size: u32) -> Vec<Bytes> {
        let (_, Some(Ok(reply))) = self.page(number, size) else { panic!("no page") };
        reply.rows
    }

    fn read(&mut self, id: ReadId, some: &[u8], total: u64) {
        assert!(self.0.arrived(&self.1, id, rows(some, total)));
        self.0.ended(&self.1, id, Ok(()));
    }
}

#[test]
fn page_0_more_than_a_minute_after_the_last_request_begins_a_new_read() {
    let mut asked = Asked::of(WITH_FILTER);
    let (first, _) = asked.page(0, 10);
    asked.0.now += QUIET;
    assert_eq!(asked.page(0, 10).0, first);
    asked.0.now += QUIET / 2;
    asked.read(first, b"abc", 3);
    asked.0.now += QUIET / 2 + Duration::from_secs(1);
    let (second, _) = asked.page(0, 10);
    assert_ne!(second, first);
    // What still comes of the first one does not get into the second.
    assert!(!asked.0.arrived(&asked.1, first, rows(b"d", 3)));
    asked.0.ended(&asked.1, first, Ok(()));
    assert!(matches!(asked.0.answer(&asked.1, first, PageAsked::COUNT), Some(Err(ReadError::Ended))));
    assert!(matches!(asked.page(0, 10), (_, None)));
}

#[test]
fn a_loop_whose_page_0_was_a_count_begins_a_read_where_page_0_would() {
    let mut asked = Asked::of(WITH_FILTER);
    let (first, _) = asked.page(0, 10);
    asked.read(first, b"abc", 3);
    asked.0.now += QUIET + Duration::from_secs(1);
    assert!(asked.0.count(&asked.1).is_none());
    asked.0.counted(&asked.1, 2, Some(&Bytes::from_static(b"b")));
    let (second, _) = asked.page(1, 1);
    assert_ne!(second, first);
    asked.read(second, b"bd", 2);
    assert_eq!((asked.page(2, 1).0, asked.rows(1, 1)), (second, vec![Bytes::from_static(b"d")]));
    // Another total, or another first row, does not belong to the loop.
    for (total, row) in [(3, "b"), (2, "a")] {
        asked.0.counted(&asked.1, total, Some(&row.into()));
        assert!(matches!(asked.page(1, 1).1, Some(Err(ReadError::Changed { .. }))));
        assert_eq!((asked.rows(0, 2).len(), asked.0.count(&asked.1).unwrap().total), (2, 2));
        assert_eq!(asked.rows(1, 1).len(), 1);
    }
}

#[test]
fn a_total_that_was_false_is_not_handed_out_before_the_end_again() {
    let mut asked = Asked::of(None);
    for is_handed_out in [true, false] {
        let (id, _) = asked.page(0, 2);
        assert!(asked.0.arrived(&asked.1, id, rows(b"abc", 4)));
        assert_eq!(matches!(asked.page(0, 2).1, Some(Ok(_))), is_handed_out);
        asked.read(id, b"de", 4);
        assert_eq!(asked.rows(0, 10).len(), 5);
        asked.0.now += QUIET + Duration::from_secs(1);
    }
}

#[test]
fn a_read_that_there_is_no_room_for_begins_at_page_0_alone() {
    let mut asked = Asked::of(WITH_FILTER);
    asked.0.limit = UNDER_WAY;
    let mut ask = |number| {
        let page = PageAsked { number, size: 10 };
        asked.0.ask(&asked.1, page, SystemTime::UNIX_EPOCH, |_| ()).map(drop)
    };
    assert!(matches!(ask(0), Err(ReadError::TooLarge { .. })));
    assert!(matches!(ask(1), Err(ReadError::Ended)));
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut registry = Registry::<()>::new(0, Instant::now());
    for number in 0..REMEMBERED as u64 + 10 {
        let key = Arc::new((ReaderId { token: number, app: number }, key(None).1.clone()));
        registry.counted(&key, 1, None);
        registry.now += Duration::from_millis(1);
    }
    assert!(registry.is_sound());
}

fn is_ended(error: ReadError) -> bool {
    matches!(error, ReadError::Ended)
}

/// The key of another token of the same application.
fn of_another_token(key: &Key) -> Key {
    Arc::new((ReaderId { token: 2, ..key.0 }, key.1.clone()))
}

#[test]
fn after_a_new_login_a_loop_goes_on_in_the_same_read() {
    for status in [None, WITH_FILTER] {
        let mut asked = Asked::of(status);
        let (id, _) = asked.page(0, 2);
        asked.read(id, b"abcde", 5);
        asked.1 = of_another_token(&asked.1);
        assert_eq!((asked.rows(1, 2), asked.rows(2, 2).len()), (vec!["c".into(), "d".into()], 1));
        assert_eq!(asked.page(0, 2).0, id);
        for _ in 0..2 {
            asked.0.now += QUIET + Duration::from_secs(1);
            assert_eq!(asked.page(2, 2).0, id);
        }
        asked.0.now += QUIET + Duration::from_secs(1);
        assert_ne!(asked.page(0, 2).0, id, "a read of its own");
    }
}

/// The read that a new token goes on in, which asks for this page. A second before, another one asked for page 0 of a read; this
/// happened at some time to a third one.
fn goes_on(page: PageAsked, seconds: u64, happened: impl FnOnce(&mut Registry<()>, Key)) -> Option<ReadId> {
    let mut asked = Asked::of(WITH_FILTER);
    let mut third = of_another_token(&asked.1).as_ref().clone();
    (third.0.token, asked.0.now) = (3, asked.0.now + Duration::from_secs(1));
    asked.page(0, 2);
    let now = asked.0.now;
    asked.0.now = now - Duration::from_secs(1) + Duration::from_secs(seconds);
    happened(&mut asked.0, Arc::new(third));
    asked.0.now = now + Duration::from_secs(1);
    let key = of_another_token(&asked.1);
    asked.0.ask(&key, page, SystemTime::UNIX_EPOCH, |_| ()).map(|(_, id, ())| id).ok()
}

#[test]
fn a_new_token_goes_on_in_a_read_only_if_no_other_read_may_be_meant() {
    let page = |number, size| PageAsked { number, size };
    let gone = |registry: &mut Registry<()>, key: Key| registry.interrupted(&key);
    let ends = [0, 1, 2].map(|seconds| goes_on(page(1, 2), seconds, gone));
    assert_eq!(ends, [Some(1), None, None], "what is gone was asked for later than what is there");
    let elsewhere = |registry: &mut Registry<()>, key: Key| {
        let reader = ReaderId { app: 7, ..key.0 };
        registry.interrupted(&Arc::new((reader, key.1.clone())));
    };
    assert_eq!(goes_on(page(1, 2), 2, elsewhere), Some(1), "another application");
    let counted = |registry: &mut Registry<()>, key: Key| registry.counted(&key, 5, None);
    assert_eq!(
        [1, 2].map(|size| goes_on(page(1, size), 2, counted)),
        [None, Some(1)],
        "a loop with pages of one row may have begun with a count"
    );
    assert_eq!(goes_on(page(0, 2), 0, |_, _| ()), Some(2), "page 0 begins a read of its own");
    let mut asked = Asked::of(WITH_FILTER);
    let (first, (own, _)) = (Arc::clone(&asked.1), asked.page(0, 2));
    asked.1 = of_another_token(&first);
    asked.0.now += Duration::from_secs(1);
    asked.page(0, 2);
    asked.1 = first;
    assert_eq!(asked.page(1, 2).0, own, "its own read is there");
}

#[test]
fn a_read_takes_memory_until_it_is_dropped_and_that_only_while_nobody_waits() {
    let mut asked = Asked::of(WITH_FILTER);
    let (chunk, page) = (rows(b"abc", 3).bytes(), PageAsked { number: 0, size: 10 });
    let (key, id, ()) = asked.0.ask(&asked.1, page, SystemTime::UNIX_EPOCH, |_| ()).unwrap();
    assert_eq!(asked.0.bytes, 17 * 1024 + "task".len());
    asked.0.now += QUIET + Duration::from_secs(1);
    asked.0.tick();
    asked.read(id, b"abc", 3);
    assert_eq!(asked.0.bytes, 1024 + "task".len() + chunk);
    asked.0.leave(&key, id);
    for (seconds, kept) in [(0, true), (1, false)] {
        asked.0.now += KEPT * u32::from(kept) + Duration::from_secs(seconds);
        asked.0.tick();
        assert_eq!(asked.0.bytes > 0, kept);
    }
    let (id, _) = asked.page(0, 10);
    assert!(asked.0.arrived(&asked.1, id, rows(b"abc", 4)));
    asked.0.ended(&asked.1, id, Err(ReadError::Stopping));
    assert_eq!(asked.0.bytes, 1024 + "task".len(), "a read that has failed keeps no rows");
}

#[test]
fn a_read_makes_room_for_another_one_a_minute_after_the_last_request() {
    let page = PageAsked { number: 0, size: 10 };
    for (missing, seconds, begins) in [(0, 0, true), (1, 60, false), (1, 61, true)] {
        let mut asked = Asked::of(WITH_FILTER);
        let (id, _) = asked.page(0, 10);
        asked.read(id, b"abc", 3);
        asked.0.limit = asked.0.bytes + 17 * 1024 + "task".len() - missing;
        asked.0.now += Duration::from_secs(seconds);
        let other = Arc::new((ReaderId { token: 2, app: 2 }, asked.1.1.clone()));
        let begun = asked.0.ask(&other, page, SystemTime::UNIX_EPOCH, |_| ()).is_ok();
        assert_eq!(begun, begins, "after {seconds} s");
    }
}

#[test]
fn a_loop_whose_read_is_gone_does_not_go_on_in_another_one() {
    let mut asked = Asked::of(WITH_FILTER);
    let first = Arc::clone(&asked.1);
    let (id, _) = asked.page(0, 2);
    asked.read(id, b"abcde", 5);
    asked.1 = of_another_token(&first);
    asked.rows(1, 2);
    asked.0.forget(&first);
    let page = |asked: &mut Asked, number| {
        let page = PageAsked { number, size: 2 };
        asked.0.ask(&asked.1, page, SystemTime::UNIX_EPOCH, |_| ()).map(|(_, id, ())| id).map_err(is_ended)
    };
    assert_eq!(page(&mut asked, 2), Err(true));
    assert_eq!(page(&mut asked, 0), Ok(id + 1));
}

#[test]
fn after_a_refused_token_a_loop_over_a_filter_begins_again() {
    let ask = |key: &Key, number| {
        let mut registry = Registry::new(1_000_000, Instant::now());
        registry.interrupted(&of_another_token(key));
        let page = PageAsked { number, size: 2 };
        registry.ask(key, page, SystemTime::UNIX_EPOCH, |_| ()).map(|(_, id, ())| id).map_err(is_ended)
    };
    let (whole, filter) = (key(None), key(WITH_FILTER));
    assert_eq!((ask(&filter, 3), ask(&filter, 0)), (Err(true), Ok(1)));
    assert_eq!(ask(&whole, 3), Ok(1), "its rows keep their places");
}
