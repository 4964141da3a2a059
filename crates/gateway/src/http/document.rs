//! The platform's operations as the document has them: where they are, and what it says of their parameters.

use std::collections::HashMap;

use axum::http::Method;
use northbound::{DOCUMENT_AS_JSON, ErrorCode};
use serde_json::Value;

use crate::http::refusal::Refusal;

pub(crate) const LOGIN: &str = "login";
pub(crate) const LIST_SUBTASKS: &str = "listSubtasks";
pub(crate) const GET_BATCH_TASK: &str = "getBatchTask";
pub(crate) const CREATE_BATCH_TASK: &str = "createBatchTask";

/// An operation of the platform.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    /// With `{name}` in the place of a parameter, as axum writes it as well.
    pub(crate) path: String,
    parameters: Vec<Parameter>,
}

/// A parameter in the path, in the query, or in the form of a login.
#[derive(Debug, Clone)]
struct Parameter {
    name: String,
    is_required: bool,
    is_in_path: bool,
    schema: Value,
}

/// The values of an operation's parameters, by name.
#[derive(Debug, Default)]
pub(crate) struct Given(HashMap<String, String>);

/// All operations of the document.
pub(crate) fn operations() -> Result<Vec<Operation>, serde_json::Error> {
    let document: Value = serde_json::from_str(DOCUMENT_AS_JSON)?;
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let (Some(id), Ok(method)) = (operation["operationId"].as_str(), method.to_uppercase().parse())
            else {
                continue;
            };
            let parameters = parameters(&document, operation);
            operations.push(Operation { id: id.to_owned(), method, path: path.clone(), parameters });
        }
    }
    Ok(operations)
}

fn parameters(document: &Value, operation: &Value) -> Vec<Parameter> {
    let parameter = |parameter: &Value| {
        let parameter = resolved(document, parameter);
        Parameter {
            name: text(&parameter["name"]),
            is_required: parameter["required"] == true,
            is_in_path: parameter["in"] == "path",
            schema: resolved(document, &parameter["schema"]).clone(),
        }
    };
    let listed = operation["parameters"].as_array().into_iter().flatten().map(parameter);
    let form = resolved(
        document,
        &operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"],
    );
    let required = form["required"].as_array();
    let member = |(name, schema): (&String, &Value)| Parameter {
        name: name.clone(),
        is_required: required.is_some_and(|required| required.iter().any(|required| required == name)),
        is_in_path: false,
        schema: resolved(document, schema).clone(),
    };
    listed.chain(form["properties"].as_object().into_iter().flatten().map(member)).collect()
}

/// What a reference points to, alone or as the only part of `allOf`.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let reference = value["$ref"].as_str().or_else(|| value["allOf"][0]["$ref"].as_str());
    let target = reference.and_then(|reference| document.pointer(reference.strip_prefix('#')?));
    target.map_or(value, |target| resolved(document, target))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Operation {
    /// Reads a query or a form, and the value of the parameter in the path if there is one. Names that the document does not list are
    /// ignored; one that it lists is given once at most.
    pub(crate) fn read(&self, encoded: &[u8], in_path: Option<String>) -> Result<Given, Refusal> {
        let mut given = Given::default();
        let in_path = self.parameters.iter().find(|parameter| parameter.is_in_path).zip(in_path);
        if let Some((parameter, value)) = in_path {
            if value.trim().is_empty() {
                let reason = format!("{} is empty", parameter.name);
                return Err(Refusal::documented(&self.id, ErrorCode::IllegalRequest, reason));
            }
            given.0.insert(parameter.name.clone(), value);
        }
        for (name, value) in form_urlencoded::parse(encoded) {
            let known = self.parameters.iter().find(|known| known.name == name && !known.is_in_path);
            let Some(parameter) = known else { continue };
            if given.0.insert(parameter.name.clone(), value.into_owned()).is_some() {
                return Err(Refusal::bad_parameter(&self.id, format!("{name} is given twice")));
            }
        }
        for parameter in &self.parameters {
            let fault = match given.0.get(&parameter.name) {
                None if parameter.is_required => Some("is missing".to_owned()),
                None => None,
                Some(value) => fault(&parameter.schema, value),
            };
            if let Some(fault) = fault {
                return Err(Refusal::bad_parameter(&self.id, format!("{} {fault}", parameter.name)));
            }
            if let Some(default) = parameter.schema.get("default") {
                given.0.entry(parameter.name.clone()).or_insert_with(|| default.to_string());
            }
        }
        Ok(given)
    }
}

