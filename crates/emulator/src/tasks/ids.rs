//! The ids of a generated task's rows: each is computed from the row's number, and leads back to it.

use crate::api::{CommandId, DeviceId};
use crate::draw::{self, Purpose, draw, hex32};

/// In the form of a random UUID (version 4).
pub(crate) fn device(key: u64, row: u32) -> DeviceId {
    let number = draw::permute(key, row, Purpose::Device);
    let bits = draw(key, row.into(), Purpose::Device);
    let (a, b, c) = (bits & 0xffff, bits >> 16 & 0xfff | 0x4000, bits >> 28 & 0x3fff | 0x8000);
    let node = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    DeviceId(format!("{number:08x}-{a:04x}-{b:04x}-{c:04x}-{node:012x}"))
}

/// 32 hexadecimal digits.
pub(crate) fn command(key: u64, row: u32) -> CommandId {
    let number = draw::permute(key, row, Purpose::Command);
    CommandId(format!("{number:08x}{}", &hex32(key, row.into(), Purpose::Command)[8..]))
}

/// 32 hexadecimal digits.
pub(crate) fn request(key: u64, row: u32) -> String {
    hex32(key, row.into(), Purpose::Request)
}

/// The row that has this device id, if the task has that many.
pub(crate) fn row_of_device(key: u64, id: &str) -> Option<u32> {
    row_of_number(key, id, Purpose::Device).filter(|row| device(key, *row).0 == id)
}

/// The row that has this command id, if the task has that many.
pub(crate) fn row_of_command(key: u64, id: &str) -> Option<u32> {
    row_of_number(key, id, Purpose::Command).filter(|row| command(key, *row).0 == id)
}

/// The row whose id could begin like this.
fn row_of_number(key: u64, id: &str, purpose: Purpose) -> Option<u32> {
    let number = u32::from_str_radix(id.get(..8)?, 16).ok()?;
    Some(draw::unpermute(key, number, purpose))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_id_is_distinct_and_leads_back_to_its_row() {
        let key = draw::key(1, "demo");
        let mut seen = HashSet::new();
        for row in 0..1_000 {
            let (device, command) = (device(key, row).0, command(key, row).0);
            assert_eq!(row_of_device(key, &device), Some(row));
            assert_eq!(row_of_command(key, &command), Some(row));
            assert!(seen.insert(device) && seen.insert(command));
        }
    }

    #[test]
    fn ids_have_the_form_of_a_uuid_and_of_32_hexadecimal_digits() {
        let key = draw::key(1, "demo");
        for row in 0..1_000 {
            let (device, command) = (device(key, row).0, command(key, row).0);
            let groups: Vec<_> = device.split('-').collect();
            assert_eq!(
                groups.iter().map(|group| group.len()).collect::<Vec<_>>(),
                [8, 4, 4, 4, 12],
                "{device}"
            );
            assert!(groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit()), "{device}");
            assert!(groups[2].starts_with('4') && groups[3].starts_with(['8', '9', 'a', 'b']), "{device}");
            assert!(command.bytes().all(|byte| byte.is_ascii_hexdigit()), "{command}");
        }
    }

    #[test]
    fn a_text_that_is_no_id_leads_to_no_row() {
        let key = draw::key(1, "demo");
        let id = device(key, 0).0;
        for text in ["", "é", "1234567é", "zzzzzzzz", "+1234567", &id[1..], &id.to_uppercase()] {
            assert_eq!(row_of_device(key, text), None, "{text}");
        }
    }
}
