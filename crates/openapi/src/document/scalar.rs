//! Scalars of the YAML 1.2 core schema, as JSON values.

use saphyr_parser::{ScalarStyle, Tag};
use serde_json::{Number, Value};

/// What a scalar means, by its style, its tag and its text.
///
/// # Errors
/// A tag that the core schema does not know, a text that does not fit its tag, or a number that JSON cannot hold.
pub(super) fn read(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    match tag {
        Some(tag) => tagged(text, tag),
        None if style == ScalarStyle::Plain => plain(text),
        None => Ok(Value::from(text)),
    }
}

/// The name of a core-schema tag; `!` alone means "as text".
///
/// # Errors
/// Any other tag.
pub(super) fn core_tag(tag: &Tag) -> Result<&str, String> {
    match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("tag:yaml.org,2002:", name @ ("str" | "int" | "float" | "bool" | "null" | "map" | "seq")) => {
            Ok(name)
        }
        ("" | "!", "" | "!") => Ok("str"),
        _ => {
            let name: String = tag.to_string().chars().take(40).flat_map(char::escape_debug).collect();
            Err(format!("the tag `{name}` is not understood: write the value without a tag"))
        }
    }
}

fn tagged(text: &str, tag: &Tag) -> Result<Value, String> {
    let name = core_tag(tag)?;
    if name == "str" {
        return Ok(Value::from(text));
    }
    let value = plain(text)?;
    let fits = match name {
        "int" => value.is_i64() || value.is_u64(),
        "float" => value.is_number(),
        "bool" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    if fits { Ok(value) } else { Err(format!("the value is no `!!{name}`: write it without the tag")) }
}

fn plain(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Ok(Value::Null),
        "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
        _ => match number(text) {
            Some(Ok(number)) => Ok(Value::Number(number)),
            Some(Err(TooLarge)) => {
                Err("a number that JSON cannot hold: write it in quotes, or write a smaller one".to_owned())
            }
            None => Ok(Value::from(text)),
        },
    }
}

struct TooLarge;

fn number(text: &str) -> Option<Result<Number, TooLarge>> {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Err(TooLarge));
    }
    if !is_decimal(unsigned) {
        return None;
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Some(Ok(integer.into()));
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Some(Ok(integer.into()));
    }
    text.parse::<f64>().ok().map(|float| Number::from_f64(float).ok_or(TooLarge))
}

fn radix(digits: &str, radix: u32) -> Option<Result<Number, TooLarge>> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    Some(u64::from_str_radix(digits, radix).map(Number::from).map_err(|_| TooLarge))
}

/// `( "." [0-9]+ | [0-9]+ ( "." [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, as the core schema defines it.
fn is_decimal(text: &str) -> bool {
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|digits| !digits.is_empty() && all_digits(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, value) in [
            ("~", json!(null)),
            ("", json!(null)),
            ("True", json!(true)),
            ("yes", json!("yes")),
            ("on", json!("on")),
            ("007", json!(7)),
            ("+12", json!(12)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("0x-1", json!("0x-1")),
            ("18446744073709551615", json!(u64::MAX)),
            ("1.", json!(1.0)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("1_000", json!("1_000")),
            ("3.0.3", json!("3.0.3")),
            ("2022-02-24", json!("2022-02-24")),
            ("12:30", json!("12:30")),
            ("inf", json!("inf")),
            ("-", json!("-")),
            (".", json!(".")),
            ("e5", json!("e5")),
        ] {
            assert_eq!(plain(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn numbers_that_json_cannot_hold_are_refused() {
        for text in [".inf", "-.INF", ".nan", "1e999", "0xFFFFFFFFFFFFFFFFFF"] {
            assert!(plain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quotes_make_text() {
        assert_eq!(read("200", ScalarStyle::SingleQuoted, None), Ok(json!("200")));
    }
}
