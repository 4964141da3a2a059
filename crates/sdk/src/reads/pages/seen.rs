//! Remembers which rows were delivered, in 8 bytes a row.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use super::fingerprints::Fingerprint;

/// How many sets share the fingerprints. A set that grows holds its old and its new table for a moment; one of many small
/// ones growing costs little of that, one large set would need half as much again.
const SHARDS: usize = 64;

/// Fingerprints of rows.
#[derive(Debug)]
pub(super) struct SeenRows(Vec<Shard>);

type Shard = HashSet<u64, BuildHasherDefault<AsItIs>>;

impl Default for SeenRows {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Shard::default()).collect())
    }
}

impl SeenRows {
    /// Takes in the rows of a page; returns the places of those that had come before. Rows without a fingerprint are always
    /// new, except where rows are shown `again`: they came then as well, if they were there.
    pub(super) fn repeats(&mut self, rows: &[Fingerprint], again: bool) -> Vec<usize> {
        let is_repeat = |row: &Fingerprint| row.map_or(again, |fingerprint| !self.insert(fingerprint));
        (0..).zip(rows.iter().map(is_repeat)).filter_map(|(place, repeat)| repeat.then_some(place)).collect()
    }

    /// Whether the row is new.
    fn insert(&mut self, fingerprint: u64) -> bool {
        self.0[shard(fingerprint)].insert(fingerprint)
    }

    pub(super) fn contains(&self, fingerprint: u64) -> bool {
        self.0[shard(fingerprint)].contains(&fingerprint)
    }
}

/// The table takes the lowest bits for the place and the highest seven for its tags, so bits between them choose the shard.
fn shard(fingerprint: u64) -> usize {
    (fingerprint >> 40) as usize % SHARDS
}

/// A fingerprint is a hash already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    /// Called with the 8 bytes of a fingerprint.
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.try_into().map_or(0, u64::from_ne_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_new_once() {
        let mut seen = SeenRows::default();
        let spread = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        assert!((0..10_000).all(|number| seen.insert(spread(number))));
        assert!((0..10_000).all(|number| !seen.insert(spread(number)) && seen.contains(spread(number))));
        assert!(!seen.contains(spread(10_000)));
    }

    #[test]
    fn no_shard_is_much_fuller_than_another() {
        let mut seen = SeenRows::default();
        for number in 0..64_000_u64 {
            seen.insert(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
        assert!(seen.0.iter().all(|shard| (900..1100).contains(&shard.len())));
    }
}
