//! The two readings of a page.

use serde_json::{Value, json};

use super::*;
use crate::types::{AccessToken, Subtask, SubtaskPage};
use crate::{Members, Seconds};

fn page(body: impl AsRef<[u8]>) -> SubtaskPage {
    read::<SubtaskPage>(body.as_ref(), usize::MAX).map(|again| again.value).unwrap()
}

fn row_of(body: &[u8]) -> Subtask {
    let mut rows = page([b"{\"taskDetails\":[", body, b"]}"].concat()).task_details.unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[test]
fn every_repair_of_the_list_reads_and_is_marked() {
    for (body, output) in [
        ("{\"output\":\"a\\ud83d\"}", "a\u{fffd}"),
        ("{\"output\":\"\\ude00a\\ud83d\\ude00\"}", "\u{fffd}a😀"),
        ("{\"output\":\"a\nb\u{1}\"}", "a\nb\u{1}"),
        ("{\"output\":\"x\",\"output\":\"a\"}", "a"),
    ] {
        let row = row_of(body.as_bytes());
        assert_eq!(row.output.unwrap().as_str(), output);
        assert!(row.extra.is_repaired(), "{body}");
    }
    let sound = row_of(br#"{"output":"\\ud83d a\ud83d\ude00"}"#);
    assert_eq!((sound.output.unwrap().as_str(), sound.extra.is_repaired()), ("\\ud83d a😀", false));
    for body in
        ["\u{feff}{\"taskDetails\":[{}]}", "\u{b}{\"taskDetails\":[{}]}", "{\"taskDetails\":[{}]}\n\0\0"]
    {
        let page = page(body);
        assert!(page.extra.is_repaired() && page.task_details.unwrap()[0].extra.is_repaired(), "{body}");
    }
    let page = page(r#"{"totalCount":3.0,"pageNo":1,"taskDetails":[{}]}"#);
    assert_eq!((page.total_count, page.page_no, page.extra.is_repaired()), (Some(3), Some(1), true));
}

#[test]
fn nothing_else_is_repaired() {
    for body in [
        "",
        "{",
        "{\"taskDetails\":[{}]",
        "{\"taskDetails\":[{}]}}",
        "{\"taskDetails\":[{},]}",
        "{\"taskDetails\":{}}",
        "{'taskDetails':[]}",
        "[]",
        "{\"taskDetails\":[]} {",
        "{\"taskDetails\":[{\"a\":[}]}",
    ] {
        assert!(read::<SubtaskPage>(body.as_bytes(), usize::MAX).is_err(), "{body}");
    }
}

#[test]
fn a_row_that_cannot_be_read_stays_in_its_place() {
    let bad: [(&[u8], &str); 9] = [
        (b"7", "taskDetails[1]"),
        (b"null", "taskDetails[1]"),
        (b"[1,[2]]", "taskDetails[1]"),
        (b"\"a,]}\"", "taskDetails[1]"),
        (b"{\"status\":5}", "taskDetails[1].status"),
        (b"{\"param\":{\"x\":NaN}}", "taskDetails[1].param.x"),
        (b"{\"output\":-Infinity}", "taskDetails[1].output"),
        (b"{\"output\":\"\xff\"}", "taskDetails[1]"),
        (b"{\"a\":1 \"b\":2}", "taskDetails[1]"),
    ];
    for (text, path) in bad {
        let body =
            [b"{\"totalCount\":3,\"taskDetails\":[{\"status\":\"Fail\"}, ", text, b" ,{\"output\":1.50}]}"];
        let rows = page(body.concat()).task_details.unwrap();
        let unreadable = rows[1].extra.unreadable().unwrap();
        assert_eq!((unreadable.path(), unreadable.text()), (path, &*String::from_utf8_lossy(text)));
        assert_eq!((rows.len(), rows[2].output.as_ref().unwrap().as_str()), (3, "1.50"));
        assert!(!rows[0].extra.is_repaired() && !rows[2].extra.is_repaired());
    }
}

#[test]
fn a_member_beside_the_rows_costs_no_row() {
    for total in ["\"x\"", "NaN", "1e400", "2.5", "98000000000000000000"] {
        let page = page(format!("{{\"totalCount\":{total},\"x\":1,\"taskDetails\":[{{}},{{}}]}}"));
        assert_eq!((page.total_count, page.extra.json()), (None, r#"{"x":1}"#), "{total}");
        assert!(page.extra.is_repaired());
        assert_eq!(page.task_details.unwrap().len(), 2);
    }
    let twice = page(r#"{"taskDetails":null,"task\u0044etails":[{},7],"pageNo":2}"#);
    assert_eq!((twice.task_details.unwrap().len(), twice.page_no), (2, Some(2)));
}

#[test]
fn the_last_of_several_lists_counts() {
    let rows = |body: &str| read::<SubtaskPage>(body.as_bytes(), usize::MAX).ok()?.value.task_details;
    assert_eq!(rows(r#"{"taskDetails":5,"taskDetails":[{},{}]}"#).map(|rows| rows.len()), Some(2));
    assert!(rows(r#"{"taskDetails":[{},{}],"taskDetails":5}"#).is_none());
}

#[test]
fn numbers_in_the_place_of_a_text_keep_their_digits_without_a_mark() {
    for number in ["89860000000000000001", "0.12345678901234567890", "-0", "1E2", "1e400"] {
        let row = format!(
            "{{\"error\":{number},\"output\":[{number}],\"param\":{{\"deviceId\":{number},\"x\":{number}}}}}"
        );
        let row = row_of(row.as_bytes());
        let param = row.param.as_ref().unwrap();
        assert_eq!(row.error.as_ref().unwrap().as_str(), number);
        assert_eq!(param.device_id.as_ref().unwrap().as_str(), number);
        assert_eq!(param.extra.get("x").unwrap().json(), number);
        assert!(!row.extra.is_repaired());
        let written = serde_json::to_string(&row).unwrap();
        assert_eq!(written.matches(number).count(), 4, "{written}");
    }
}

#[test]
fn a_list_beyond_the_limit_is_not_read_to_its_end() {
    for row in ["{}", "7"] {
        let body = |rows: usize| format!("{{\"taskDetails\":[{}]}}", vec![row; rows].join(","));
        assert!(read::<SubtaskPage>(body(10).as_bytes(), 10).is_ok());
        let outcome = read::<SubtaskPage>(body(11).as_bytes(), 10);
        assert_eq!(outcome.map(|_| ()).unwrap_err(), Misread::TooManyRows);
        assert!(page(body(11)).task_details.is_some(), "the limit does not outlast its call");
    }
}

#[test]
fn a_login_reads_with_the_same_repairs() {
    let token = |body: &str| read::<AccessToken>(body.as_bytes(), usize::MAX).map(|again| again.value);
    let body =
        "\u{feff}{\"accessToken\":\"a\nb\",\"expiresIn\":1,\"expiresIn\":3600.0,\"scope\":\"\\ud800\"}\0";
    let read = token(body).unwrap();
    assert_eq!((read.expires_in, read.scope.as_deref()), (Some(Seconds::new(3600)), Some("\u{fffd}")));
    assert!(read.extra.is_repaired());
    assert!(token(r#"{"accessToken":"a","expiresIn":"soon"}"#).is_err());
}

/// Whatever a value is made of, a reply around it gives it back.
#[test]
fn made_up_rows_are_all_delivered() {
    let values = [
        "1",
        "-0.0",
        "\"a\\ud83d\"",
        "\"\u{1}\"",
        "NaN",
        "[1,{}]",
        "{\"a\":null,\"a\":2}",
        "\"]}\\\"\"",
        "null",
        "98000000000000000000",
    ];
    let names = ["status", "output", "error", "param", "x"];
    for first in values {
        for second in values {
            for name in names {
                let row = format!("{{\"{name}\":{first},\"y\":{second}}}");
                let rows = page(format!("{{\"taskDetails\":[{row},{first},{{\"status\":\"Fail\"}}]}}"))
                    .task_details
                    .unwrap();
                assert_eq!(rows.len(), 3, "{row}");
                assert_eq!(serde_json::to_value(&rows[2].status).unwrap(), json!("Fail"));
                let written = serde_json::to_string(&rows[0]).unwrap();
                assert!(
                    serde_json::from_str::<Members>(&written).is_ok() && !written.contains('\n'),
                    "{written}"
                );
            }
        }
    }
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(900), "]".repeat(900));
    assert_eq!(serde_json::to_string(&row_of(deep.as_bytes()).extra).unwrap(), deep);
    assert!(serde_json::from_str::<Value>(&deep).is_err(), "serde_json's own value does not take it");
}

#[test]
fn a_row_that_would_grow_beyond_measure_is_not_read() {
    let controls = row_of(format!("{{\"output\":\"{}\"}}", "\u{1}".repeat(2 << 20)).as_bytes());
    assert_eq!(controls.extra.unreadable().unwrap().path(), "taskDetails[0]");
    let bytes = row_of(&[b"{\"a\":\"", &[255; 100][..], b"b\xff\"}"].concat());
    assert_eq!(bytes.extra.unreadable().unwrap().text(), "{\"a\":\"\u{fffd}b\u{fffd}\"}");
}
