//! `northbound send`: one command to many devices.
//!
//! How it is sent, and what keeps it from being sent twice, is in `sending`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::error::CliError;
use crate::sending::carry::{Follow, send};
use crate::sending::devices::Devices;
use crate::sending::order::{CommandText, Order, OrderOptions};
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::send_record::Repeat;

#[derive(Debug, Args)]
pub(crate) struct SendOptions {
    /// Ids of the devices: @FILE with one id a line, @- for stdin, or ids separated by commas
    #[arg(long, value_name = "ID", num_args = 1.., required = true, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) devices: Vec<String>,
    /// The service of the device that takes the command
    #[arg(long, value_name = "NAME")]
    pub(crate) service: String,
    /// The name of the command
    #[arg(long, value_name = "NAME")]
    pub(crate) method: String,
    /// The parameters of the command as a JSON object, or @FILE; {} if it has none
    #[arg(long, value_name = "JSON")]
    pub(crate) paras: String,
    #[command(flatten)]
    pub(crate) order: OrderOptions,
}

pub(crate) async fn run(
    context: &mut Context<'_>,
    options: &SendOptions,
) -> Result<Option<Follow>, CliError> {
    if options.paras == "@-" && options.devices.iter().any(|word| word == "@-") {
        let what = "stdin has the devices or the parameters, not both";
        return Err(CliError::usage(what, "put one of them into a file"));
    }
    let command = CommandText::read(&options.service, &options.method, &options.paras)?;
    let order = Order::new(&options.order, command, Devices::read(&options.devices)?)?;
    let connection = Connection::open(context).await?;
    let repeat = if options.order.may_repeat { Repeat::Agreed } else { Repeat::No };
    send(context, connection, &options.order, order, repeat).await
}
