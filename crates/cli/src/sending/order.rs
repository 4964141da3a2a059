//! What is sent: the command, its devices, and how it is shown to whoever has to agree.

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use northbound::client_layer::types::{
    BatchTaskRequestTaskName, DeviceCommandMethod, DeviceCommandServiceId,
};
use northbound::{Client, CreateBatchTask, DeviceCommand, Members, Targets, TaskTimeout};
use serde_json::{Map, Value, json};

use crate::arguments::values;
use crate::error::CliError;
use crate::screen::layout::{one_line, shortened};
use crate::sending::devices::{Devices, read_text};
use crate::session::send_record::{Content, sha256};

/// The options of a send, whatever says which devices it is for.
#[derive(Debug, Args)]
pub(crate) struct OrderOptions {
    /// Name of the new batch task, which no other task may have. The command keeps a record under this name: if you run it again, it
    /// does not send again
    #[arg(long, value_name = "NAME", value_parser = values::id)]
    pub(crate) name: String,
    /// How long the task may take, 10 to 2880: minutes by most editions of the platform's page, seconds by others
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(crate) timeout: u32,
    /// Where the platform posts the result of each command
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) callback_url: Option<String>,
    /// How many times the platform sends the command again to a device that does not confirm it, 0 to 3
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub(crate) max_retransmit: Option<u8>,
    /// Print what would be sent, and to which devices, but send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Send without asking. This does not agree to a repeat
    #[arg(long)]
    pub(crate) yes: bool,
    /// Agree that devices may get the command a second time, if it is not known whether it was sent
    #[arg(long)]
    pub(crate) may_repeat: bool,
    /// After sending, watch the task until it has settled
    #[arg(long)]
    pub(crate) watch: bool,
    /// After sending, watch the task, then write a page for a browser that says which devices failed
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// A command to devices, as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct CommandText {
    pub(crate) service: String,
    pub(crate) method: String,
    pub(crate) paras: Members,
}

/// What is sent.
#[derive(Debug)]
pub(crate) struct Order {
    /// By which the send is known.
    pub(crate) name: String,
    pub(crate) command: CommandText,
    pub(crate) devices: Devices,
    timeout: TaskTimeout,
    callback_url: Option<String>,
    max_retransmit: Option<u8>,
    /// What else whoever agrees should know, a line each.
    pub(crate) notes: Vec<String>,
    /// Why --yes alone does not agree to it, if so.
    pub(crate) needs_more: Option<String>,
}

impl CommandText {
    /// What was typed; `paras` is JSON, or `@FILE`.
    pub(crate) fn read(service: &str, method: &str, paras: &str) -> Result<Self, CliError> {
        let text = match paras.strip_prefix('@') {
            Some(file) => read_text(file).map_err(|error| {
                let what = format!("cannot read the parameters in {file}: {error}");
                CliError::usage(what, "check the path, and that the file is UTF-8")
            })?,
            None => paras.to_owned(),
        };
        let no_object = |error: serde_json::Error| {
            let what = format!("the parameters of the command are no JSON object: {error}");
            CliError::usage(what, r#"write --paras '{"name":"value"}', or --paras @FILE; {} is none"#)
        };
        // Strictly first: what the other reading repairs was not meant so.
        serde_json::from_str::<Map<String, Value>>(&text).map_err(no_object)?;
        let paras = serde_json::from_str(&text).map_err(no_object)?;
        Self { service: service.to_owned(), method: method.to_owned(), paras }.checked()
    }

    /// The command if its names have the lengths that the platform allows.
    pub(crate) fn checked(self) -> Result<Self, CliError> {
        let service = DeviceCommandServiceId::try_from(self.service.as_str());
        let method = DeviceCommandMethod::try_from(self.method.as_str());
        let fault = (service.err().map(|fault| ("service", fault)))
            .or_else(|| method.err().map(|fault| ("method", fault)));
        fault.map_or(Ok(self), |(what, fault)| {
            let advice = "name it as the device's profile does";
            Err(CliError::usage(format!("the {what} of the command is {fault}"), advice))
        })
    }
}

impl Order {
    pub(crate) fn new(
        options: &OrderOptions,
        command: CommandText,
        devices: Devices,
    ) -> Result<Self, CliError> {
        if let Err(fault) = BatchTaskRequestTaskName::try_from(options.name.as_str()) {
            return Err(CliError::usage(format!("the name is {fault}"), "choose another --name"));
        }
        Ok(Self {
            name: options.name.clone(),
            command,
            devices,
            timeout: TaskTimeout::try_from(options.timeout)?,
            callback_url: options.callback_url.clone(),
            max_retransmit: options.max_retransmit,
            notes: Vec::new(),
            needs_more: None,
        })
    }

    /// What is remembered of it.
    pub(crate) fn content(&self) -> Content {
        let mut ids: Vec<&str> = self.devices.ids.iter().map(String::as_str).collect();
        ids.sort_unstable();
        Content {
            service: self.command.service.clone(),
            method: self.command.method.clone(),
            paras: self.command.paras.json().to_owned(),
            timeout: self.timeout.get(),
            callback_url: self.callback_url.clone(),
            max_retransmit: self.max_retransmit,
            devices: self.devices.count(),
            devices_digest: sha256(ids),
        }
    }

    /// The call.
    pub(crate) fn request(&self, client: &Client) -> CreateBatchTask {
        let CommandText { service, method, paras } = &self.command;
        let command = DeviceCommand::new(service, method).paras(paras);
        let targets = Targets::devices(&self.devices.ids);
        let mut request = client.create_batch_task(&self.name, targets, command, self.timeout);
        if let Some(url) = &self.callback_url {
            request = request.callback_url(url);
        }
        match self.max_retransmit {
            Some(times) => request.max_retransmit(times),
            None => request,
        }
    }

    /// What goes to how many devices, a line each.
    pub(crate) fn plan(&self, endpoint: &str, application: &str) -> Vec<String> {
        let text = |text: &str| shortened(&one_line(text), 400, "…");
        let CommandText { service, method, paras } = &self.command;
        let mut lines = vec![
            format!("name         {}", text(&self.name)),
            format!("platform     {} (application {})", text(endpoint), text(application)),
            format!("command      {} {}", text(service), text(method)),
            format!("parameters   {}", text(paras.json())),
            format!(
                "timeout      {} (minutes by most editions of the platform's page, seconds by others)",
                self.timeout.get()
            ),
        ];
        lines.extend(self.callback_url.as_ref().map(|url| format!("results go to {}", text(url))));
        lines.extend(self.max_retransmit.map(|times| format!("sent again   {times} times at most")));
        lines.push(format!("goes to      {}", self.devices.shown()));
        lines.extend(self.devices.dropped().map(|dropped| format!("             {dropped}")));
        lines.extend(self.notes.iter().cloned());
        lines.push("The platform has no way to cancel it.".to_owned());
        lines
    }

    /// What a result says of it.
    pub(crate) fn facts(&self) -> Value {
        let CommandText { service, method, paras } = &self.command;
        json!({
            "name": self.name, "service": service, "method": method, "paras": paras.json(), "timeout": self.timeout.get(),
            "devices": self.devices.count(), "duplicates": self.devices.duplicates, "empty": self.devices.empty,
            "notes": self.notes,
        })
    }
}
