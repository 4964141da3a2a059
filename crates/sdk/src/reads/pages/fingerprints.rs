//! Recognises a row by a fingerprint of its parameters, which stay the same while its status changes.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::io;

use foldhash::quality::RandomState;
use northbound_client::Members;
use northbound_client::types::{Subtask, SubtaskParam};

/// The fingerprint of a row; `None` for a row without parameters, which cannot be distinguished from others.
pub(crate) type Fingerprint = Option<u64>;

/// To this depth of nested objects, the order of members makes no difference.
const DEPTH: usize = 4;
/// In bytes. Of a longer object the text is used as it is, so the order of its members makes a difference.
const LONG: usize = 64 * 1024;

/// Makes fingerprints. Each read has its own key, so rows that collide in one read do not collide in the next.
///
/// 64 bits: among 1,000,000 rows two collide with a probability of 3 in 100 million.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fingerprints(RandomState);

impl Fingerprints {
    /// The fingerprints of a page. Rows of one page with equal parameters are distinguished by counting them.
    pub(crate) fn of_rows(&self, rows: &[Subtask]) -> Vec<Fingerprint> {
        let mut fingerprints: Vec<_> = rows.iter().map(|row| self.of_row(row)).collect();
        if repeats_one(&fingerprints) {
            let mut equal = HashMap::<u64, u64>::new();
            for fingerprint in fingerprints.iter_mut().flatten() {
                let count = equal.entry(*fingerprint).or_default();
                if *count > 0 {
                    *fingerprint = self.0.hash_one((*fingerprint, *count));
                }
                *count += 1;
            }
        }
        fingerprints
    }

    fn of_row(&self, row: &Subtask) -> Fingerprint {
        let SubtaskParam { device_id, command_id, extra } = row.param.as_ref()?;
        let (device_id, command_id) = (device_id.as_ref(), command_id.as_ref());
        let mut says_nothing = device_id.is_none() && command_id.is_none();
        if says_nothing {
            extra.each(|_, value| says_nothing &= value.is_null());
        }
        if says_nothing {
            return None;
        }
        let mut hasher = self.0.build_hasher();
        device_id.map(|id| id.as_str()).hash(&mut hasher);
        command_id.map(|id| id.as_str()).hash(&mut hasher);
        if !extra.is_empty() {
            hasher.write_u64(self.value(extra.json(), DEPTH));
        }
        Some(hasher.finish())
    }

    /// The order of members makes no difference, within the two limits above. All digits of a number count.
    fn value(&self, json: &str, depth: usize) -> u64 {
        if !json.starts_with('{') || depth == 0 || json.len() > LONG {
            return self.0.hash_one(json);
        }
        let mut sum = 0_u64;
        if let Ok(members) = serde_json::from_str::<Members>(json) {
            members.each(|name, value| {
                sum = sum.wrapping_add(self.0.hash_one((name, self.value(value.json(), depth - 1))));
            });
        }
        self.0.hash_one(("object", sum))
    }

    /// What distinguishes a page from another: the fingerprints of its rows, or all that they hold if none has one. And
    /// whether those are all alike.
    pub(crate) fn digest(&self, rows: &[Subtask], fingerprints: &[Fingerprint]) -> Option<(u64, bool)> {
        if fingerprints.iter().any(Option::is_some) {
            return Some((self.0.hash_one(fingerprints), false));
        }
        let first = rows.first()?;
        let alike = rows.iter().all(|row| row == first);
        let told = if alike { &rows[..1] } else { rows };
        let mut hasher = self.0.build_hasher();
        rows.len().hash(&mut hasher);
        for row in told {
            // It cannot fail. A text of the row could be six times as long as the row itself.
            let _ = serde_json::to_writer(io::BufWriter::new(Hashed(&mut hasher)), row);
        }
        Some((hasher.finish(), alike))
    }

    /// The same when nobody watches for repeats: the first and the last row have to do.
    pub(crate) fn digest_of_ends(&self, rows: &[Subtask]) -> Option<(u64, bool)> {
        let ends = [self.of_row(rows.first()?), self.of_row(rows.last()?)];
        if ends.iter().any(Option::is_some) {
            return Some((self.0.hash_one((ends, rows.len())), false));
        }
        self.digest(rows, &[])
    }
}

/// Hashes what is written to it.
struct Hashed<'a, H>(&'a mut H);

