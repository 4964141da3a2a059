//! The end of a certificate's validity, found in its DER form (RFC 5280). Whether the certificate is good is not judged here: the
//! handshake has done that.

use std::time::SystemTime;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// When the certificate ends; `None` if it cannot be read.
pub(super) fn end(der: &[u8]) -> Option<SystemTime> {
    let (certificate, _) = expect(SEQUENCE, der)?;
    let (signed, _) = expect(SEQUENCE, certificate)?;
    // The version is left out in certificates of version 1.
    let signed = expect(VERSION, signed).map_or(signed, |(_, rest)| rest);
    let (_serial_number, signed) = expect(INTEGER, signed)?;
    let (_algorithm, signed) = expect(SEQUENCE, signed)?;
    let (_issuer, signed) = expect(SEQUENCE, signed)?;
    let (validity, _) = expect(SEQUENCE, signed)?;
    let (_, _, rest) = element(validity)?;
    let (kind, end, _) = element(rest)?;
    time(kind, end)
}

/// The first element of this kind: what it holds, and what follows it.
fn expect(kind: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, inside, rest) = element(der)?;
    (found == kind).then_some((inside, rest))
}

/// The first element: its kind, what it holds, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&kind, der) = der.split_first()?;
    let (&short, mut der) = der.split_first()?;
    let mut length = usize::from(short);
    if short >= 0x80 {
        let bytes = usize::from(short & 0x7f);
        let (long, rest) = der.split_at_checked(bytes)?;
        if bytes > 4 {
            return None;
        }
        (length, der) = (long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest);
    }
    let (inside, rest) = der.split_at_checked(length)?;
    Some((kind, inside, rest))
}

/// `YYMMDDHHMMSSZ`, or the same with four digits of the year.
fn time(kind: u8, text: &[u8]) -> Option<SystemTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match kind {
        // Of two digits, those from 50 on belong to the last century.
        UTC_TIME if text.len() == 12 => {
            (format!("{}{}", if text < "5" { "20" } else { "19" }, &text[..2]), &text[2..])
        }
        GENERALIZED_TIME if text.len() == 14 => (text[..4].to_owned(), &text[4..]),
        _ => return None,
    };
    let two = |at: usize| &rest[at..at + 2];
    let time = format!("{year}-{}-{}T{}:{}:{}Z", two(0), two(2), two(4), two(6), two(8));
    humantime::parse_rfc3339(&time).ok()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn seconds(kind: u8, text: &str) -> Option<u64> {
        Some(time(kind, text.as_bytes())?.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn both_notations_of_a_time_are_read() {
        assert_eq!(seconds(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(seconds(UTC_TIME, "240229235959Z"), Some(1_709_251_199));
        assert_eq!(seconds(GENERALIZED_TIME, "20500301000000Z"), Some(2_529_705_600));
        for (kind, text) in [
            (UTC_TIME, "20500301000000Z"),
            (UTC_TIME, "700101000000"),
            (GENERALIZED_TIME, "2050030100000éZ"),
            (UTC_TIME, "-00101000000Z"),
            (INTEGER, "700101000000Z"),
            (UTC_TIME, ""),
        ] {
            assert_eq!(seconds(kind, text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for der in [
            &[][..],
            &[SEQUENCE],
            &[SEQUENCE, 5, 1],
            &[SEQUENCE, 0x84, 255, 255, 255, 255],
            &[SEQUENCE, 0xff, 0],
        ] {
            assert_eq!(end(der), None, "{der:?}");
        }
    }
}
