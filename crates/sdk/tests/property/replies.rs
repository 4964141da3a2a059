//! Replies of every kind: good pages that were damaged, errors, logins and garbage. The same seed makes the same reply.

use fastrand::Rng;

/// They need escapes in URLs and may have one in JSON.
pub(crate) const SECRET: &str = "s3cr3t/of+the=test";
pub(crate) const TOKEN: &str = "t0ken/of+the=test";

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The rows that a reader has to deliver; None where that is not known from how the reply was made.
    pub(crate) rows: Option<Vec<String>>,
    /// Whether it is a plain page, so that another reader of JSON can tell the rows.
    pub(crate) is_page: bool,
}

/// Every spelling in which a platform may echo a text.
pub(crate) fn spellings(text: &str) -> [String; 3] {
    let in_url = text.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    [text.to_owned(), in_url, text.replace('/', "\\/")]
}

fn pick<T: Clone>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())].clone()
}

fn one_in(rng: &mut Rng, many: u32) -> bool {
    rng.u32(..many) == 0
}

/// What the client that asks has sent, in one of its spellings.
fn echo(rng: &mut Rng, known: &[&str]) -> String {
    let text = pick(rng, known);
    pick(rng, &spellings(text))
}

/// A string as JSON, which Python reads.
fn string(rng: &mut Rng) -> String {
    let text = match rng.u8(..14) {
        0 => String::new(),
        1 => "cut \\ud83d".to_owned(),
        2 => "\\udc00\\ud83d\\ud83d\\ude00 \\u0000".to_owned(),
        3 => "a\nb\tc\u{1}\u{1f}\u{7f}".to_owned(),
        4 => "水表 № 7 😀 \u{2028}".to_owned(),
        5 => "{\\\"error_code\\\":\\\"100428\\\",\\\"error_desc\\\":\\\"off [line]\\\"}".to_owned(),
        6 => "},{\\\"status\\\":\\\"Success\\\"}]".to_owned(),
        7 => "\\\\\\\" \\/ \\b\\f\\n\\r\\t".to_owned(),
        8 => "x".repeat(rng.usize(..2_000)),
        9 => "\u{feff}\u{0}".to_owned(),
        10 => "NaN".to_owned(),
        _ => format!("text {}", rng.u16(..)),
    };
    format!("\"{text}\"")
}

/// A value as JSON, which Python reads.
fn value(rng: &mut Rng, depth: u8) -> String {
    const NUMBERS: &str = "0 -1 3.0 -0 1e2 1E+2 0.1 89860000000000000001 89860000000000000002 4611686018427387904 \
        9223372036854775808 18446744073709551616 1e400 -1e-400 123456789012345678901234567890.5 2147483648";
    match rng.u8(..if depth == 0 { 7 } else { 11 }) {
        0 => "null".to_owned(),
        1 => pick(rng, &["true", "false"]).to_owned(),
        2 => pick(rng, &["NaN", "Infinity", "-Infinity"]).to_owned(),
        3 | 4 => pick(rng, &NUMBERS.split(' ').collect::<Vec<_>>()).to_owned(),
        5 | 6 => string(rng),
        7 => {
            let items: Vec<String> = (0..rng.usize(..4)).map(|_| value(rng, depth - 1)).collect();
            format!("[{}]", items.join(" , "))
        }
        8 => {
            let levels = pick(rng, &[10, 120, 130, 500, 800]);
            format!("{}{}", "[".repeat(levels), "]".repeat(levels))
        }
        _ => {
            let mut members: Vec<_> =
                (0..rng.usize(..4)).map(|_| (string(rng), value(rng, depth - 1))).collect();
            if let Some(first) = members.first().cloned().filter(|_| rng.bool()) {
                members.push((first.0, value(rng, depth - 1)));
            }
            object(rng, &members)
        }
    }
}

fn object(rng: &mut Rng, members: &[(String, String)]) -> String {
    let space = pick(rng, &["", " ", "\r\n\t"]);
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{name}{space}:{space}{value}")).collect();
    format!("{{{space}{}{space}}}", members.join(&format!("{space},")))
}

fn members(members: &[(&str, String)]) -> Vec<(String, String)> {
    members.iter().map(|(name, value)| (format!("\"{name}\""), value.clone())).collect()
}

/// Damages an object; the members from `fixed` on stay as they are.
fn damage(rng: &mut Rng, members: &mut Vec<(String, String)>, fixed: usize) {
    let at = rng.usize(..fixed);
    match rng.u8(..5) {
        0 | 1 => members[at].1 = value(rng, 2),
        2 => members[at].0 = string(rng),
        3 => members.insert(0, (members[at].0.clone(), value(rng, 2))),
        _ => members.insert(0, (string(rng), value(rng, 2))),
    }
}

