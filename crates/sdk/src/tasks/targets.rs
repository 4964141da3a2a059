//! Which devices a batch task is for.

use std::collections::HashSet;

use northbound_client::Text;
use northbound_client::types::{TargetType, TaskParam};

use crate::Error;
use crate::redact::excerpt;

/// Which devices a batch task is for.
///
/// ```
/// use northbound::Targets;
///
/// let two = Targets::devices(["d4a1c6de-6f7b", "0f7c5f8f-2b11"]);
/// let meters = Targets::device_type("WaterMeter").manufacturer("ManufacturerA").model("NBIoTDevice");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Targets {
    chosen: Chosen,
    manufacturer: Option<String>,
    model: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Chosen {
    Devices(Vec<String>),
    Type(String),
    Area(String),
    GroupNames(Vec<String>),
    GroupIds(Vec<String>),
    Everything,
}

impl Targets {
    /// The devices with these ids (`DeviceList`). An id that is listed twice is refused, because it is not documented what the
    /// platform does with it. The largest number of ids is not documented either.
    pub fn devices(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Chosen::Devices(texts(ids)))
    }

    /// All devices of this type (`DeviceType`), as their profile names it.
    pub fn device_type(device_type: impl Into<String>) -> Self {
        Self::new(Chosen::Type(device_type.into()))
    }

    /// All devices in this place (`DeviceArea`).
    pub fn area(location: impl Into<String>) -> Self {
        Self::new(Chosen::Area(location.into()))
    }

    /// The devices of the groups with these names (`GroupList`).
    pub fn group_names(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Chosen::GroupNames(texts(names)))
    }

    /// The devices of the groups with these ids (`GroupIdList`). Only one edition of the platform's page has this.
    pub fn group_ids(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Chosen::GroupIds(texts(ids)))
    }

    /// All devices of the application (`Broadcast`).
    pub fn everything() -> Self {
        Self::new(Chosen::Everything)
    }

    /// Only devices of this manufacturer. Only allowed with [`device_type`](Self::device_type).
    pub fn manufacturer(self, manufacturer: impl Into<String>) -> Self {
        Self { manufacturer: Some(manufacturer.into()), ..self }
    }

    /// Only devices of this model. Only allowed with [`device_type`](Self::device_type).
    pub fn model(self, model: impl Into<String>) -> Self {
        Self { model: Some(model.into()), ..self }
    }

    fn new(chosen: Chosen) -> Self {
        Self { chosen, manufacturer: None, model: None }
    }

    /// The parameters of a task for these devices, if they can be sent.
    pub(crate) fn param(self) -> Result<TaskParam, Error> {
        let mut param = TaskParam {
            callback_url: None,
            command: None,
            device_list: None,
            device_location: None,
            device_type: None,
            extra: Default::default(),
            group_list: None,
            group_tag: None,
            manufacturer_id: self.manufacturer,
            max_retransmit: None,
            model: self.model,
            type_: None,
        };
        let of_type = matches!(self.chosen, Chosen::Type(_));
        if !of_type && (param.manufacturer_id.is_some() || param.model.is_some()) {
            let found = "a manufacturer or a model is given, but no type of device";
            return Err(Error::refused(found, "give them with the type of device, or leave them out"));
        }
        param.type_ = Some(match self.chosen {
            Chosen::Devices(ids) => {
                check_list("device", &ids)?;
                param.device_list = Some(ids.into_iter().map(Text::from).collect());
                TargetType::DeviceList
            }
            Chosen::Type(device_type) => {
                param.device_type = Some(checked("type of device", device_type)?);
                TargetType::DeviceType
            }
            Chosen::Area(location) => {
                param.device_location = Some(checked("area", location)?);
                TargetType::DeviceArea
            }
            Chosen::GroupNames(names) => {
                check_list("group", &names)?;
                param.group_list = Some(names);
                TargetType::GroupList
            }
            Chosen::GroupIds(ids) => {
                check_list("group", &ids)?;
                param.group_list = Some(ids);
                TargetType::GroupIdList
            }
            Chosen::Everything => TargetType::Broadcast,
        });
        Ok(param)
    }
}

fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

fn checked(what: &str, text: String) -> Result<String, Error> {
    if text.is_empty() {
        return Err(Error::refused(format!("the {what} is empty"), "say which devices the task is for"));
    }
    Ok(text)
}

/// A list names something, and names it once: a device that is listed twice might act twice.
fn check_list(what: &str, list: &[String]) -> Result<(), Error> {
    if list.is_empty() {
        return Err(Error::refused(format!("the list of {what}s is empty"), "give one at least"));
    }
    let mut seen = HashSet::new();
    for text in list {
        if text.is_empty() {
            return Err(Error::refused(format!("the list has an empty {what}"), "leave it out"));
        }
        if !seen.insert(text) {
            return Err(Error::refused(
                format!("the list has the {what} {:?} twice", excerpt(text)),
                format!("give each {what} once: what the platform does with a second one is not documented"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_target_is_written_as_the_page_has_it() {
        for (targets, json) in [
            (Targets::devices(["a", "b"]), r#"{"deviceList":["a","b"],"type":"DeviceList"}"#),
            (
                Targets::device_type("WaterMeter").manufacturer("A").model("B"),
                r#"{"deviceType":"WaterMeter","manufacturerId":"A","model":"B","type":"DeviceType"}"#,
            ),
            (Targets::area("Shenzhen"), r#"{"deviceLocation":"Shenzhen","type":"DeviceArea"}"#),
            (Targets::group_names(["north"]), r#"{"groupList":["north"],"type":"GroupList"}"#),
            (Targets::group_ids(["7"]), r#"{"groupList":["7"],"type":"GroupIdList"}"#),
            (Targets::everything(), r#"{"type":"Broadcast"}"#),
        ] {
            assert_eq!(serde_json::to_string(&targets.param().unwrap()).unwrap(), json);
        }
    }

    #[test]
    fn what_names_no_device_or_one_twice_is_refused() {
        for (targets, found) in [
            (Targets::devices([""; 0]), "the list of devices is empty"),
            (Targets::devices(["a", ""]), "the list has an empty device"),
            (Targets::devices(["a", "b", "a"]), "the list has the device \"a\" twice"),
            (Targets::group_names([""; 0]), "the list of groups is empty"),
            (Targets::group_ids(["7", "7"]), "the list has the group \"7\" twice"),
            (Targets::device_type(""), "the type of device is empty"),
            (Targets::area(""), "the area is empty"),
            (Targets::everything().model("B"), "a manufacturer or a model is given, but no type of device"),
        ] {
            let error = targets.param().unwrap_err();
            assert_eq!((error.found(), error.is_refused()), (found, true));
        }
    }
}
