//! What the doctor says of platforms that are not what we take them for.

use super::*;

#[tokio::test]
async fn faults_of_the_emulator_show_as_assumptions() {
    let control = Control::new(Scenario::default()).unwrap();
    // Some of them break what the document promises.
    let server = Server::of(control.router()).await;
    let with = async |kind: FaultKind| {
        control.clear_faults();
        control.add_fault(Fault::new(kind)).unwrap();
        doctor(&server.url(), "--task demo -o json").await
    };
    let repeated = with(FaultKind::RepeatedPage).await;
    assert_eq!(broken(&repeated)["pages-count-up"], "page 1 repeated page 0");
    assert_eq!(repeated.code, 1);
    assert!(repeated.stderr.contains("\"message\":\""), "{}", repeated.stderr);
    let odd = with(FaultKind::UnknownStatus).await;
    assert_eq!(results(&odd, "holds")["status-is-open"], "the platform sent: Stopped");
    let more = with(FaultKind::ExtraMembers).await;
    assert!(results(&more, "holds").contains_key("param-has-more-members"), "{}", more.stdout);
    let nameless = with(FaultKind::NullParam).await;
    assert!(results(&nameless, "could not tell").contains_key("stable-order"), "{}", nameless.stdout);
    assert_eq!((broken(&nameless), nameless.code), (BTreeMap::new(), 0));
}

#[tokio::test]
async fn platforms_that_are_not_what_they_are_taken_for_are_found_out() {
    type Spoil = fn(&str, &mut Value);
    let platforms: [(Spoil, &[&str]); 9] = [
        (
            |query, page| {
                if query.contains("status=") {
                    page["totalCount"] = json!(1000)
                }
            },
            &["filtered-total-count"],
        ),
        (
            |query, page| {
                if query.contains("status=") {
                    page["totalCount"] = json!(1)
                }
            },
            &["total-beyond-the-page"],
        ),
        (
            |query, page| {
                if query.contains("WaitResult") {
                    *page = json!({ "error_code": "100022" })
                }
            },
            &["every-status-is-a-filter"],
        ),
        (
            |query, page| {
                if !query.contains("pageNo=") {
                    page["taskDetails"].as_array_mut().unwrap().reverse()
                }
            },
            &["stable-order"],
        ),
        (
            |query, page| {
                if query.contains("pageNo=1&") {
                    page["totalCount"] = json!(1001)
                }
            },
            &["fixed-set"],
        ),
        (
            |query, page| {
                if query.contains("pageNo=4&") {
                    *page = json!({ "error_code": "100022" })
                }
            },
            &["page-past-the-end-is-empty"],
        ),
        (
            |query, page| {
                if !query.contains("pageNo=") {
                    page["taskDetails"].as_array_mut().unwrap().truncate(1)
                }
            },
            &["paging-defaults"],
        ),
        (
            |query, page| {
                if query.contains("northboundDoctor") {
                    *page = json!({ "error_code": "100022" })
                }
            },
            &["unknown-parameters-are-ignored"],
        ),
        (
            |query, page| {
                if query.contains("deviceId=") {
                    let row =
                        json!({ "status": "Success", "param": { "deviceId": "another", "commandId": "c" } });
                    page["taskDetails"] = json!([row]);
                }
            },
            &["filters-combine"],
        ),
    ];
    for (spoil, wanted) in platforms {
        let server = spoiling(&Control::new(Scenario::default()).unwrap(), spoil).await;
        // Without a login there is a call for each question, also once the document has a status more.
        let credentials = Credentials::new("demo-app", "demo-secret").unwrap();
        let client = Client::builder(server.url()).credentials(credentials).build().unwrap();
        let token = client.log_in().await.unwrap();
        let environment = [("NORTHBOUND_APP_ID", "demo-app"), ("NORTHBOUND_TOKEN", token.secret().expose())];
        let seen = doctor_in(&server.url(), &environment, "--task demo -o json").await;
        assert_eq!((ids(&broken(&seen)), seen.code), (wanted.to_vec(), 1), "{}", seen.stdout);
    }
}
