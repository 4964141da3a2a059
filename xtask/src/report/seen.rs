//! What a browser saw of a report, and what is wrong with that.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use serde_json::{Value, json};

/// Rows of the table at a time.
const PAGE: usize = 100;
/// Rows on paper at most.
const PRINTED: usize = 2000;

/// What a report has to list: what the command prints of the same task as JSON.
#[derive(Default)]
pub(super) struct Listed {
    /// The devices, in the order in which they came, as a page shows their ids.
    devices: Vec<String>,
    /// The same in the order of their ids.
    sorted: Vec<String>,
    /// How many there are of each code.
    codes: BTreeMap<Option<String>, usize>,
    timed_out: usize,
    first_error: String,
}

impl Listed {
    pub(super) fn read(lines: &str) -> anyhow::Result<Self> {
        let mut listed = Self::default();
        let mut ids = Vec::new();
        for line in lines.lines() {
            let row: Value = serde_json::from_str(line).context("the command prints no JSON")?;
            let error = row["error"].as_str().unwrap_or_default();
            if listed.devices.is_empty() {
                listed.first_error = shown(error);
            }
            let id = row["param"]["deviceId"].as_str().unwrap_or_default();
            listed.devices.push(shown(id));
            ids.push(id.to_owned());
            let cause: Value = serde_json::from_str(error).unwrap_or_default();
            *listed.codes.entry(cause["error_code"].as_str().map(shown)).or_default() += 1;
            listed.timed_out += usize::from(row["status"] == "Timeout");
        }
        // As JavaScript compares texts.
        ids.sort_by_key(|id| id.encode_utf16().collect::<Vec<_>>());
        listed.sorted = ids.iter().map(|id| shown(id)).collect();
        Ok(listed)
    }

    pub(super) fn devices(&self) -> usize {
        self.devices.len()
    }

    /// What is looked for: a device on the last page, by the last word of its id.
    pub(super) fn sought(&self) -> Value {
        let last = self.devices.last().and_then(|device| device.split_whitespace().last());
        json!({ "device": last })
    }
}

/// A text as the page shows it: what cannot be seen is shown by its name.
fn shown(text: &str) -> String {
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().map(|c| if unseen(c) { format!("U+{:04X}", u32::from(c)) } else { c.to_string() }).collect()
}

/// A number as the page writes it.
fn grouped(number: usize) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{},{rest:03}", grouped(thousands)),
    }
}

/// What is wrong with what the page showed to somebody who used it.
pub(super) fn faults_of(seen: &Value, listed: &Listed) -> Vec<String> {
    let all = listed.devices.len();
    let of_all = |part: usize| {
        if part == all {
            format!("{} devices", grouped(all))
        } else {
            format!("{} of {} devices", grouped(part), grouped(all))
        }
    };
    let turned = all.min(20 * PAGE);
    let last = if all.is_multiple_of(PAGE) { PAGE.min(all) } else { all % PAGE };
    let printed = all.min(PRINTED);
    let paper = if printed < all {
        format!("Printed: {} of {} devices.", grouped(printed), grouped(all))
    } else {
        String::new()
    };
    let mut faults = Vec::new();
    let mut want = |what: &str, pointer: &str, wanted: Value| {
        let found = seen.pointer(pointer).unwrap_or(&Value::Null);
        if *found != wanted {
            faults.push(format!("{what}: {} instead of {}", excerpt(found), excerpt(&wanted)));
        }
    };
    want("it counts", "/start/count", json!(of_all(all)));
    want("it offers", "/start/copy", json!(format!("Copy {} device ids", grouped(all))));
    want("turning the pages shows", "/start/devices", json!(listed.devices[..turned]));
    want("the last page has", "/last/rows", json!(last));
    want("the last page says", "/last/place", {
        let pages = grouped(all.div_ceil(PAGE));
        json!(format!("Page {pages} of {pages}"))
    });
    want("sorting says", "/up/said", json!("ascending"));
    want("sorting back says", "/down/said", json!("descending"));
    want("sorting no more says", "/again/said", Value::Null);
    want("sorting no more shows", "/again/all", json!(listed.devices[..turned]));
    want("a search counts", "/found/count", json!(of_all(1)));
    want("a search shows", "/found/rows", json!([listed.devices.last()]));
    want("a search for nobody counts", "/nothing/count", json!(of_all(0)));
    want("a search for a status counts", "/timeouts", json!(of_all(listed.timed_out)));
    want("a search for nothing counts", "/everything", json!(of_all(all)));
    want("without a filter it counts", "/unfiltered", json!(of_all(all)));
    want("an opened row shows", "/opened/0", json!(listed.first_error));
    want("a closed row leaves", "/closed", json!(""));
    want("paper has", "/printed/rows", json!(printed));
    want("paper says", "/printed/said", json!(paper));
    want("after printing there are", "/afterPrint", json!({ "rows": all.min(PAGE), "said": "" }));
    want("harm is done", "/harm", json!({ "hacked": null, "elements": 0, "scripts": 2, "handlers": 0 }));
    faults.extend(faults_of_orders(seen, listed, turned));
    faults.extend(faults_of_reasons(&seen["reasons"], listed, of_all));
    faults
}

