//! Reading the body of `createBatchTask`: form and bounds are judged here, before anything is looked up.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use axum::http::HeaderMap;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::api::DeviceId;
use crate::api::batch_task::TaskType;
use crate::api::credentials::is_of_type;
use crate::api::refusal::{INPUT_REJECTED, Refusal, shown};

/// A batch task to create.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchTaskRequest {
    /// The application that the task is for, when it is another one that authorized the caller.
    #[cfg_attr(feature = "openapi", schema(nullable = false, max_length = 64))]
    #[serde(default, deserialize_with = "given")]
    pub(crate) app_id: Option<String>,
    /// Name of the task, which no other task of the application has.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub(crate) task_name: String,
    /// What the task does.
    pub(crate) task_type: TaskType,
    /// How long the task may take. Editions of the page disagree on the unit.
    #[cfg_attr(feature = "openapi", schema(minimum = 10, maximum = 2880))]
    pub(crate) timeout: i32,
    /// Parameters of the task.
    #[cfg_attr(feature = "openapi", schema(value_type = TaskParam))]
    pub(crate) param: Box<RawValue>,
    /// Tags of the task.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<TaskTagRequest>))]
    #[serde(default)]
    pub(crate) tags: Vec<Object<TaskTagRequest>>,
}

/// Parameters of a task; these are the ones of a command task.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct TaskParam {
    /// How the devices are chosen.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, rename = "type", deserialize_with = "given")]
    kind: Option<TargetType>,
    /// The devices of a `DeviceList`.
    #[serde(default)]
    device_list: Vec<DeviceId>,
    /// The type of device of a `DeviceType`.
    #[serde(default)]
    device_type: String,
    /// Only devices of this manufacturer, with a type of device.
    #[serde(default)]
    manufacturer_id: String,
    /// Only devices of this model, with a type of device.
    #[serde(default)]
    model: String,
    /// The area of a `DeviceArea`.
    #[serde(default)]
    device_location: String,
    /// The groups of a `GroupList` by their names, or of a `GroupIdList` by their ids.
    #[serde(default)]
    group_list: Vec<String>,
    /// The command.
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<DeviceCommand>))]
    #[serde(default, deserialize_with = "given")]
    command: Option<Object<DeviceCommand>>,
    /// Where the result of each command would be sent. Nothing is sent.
    #[serde(default, rename = "callbackUrl")]
    _callback_url: String,
    /// How often a command that is not confirmed is sent again.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 3))]
    #[serde(default)]
    max_retransmit: i32,
    /// Tag of the group. It is only given back.
    #[serde(default, rename = "groupTag")]
    _group_tag: String,
}

/// How the devices of a task are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
enum TargetType {
    DeviceList,
    DeviceType,
    DeviceArea,
    GroupList,
    GroupIdList,
    Broadcast,
}

/// A command to a device.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct DeviceCommand {
    /// The service of the device that takes the command.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
    service_id: String,
    /// Name of the command.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    method: String,
    /// Parameters of the command.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    #[serde(rename = "paras")]
    _paras: BTreeMap<String, IgnoredAny>,
}

/// A tag of a task to create.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskTagRequest {
    /// Name of the tag.
    pub(crate) tag_name: String,
    /// Value of the tag.
    pub(crate) tag_value: String,
}

/// The devices that a task is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Devices(Vec<DeviceId>),
    DeviceType {
        name: String,
        /// Any, if it is empty.
        manufacturer_id: String,
        /// Any, if it is empty.
        model: String,
    },
    Area(String),
    /// By name or by id.
    Groups(Vec<String>),
    Everything,
    /// What a task of another type than a command is for. The page does not say how it is named.
    Unknown,
}

impl BatchTaskRequest {
    /// Reads the body of a request, and takes from it the devices that the task is for.
    ///
    /// Members that the page does not list are ignored.
    pub(crate) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<(Self, Target), Refusal> {
        if !is_of_type(headers, "application/json") {
            return Err(INPUT_REJECTED.because("the content type is not application/json"));
        }
        let Object(task) = read::<Object<Self>>(body)?;
        length("appId", task.app_id.as_deref().unwrap_or_default(), 0..=64)?;
        length("taskName", &task.task_name, 1..=256)?;
        range("timeout", task.timeout, 10..=2880)?;
        let Object(param) = read::<Object<TaskParam>>(task.param.get().as_bytes())?;
        let target = param.target(task.task_type)?;
        Ok((task, target))
    }
}

