//! Which devices a task is for: those that were listed, or those of the scenario's fleet.

use crate::api::DeviceId;
use crate::api::create::Target;
use crate::draw::{self, Purpose, draw};
use crate::scenario::Fleet;
use crate::tasks::ids;

/// The devices of a platform. They are computed from their numbers when they are asked for.
#[derive(Debug)]
pub(crate) struct Devices {
    key: u64,
    fleet: Fleet,
}

impl Devices {
    pub(crate) fn new(seed: u64, fleet: Fleet) -> Self {
        Self { key: draw::key(seed, "fleet"), fleet }
    }

    /// The devices that a task is for, or what of it does not exist.
    pub(crate) fn of(&self, target: Target) -> Result<Vec<DeviceId>, String> {
        let Fleet { types, areas, groups, .. } = &self.fleet;
        let devices = match target {
            Target::Devices(devices) => return self.listed(devices),
            Target::DeviceType { name, manufacturer_id, model } => {
                let fits = |given: &str, own: &str| given.is_empty() || given == own;
                let is_meant: Vec<bool> = types
                    .iter()
                    .map(|kind| {
                        kind.name == name
                            && fits(&manufacturer_id, &kind.manufacturer)
                            && fits(&model, &kind.model)
                    })
                    .collect();
                if !is_meant.contains(&true) {
                    return Err("no type of device has this name, manufacturer and model".to_owned());
                }
                self.where_meant(Purpose::FleetType, &is_meant)
            }
            Target::Area(name) => self.where_named("area", Purpose::FleetArea, areas, &[name])?,
            Target::Groups(names) => self.where_named("group", Purpose::FleetGroup, groups, &names)?,
            Target::Everything => self.where_meant(Purpose::FleetType, &[true]),
            Target::Unknown => {
                return Err("this emulator creates tasks of the type DeviceCmd alone".to_owned());
            }
        };
        if devices.is_empty() {
            return Err("the fleet has no such device".to_owned());
        }
        Ok(devices)
    }

    fn listed(&self, devices: Vec<DeviceId>) -> Result<Vec<DeviceId>, String> {
        let is_unknown = |device: &&DeviceId| {
            ids::row_of_device(self.key, &device.0).is_none_or(|number| number >= self.fleet.devices)
        };
        let unknown = devices.iter().filter(is_unknown).count();
        if self.fleet.closed && unknown > 0 {
            return Err(format!("{unknown} of {} devices are not in the fleet", devices.len()));
        }
        Ok(devices)
    }

    fn where_named(
        &self,
        what: &str,
        purpose: Purpose,
        known: &[String],
        names: &[String],
    ) -> Result<Vec<DeviceId>, String> {
        if !names.iter().all(|name| known.contains(name)) {
            return Err(format!("the fleet has no such {what}"));
        }
        let is_meant: Vec<bool> = known.iter().map(|name| names.contains(name)).collect();
        Ok(self.where_meant(purpose, &is_meant))
    }

    /// The devices whose draw leads to a place that is meant.
    fn where_meant(&self, purpose: Purpose, is_meant: &[bool]) -> Vec<DeviceId> {
        let mut found = Vec::new();
        for number in 0..self.fleet.devices {
            let place = draw(self.key, number.into(), purpose) % is_meant.len() as u64;
            if is_meant[place as usize] {
                found.push(ids::device(self.key, number));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(fleet: Fleet) -> Devices {
        Devices::new(1, fleet)
    }

    fn named(name: &str) -> Target {
        Target::DeviceType { name: name.to_owned(), manufacturer_id: String::new(), model: String::new() }
    }

    #[test]
    fn types_areas_and_groups_divide_the_fleet() {
        let fleet = devices(Fleet::default());
        let all = fleet.of(Target::Everything).unwrap();
        assert_eq!(all.len(), 200);
        let area = |name: &str| Target::Area(name.to_owned());
        let group = |name: &str| Target::Groups(vec![name.to_owned()]);
        for [one, other] in [
            [named("WaterMeter"), named("StreetLamp")],
            [area("Shenzhen"), area("Shanghai")],
            [group("north"), group("south")],
        ] {
            let (one, other) = (fleet.of(one).unwrap(), fleet.of(other).unwrap());
            assert_eq!(one.len() + other.len(), 200);
            assert!(
                one.len().abs_diff(100) < 40 && one.iter().all(|id| other.iter().all(|other| id != other))
            );
        }
        let twice = Target::Groups(["north", "south", "north"].map(str::to_owned).to_vec());
        assert_eq!(fleet.of(twice).unwrap(), all, "a device is in a task once");
    }

    #[test]
    fn what_does_not_exist_is_named() {
        let fleet = devices(Fleet::default());
        let model = |model: &str| Target::DeviceType {
            name: "WaterMeter".to_owned(),
            manufacturer_id: "ManufacturerA".to_owned(),
            model: model.to_owned(),
        };
        assert!(fleet.of(model("NBIoTDevice")).is_ok());
        for (target, reason) in [
            (named("Boiler"), "no type of device has this name, manufacturer and model"),
            (model("Other"), "no type of device has this name, manufacturer and model"),
            (Target::Area("Paris".to_owned()), "the fleet has no such area"),
            (Target::Groups(vec!["north".to_owned(), "east".to_owned()]), "the fleet has no such group"),
            (Target::Unknown, "this emulator creates tasks of the type DeviceCmd alone"),
        ] {
            assert_eq!(fleet.of(target).unwrap_err(), reason);
        }
        let empty = devices(Fleet { devices: 0, ..Fleet::default() });
        assert_eq!(empty.of(Target::Everything).unwrap_err(), "the fleet has no such device");
    }

    #[test]
    fn every_id_is_a_device_unless_the_fleet_is_closed() {
        let mut mixed = devices(Fleet::default()).of(Target::Everything).unwrap();
        let closed = devices(Fleet { closed: true, ..Fleet::default() });
        assert_eq!(closed.of(Target::Devices(mixed.clone())).unwrap().len(), 200);
        mixed.push(DeviceId("unknown".to_owned()));
        let reason = closed.of(Target::Devices(mixed.clone())).unwrap_err();
        assert_eq!(reason, "1 of 201 devices are not in the fleet");
        assert_eq!(devices(Fleet::default()).of(Target::Devices(mixed)).unwrap().len(), 201);
    }
}