fn row(rng: &mut Rng, number: usize) -> String {
    if one_in(rng, 20) {
        return value(rng, 2);
    }
    let status = pick(rng, &["Pending", "WaitResult", "Success", "Fail", "Timeout", "Stopped", ""]);
    let param = members(&[
        ("deviceId", format!("\"device-{number}\"")),
        ("commandId", if rng.bool() { "null".to_owned() } else { format!("\"command-{number}\"") }),
    ]);
    let mut members = members(&[
        ("status", format!("\"{status}\"")),
        ("output", if rng.bool() { "null".to_owned() } else { string(rng) }),
        ("error", if rng.bool() { "null".to_owned() } else { string(rng) }),
        ("param", object(rng, &param)),
        ("mark", format!("\"mark-{number};\"")),
    ]);
    for _ in 0..pick(rng, &[0, 0, 0, 1, 2]) {
        damage(rng, &mut members, 4);
    }
    object(rng, &members)
}

/// A page for which some 25 rows were asked.
fn page(rng: &mut Rng) -> Reply {
    let count = pick(rng, &[0, 1, 2, 3, 5, 25, 40]);
    let rows: Vec<String> = (0..count).map(|number| row(rng, number)).collect();
    let total =
        pick(rng, &[count.to_string(), "1".to_owned(), (1_u64 << 62).to_string(), "\"3\"".to_owned()]);
    let mut members = members(&[
        ("totalCount", total),
        ("pageNo", "0".to_owned()),
        ("pageSize", "25".to_owned()),
        ("taskDetails", format!("[{}]", rows.join(pick(rng, &[",", " ,\n"])))),
    ]);
    if one_in(rng, 4) {
        damage(rng, &mut members, 3);
    }
    if one_in(rng, 8) {
        members.insert(rng.usize(..3), ("\"taskDetails\"".to_owned(), value(rng, 1)));
    }
    let is_page = !one_in(rng, 20);
    if !is_page {
        members.push((pick(rng, &["\"error_code\"", "\"resultcode\""]).to_owned(), value(rng, 1)));
    }
    let before = pick(rng, &["", "", "", "\u{feff}", " \r\n", "\u{feff}\t"]);
    let after = pick(rng, &["", "", "", "\n", "\0\0"]);
    let mut body = format!("{before}{}{after}", object(rng, &members)).into_bytes();
    let broken = one_in(rng, 4);
    if broken {
        damage_bytes(rng, &mut body);
    }
    Reply { status: 200, headers: Vec::new(), body, rows: (!broken && is_page).then_some(rows), is_page }
}

fn damage_bytes(rng: &mut Rng, body: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..body.len().max(1)).min(body.len());
        match rng.u8(..6) {
            0 => body.truncate(at),
            1 => body.insert(at, rng.u8(..)),
            2 => body.insert(at, pick(rng, b"\"\\{}[],:\0\xff\xc3")),
            3 => drop(body.drain(at..(at + rng.usize(..9)).min(body.len()))),
            4 => {
                let piece = body[at..(at + rng.usize(..40)).min(body.len())].to_vec();
                let to = rng.usize(..=body.len());
                drop(body.splice(to..to, piece));
            }
            _ if at < body.len() => body[at] = rng.u8(..),
            _ => {}
        }
    }
}

fn error(rng: &mut Rng, known: &[&str]) -> Reply {
    let status = pick(rng, &[200, 400, 401, 403, 404, 429, 500, 503, 302]);
    let code = match rng.u8(..6) {
        0 => value(rng, 1),
        1 => format!("\"{}\"", echo(rng, known)),
        _ => {
            format!("\"{}\"", pick(rng, &["1010005", "1010009", "100022", "105005", "50252", "0", "100203"]))
        }
    };
    let words = if rng.bool() { format!("\"no {} here\"", echo(rng, known)) } else { value(rng, 1) };
    let names = pick(rng, &[["error_code", "error_desc"], ["resultcode", "resultmsg"], ["error", "status"]]);
    let mut members = members(&[(names[0], code), (names[1], words)]);
    if one_in(rng, 3) {
        damage(rng, &mut members, 2);
    }
    let mut body = format!("{}{}", pick(rng, &["", "\u{feff}", "\n"]), object(rng, &members)).into_bytes();
    if one_in(rng, 5) {
        damage_bytes(rng, &mut body);
    }
    Reply { status, headers: Vec::new(), body, rows: None, is_page: false }
}

