//! What a browser saw of a page, and what is wrong with that.

use serde_json::Value;

/// What the page asked for, and what it complained of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    asked: Vec<String>,
    complaints: Vec<String>,
}

impl Seen {
    /// Gathers it from events of the DevTools protocol.
    pub(crate) fn of(events: &[Value]) -> Self {
        let mut seen = Self::default();
        for event in events {
            let parameters = &event["params"];
            match event["method"].as_str() {
                Some("Network.requestWillBeSent") => seen.asked.push(text(&parameters["request"]["url"])),
                Some("Runtime.exceptionThrown") => {
                    seen.complaints.push(text(&parameters["exceptionDetails"]))
                }
                Some("Runtime.consoleAPICalled") if parameters["type"] == "error" => {
                    seen.complaints.push(text(&parameters["args"]));
                }
                Some("Log.entryAdded") if parameters["entry"]["level"] == "error" => {
                    seen.complaints.push(text(&parameters["entry"]));
                }
                _ => {}
            }
        }
        seen
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What is wrong with a page that stands under this address: a request to elsewhere, an error on the console.
pub(crate) fn faults(seen: &Seen, home: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if seen.asked.is_empty() {
        faults.push(format!("the browser did not say what the page under {home} asks for"));
    }
    let inside = |url: &String| url.starts_with(home) || url.starts_with("data:");
    faults.extend(seen.asked.iter().filter(|url| !inside(url)).map(|url| format!("it asks for {url}")));
    faults.extend(seen.complaints.iter().map(|complaint| format!("an error on the console: {complaint}")));
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOME: &str = "http://127.0.0.1:1/";

    fn asks(url: &str) -> Value {
        json!({ "method": "Network.requestWillBeSent", "params": { "request": { "url": url } } })
    }

    fn faults_after(event: Value) -> Vec<String> {
        faults(&Seen::of(&[asks("http://127.0.0.1:1/docs/"), event]), HOME)
    }

    #[test]
    fn a_page_that_keeps_to_itself_and_is_silent_is_right() {
        assert_eq!(faults_after(asks("data:,")), [""; 0]);
        let warning =
            json!({ "method": "Runtime.consoleAPICalled", "params": { "type": "warning", "args": [] } });
        assert_eq!(faults_after(warning), [""; 0]);
    }

    #[test]
    fn a_request_to_elsewhere_is_a_fault() {
        assert_eq!(faults_after(asks("https://cdn.example/a.js")), ["it asks for https://cdn.example/a.js"]);
        assert_eq!(faults_after(asks("http://127.0.0.1:12/")).len(), 1);
    }

    #[test]
    fn each_kind_of_complaint_is_a_fault() {
        for event in [
            json!({ "method": "Runtime.exceptionThrown", "params": { "exceptionDetails": { "text": "no" } } }),
            json!({ "method": "Runtime.consoleAPICalled", "params": { "type": "error", "args": ["no"] } }),
            json!({ "method": "Log.entryAdded", "params": { "entry": { "level": "error", "text": "no" } } }),
        ] {
            assert_eq!(faults_after(event.clone()).len(), 1, "{event}");
        }
    }

    #[test]
    fn a_browser_that_tells_nothing_is_not_believed() {
        assert_eq!(faults(&Seen::of(&[]), HOME).len(), 1);
    }
}
