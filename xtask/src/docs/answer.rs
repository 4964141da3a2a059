//! What is wrong with what the docs page shows after a call was tried.

use serde_json::Value;

/// What is wrong with the answer that the page shows to a call for the failed subtasks of the demo task.
pub(super) fn faults_of_answer(answer: &Value) -> Vec<String> {
    let shown = |what: &str| vec![format!("trying a call shows {what}: {answer}")];
    if answer["status"] != "200" {
        return shown("no 200");
    }
    let Some(page) = answer["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok()) else {
        return shown("no JSON");
    };
    match page["taskDetails"].as_array() {
        Some(rows) if !rows.is_empty() && rows.iter().all(|row| row["status"] == "Fail") => Vec::new(),
        _ => shown("no page of failed subtasks"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_page_of_failed_subtasks_is_the_right_answer() {
        let answer =
            |status: &str, body: &str| faults_of_answer(&json!({ "status": status, "body": body })).len();
        assert_eq!(answer("200", r#"{"taskDetails":[{"status":"Fail"}]}"#), 0);
        assert_eq!(answer("200", r#"{"taskDetails":[]}"#), 1);
        assert_eq!(answer("200", r#"{"taskDetails":[{"status":"Success"}]}"#), 1);
        assert_eq!(answer("403", r#"{"taskDetails":[{"status":"Fail"}]}"#), 1);
        assert_eq!(answer("200", "<html>"), 1);
    }
}
