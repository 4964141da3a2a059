//! Endpoint, name and connection: what comes before the first byte of HTTP.

use super::super::finding::{Finding, Mark};
use super::super::network::{PATIENCE, Silence, Way};
use super::{Sight, not_checked, ok, wrong};

impl Sight<'_> {
    pub(super) fn endpoint(&self) -> Finding {
        match &self.setting.endpoint {
            Ok(endpoint) => {
                let stays =
                    if endpoint.url.scheme() == "http" { ", which stays on this machine" } else { "" };
                ok(
                    "endpoint",
                    format!("{}{stays}; from {}", endpoint.url.as_str().trim_end_matches('/'), endpoint.from),
                )
            }
            Err(fault) => wrong("endpoint", fault),
        }
    }

    pub(super) fn name(&self) -> Finding {
        let Some(way) = self.way else { return not_checked("name", self.no_way()) };
        let Way { host, is_proxy, is_given, .. } = way;
        if way.is_given_another && !is_proxy && way.addresses.is_ok() {
            let found = format!(
                "--resolve names another host than the endpoint, which is {host}: it changes nothing"
            );
            return Finding::new(Mark::Warning, "name", found)
                .help(format!("write --resolve {host}:ADDR, or leave it out"));
        }
        let shown = if *is_proxy { format!("the proxy {host}") } else { host.clone() };
        match &way.addresses {
            Ok(addresses) => {
                let is_address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
                let first = addresses.first().map(ToString::to_string).unwrap_or_default();
                let more = match addresses.len() {
                    0 | 1 => String::new(),
                    several => format!(" and {} more", several - 1),
                };
                ok("name", match (is_given, is_address, is_proxy) {
                    (true, ..) => format!("{shown} is {first}, by --resolve"),
                    (_, true, _) => format!("{shown} is an address, so that nothing is looked up"),
                    (_, _, true) => format!("{shown} is {first}{more}; it looks the platform's name up itself"),
                    _ => format!("{shown} is {first}{more}"),
                })
            }
            Err(cause) => Finding::new(Mark::Wrong, "name", format!("{shown} has no address ({cause})")).help(
                if *is_proxy {
                    "check the name of the proxy in the environment".to_owned()
                } else {
                    format!("check the spelling and this machine's DNS, or give the address with --resolve {host}:ADDR")
                },
            ),
        }
    }

    pub(super) fn connection(&self) -> Finding {
        let Some((way, connected)) = self.way.and_then(|way| Some((way, way.connected.as_ref()?))) else {
            let why = if self.way.is_none() { self.no_way() } else { "there is no address" };
            return not_checked("connection", why);
        };
        let port = if way.is_proxy {
            format!("the proxy's port {}", way.port)
        } else {
            format!("port {}", way.port)
        };
        let silent = |found: String, help: &str| Finding::new(Mark::Wrong, "connection", found).help(help);
        match connected {
            Ok(address) => ok("connection", format!("{port} of {address} answers")),
            Err(Silence::Refused(address)) => silent(
                format!("{port} of {address} refuses connections"),
                "check the port, and whether the platform is up",
            ),
            Err(Silence::TimedOut(address)) => silent(
                format!("{port} of {address} does not answer within {} s", PATIENCE.as_secs()),
                "look for a firewall on the way, or ask the platform's operator whether your address is let in",
            ),
            Err(Silence::Other(cause)) => {
                silent(format!("{port} cannot be reached ({cause})"), "check this machine's network")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::fault::{Fault, Kind};
    use crate::commands::doctor::setting::Setting;

    /// What an operator sees whose firewall drops everything: no test can wait for it.
    #[test]
    fn a_port_that_is_silent_names_the_firewall() {
        let fault = Fault { kind: Kind::Setting, found: "x".to_owned(), help: "y".to_owned() };
        let setting = Setting {
            endpoint: Err(fault.clone()),
            proxy: Ok(None),
            certificates: Ok(()),
            application: Err(fault.clone()),
            secret: Err(fault),
        };
        let way = Way::straight(|address| Err(Silence::TimedOut(address)));
        let sight = Sight { setting: &setting, way: Some(&way), call: None, exchanges: &[], task: None };
        let finding = sight.connection();
        assert_eq!(finding.found, "port 8743 of 10.0.0.7 does not answer within 10 s");
        assert!(finding.help.is_some_and(|help| help.contains("firewall")));
    }
}
