use super::store::{SendStore, adopt, now};
use super::*;

fn key() -> SendKey {
    SendKey { endpoint: "https://h".to_owned(), application: "a".to_owned(), name: "n".to_owned() }
}

fn content() -> Content {
    Content {
        service: "s".to_owned(),
        method: "m".to_owned(),
        paras: r#"{"a":1}"#.to_owned(),
        timeout: 300,
        callback_url: None,
        max_retransmit: None,
        devices: 2,
        devices_digest: sha256(["a", "b"]),
    }
}

fn begun() -> SendRecord {
    SendRecord::begin(None, key(), content(), "2026-01-01T00:00:00.000Z".to_owned())
}

fn ended(outcome: &CreateOutcome) -> SendRecord {
    begun().end(outcome, "2026-01-01T00:00:01.000Z".to_owned())
}

fn refusal() -> CliError {
    CliError::file("105002", "")
}

#[test]
fn texts_have_one_digest_however_they_are_separated() {
    assert_eq!(sha256([]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_ne!(sha256(["ab", "c"]), sha256(["a", "bc"]));
}

#[test]
fn what_differs_is_named() {
    let other = Content { paras: r#"{"a":2}"#.to_owned(), devices: 3, ..content() };
    let sent = ended(&CreateOutcome::Created("t-1".to_owned()));
    let refused = next(Some(&sent), &other, Repeat::Agreed).unwrap_err();
    assert_eq!(refused.exit_code(), 2);
    assert_eq!(
        refused.to_string(),
        "\"n\" was sent before, with other content: devices: 2 then, 3 now; paras: {\"a\":1} then, {\"a\":2} now"
    );
    let others = Content { devices_digest: sha256(["a", "c"]), ..content() };
    assert_eq!(content().difference(&others), "devices: the same number, but other ones");
    assert_eq!(content().difference(&content()), "");
}

#[test]
fn a_send_is_made_again_only_if_it_was_not_sent_or_the_user_agrees() {
    let created = CreateOutcome::Created("t-1".to_owned());
    for (record, without, agreed) in [
        (begun(), None, Some(Next::Send)),
        (ended(&CreateOutcome::Unknown(refusal())), None, Some(Next::Send)),
        (ended(&CreateOutcome::Refused(refusal())), Some(Next::Send), Some(Next::Send)),
        (ended(&created), Some(Next::IsSent("t-1".to_owned())), Some(Next::IsSent("t-1".to_owned()))),
    ] {
        for (repeat, expected) in
            [(Repeat::No, &without), (Repeat::Agreed, &agreed), (Repeat::OnlyTimedOut, &without)]
        {
            match (next(Some(&record), &content(), repeat), expected) {
                (Ok(next), Some(expected)) => assert_eq!(next, *expected),
                (Err(failure), None) => assert_eq!(failure.exit_code(), 5, "{failure}"),
                (other, expected) => panic!("{repeat:?}: {other:?}, not {expected:?}"),
            }
        }
    }
    assert_eq!(next(None, &content(), Repeat::No).unwrap(), Next::Send);
}

#[test]
fn other_content_does_not_hide_an_unknown_outcome() {
    let other = Content { method: "x".to_owned(), ..content() };
    for repeat in [Repeat::No, Repeat::Agreed] {
        let failure = next(Some(&begun()), &other, repeat).unwrap_err();
        assert!(
            failure.exit_code() == 5 && failure.to_string().contains("method: m then, x now"),
            "{failure}"
        );
    }
    assert_eq!(
        next(Some(&ended(&CreateOutcome::Refused(refusal()))), &other, Repeat::No).unwrap(),
        Next::Send
    );
}

#[test]
fn a_repeat_that_is_refused_leaves_the_outcome_unknown() {
    let again = SendRecord::begin(Some(&begun()), key(), content(), now());
    let record = again.clone().end(&CreateOutcome::Refused(refusal()), now());
    assert!(record.may_exist());
    let third = SendRecord::begin(Some(&record), key(), content(), now());
    assert!(third.end(&CreateOutcome::Refused(refusal()), now()).may_exist());
    assert_eq!(again.end(&CreateOutcome::Created("t-2".to_owned()), now()).task_id(), Some("t-2"));
}

#[test]
fn a_damaged_record_and_one_of_a_newer_version_are_refused() {
    let json = serde_json::to_string(&begun()).unwrap();
    assert_eq!(SendRecord::parse(json.as_bytes(), &key()), Ok(begun()));
    for (from, to, fault) in [
        ("\"version\":1", "\"version\":2", "is of version 2, and this command knows version 1"),
        (
            "\"method\":\"m\"",
            "\"method\":\"x\"",
            "is damaged: its digest differs, or it is the record of another send",
        ),
        (
            "\"name\":\"n\"",
            "\"name\":\"x\"",
            "is damaged: its digest differs, or it is the record of another send",
        ),
        ("\"sending\"", "\"gone\"", "is damaged: unknown variant `gone`"),
        ("}", "", "is damaged: "),
    ] {
        let found = SendRecord::parse(json.replace(from, to).as_bytes(), &key()).unwrap_err();
        assert!(found.starts_with(fault), "{found}");
    }
}

#[tokio::test]
async fn a_record_is_private_and_locked_and_a_task_is_adopted_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().display().to_string();
    let environment =
        |name: &str| matches!(name, "HOME" | "XDG_STATE_HOME" | "LOCALAPPDATA").then(|| home.clone());
    let (store, moment) = (SendStore::of(&environment).unwrap(), std::time::Duration::from_millis(50));
    assert!(adopt(&environment, key(), "t-1", |_| Ok(())).await.is_err(), "nothing is known of it");
    let locked = store.lock(&key(), moment).await.unwrap().unwrap();
    assert!(locked.read().unwrap().is_none());
    locked.write(&begun()).unwrap();
    assert!(store.lock(&key(), moment).await.unwrap().is_none(), "it is locked");
    drop(locked);
    assert_eq!(store.look(&key()).unwrap(), Some(begun()));
    let refused = adopt(&environment, key(), "t-1", |_| Err(CliError::usage("another name", ""))).await;
    assert!(refused.is_err() && store.look(&key()).unwrap().unwrap().may_exist());
    for _ in 0..2 {
        adopt(&environment, key(), "t-1", |_| Ok(())).await.unwrap();
        assert_eq!(store.look(&key()).unwrap().unwrap().task_id(), Some("t-1"));
    }
    assert!(adopt(&environment, key(), "t-2", |_| Ok(())).await.is_err(), "it is known as another task");
    let other = SendKey { name: "other".to_owned(), ..key() };
    assert_eq!(store.latest(&other).unwrap().task_id(), Some("t-1"));
    assert!(store.latest(&key()).is_none());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let folder = walk(folder.path()).into_iter().find(|path| path.ends_with("northbound/sends")).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        for file in std::fs::read_dir(folder).unwrap() {
            assert_eq!(file.unwrap().metadata().unwrap().mode() & 0o777, 0o600);
        }
    }
}

#[cfg(unix)]
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let below =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    below.flat_map(|path| walk(&path).into_iter().chain([path])).collect()
}
