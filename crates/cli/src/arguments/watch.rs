//! The options of `northbound watch`.

use std::time::Duration;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct WatchOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
    /// Give up if the task has not settled within this time, such as 90s or 2h
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) timeout: Option<Duration>,
    /// Take a task without subtasks for settled; otherwise the watch waits until it has some
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// End with exit code 3 as soon as more of all subtasks failed or timed out, such as 2%
    #[arg(long, value_name = "SHARE", value_parser = percent)]
    pub(crate) fail_above: Option<f64>,
    /// Ask this often, as far as half of the quota allows [default: every 6s while things move, up to 30s while they do not]
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) interval: Option<Duration>,
}

/// A share in percent. The sign is asked for, since 0.02 could mean either.
fn percent(text: &str) -> Result<f64, String> {
    let share = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    share
        .filter(|share| (0.0..=100.0).contains(share))
        .ok_or_else(|| "write it in percent, from 0% to 100%, such as 2%".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_in_percent() {
        assert_eq!([percent("2%"), percent("0.5 %"), percent("100%")], [Ok(2.0), Ok(0.5), Ok(100.0)]);
        for text in ["", "%", "2", "0.02", "-1%", "101%", "NaN%", "inf%"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