/// What the schema of a parameter does not allow. A value is not shown: it may be a secret.
fn fault(schema: &Value, value: &str) -> Option<String> {
    let bound = |name: &str| schema[name].as_u64();
    if schema["type"] == "integer" {
        let (least, most) =
            (bound("minimum").unwrap_or(0), bound("maximum").unwrap_or(i32::MAX.unsigned_abs().into()));
        // Digits alone: no sign, no blanks, no fraction.
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let fits = digits && value.parse().is_ok_and(|number: u64| (least..=most).contains(&number));
        return (!fits).then(|| format!("is not an integer from {least} to {most}"));
    }
    let known = schema["enum"].as_array();
    if let Some(known) = known.filter(|known| known.iter().all(|known| known != value)) {
        let known: Vec<_> = known.iter().filter_map(Value::as_str).collect();
        return Some(format!("is none of {}", known.join(", ")));
    }
    let length = value.chars().count() as u64;
    if bound("minLength").is_some_and(|least| length < least) {
        return Some("is empty".to_owned());
    }
    let most = bound("maxLength").filter(|most| length > *most)?;
    Some(format!("has more than {most} characters"))
}

impl Given {
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// An integer that has been checked, or the document's default of it.
    pub(crate) fn integer(&mut self, name: &str) -> u32 {
        self.take(name).and_then(|number| number.parse().ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: &str) -> Operation {
        operations().unwrap().into_iter().find(|operation| operation.id == id).unwrap()
    }

    #[test]
    fn the_document_has_the_operations_and_parameters_that_the_gateway_knows() {
        let names = |id: &str| {
            operation(id)
                .parameters
                .iter()
                .map(|parameter| parameter.name.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(names(LIST_SUBTASKS), "appId taskId status deviceId commandId pageNo pageSize");
        assert_eq!(names(GET_BATCH_TASK), "taskId appId select");
        assert_eq!((names(LOGIN), names(CREATE_BATCH_TASK)), ("appId secret".to_owned(), String::new()));
        assert_eq!(operations().unwrap().len(), 4, "the gateway answers each operation");
    }

    #[test]
    fn parameters_are_checked_as_the_document_says() {
        let reason = |id: &str, encoded: &str| {
            let refusal = operation(id).read(encoded.as_bytes(), None).unwrap_err();
            format!("{} {} {}", refusal.status.as_u16(), refusal.code, refusal.reason.unwrap())
        };
        for (encoded, expected) in [
            ("", "taskId is missing"),
            ("taskId=", "taskId is empty"),
            ("taskId=a&taskId=b", "taskId is given twice"),
            ("taskId=a&status=fail", "status is none of Pending, WaitResult, Success, Fail, Timeout"),
            ("taskId=a&pageSize=251", "pageSize is not an integer from 1 to 250"),
            ("taskId=a&pageSize=0", "pageSize is not an integer from 1 to 250"),
            ("taskId=a&pageNo=-1", "pageNo is not an integer from 0 to 2147483647"),
            ("taskId=a&pageNo=2147483648", "pageNo is not an integer from 0 to 2147483647"),
            ("taskId=a&pageNo=%2B1", "pageNo is not an integer from 0 to 2147483647"),
        ] {
            assert_eq!(reason(LIST_SUBTASKS, encoded), format!("400 100022 {expected}"), "{encoded}");
        }
        assert_eq!(reason(LOGIN, "appId=a"), "400 102202 secret is missing");
        let long = format!("appId=a&secret={}", "é".repeat(257));
        assert_eq!(reason(LOGIN, &long), "400 102202 secret has more than 256 characters");
        assert_eq!(reason(GET_BATCH_TASK, "appId=a&appId=b"), "400 100022 appId is given twice");
    }

    #[test]
    fn what_is_not_given_has_the_documents_default_and_what_is_not_listed_is_ignored() {
        let mut given = operation(LIST_SUBTASKS).read(b"taskId=a%20b&other=1&other=2", None).unwrap();
        assert_eq!(given.take("taskId").as_deref(), Some("a b"));
        assert_eq!((given.integer("pageNo"), given.integer("pageSize"), given.take("status")), (0, 25, None));
        let blank = operation(GET_BATCH_TASK).read(b"", Some(" ".into())).unwrap_err();
        assert_eq!((blank.status.as_u16(), &*blank.code), (400, "100019"));
    }
}
