//! What the official schema finds is told in words that name the culprit.

use super::{GOOD, findings};

fn told(edit: (&str, &str)) -> Vec<String> {
    assert!(GOOD.contains(edit.0), "the good document has no `{}`", edit.0);
    let findings = findings(&GOOD.replacen(edit.0, edit.1, 1));
    findings
        .iter()
        .filter(|finding| finding.rule.contains("schema") || finding.rule.contains("keyword"))
        .map(|finding| finding.to_string())
        .collect()
}

#[test]
fn a_misspelt_keyword_is_named_wherever_it_stands() {
    assert_eq!(
        told(("          description: Number of rows.", "          desciption: Number of rows.")),
        ["good.yaml:139:11: unknown keyword `desciption` (unknown-keyword): did you mean `description`?"]
    );
    assert_eq!(
        told(("        minLength: 1", "        minlength: 1")),
        ["good.yaml:101:9: unknown keyword `minlength` (unknown-keyword): did you mean `minLength`?"]
    );
    assert_eq!(
        told(("      x-error-codes: ['50252']", "      error-codes: ['50252']")),
        ["good.yaml:122:7: unknown keyword `error-codes` (unknown-keyword): \
          remove it, or make it an extension by starting its name with `x-`"]
    );
}

#[test]
fn of_several_forms_the_meant_one_is_judged() {
    assert_eq!(
        told(("          in: query", "          in: qery")),
        ["good.yaml:28:11: the value is none of `path`, `query`, `header`, `cookie` (openapi-schema): \
          write what OpenAPI 3.0.3 defines for this place"]
    );
    assert_eq!(
        told(("      in: header\n", "")),
        ["good.yaml:88:5: the member `in` is missing (openapi-schema): \
          write what OpenAPI 3.0.3 defines for this place"]
    );
    assert_eq!(
        told(("          type: array", "          type: [array, 'null']")),
        ["good.yaml:142:11: the list is not of type string (openapi-schema): \
          write what OpenAPI 3.0.3 defines for this place"]
    );
}
