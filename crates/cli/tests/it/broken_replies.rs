//! Replies that are not quite what they should be, as the command shows them.

use northbound_testkit::axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION};
use northbound_testkit::{Asked, Platform, json_reply};

use crate::platform::{ask_freely, page, paging, rows_of};
use crate::{Seen, ask, names};

const SECRET: &str = "s3cret/of \"the\" test";
const TOKEN: &str = "t0ken+of-the-test";
const LOGIN: &str =
    r#"{"accessToken":"t0ken+of-the-test","refreshToken":"lettersOfTheTest","expiresIn":3600}"#;

async fn run(platform: &Platform, line: &str) -> Seen {
    let environment = [("NORTHBOUND_APP_ID", "demo-app"), ("NORTHBOUND_SECRET", SECRET)];
    let line = format!("{line} --no-token-cache --deadline 2s --quota 0");
    ask(&platform.url(), &environment, &line).await
}

/// A platform whose every reply but that to a login is this one, with `header` in place of some headers if it is given.
async fn serving(status: u16, body: String, header: Option<HeaderValue>) -> Platform {
    Platform::start(move |asked| {
        if asked.is_login() {
            return json_reply(200, LOGIN);
        }
        let mut reply = json_reply(status, &body);
        for (name, value) in [LOCATION, CONTENT_TYPE, CONTENT_ENCODING].into_iter().zip(header.iter().cycle())
        {
            reply.headers_mut().insert(name, value.clone());
        }
        reply
    })
    .await
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_printed_and_counted() {
    let rows = "{\"status\":5,\"x\":1.50}\n{\"unreadable\":\"{\\\"param\\\":NaN}\"}\n";
    let body = r#"{"totalCount":4,"taskDetails":[{"status":"Fail","param":{"deviceId":"d","iccid":89860000000000000001}},
        {"status":5,\n"x":1.50},{"param":NaN},{"status":"Fail","output":"a\nb"}]}"#;
    let platform = serving(200, body.replace("\\n", "\n"), None).await;
    for arguments in
        ["subtasks t -o jsonl", "subtasks t -o jsonl --status Fail", "export t --format jsonl --out -"]
    {
        let Seen { code, stdout, stderr } = run(&platform, arguments).await;
        assert_eq!((code, stdout.lines().count()), (1, 4), "{arguments}: {stdout}{stderr}");
        assert!(stdout.contains(rows) && stdout.contains("\"iccid\":89860000000000000001"), "{stdout}");
        assert!(
            stderr.contains("2 rows cannot be read") && stderr.contains("1 row had to be repaired"),
            "{stderr}"
        );
    }
    let Seen { code, stdout, .. } = run(&platform, "subtasks t -o csv --columns device,reason,error").await;
    let line = r#",the row cannot be read at taskDetails[2].param,"{""param"":NaN}""#;
    assert!(code == 1 && stdout.contains(line), "{stdout}");
    let summary = run(&platform, "summary t -o json").await;
    assert!(!summary.stdout.contains("\"settled\": 4"), "{}", summary.stdout);
    let report = run(&platform, "report t --out -").await;
    assert!(report.code == 1 && report.stderr.contains("cannot be read"), "{}", report.stderr);
}

#[tokio::test]
async fn rows_that_nobody_asked_for_are_reported() {
    let body = r#"{"taskDetails":[{"status":"Fail"},{"status":"Success"}]}"#;
    let platform = serving(200, body.to_owned(), None).await;
    for arguments in
        ["subtasks t -o jsonl --status Fail --page 0", "export t --format jsonl --out - --status Fail"]
    {
        let Seen { code, stdout, stderr } = run(&platform, arguments).await;
        assert!(code == 1 && stdout.contains("Success"), "{arguments}: {stdout}{stderr}");
    }
    let Seen { stderr, .. } = run(&platform, "subtasks t --status Fail --page 0").await;
    assert!(stderr.contains("1 of 2 rows have another status than was asked for"), "{stderr}");
    // A file never gets its name by such rows, also not when the export is resumed.
    let ignoring = |asked: &Asked| page(&rows_of(&[("Fail", 1), ("Success", 1)]), None, asked.page());
    let (platform, folder) = (paging(ignoring).await, tempfile::tempdir().unwrap());
    let line = format!("export t --format jsonl --status Fail --out {}", folder.path().join("x").display());
    for (more, told) in [("", "have another status"), (" --resume", "cannot be completed: 1 of 2 rows")] {
        let Seen { code, stderr, .. } = ask_freely(&platform, &format!("{line}{more}")).await;
        assert!(code == 1 && stderr.contains(told) && stderr.contains("--replace"), "{stderr}");
        assert_eq!(names(folder.path()), ["x.part", "x.part.json"]);
    }
    let body = r#"{"taskDetails":[{"status":"Fail"},{"status":"Halted"}]}"#;
    let platform = serving(200, body.to_owned(), None).await;
    let Seen { stderr, .. } = run(&platform, "subtasks t --status Fail --page 0").await;
    assert!(stderr.contains("statuses that its page does not list, such as Halted: "), "{stderr}");
}