fn faults_of_orders(seen: &Value, listed: &Listed, turned: usize) -> Vec<String> {
    let texts = |pointer: &str| -> Vec<String> {
        let rows = seen.pointer(pointer).and_then(Value::as_array);
        rows.into_iter().flatten().map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
    };
    let mut faults = Vec::new();
    let mut sorted = listed.sorted.clone();
    for pointer in ["/up/all", "/down/all"] {
        if texts(pointer) != sorted[..turned] {
            faults.push(format!("sorting by device shows another order at {pointer}"));
        }
        sorted.reverse();
    }
    faults.extend(faults_of_codes(&texts("/codes"), &texts("/devicesByCode"), listed));
    faults
}

/// Codes go up as numbers do, if they are numbers, and devices with the same code stay in their order.
fn faults_of_codes(codes: &[String], devices: &[String], listed: &Listed) -> Vec<String> {
    let number = |code: &Option<String>| code.as_ref().and_then(|code| code.parse::<u64>().ok());
    let numbers: Option<Vec<(u64, usize)>> =
        listed.codes.iter().map(|(code, count)| Some((number(code)?, *count))).collect();
    let mut faults = Vec::new();
    if let Some(mut numbers) = numbers {
        numbers.sort_unstable();
        let repeated = numbers.iter().flat_map(|(code, count)| std::iter::repeat_n(code.to_string(), *count));
        if codes != repeated.take(PAGE).collect::<Vec<_>>() {
            faults.push(format!("sorting by code shows {codes:?}"));
        }
    }
    let places: HashMap<&String, usize> = listed.devices.iter().zip(0..).collect();
    let places: Vec<Option<&usize>> = devices.iter().map(|device| places.get(device)).collect();
    let mut pairs = codes.windows(2).zip(places.windows(2));
    if places.contains(&None) || pairs.any(|(codes, places)| codes[0] == codes[1] && places[0] >= places[1]) {
        faults.push(format!("sorting by code mixes devices of the same code: {devices:?}"));
    }
    faults
}

/// Each reason says how many devices it has, and shows these alone.
fn faults_of_reasons(reasons: &Value, listed: &Listed, of_all: impl Fn(usize) -> String) -> Vec<String> {
    let reasons = reasons.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut wanted = listed.codes.clone();
    let mut faults = Vec::new();
    for reason in reasons {
        let code = reason["codes"][0].as_str().map(str::to_owned);
        let count = wanted.remove(&code).unwrap_or_default();
        let right = json!({ "said": grouped(count), "count": of_all(count), "codes": [code] });
        if *reason != right {
            faults.push(format!("a reason shows {reason} instead of {right}"));
        }
    }
    faults.extend(wanted.keys().map(|code| format!("the code {code:?} is no reason")));
    faults
}

/// What is wrong with the page as it looks in some colours and some width.
pub(super) fn faults_of_looks(name: &str, looks: &Value) -> Vec<String> {
    let number = |name: &str| looks[name].as_f64().unwrap_or_default();
    let mut faults = Vec::new();
    // A page on which nothing is read has no text that is read badly.
    if looks["pale"] != json!([]) || number("read") < 100.0 {
        faults
            .push(format!("{name}: of {} texts these cannot be read well: {}", looks["read"], looks["pale"]));
    }
    if (number("ground") < 0.2) != matches!(name, "dark" | "dark-phone") {
        faults.push(format!("{name}: the ground has the lightness {}", looks["ground"]));
    }
    if number("width") > number("room") || number("room") == 0.0 {
        faults.push(format!("{name}: it is {} wide, and {} can be seen", looks["width"], looks["room"]));
    }
    faults
}

/// What is wrong with the page where scripts do not run.
pub(super) fn faults_of_still(still: &Value) -> Vec<String> {
    let shown = still["shown"].as_u64() > Some(0) && still["told"] == true && still["tools"] == true;
    if shown { Vec::new() } else { vec![format!("without scripts it shows {still}")] }
}

/// What is wrong with the file.
pub(super) fn faults_of_text(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for secret in ["demo-secret", "t0ken-of-the-report"] {
        if text.contains(secret) {
            faults.push(format!("it holds the secret {secret}"));
        }
    }
    faults
}

fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed() -> Listed {
        let row = |device: &str, status: &str, code: &str| {
            let error = json!({ "error_code": code }).to_string();
            json!({ "param": { "deviceId": device }, "status": status, "error": error }).to_string() + "\n"
        };
        Listed::read(&(row("meter b", "Fail", "2") + &row("meter a\u{202e}", "Timeout", "1"))).unwrap()
    }

    fn right() -> Value {
        let (given, other) = (json!(["meter b", "meter aU+202E"]), json!(["meter aU+202E", "meter b"]));
        json!({
            "start": { "count": "2 devices", "copy": "Copy 2 device ids", "devices": given },
            "last": { "rows": 2, "place": "Page 1 of 1" },
            "up": { "said": "ascending", "all": other },
            "down": { "said": "descending", "all": given },
            "again": { "said": null, "all": given },
            "codes": ["1", "2"],
            "devicesByCode": other,
            "found": { "count": "1 of 2 devices", "rows": ["meter aU+202E"] },
            "nothing": { "count": "0 of 2 devices" },
            "timeouts": "1 of 2 devices",
            "everything": "2 devices",
            "reasons": [
                { "said": "1", "count": "1 of 2 devices", "codes": ["2"] },
                { "said": "1", "count": "1 of 2 devices", "codes": ["1"] },
            ],
            "unfiltered": "2 devices",
            "opened": ["{\"error_code\":\"2\"}"],
            "closed": "",
            "printed": { "rows": 2, "said": "" },
            "afterPrint": { "rows": 2, "said": "" },
            "harm": { "hacked": null, "elements": 0, "scripts": 2, "handlers": 0 },
        })
    }

    /// Where the values are that have nothing below them.
    fn leaves(value: &Value, at: &str) -> Vec<String> {
        let below = |name: &str, value: &Value| leaves(value, &format!("{at}/{name}"));
        match value {
            Value::Object(members) => members.iter().flat_map(|(name, value)| below(name, value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().flat_map(|(place, value)| below(&place.to_string(), value)).collect()
            }
            _ => vec![at.to_owned()],
        }
    }

    #[test]
    fn a_page_that_shows_what_came_is_right_and_everything_that_it_shows_counts() {
        assert_eq!(faults_of(&right(), &listed()), [""; 0]);
        for leaf in leaves(&right(), "") {
            let mut wrong = right();
            *wrong.pointer_mut(&leaf).unwrap() = json!("0");
            assert!(!faults_of(&wrong, &listed()).is_empty(), "{leaf} may be anything");
        }
    }

    #[test]
    fn devices_with_the_same_code_stay_in_their_order() {
        let texts = |texts: [&str; 3]| texts.map(str::to_owned);
        let listed = Listed {
            devices: texts(["a", "b", "c"]).to_vec(),
            codes: [(Some("9".to_owned()), 2), (Some("10".to_owned()), 1)].into(),
            ..listed()
        };
        let faults = |codes, devices| faults_of_codes(&texts(codes), &texts(devices), &listed).len();
        assert_eq!(faults(["9", "9", "10"], ["a", "b", "c"]), 0);
        assert_eq!(faults(["9", "9", "10"], ["b", "a", "c"]), 1);
        assert_eq!(faults(["10", "9", "9"], ["c", "a", "b"]), 1);
        assert_eq!(faults(["9", "9", "10"], ["a", "b", "x"]), 1);
    }

    #[test]
    fn what_cannot_be_read_or_sticks_out_is_a_fault() {
        let looks = |pale: Value, ground: f64, width: u32| json!({ "read": 300, "pale": pale, "ground": ground, "width": width, "room": 340 });
        assert_eq!(faults_of_looks("phone", &looks(json!([]), 1.0, 340)), [""; 0]);
        assert_eq!(faults_of_looks("dark-phone", &looks(json!([]), 0.01, 340)), [""; 0]);
        assert_eq!(faults_of_looks("phone", &looks(json!(["p.x: 2.1"]), 1.0, 340)).len(), 1);
        assert_eq!(faults_of_looks("dark", &looks(json!([]), 1.0, 340)).len(), 1);
        assert_eq!(faults_of_looks("phone", &looks(json!([]), 1.0, 341)).len(), 1);
        assert_eq!(faults_of_looks("phone", &json!({})).len(), 3);
    }

    #[test]
    fn a_page_without_scripts_and_a_file_without_secrets_are_wanted() {
        assert_eq!(faults_of_still(&json!({ "tools": true, "told": true, "shown": 4 })), [""; 0]);
        for (tools, told, shown) in [(false, true, 4), (true, false, 4), (true, true, 0)] {
            let still = json!({ "tools": tools, "told": told, "shown": shown });
            assert_eq!(faults_of_still(&still).len(), 1, "{still}");
        }
        assert_eq!(faults_of_text("<html>"), [""; 0]);
        assert_eq!(faults_of_text("secret=demo-secret").len(), 1);
    }
}
