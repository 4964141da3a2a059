//! Draws without a generator: every value is computed from (key, number, purpose), so no order of calls can change it.

/// What a value is drawn for. Two purposes give unrelated values for the same row.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(crate) enum Purpose {
    Status = 1,
    Device,
    Command,
    Request,
    Failure,
    AccessToken,
    RefreshToken,
    Outcome,
    Sent,
    Answer,
    Fault,
    RequestId,
    ExamSecret,
    TaskId,
    Steady,
    FleetType,
    FleetArea,
    FleetGroup,
}

/// The key of everything that belongs to `name`, a task or an application.
pub(crate) fn key(seed: u64, name: &str) -> u64 {
    name.bytes().fold(mix(seed), |key, byte| mix(key ^ u64::from(byte)))
}

/// 64 bits for one row and one purpose.
pub(crate) fn draw(key: u64, number: u64, purpose: Purpose) -> u64 {
    mix(mix(key ^ purpose as u64).wrapping_add(number))
}

/// 32 hexadecimal digits for one row and one purpose.
pub(crate) fn hex32(key: u64, number: u64, purpose: Purpose) -> String {
    let high = draw(key, number, purpose);
    format!("{high:016x}{:016x}", mix(high))
}

/// One of the choices, as often as its weight says. Some weight must be above 0.
pub(crate) fn weighted<T: Copy, const N: usize>(draw: u64, choices: [(T, u64); N]) -> T {
    let mut rest = draw % choices.iter().map(|(_, weight)| weight).sum::<u64>();
    for (choice, weight) in choices {
        if rest < weight {
            return choice;
        }
        rest -= weight;
    }
    choices[N - 1].0
}

/// Another number in place of `row`; no two rows get the same one.
///
/// Ids begin with it, which makes them distinct by construction and lets [`unpermute`] find the row of an id without
/// a table.
pub(crate) fn permute(key: u64, row: u32, purpose: Purpose) -> u32 {
    let mut x = row ^ mask(key, purpose);
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// The row that [`permute`] turned into `x`.
pub(crate) fn unpermute(key: u64, mut x: u32, purpose: Purpose) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x4302_1123);
    x ^= x >> 15 ^ x >> 30;
    x = x.wrapping_mul(0x1d69_e2a5);
    x ^= x >> 16;
    x ^ mask(key, purpose)
}

/// The upper half of a draw.
fn mask(key: u64, purpose: Purpose) -> u32 {
    (draw(key, 0, purpose) >> 32) as u32
}

/// One step of SplitMix64.
fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpermute_undoes_permute() {
        let key = key(7, "demo");
        for row in (0..=u32::MAX).step_by(65_537).chain([u32::MAX]) {
            assert_eq!(unpermute(key, permute(key, row, Purpose::Device), Purpose::Device), row);
        }
    }

    #[test]
    fn seed_name_number_and_purpose_each_change_the_draw() {
        let first = draw(key(1, "a"), 0, Purpose::Status);
        assert_ne!(first, draw(key(2, "a"), 0, Purpose::Status));
        assert_ne!(first, draw(key(1, "b"), 0, Purpose::Status));
        assert_ne!(first, draw(key(1, "a"), 1, Purpose::Status));
        assert_ne!(first, draw(key(1, "a"), 0, Purpose::Failure));
    }
}
