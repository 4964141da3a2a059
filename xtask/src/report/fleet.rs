//! A platform whose devices bear the worst names: what a report must survive, and what no emulator of good behaviour sends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use anyhow::Context as _;
use serde_json::{Value, json};

/// Texts that must come out of a page as they went in. Each is the id of some devices, and part of what failed there.
pub(super) const HOSTILE: [&str; 14] = [
    "</script><script>window.hacked = 'script'</script>",
    "<img src=x onerror=\"window.hacked = 'img'\">",
    "<!--<script>",
    "\"><svg onload=window.hacked='svg'>",
    "' onmouseover='window.hacked=1",
    "javascript:window.hacked=1",
    "&lt;b&gt; &amp;#x41;",
    "{{constructor.constructor('window.hacked=1')()}} ${window.hacked=1}",
    "a\u{2028}b\u{2029}c",
    "meter-\u{202e}71-tset",
    "meter-\u{200b}17",
    "水表-七号楼-三单元-0042",
    "line one\nline two\ttabbed\u{0}\u{1b}[31m",
    "=HYPERLINK(\"http://evil.example/\",\"x\")",
];

/// How many devices failed.
const FAILED: usize = 260;
/// How many timed out.
const TIMED_OUT: usize = 7;

/// Serves one task for as long as the process runs; where.
pub(super) fn serve() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen on this machine")?;
    let url = format!("http://{}", listener.local_addr().context("the listener has no address")?);
    let rows = rows();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A caller that hangs up is no fault of the page.
            let _hung_up = answer(stream, &rows);
        }
    });
    Ok(url)
}

/// The whole task: half of it bears a status that nobody documented, or none.
fn rows() -> Vec<Value> {
    let row = |number: usize, status: Option<&str>, failed: bool| {
        let text = HOSTILE[number % HOSTILE.len()];
        let error = json!({ "error_code": if number.is_multiple_of(3) { text } else { "100022" }, "error_desc": text });
        let mut row = json!({
            "param": { "deviceId": format!("{text} {number}"), "commandId": format!("{number}-{text}") },
            "output": text,
        });
        if let Some(status) = status {
            row["status"] = json!(status);
        }
        if failed {
            row["error"] = json!(error.to_string());
        }
        row
    };
    let failed = (0..FAILED).map(|number| row(number, Some("Fail"), true));
    let timed_out = (0..TIMED_OUT).map(|number| row(FAILED + number, Some("Timeout"), false));
    let odd = (0..5).map(|number| row(1000 + number, Some(HOSTILE[number]), false));
    let without_status = (0..3).map(|number| row(2000 + number, None, false));
    let succeeded = (0..400).map(|number| row(3000 + number, Some("Success"), false));
    failed.chain(timed_out).chain(odd).chain(without_status).chain(succeeded).collect()
}

fn answer(stream: TcpStream, rows: &[Value]) -> std::io::Result<()> {
    let mut lines = BufReader::new(&stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines.by_ref() {
        if line?.is_empty() {
            break;
        }
    }
    let body = if request.starts_with("POST") {
        json!({ "accessToken": "t0ken-of-the-report", "tokenType": "bearer", "expiresIn": 3600 })
    } else {
        page(&request, rows)
    };
    let body = body.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    write!(&stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// What `GET /path?query HTTP/1.1` asks for.
fn page(request: &str, rows: &[Value]) -> Value {
    let query = request.split(['?', ' ']).nth(2).unwrap_or_default();
    let asked = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(asked, _)| asked == name).map(|(_, value)| value)
    };
    let number = |name: &str| asked(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or_default();
    let status = asked("status");
    let matching: Vec<&Value> = rows
        .iter()
        .filter(|row| status.as_ref().is_none_or(|status| row["status"] == status.as_ref()))
        .collect();
    let (page_no, page_size) = (number("pageNo"), number("pageSize"));
    let page: Vec<&&Value> = matching.iter().skip(page_no * page_size).take(page_size).collect();
    json!({ "totalCount": matching.len(), "pageNo": page_no, "pageSize": page_size, "taskDetails": page })
}
