//! What the platform makes of tasks that a program creates: the fleet that they are for, how they live, and their tags.

use serde::{Deserialize, Serialize};

use crate::scenario::life::{Life, Outcomes};

/// The rules for tasks that a program creates by a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CreatedTasks {
    /// Number of unfinished tasks that an application may have; one more is refused with 105001. Only tasks that were created by a call
    /// count, not those of the scenario. 0 is no limit.
    pub unfinished: u32,
    /// Whether the `timeout` of a task is in seconds. Otherwise it is in minutes.
    pub timeout_in_seconds: bool,
    /// How their subtasks live. The default settles within 20 seconds. Which devices fail follows from the seed: half of those
    /// that fail do so in every task, and each of the others has a new chance in the next task.
    pub life: Life,
}

impl Default for CreatedTasks {
    fn default() -> Self {
        let life = Life::new(8, 6, 12).with_outcomes(Outcomes::new(75, 20, 5));
        Self { unfinished: 1, timeout_in_seconds: false, life }
    }
}

/// The devices that there are for a task by type, area or group. Which device is where follows from the seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Fleet {
    /// Number of devices, up to [`MAX_DEVICES`](Fleet::MAX_DEVICES).
    pub devices: u32,
    /// Whether a list may name devices of the fleet only; another one is refused with 101001. Otherwise every id is taken for a device.
    pub closed: bool,
    /// The types of device.
    pub types: Vec<DeviceType>,
    /// The areas.
    pub areas: Vec<String>,
    /// The groups. The name of a group is also its id.
    pub groups: Vec<String>,
}

/// A type of device, as its profile has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DeviceType {
    /// Its name: `deviceType`.
    pub name: String,
    /// Its manufacturer: `manufacturerId`.
    pub manufacturer: String,
    /// Its model: `model`.
    pub model: String,
}

impl DeviceType {
    /// A type of device.
    pub fn new(name: impl Into<String>, manufacturer: impl Into<String>, model: impl Into<String>) -> Self {
        Self { name: name.into(), manufacturer: manufacturer.into(), model: model.into() }
    }
}

impl Fleet {
    /// Most devices that a fleet may have. The number bounds memory.
    pub const MAX_DEVICES: u32 = 1_000_000;
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            devices: 200,
            closed: false,
            types: vec![
                DeviceType::new("WaterMeter", "ManufacturerA", "NBIoTDevice"),
                DeviceType::new("StreetLamp", "ManufacturerB", "NBIoTDevice"),
            ],
            areas: vec!["Shenzhen".to_owned(), "Shanghai".to_owned()],
            groups: vec!["north".to_owned(), "south".to_owned()],
        }
    }
}

/// A tag that tasks can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[must_use]
pub struct Tag {
    /// Its name: `tagName`.
    pub name: String,
    /// Its value: `tagValue`.
    pub value: String,
    /// Whether something else on the platform has it: a task with it is refused with 105201.
    #[serde(default)]
    pub taken: bool,
}

impl Tag {
    /// A tag that a task can have.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), taken: false }
    }

    /// The same tag, in use by something else.
    pub fn taken(mut self) -> Self {
        self.taken = true;
        self
    }
}
