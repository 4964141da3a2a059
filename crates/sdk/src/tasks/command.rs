//! What a batch task tells its devices, and how long it may take.

use northbound_client::types::{self, DeviceCommandMethod, DeviceCommandServiceId};
use northbound_client::{BATCH_TASK_REQUEST_TIMEOUT, Members};
use serde::Serialize;

use crate::Error;

/// A command to a device, as the device's profile defines it.
///
/// ```
/// use northbound::DeviceCommand;
///
/// # #[derive(serde::Serialize)]
/// # struct Period { value: &'static str }
/// let command = DeviceCommand::new("WaterMeter", "SET_TEMPERATURE_READ_PERIOD").paras(Period { value: "12" });
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DeviceCommand {
    service_id: String,
    method: String,
    /// The parameters, or why they are none.
    paras: Result<Members, Error>,
}

impl DeviceCommand {
    /// A command without parameters. `service_id` is the service of the device that receives it (1 to 64 characters), and
    /// `method` is its name (1 to 128).
    ///
    /// Lengths are checked when the task is created, before anything is sent. An FAQ of the platform says that
    /// [parameters](Self::paras) must not be empty, even for a command that has none. This is not checked.
    pub fn new(service_id: impl Into<String>, method: impl Into<String>) -> Self {
        Self { service_id: service_id.into(), method: method.into(), paras: Ok(Members::default()) }
    }

    /// The parameters by name: a struct, a map, or [`Members`], whose numbers keep every digit.
    ///
    /// A value that is not serialised as a JSON object is refused when the task is created, before anything is sent.
    pub fn paras(self, paras: impl Serialize) -> Self {
        let members = serde_json::to_string(&paras).and_then(|json| serde_json::from_str(&json));
        let paras = members.map_err(|fault| {
            Error::refused("the parameters of the command are no JSON object", "give them by name")
                .with_source(fault)
        });
        Self { paras, ..self }
    }

    /// The service of the device that receives the command.
    pub fn service_id(&self) -> &str {
        &self.service_id
    }

    /// The name of the command.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The parameters by name.
    ///
    /// # Errors
    /// When the value given to [`paras`](Self::paras) is not an object.
    pub fn parameters(&self) -> Result<&Members, Error> {
        self.paras.as_ref().map_err(Clone::clone)
    }

    /// The command as it is sent, if it can be.
    pub(crate) fn checked(self) -> Result<types::DeviceCommand, Error> {
        let refused = |what: &str, fault: types::error::ConversionError| {
            Error::refused(format!("the {what} is {fault}"), "name it as the device's profile does")
        };
        let service_id = DeviceCommandServiceId::try_from(self.service_id);
        let method = DeviceCommandMethod::try_from(self.method);
        Ok(types::DeviceCommand {
            service_id: service_id.map_err(|fault| refused("service of the command", fault))?,
            method: method.map_err(|fault| refused("name of the command", fault))?,
            paras: self.paras?,
        })
    }
}

impl From<types::DeviceCommand> for DeviceCommand {
    fn from(command: types::DeviceCommand) -> Self {
        let types::DeviceCommand { service_id, method, paras } = command;
        Self { service_id: service_id.into(), method: method.into(), paras: Ok(paras) }
    }
}

/// How long a batch task may take: an integer from 10 to 2880. **Its unit is not certain**, so the name of this type has no
/// unit.
///
/// Most editions of the platform's page say minutes, and 2880 minutes are the 48 hours for which the platform keeps a single
/// command. The PHP edition and two public clients say seconds. To find out on your platform, create a task for one device with
/// a short time, such as 10, and read it with [`Client::batch_task`](crate::Client::batch_task):
/// [`BatchTask::timeout`](crate::BatchTask::timeout) is in seconds in every edition. If 10 comes back as 600, the unit is
/// minutes. If it comes back as 10, use a device that is switched off, and see when its subtask times out.
///
/// ```
/// let timeout = northbound::TaskTimeout::try_from(60)?;
/// assert!(northbound::TaskTimeout::try_from(5).is_err());
/// # Ok::<(), northbound::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskTimeout(u32);

impl TaskTimeout {
    /// The number as it is sent.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for TaskTimeout {
    type Error = Error;

    /// Checks a time.
    ///
    /// # Errors
    /// When it is not within 10 to 2880.
    fn try_from(timeout: u32) -> Result<Self, Error> {
        let allowed = BATCH_TASK_REQUEST_TIMEOUT;
        if allowed.contains(&timeout) {
            return Ok(Self(timeout));
        }
        let advice = format!("it must be {} to {}", allowed.start(), allowed.end());
        Err(Error::refused(format!("the time of the batch task is {timeout}"), advice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_an_object_with_every_digit() {
        let members: Members = serde_json::from_str(r#"{"iccid":89860000000000000001}"#).unwrap();
        let command = DeviceCommand::new("s", "m").paras(&members);
        assert_eq!(command.parameters().unwrap().json(), members.json());
        let json = serde_json::to_string(&command.checked().unwrap()).unwrap();
        assert_eq!(json, r#"{"method":"m","paras":{"iccid":89860000000000000001},"serviceId":"s"}"#);
        assert_eq!(DeviceCommand::new("s", "m").checked().unwrap().paras.json(), "{}");
        for none in [serde_json::json!([1]), serde_json::json!("text"), serde_json::json!(null)] {
            assert!(DeviceCommand::new("s", "m").paras(none).checked().unwrap_err().is_refused());
        }
    }

    #[test]
    fn names_have_a_length() {
        let found = |service: usize, method: usize| {
            DeviceCommand::new("s".repeat(service), "m".repeat(method))
                .checked()
                .err()
                .map(|error| error.found().to_owned())
        };
        assert_eq!([found(64, 128), found(1, 1)], [None, None]);
        assert_eq!(found(65, 1).unwrap(), "the service of the command is longer than 64 characters");
        assert_eq!(found(1, 129).unwrap(), "the name of the command is longer than 128 characters");
        assert!(found(0, 1).is_some() && found(1, 0).is_some());
    }

    #[test]
    fn a_timeout_is_within_the_bounds_of_the_page() {
        for (timeout, allowed) in [(9, false), (10, true), (2880, true), (2881, false), (0, false)] {
            assert_eq!(TaskTimeout::try_from(timeout).is_ok(), allowed, "{timeout}");
        }
    }
}