/// The secret and the token as a platform may write them back.
fn echoes() -> [String; 6] {
    let json = |text: &str| serde_json::Value::from(text).to_string().trim_matches('"').to_owned();
    let form = |text: &str| text.replace('/', "%2F").replace(' ', "+").replace('"', "%22");
    let basic = "ZGVtby1hcHA6czNjcmV0L29mICJ0aGUiIHRlc3Q=".to_owned();
    [
        json(SECRET),
        TOKEN.to_owned(),
        form(SECRET),
        TOKEN.replace('+', "%2B"),
        "lettersOfTheTest".to_owned(),
        basic,
    ]
}

#[tokio::test]
async fn no_message_repeats_what_the_platform_echoes() {
    let echo = echoes().join(" ");
    let header = HeaderValue::from_str(&echo.replace('\\', "")).unwrap();
    let replies = [
        (403, format!(r#"{{"error_code":"{echo}","error_desc":"{echo}"}}"#)),
        (200, format!(r#"{{"resultcode":"{echo}","resultmsg":["{echo}"]}}"#)),
        (502, format!("<html>{echo}</html>")),
        (302, String::new()),
        (200, format!(r#"{{"taskDetails":"{echo}"}}"#)),
        (200, format!(r#"{{"{echo}":[NaN]"#)),
        (200, format!(r#"{{"totalCount":1,"taskDetails":[{{"status":"{echo}","{echo}":1}}]}}"#)),
        (
            200,
            r#"{"totalCount":3,"taskDetails":[{"param":{"deviceId":"d","lettersOfTheTest":1}}]}"#.to_owned(),
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = |name| folder.path().join(name).display().to_string();
    let (export, report) = (
        format!("export t --format csv --out {}", file("e.csv")),
        format!("report t --out {}", file("r.html")),
    );
    for (status, body) in replies {
        let platform = serving(status, body.clone(), Some(header.clone())).await;
        for arguments in [
            "subtasks t -vv -o csv",
            export.as_str(),
            report.as_str(),
            "summary t",
            "summary t -o json",
            "watch t -vv --timeout 1s",
            "doctor --task t",
            "report t --out -",
        ] {
            let Seen { code, stdout, stderr } = run(&platform, arguments).await;
            assert_ne!(code, 2, "{stderr}");
            for secret in echoes() {
                assert!(
                    !stdout.contains(&secret) && !stderr.contains(&secret),
                    "{arguments} on {body}:\n{stdout}{stderr}"
                );
            }
        }
        for name in names(folder.path()) {
            let path = folder.path().join(name);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!echoes().iter().any(|secret| text.contains(secret)), "{}: {text}", path.display());
            std::fs::remove_file(&path).unwrap();
        }
    }
}

#[tokio::test]
async fn no_message_repeats_the_secret_that_a_login_echoes() {
    let echo = echoes().join(" ");
    for body in
        [format!(r#"{{"error_code":"{echo}","error_desc":"{echo}"}}"#), format!("<html>{echo}</html>")]
    {
        for status in [200, 401, 500] {
            let platform = Platform::always(status, "text/html", &body).await;
            let Seen { code, stdout, stderr } = run(&platform, "subtasks t -vv").await;
            assert_eq!(code, 1, "{stderr}");
            for secret in [&echoes()[0], &echoes()[2]] {
                assert!(!stdout.contains(secret) && !stderr.contains(secret), "{stdout}{stderr}");
            }
        }
    }
}
