//! The repairs of the second reading that change the text.

/// How much longer a repair may make a text, in bytes: a long text of control characters would need six times its memory.
const ROOM: usize = 8 * 1024 * 1024;

/// The JSON in a body: without what may stand before and after it, and whether that was anything but blanks of JSON.
pub(crate) fn trimmed(body: &[u8]) -> (&[u8], bool) {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let mut start = 0;
    loop {
        start += match &body[start..] {
            [0xef, 0xbb, 0xbf, ..] => 3,
            [blank, ..] if is_blank(blank) => 1,
            _ => break,
        };
    }
    let last = body.iter().rposition(|byte| *byte != 0 && !is_blank(byte));
    let end = last.map_or(start, |last| start.max(last + 1));
    let mut around = body[..start].iter().chain(&body[end..]);
    (&body[start..end], around.any(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')))
}

/// The text of a body with every repair, and whether there was anything to repair; `None` if it is not UTF-8, or if there
/// is far too much to repair.
pub(crate) fn repaired(body: &[u8]) -> Option<(String, bool)> {
    let (json, mut changed) = trimmed(body);
    let mut rest = std::str::from_utf8(json).ok()?;
    let (mut out, mut quoted) = (String::with_capacity(rest.len()), false);
    while let Some(at) = rest.find(|c: char| matches!(c, '"' | '\\') || (quoted && c < ' ')) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (taken, repair) = match (rest.as_bytes()[0], escaped_unit(rest)) {
            (b'"', _) => {
                quoted = !quoted;
                (1, None)
            }
            (b'\\', Some(0xd800..=0xdbff)) if matches!(escaped_unit(&rest[6..]), Some(0xdc00..=0xdfff)) => {
                (12, None)
            }
            (b'\\', Some(0xd800..=0xdfff)) => (6, Some("\\ufffd".to_owned())),
            (b'\\', _) => (1 + rest[1..].chars().next().map_or(0, char::len_utf8), None),
            (_, _) if out.len() + rest.len() > json.len() + ROOM => return None,
            (control, _) => (1, Some(format!("\\u{control:04x}"))),
        };
        changed |= repair.is_some();
        out.push_str(repair.as_deref().unwrap_or(&rest[..taken]));
        rest = &rest[taken..];
    }
    out.push_str(rest);
    Some((out, changed))
}

/// The UTF-16 unit of an escape such as `\ud83d` at the beginning of the text.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}