impl TaskParam {
    fn target(self, task_type: TaskType) -> Result<Target, Refusal> {
        range("maxRetransmit", self.max_retransmit, 0..=3)?;
        if let Some(Object(command)) = &self.command {
            length("serviceId", &command.service_id, 1..=64)?;
            length("method", &command.method, 1..=128)?;
        }
        if task_type != TaskType::DeviceCmd {
            return Ok(Target::Unknown);
        }
        if self.command.is_none() {
            return Err(INPUT_REJECTED.because("command is missing"));
        }
        match self.kind.ok_or_else(|| INPUT_REJECTED.because("type is missing"))? {
            TargetType::DeviceList if self.device_list.iter().any(|device| device.0.is_empty()) => {
                Err(INPUT_REJECTED.because("a device id is empty"))
            }
            TargetType::DeviceList => needed("deviceList", self.device_list).map(Target::Devices),
            TargetType::DeviceType => Ok(Target::DeviceType {
                name: needed("deviceType", self.device_type)?,
                manufacturer_id: self.manufacturer_id,
                model: self.model,
            }),
            TargetType::DeviceArea => needed("deviceLocation", self.device_location).map(Target::Area),
            TargetType::GroupList | TargetType::GroupIdList => {
                needed("groupList", self.group_list).map(Target::Groups)
            }
            TargetType::Broadcast => Ok(Target::Everything),
        }
    }
}

/// What was written as an object. serde also takes a list of the members' values for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// A member that may be missing, but not null.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn read<'b, T: Deserialize<'b>>(json: &'b [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(json).map_err(|error| {
        // It may repeat what the client sent, which may be no fit for a header.
        INPUT_REJECTED.because(shown(&error.to_string()))
    })
}

fn needed<T: Default + PartialEq>(name: &str, value: T) -> Result<T, Refusal> {
    let missing = || INPUT_REJECTED.because(format!("{name} is missing or empty, and the type needs it"));
    if value == T::default() { Err(missing()) } else { Ok(value) }
}

fn length(name: &str, text: &str, allowed: RangeInclusive<usize>) -> Result<(), Refusal> {
    range(&format!("the length of {name}"), text.chars().count(), allowed)
}

