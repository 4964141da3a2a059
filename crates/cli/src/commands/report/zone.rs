//! The time zone of a report.

use std::str::FromStr;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The zone in which times are shown: UTC unless another one is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "local" => TimeZone::try_system().map_err(|error| {
                format!("this machine does not say its time zone ({error}): name it, such as Asia/Shanghai")
            }),
            _ if name.eq_ignore_ascii_case("utc") => Ok(TimeZone::UTC),
            _ => TimeZone::get(name).map_err(|_| {
                "no time zone has this name: use one such as Asia/Shanghai, or UTC, or local".to_owned()
            }),
        }
        .map(Self)
    }
}

impl Zone {
    /// A time for a person, with its offset from UTC: `2026-09-21 22:13:20 +08:00`.
    pub(super) fn show(&self, at: SystemTime) -> String {
        let form = if self.0 == TimeZone::UTC { "%F %T UTC" } else { "%F %T %:z" };
        let shown =
            Timestamp::try_from(at).map(|at| at.to_zoned_datetime(self.0.clone()).strftime(form).to_string());
        shown.unwrap_or_else(|_| humantime::format_rfc3339_seconds(at).to_string())
    }

    /// Its name, such as `Asia/Shanghai`, if it has one that says more than the offset.
    pub(super) fn name(&self) -> Option<&str> {
        self.0.iana_name().filter(|_| self.0 != TimeZone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_have_the_offset_that_the_zone_has_then() {
        let [winter, summer] =
            [1_767_225_600, 1_782_864_000].map(|at| SystemTime::UNIX_EPOCH + Duration::from_secs(at));
        for (name, shown) in [
            ("UTC", ["2026-01-01 00:00:00 UTC", "2026-07-01 00:00:00 UTC"]),
            ("Asia/Shanghai", ["2026-01-01 08:00:00 +08:00", "2026-07-01 08:00:00 +08:00"]),
            ("Europe/Berlin", ["2026-01-01 01:00:00 +01:00", "2026-07-01 02:00:00 +02:00"]),
            ("America/St_Johns", ["2025-12-31 20:30:00 -03:30", "2026-06-30 21:30:00 -02:30"]),
        ] {
            let zone: Zone = name.parse().unwrap();
            assert_eq!([winter, summer].map(|at| zone.show(at)), shown, "{name}");
        }
    }
}
