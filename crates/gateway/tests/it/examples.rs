//! What the README says, and the examples beside it.

use saphyr::{LoadableYamlNode as _, Yaml};

use crate::{address, ask, client, started};

fn file(name: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[tokio::test]
async fn the_readme_lists_the_codes_of_the_gateways_document() {
    let (gateway, _log) = started(client("http://127.0.0.1:1"), |gateway| gateway).await;
    let document = ask(address(&gateway), "GET /openapi.json", "", "").await.json();
    let readme = file("README.md");
    for (code, described) in document["components"]["x-error-catalog"].as_object().unwrap() {
        let line = readme.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{code}`")));
        assert!(line.is_some_and(|line| line.contains(&described["status"].to_string())), "{code}: {line:?}");
    }
}

#[test]
fn the_sidecar_is_yaml_and_listens_for_its_pod_alone() {
    let documents = Yaml::load_from_str(&file("examples/sidecar.yaml")).unwrap();
    let [deployment] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!(deployment["kind"].as_str(), Some("Deployment"));
    let gateway = &deployment["spec"]["template"]["spec"]["initContainers"][0];
    let arguments = gateway["args"].as_sequence().unwrap().iter().filter_map(|argument| argument.as_str());
    assert_eq!(arguments.take(2).collect::<Vec<_>>(), ["gateway", "--listen=127.0.0.1:8744"]);
    assert_eq!(gateway["restartPolicy"].as_str(), Some("Always"), "that makes it a sidecar");
}