fn garbage(rng: &mut Rng, known: &[&str]) -> Reply {
    let body = match rng.u8(..6) {
        0 => Vec::new(),
        1 => format!("<html><title>502</title>{} {}</html>", echo(rng, known), echo(rng, known)).into_bytes(),
        2 => pick(rng, &["[", "{\"a\":", "{\"taskDetails\":[", "{\"error_code\":["])
            .repeat(100_000)
            .into_bytes(),
        3 => (0..rng.usize(..200)).map(|_| rng.u8(..)).collect(),
        4 => value(rng, 2).into_bytes(),
        _ => format!("{{\"taskDetails\":[{}]}}", vec!["{}"; 3_000].join(",")).into_bytes(),
    };
    let status = pick(rng, &[200, 200, 200, 204, 206, 307, 403, 418, 502, 999]);
    Reply { status, headers: Vec::new(), body, rows: None, is_page: false }
}

/// A reply to a request for a page, which may echo what is known.
pub(crate) fn reply(rng: &mut Rng, known: &[&str]) -> Reply {
    let mut reply = match rng.u8(..8) {
        0 | 1 => error(rng, known),
        2 => garbage(rng, known),
        _ => page(rng),
    };
    if one_in(rng, 3) {
        let echo = echo(rng, known);
        let header = match rng.u8(..6) {
            0 => ("location", format!("https://elsewhere.example/?{echo}")),
            1 => ("content-type", echo),
            2 => ("www-authenticate", format!("Bearer {echo}")),
            3 => ("server", "x".repeat(20_000)),
            4 => {
                let time = pick(
                    rng,
                    &["", "0", "-1", "soon", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"],
                );
                (pick(rng, &["retry-after", "date"]), time.to_owned())
            }
            _ => {
                let kind = pick(rng, &["text/html", "application/json; charset=gbk", "", ";;;", "\u{fc}"]);
                (pick(rng, &["content-type", "content-language"]), kind.to_owned())
            }
        };
        reply.headers.push(header);
    }
    reply
}

/// A reply to a login.
pub(crate) fn login(rng: &mut Rng) -> Reply {
    if one_in(rng, 4) {
        return if rng.bool() { error(rng, &[SECRET]) } else { garbage(rng, &[SECRET]) };
    }
    let mut members = members(&[
        ("tokenType", "\"bearer\"".to_owned()),
        ("expiresIn", pick(rng, &["3600", "3600.0", "0", "-1", "\"3600\"", "1e9", "1e400"]).to_owned()),
        ("refreshToken", format!("\"{TOKEN}\"")),
        ("accessToken", format!("\"{TOKEN}\"")),
    ]);
    if rng.bool() {
        damage(rng, &mut members, 4);
    }
    let mut body = format!("{}{}", pick(rng, &["", "\u{feff}"]), object(rng, &members)).into_bytes();
    if one_in(rng, 3) {
        damage_bytes(rng, &mut body);
    }
    Reply { status: 200, headers: Vec::new(), body, rows: None, is_page: false }
}

/// The reply as bytes on a connection, with a head that may lie.
pub(crate) fn on_the_wire(rng: &mut Rng, reply: &Reply) -> Vec<u8> {
    let lies = [
        "HTTP/1.0 200 OK",
        "HTTP/1.1 2000 OK",
        "ICY 200 OK",
        "",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK",
    ];
    let status = format!("HTTP/1.1 {} X", reply.status);
    let status = if one_in(rng, 8) { pick(rng, &lies) } else { &status };
    let length = reply.body.len();
    let frame = match rng.u8(..8) {
        0 => format!("content-length: {}", length.saturating_sub(rng.usize(..9))),
        1 => format!("content-length: {}", length + rng.usize(1..9)),
        2 => format!("content-length: {}", pick(rng, &["-1", "99999999999999999999999", "x"])),
        3 => format!("content-length: {length}\r\ncontent-length: {}", length + 1),
        4 => "transfer-encoding: chunked".to_owned(),
        5 => format!("content-length: {length}\r\ncontent-encoding: {}", pick(rng, &["gzip", "br", "x"])),
        6 => "connection: close".to_owned(),
        _ => format!("content-length: {length}"),
    };
    let mut head = format!("{status}\r\n{frame}\r\n");
    reply.headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    if one_in(rng, 6) {
        head.push_str(&"x-filler: 0123456789\r\n".repeat(pick(rng, &[90, 101, 10_000])));
    }
    let body = if frame.ends_with("chunked") {
        let size = if one_in(rng, 3) { "ffffffffffffffffff".to_owned() } else { format!("{length:x}") };
        [size.as_bytes(), b"\r\n", &reply.body, b"\r\n0\r\n\r\n"].concat()
    } else {
        reply.body.clone()
    };
    let mut bytes = [head.as_bytes(), b"\r\n", &body].concat();
    if one_in(rng, 5) {
        damage_bytes(rng, &mut bytes);
    }
    bytes
}