fn range<N: PartialOrd + Display>(name: &str, value: N, allowed: RangeInclusive<N>) -> Result<(), Refusal> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let (low, high) = allowed.into_inner();
    Err(INPUT_REJECTED.because(format!("{name} is {value}: {low} to {high} are allowed")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn task() -> Value {
        json!({
            "taskName": "t", "taskType": "DeviceCmd", "timeout": 60,
            "param": {
                "type": "DeviceList", "deviceList": ["b", "a", "b"],
                "command": { "serviceId": "WaterMeter", "method": "SET", "paras": { "value": "12" } },
            },
        })
    }

    fn parse(body: &str) -> Result<(BatchTaskRequest, Target), String> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json; charset=utf-8".parse().unwrap());
        BatchTaskRequest::parse(&headers, body.as_bytes()).map_err(|refusal| {
            assert_eq!(refusal.row, INPUT_REJECTED);
            refusal.reason
        })
    }

    /// What becomes of the task with one member changed; null removes it.
    fn changed(pointer: &str, value: Value) -> Result<Target, String> {
        let mut task = task();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let members = task.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.to_owned(), value)),
        }
        parse(&task.to_string()).map(|(_, target)| target)
    }

    #[test]
    fn what_was_posted_is_kept_as_it_came() {
        let body = r#"{"taskName":"t","taskType":"DeviceCmd","timeout":10,"other":null,"tags":[{"tagName":"a","tagValue":"b"}],
            "param": { "type" : "Broadcast", "command":{"serviceId":"s","method":"m","paras":{}}, "x": 1.50 }}"#;
        let (task, target) = parse(body).unwrap();
        assert_eq!(
            (task.param.get().len(), target),
            (body.split("\"param\": ").nth(1).unwrap().len() - 1, Target::Everything)
        );
        let tag = TaskTagRequest { tag_name: "a".into(), tag_value: "b".into() };
        assert_eq!((task.app_id, task.tags), (None, vec![Object(tag)]));
    }

    #[test]
    fn each_type_of_target_needs_its_own_member() {
        let (_, Target::Devices(devices)) = parse(&task().to_string()).unwrap() else { panic!() };
        assert_eq!(devices, ["b", "a", "b"].map(|id| DeviceId(id.to_owned())));
        for (kind, member, value, expected) in [
            ("DeviceArea", "deviceLocation", json!("a"), Target::Area("a".into())),
            ("GroupList", "groupList", json!(["a"]), Target::Groups(vec!["a".into()])),
            ("GroupIdList", "groupList", json!(["a"]), Target::Groups(vec!["a".into()])),
            (
                "DeviceType",
                "deviceType",
                json!("a"),
                Target::DeviceType { name: "a".into(), manufacturer_id: String::new(), model: String::new() },
            ),
        ] {
            let mut param = task()["param"].take();
            param["type"] = kind.into();
            let missing = changed("/param", param.clone()).unwrap_err();
            assert_eq!(missing, format!("{member} is missing or empty, and the type needs it"));
            param[member] = value;
            assert_eq!(changed("/param", param), Ok(expected));
        }
        for odd in [json!([]), json!("a"), json!(["a", 1]), json!(["a", null]), json!(["a", ""])] {
            assert!(changed("/param/deviceList", odd).is_err());
        }
    }

    #[test]
    fn another_type_of_task_takes_any_object() {
        let mut task = task();
        (task["taskType"], task["param"]) = (json!("DeviceReg"), json!({ "fileId": 7 }));
        assert_eq!(parse(&task.to_string()).unwrap().1, Target::Unknown);
        task["param"] = json!([]);
        assert!(parse(&task.to_string()).is_err());
    }

    #[test]
    fn bounds_hold_on_both_sides() {
        let text = |length| json!("é".repeat(length));
        for (pointer, good, bad) in [
            ("/timeout", vec![json!(10), json!(2880)], vec![json!(9), json!(2881), json!(10.5), json!("60")]),
            ("/param/maxRetransmit", vec![json!(0), json!(3)], vec![json!(-1), json!(4)]),
            ("/taskName", vec![text(1), text(256)], vec![text(0), text(257), json!(7)]),
            ("/appId", vec![text(0), text(64)], vec![text(65)]),
            ("/param/command/serviceId", vec![text(1), text(64)], vec![text(0), text(65)]),
            ("/param/command/method", vec![text(1), text(128)], vec![text(0), text(129)]),
            ("/param/command/paras", vec![json!({})], vec![json!([]), json!("{}")]),
            ("/param/type", vec![json!("Broadcast")], vec![json!("broadcast")]),
            ("/taskType", vec![json!("DeviceDel")], vec![json!("devicecmd")]),
            ("/tags", vec![json!([])], vec![json!([{ "tagName": "a" }])]),
        ] {
            good.into_iter().for_each(|value| assert!(changed(pointer, value).is_ok(), "{pointer}"));
            bad.into_iter().for_each(|value| assert!(changed(pointer, value).is_err(), "{pointer}"));
        }
    }

    #[test]
    fn what_is_missing_null_or_given_twice_is_refused() {
        for pointer in ["/taskName", "/taskType", "/timeout", "/param", "/param/command", "/param/type"] {
            assert!(changed(pointer, Value::Null).unwrap_err().contains("missing"), "{pointer}");
        }
        let text = task().to_string();
        for name in ["appId", "tags"] {
            assert!(parse(&text.replacen('{', &format!("{{\"{name}\":null,"), 1)).is_err());
        }
        assert!(parse(&text.replacen('{', r#"{"timeout":60,"#, 1)).unwrap_err().contains("duplicate field"));
        assert!(parse("").is_err() && parse("[]").is_err() && parse(&format!("{text}x")).is_err());
        assert!(changed("/param/command", json!(["WaterMeter", "SET", {}])).is_err());
        assert!(changed("/tags", json!([["a", "b"]])).is_err());
        assert!(BatchTaskRequest::parse(&HeaderMap::new(), text.as_bytes()).is_err());
    }
}
