//! Endpoint, name and connection: what comes before the first byte of HTTP.

use super::super::evidence::Evidence;
use super::super::finding::{Finding, not_checked, ok, warning, wrong};
use super::super::network::{NoAnswer, PATIENCE, Route};

impl Evidence<'_> {
    pub(super) fn endpoint(&self) -> Finding {
        let endpoint = match &self.setting.endpoint {
            Ok(endpoint) => endpoint,
            Err(problem) => return problem.finding(),
        };
        let url = endpoint.url.as_str().trim_end_matches('/');
        let stays = if endpoint.url.scheme() == "http" { ", which stays on this machine" } else { "" };
        ok(format!("{url}{stays}; from {}", endpoint.from))
    }

    pub(super) fn name(&self) -> Finding {
        let Some(route) = self.route else { return not_checked(self.no_route()) };
        let Route { host, is_proxy, is_given, .. } = route;
        if route.is_given_another && !is_proxy && route.addresses.is_ok() {
            return warning(
                format!(
                    "--resolve names another host than the endpoint, which is {host}: it changes nothing"
                ),
                format!("write --resolve {host}:ADDR, or leave it out"),
            );
        }
        let shown = if *is_proxy { format!("the proxy {host}") } else { host.clone() };
        let addresses = match &route.addresses {
            Ok(addresses) => addresses,
            Err(cause) => {
                return wrong(
                    format!("{shown} has no address ({cause})"),
                    match is_proxy {
                        true => "check the name of the proxy in the environment".to_owned(),
                        false => format!(
                            "check the spelling and this machine's DNS, or give the address with --resolve {host}:ADDR"
                        ),
                    },
                );
            }
        };
        let is_address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        let first = addresses.first().map(ToString::to_string).unwrap_or_default();
        let more = match addresses.len() {
            0 | 1 => String::new(),
            several => format!(" and {} more", several - 1),
        };
        ok(match (is_given, is_address, is_proxy) {
            (true, ..) => format!("{shown} is {first}, by --resolve"),
            (_, true, _) => format!("{shown} is an address, so that nothing is looked up"),
            (_, _, true) => format!("{shown} is {first}{more}; it looks the platform's name up itself"),
            _ => format!("{shown} is {first}{more}"),
        })
    }

    pub(super) fn connection(&self) -> Finding {
        let Some(route) = self.route else { return not_checked(self.no_route()) };
        let port = format!("{}port {}", if route.is_proxy { "the proxy's " } else { "" }, route.port);
        match &route.connected {
            Err(NoAnswer::NoAddress) => not_checked("there is no address"),
            Ok(address) => ok(format!("{port} of {address} answers")),
            Err(NoAnswer::Refused(address)) => wrong(
                format!("{port} of {address} refuses connections"),
                "check the port, and whether the platform is up",
            ),
            Err(NoAnswer::TimedOut(address)) => wrong(
                format!("{port} of {address} does not answer within {} s", PATIENCE.as_secs()),
                "look for a firewall on the way, or ask the platform's operator whether your address is let in",
            ),
            Err(NoAnswer::Other(cause)) => {
                wrong(format!("{port} cannot be reached ({cause})"), "check this machine's network")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::problem::{Cause, Problem};
    use crate::commands::doctor::setting::Setting;

    /// A firewall that drops everything: no test can wait for a real one.
    #[test]
    fn a_port_that_is_silent_names_the_firewall() {
        let problem = Problem { cause: Cause::Setting, found: "x".to_owned(), help: "y".to_owned() };
        let setting = Setting {
            endpoint: Err(problem.clone()),
            proxy: Ok(None),
            certificates: Ok(()),
            application: Err(problem.clone()),
            secret: Err(problem),
        };
        let route = Route::straight(|address| Err(NoAnswer::TimedOut(address)));
        let seen =
            Evidence { setting: &setting, route: Some(&route), call: None, wire_calls: &[], task: None };
        let finding = seen.connection();
        assert_eq!(finding.found, "port 8743 of 10.0.0.7 does not answer within 10 s");
        assert!(finding.help.is_some_and(|help| help.contains("firewall")));
    }
}
