//! How programs go through the pages of a list: every kind of loop that generated clients are used with.

use std::collections::BTreeMap;

/// The pages that a loop has got: their rows and their total.
pub(super) type Got<T> = BTreeMap<u64, (Vec<T>, u64)>;

/// How a program goes through the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    UntilEmpty,
    UntilShort,
    FirstTotal,
    EachTotal,
    /// Page 0, then all others at once.
    Parallel,
    /// This number of pages at a time, until one is short.
    Waves(u64),
    /// Page 0, then from the last page to page 1.
    Descending,
    /// Each page twice, until one is empty.
    Twice,
    /// Page 0 again with every page after page 1, until one is empty.
    BackToStart,
}

pub(super) const KINDS: [Kind; 9] = [
    Kind::UntilEmpty,
    Kind::UntilShort,
    Kind::FirstTotal,
    Kind::EachTotal,
    Kind::Parallel,
    Kind::Waves(5),
    Kind::Descending,
    Kind::Twice,
    Kind::BackToStart,
];

impl Kind {
    /// The pages to ask for next; none if the loop is at its end.
    pub(super) fn next<T>(self, size: u32, got: &Got<T>) -> Vec<u64> {
        let (size, after) = (u64::from(size), got.len() as u64);
        let Some((_, (rows, total))) = got.last_key_value() else {
            return match self {
                Self::Waves(pages) => (0..pages).collect(),
                Self::Twice => vec![0, 0],
                _ => vec![0],
            };
        };
        let pages = got[&0].1.div_ceil(size);
        let goes_on = match self {
            Self::UntilEmpty | Self::Twice | Self::BackToStart => !rows.is_empty(),
            Self::UntilShort | Self::Waves(_) => rows.len() as u64 == size,
            Self::EachTotal => after * size < *total,
            Self::FirstTotal | Self::Parallel | Self::Descending => after < pages,
        };
        match self {
            _ if !goes_on => Vec::new(),
            Self::Parallel => (1..pages).collect(),
            Self::Waves(pages) => (after..after + pages).collect(),
            Self::Descending => vec![pages - after],
            Self::Twice => vec![after, after],
            Self::BackToStart if after > 1 && after * size < *total => vec![after, 0],
            _ => vec![after],
        }
    }
}