impl<H: Hasher> io::Write for Hashed<'_, H> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sorting a copy is several times cheaper than counting in a table, and rows with equal parameters are rare.
fn repeats_one(fingerprints: &[Fingerprint]) -> bool {
    let mut sorted: Vec<u64> = fingerprints.iter().copied().flatten().collect();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rows(rows: Value) -> Vec<Subtask> {
        serde_json::from_value(rows).unwrap()
    }

    #[test]
    fn a_row_keeps_its_fingerprint_while_it_moves() {
        let maker = Fingerprints::default();
        let rows = rows(json!([
            { "status": "Pending", "param": { "deviceId": "a", "nodeId": "n", "tag": { "x": 1, "y": [2] } } },
            { "status": "Fail", "error": "e", "param": { "tag": { "y": [2], "x": 1 }, "nodeId": "n", "deviceId": "a" } },
            { "status": "Fail", "error": "e", "param": { "tag": { "y": [2], "x": 2 }, "nodeId": "n", "deviceId": "a" } },
        ]));
        let [first, second, third] = [0, 1, 2].map(|row| maker.of_row(&rows[row]).unwrap());
        assert_eq!(first, second);
        assert_ne!(first, third);
    }

    #[test]
    fn rows_that_differ_in_a_digit_are_different_rows() {
        let row = |number: &str| {
            format!("{{\"param\":{{\"deviceId\":{number},\"tag\":{{\"iccid\":[{number}]}}}}}}")
        };
        for (one, other) in [
            ("89860000000000000001", "89860000000000000002"),
            ("0.12345678901234567890", "0.12345678901234567891"),
        ] {
            let rows = [one, other].map(|number| serde_json::from_str(&row(number)).unwrap());
            let fingerprints = Fingerprints::default().of_rows(&rows);
            assert_ne!(fingerprints[0], fingerprints[1]);
            let tags = rows.map(|mut row: Subtask| {
                row.param.as_mut().unwrap().device_id = None;
                row
            });
            let fingerprints = Fingerprints::default().of_rows(&tags);
            assert_ne!(fingerprints[0], fingerprints[1]);
        }
    }

    #[test]
    fn equal_parameters_on_a_page_are_counted() {
        let maker = Fingerprints::default();
        let row = json!({ "param": { "deviceId": "*", "commandId": "*" } });
        let fingerprints = maker.of_rows(&rows(json!([row, row, row])));
        assert_eq!(fingerprints[0], maker.of_rows(&rows(json!([row])))[0]);
        assert!(fingerprints[0] != fingerprints[1] && fingerprints[1] != fingerprints[2]);
    }

    #[test]
    fn a_row_without_parameters_has_no_fingerprint() {
        let nobody = rows(
            json!([{}, { "param": null }, { "param": {} }, { "param": { "deviceId": null, "x": null } }]),
        );
        assert_eq!(Fingerprints::default().of_rows(&nobody), [None; 4]);
        let names = rows(json!([{ "param": { "deviceId": "a" } }, { "param": { "commandId": "a" } }]));
        let fingerprints = Fingerprints::default().of_rows(&names);
        assert!(fingerprints[0].is_some() && fingerprints[0] != fingerprints[1]);
    }

    #[test]
    fn a_page_of_equal_rows_without_a_fingerprint_is_recognised() {
        let maker = Fingerprints::default();
        let alike = rows(json!([{ "status": "Fail" }, { "status": "Fail" }]));
        let digest = maker.digest(&alike, &[None, None]).unwrap();
        assert!(digest.1 && maker.digest_of_ends(&alike) == Some(digest));
        assert_ne!(maker.digest(&alike[..1], &[None]), Some(digest), "it is shorter");
        let others = rows(json!([{ "output": "1" }, { "output": "2" }]));
        assert!(maker.digest(&others, &[None, None]).is_some_and(|(_, alike)| !alike));
        assert_eq!(maker.digest_of_ends(&[]), None);
    }

    #[test]
    fn the_ends_of_a_page_tell_it_from_another() {
        let maker = Fingerprints::default();
        let row = |device: &str| json!({ "param": { "deviceId": device } });
        let page = |devices: [&str; 3]| maker.digest_of_ends(&rows(devices.map(row).into_iter().collect()));
        assert!(page(["a", "b", "c"]).is_some());
        assert_eq!(page(["a", "b", "c"]), page(["a", "x", "c"]), "the ends have to do");
        assert_ne!(page(["a", "b", "c"]), page(["x", "b", "c"]));
        assert_ne!(page(["a", "b", "c"]), page(["a", "b", "x"]));
        let ends = rows(json!([row("a"), row("c")]));
        assert_ne!(maker.digest_of_ends(&ends), page(["a", "b", "c"]), "it is shorter");
    }

    #[test]
    fn each_read_has_a_key_of_its_own() {
        let row = rows(json!([{ "param": { "deviceId": "a" } }]));
        assert_ne!(Fingerprints::default().of_rows(&row), Fingerprints::default().of_rows(&row));
    }
}
