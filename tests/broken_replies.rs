//! Replies that are not quite what they should be, as the command shows them.

use axum::http::header::{HeaderValue, LOCATION};

use crate::cli::{Seen, northbound_in};
use crate::platform::{Platform, reply};

const SECRET: &str = "s3cret/of \"the\" test";
const TOKEN: &str = "t0ken+of-the-test";

async fn run(platform: &Platform, arguments: &str) -> Seen {
    let (url, arguments) = (platform.url(), arguments.to_owned());
    let command = move || {
        let environment = [
            ("NORTHBOUND_ENDPOINT", url.as_str()),
            ("NORTHBOUND_APP_ID", "demo-app"),
            ("NORTHBOUND_SECRET", SECRET),
        ];
        let options = ["--no-token-cache", "--deadline", "2s", "--quota", "0"];
        northbound_in(&environment, &[arguments.split(' ').collect::<Vec<_>>(), options.to_vec()].concat())
    };
    tokio::task::spawn_blocking(command).await.unwrap()
}

const LOGIN: &str =
    r#"{"accessToken":"t0ken+of-the-test","refreshToken":"lettersOfTheTest","expiresIn":3600}"#;

/// A platform whose every page but the login is this one.
async fn serving(body: &'static [u8]) -> Platform {
    Platform::asking(move |asked| {
        if asked.starts_with("POST") {
            return reply(200, "application/json", LOGIN);
        }
        reply(200, "application/json", body)
    })
    .await
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_printed_and_counted() {
    let body = b"{\"totalCount\":4,\"taskDetails\":[{\"status\":\"Fail\",\"param\":{\"deviceId\":\"d\",\"iccid\":89860000000000000001}},\
        {\"status\":5,\n\"x\":1.50},{\"param\":NaN},{\"status\":\"Fail\",\"output\":\"a\nb\"}]}";
    let platform = serving(body).await;
    let rows = "{\"status\":5,\"x\":1.50}\n{\"unreadable\":\"{\\\"param\\\":NaN}\"}\n";
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
    let line = ",the row cannot be read at taskDetails[2].param,{\"\"param\"\":NaN}"
        .replace("{\"\"", "\"{\"\"")
        + "\"";
    assert!(code == 1 && stdout.contains(&line), "{stdout}");
    let summary = run(&platform, "summary t -o json").await;
    assert!(
        summary.stdout.contains("\"isSettled\": false") || !summary.stdout.contains("\"settled\": 4"),
        "{}",
        summary.stdout
    );
    let report = run(&platform, "report t --out -").await;
    assert!(report.code == 1 && report.stderr.contains("cannot be read"), "{}", report.stderr);
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
        let (shown, header) = (body.clone(), header.clone());
        let platform = Platform::asking(move |asked| {
            if asked.starts_with("POST") {
                return reply(200, "application/json", LOGIN);
            }
            let mut reply = reply(status, "application/json", body.clone());
            reply.headers_mut().insert(LOCATION, header.clone());
            reply.headers_mut().insert("content-type", header.clone());
            reply.headers_mut().insert("content-encoding", header.clone());
            reply
        })
        .await;
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
                    "{arguments} on {shown}:\n{stdout}{stderr}"
                );
            }
        }
        for entry in folder.path().read_dir().unwrap() {
            let path = entry.unwrap().path();
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
            let body = body.clone();
            let platform = Platform::answering(move |_| reply(status, "text/html", body.clone())).await;
            let Seen { code, stdout, stderr } = run(&platform, "subtasks t -vv").await;
            assert_eq!(code, 1, "{stderr}");
            for secret in [&echoes()[0], &echoes()[2]] {
                assert!(!stdout.contains(secret) && !stderr.contains(secret), "{stdout}{stderr}");
            }
        }
    }
}
