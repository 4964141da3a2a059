//! Taking a task for the one that a send with an unknown outcome has created, after a look at whether it can be.

use northbound::client_layer::types::{BatchTask, TaskParam};
use northbound::client_layer::{TaskType, Text};
use northbound::{BatchTask as Task, DeviceCommand};
use serde_json::Value;

use crate::error::CliError;
use crate::screen::layout::{counted, one_line};
use crate::sending::carry::key_of;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::send_record::store::adopt;
use crate::session::send_record::{Content, sha256, shown};

/// Puts the id of the task into the record of the send with this name. What the task is has been asked of the platform.
pub(super) async fn take_over(
    context: &mut Context<'_>,
    connection: &Connection,
    name: &str,
    task_id: &str,
    task: &Task,
) -> Result<(), CliError> {
    let mut seen = Seen::default();
    let record = adopt(context.environment, key_of(connection, name), task_id, |record| {
        seen = compare(name, &record.content, task.as_raw()).map_err(|fault| {
            let what = format!("task {} is not taken for {}: {fault}", one_line(task_id), shown(name));
            let advice = "check the task id and the name: the record of the send stays as it is";
            CliError::usage(what, advice)
        })?;
        Ok(())
    });
    let devices = record.await?.content.devices;
    let unseen = match seen {
        Seen { command: true, devices: true } => "",
        Seen { command: true, devices: false } => {
            "; the platform does not list its devices, so only name and command were compared"
        }
        Seen { command: false, .. } => {
            "; the platform shows neither its command nor its devices, so only its name was compared"
        }
    };
    let note = format!(
        "{} to {} is task {} now{unseen}",
        shown(name),
        counted(devices, "device"),
        one_line(task_id)
    );
    Ok(context.note(&note)?)
}

/// What could be compared besides the name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    command: bool,
    devices: bool,
}

/// Whether the task can be the one that was sent; the error says why not.
fn compare(name: &str, sent: &Content, task: &BatchTask) -> Result<Seen, String> {
    match task.task_name.as_deref() {
        Some(other) if other == name => {}
        Some(other) => return Err(format!("its name is {}", shown(other))),
        None => return Err("the platform does not say its name".to_owned()),
    }
    if let Some(kind) = task.task_type.as_ref().filter(|kind| **kind != TaskType::DeviceCmd) {
        return Err(format!("it is of the type {}, and sends no command", one_line(kind.as_str())));
    }
    let param = task.param.as_ref().and_then(|param| param.decode::<TaskParam>().ok());
    let Some(TaskParam { command: Some(command), device_list, .. }) = param else {
        return Ok(Seen::default());
    };
    let command = DeviceCommand::from(command);
    let paras = command.parameters().map(|paras| paras.json().to_owned()).unwrap_or_default();
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    if (command.service_id(), command.method()) != (&sent.service, &sent.method)
        || json(&paras) != json(&sent.paras)
    {
        let command = format!("{} {} {paras}", command.service_id(), command.method());
        return Err(format!("its command is another one: {}", one_line(&command)));
    }
    let Some(listed) = device_list else {
        return Ok(Seen { command: true, devices: false });
    };
    let mut ids: Vec<&str> = listed.iter().map(Text::as_str).collect();
    ids.sort_unstable();
    if sha256(ids) != sent.devices_digest {
        let (there, sent) = (counted(listed.len(), "device"), counted(sent.devices, "device"));
        return Err(format!("it is for other devices: {there} there, {sent} sent"));
    }
    Ok(Seen { command: true, devices: true })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent() -> Content {
        Content {
            service: "s".to_owned(),
            method: "m".to_owned(),
            paras: r#"{"a":1,"b":2}"#.to_owned(),
            timeout: 60,
            callback_url: None,
            max_retransmit: None,
            devices: 2,
            devices_digest: sha256(["x", "y"]),
        }
    }

    fn compared(name: &str, kind: &str, param: Value) -> Result<Seen, String> {
        let task = json!({ "taskId": "t", "taskName": name, "taskType": kind, "param": param });
        compare("n", &sent(), &serde_json::from_value(task).unwrap())
    }

    #[test]
    fn a_task_is_adopted_only_if_it_can_be_the_one_that_was_sent() {
        let param = |method: &str, devices: Value| {
            let command = json!({ "serviceId": "s", "method": method, "paras": { "b": 2, "a": 1 } });
            json!({ "type": "DeviceList", "deviceList": devices, "command": command })
        };
        let all = Ok(Seen { command: true, devices: true });
        assert_eq!(compared("n", "DeviceCmd", param("m", json!(["y", "x"]))), all);
        let command = Ok(Seen { command: true, devices: false });
        assert_eq!(compared("n", "DeviceCmd", param("m", Value::Null)), command);
        assert_eq!(compared("n", "DeviceCmd", json!([])), Ok(Seen::default()));
        for (name, kind, param, fault) in [
            ("other", "DeviceCmd", json!({}), "its name is \"other\""),
            ("n", "DeviceReg", json!({}), "it is of the type DeviceReg, and sends no command"),
            (
                "n",
                "DeviceCmd",
                param("other", Value::Null),
                "its command is another one: s other {\"b\":2,\"a\":1}",
            ),
            (
                "n",
                "DeviceCmd",
                param("m", json!(["x"])),
                "it is for other devices: 1 device there, 2 devices sent",
            ),
            (
                "n",
                "DeviceCmd",
                param("m", json!(["x", "z"])),
                "it is for other devices: 2 devices there, 2 devices sent",
            ),
        ] {
            assert_eq!(compared(name, kind, param).unwrap_err(), fault);
        }
    }
}
