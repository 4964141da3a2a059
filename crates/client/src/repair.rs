//! The repairs of the second reading that change the text.

/// How much longer a repair may make a text, in bytes: a long text of control characters would need six times its memory.
const ROOM: usize = 8 * 1024 * 1024;

/// The JSON in a body: without what may stand before and after it, and whether that was anything but blanks of JSON.
pub(crate) fn trimmed(body: &[u8]) -> (&[u8], bool) {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let (mut json, mut repaired) = (body, false);
    loop {
        match json {
            [blank, rest @ ..] if is_blank(blank) => {
                repaired |= matches!(blank, 0x0b | 0x0c);
                json = rest;
            }
            _ => match json.strip_prefix(MARK) {
                Some(rest) => (json, repaired) = (rest, true),
                None => break,
            },
        }
    }
    while let [rest @ .., last] = json
        && (*last == 0 || is_blank(last))
    {
        repaired |= matches!(last, 0 | 0x0b | 0x0c);
        json = rest;
    }
    (json, repaired)
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
        let taken = match (rest.as_bytes()[0], escaped_unit(rest)) {
            (b'"', _) => {
                quoted = !quoted;
                1
            }
            (b'\\', Some(0xd800..=0xdbff)) if matches!(escaped_unit(&rest[6..]), Some(0xdc00..=0xdfff)) => 12,
            (b'\\', Some(0xd800..=0xdfff)) => {
                changed = true;
                out.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            (b'\\', _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            (_, _) if out.len() + rest.len() > json.len() + ROOM => return None,
            (control, _) => {
                changed = true;
                out.push_str(&format!("\\u{control:04x}"));
                rest = &rest[1..];
                continue;
            }
        };
        out.push_str(&rest[..taken]);
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
