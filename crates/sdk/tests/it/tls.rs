//! Trust, with real handshakes: whom a client talks to, and what an error says when trust fails.

use northbound::{Client, ClientBuilder, Error, Retry};
use northbound_emulator::{Certificates, Emulator};
use northbound_testkit::rcgen::date_time_ymd;
use northbound_testkit::{Authority, Issued, Platform};

use crate::support::credentials;

/// A platform that speaks TLS; with `clients`, it requires a certificate of that authority.
async fn start(certificate: &Issued, clients: Option<&Authority>) -> Emulator {
    let builder = Emulator::builder().allow_host("platform.example");
    let builder = match clients {
        None => builder.tls(Certificates::given(Authority::new().pem(), certificate.pem())),
        Some(clients) => builder.mutual_tls(Certificates::given(clients.pem(), certificate.pem())),
    };
    builder.start().await.unwrap()
}

fn client_of(endpoint: &str) -> ClientBuilder {
    Client::builder(endpoint).credentials(credentials())
}

/// A client that calls the platform by this name.
fn client(platform: &Emulator, name: &str) -> ClientBuilder {
    // A second attempt would show in a slow test: the pause is longer than any of them.
    let pause = std::time::Duration::from_secs(600);
    client_of(&format!("https://{name}:{}", platform.addr().port()))
        .resolve(name, platform.addr())
        .retry(Retry::new().between(pause, pause))
}

async fn call(builder: ClientBuilder) -> Result<(), Error> {
    builder.build().unwrap().subtasks("demo").page(0).await.map(|_| ())
}

async fn distrust(builder: ClientBuilder) -> Error {
    let error = call(builder).await.unwrap_err();
    assert!(error.is_tls(), "{error:?}");
    assert_eq!(error.attempts(), 1, "never repeated");
    error
}

// tls-untrusted
#[tokio::test]
async fn a_private_authority_is_trusted_once_it_is_given() {
    let authority = Authority::new();
    let platform = start(&authority.issue("platform.example", |_| {}), None).await;
    call(client(&platform, "platform.example").root_certificates(authority.pem())).await.unwrap();
    call(client(&platform, "platform.example").only_root_certificates(authority.pem())).await.unwrap();
    let error = distrust(client(&platform, "platform.example")).await;
    assert!(error.to_string().contains("nobody that this machine trusts has issued"), "{error}");
    let error =
        distrust(client(&platform, "platform.example").root_certificates(Authority::new().pem())).await;
    assert!(error.to_string().contains("root_certificates()"), "{error}");
}

// tls-expired
#[tokio::test]
async fn an_expired_certificate_is_named() {
    let authority = Authority::new();
    let expired = authority.issue("platform.example", |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    });
    let platform = start(&expired, None).await;
    let error = distrust(client(&platform, "platform.example").root_certificates(authority.pem())).await;
    assert!(error.to_string().contains("the platform's certificate has expired"), "{error}");
}

// tls-name
#[tokio::test]
async fn another_name_is_named_and_a_bare_address_works_through_resolve() {
    let authority = Authority::new();
    let platform = start(&authority.issue("platform.example", |_| {}), None).await;
    let error = distrust(client(&platform, "other.example").root_certificates(authority.pem())).await;
    assert!(error.to_string().contains("is for a different host name"), "{error}");
    let by_address = client_of(&format!("https://{}", platform.addr()));
    let error = distrust(by_address.root_certificates(authority.pem())).await;
    assert!(error.to_string().contains("resolve()"), "{error}");
}

// tls-client-certificate
#[tokio::test]
async fn a_client_certificate_is_asked_for_and_shown() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let platform = start(&authority.issue("platform.example", |_| {}), Some(&clients)).await;
    let trusting = || client(&platform, "platform.example").root_certificates(authority.pem());
    let error = distrust(trusting()).await;
    assert!(error.to_string().contains("the platform wants a client certificate"), "{error}");
    let pem = |authority: &Authority| authority.issue("demo-app", |_| {}).pem();
    call(trusting().identity(pem(&clients))).await.unwrap();
    let error = distrust(trusting().identity(pem(&Authority::new()))).await;
    assert!(error.to_string().contains("does not accept the client certificate"), "{error}");
}

#[tokio::test]
async fn checks_go_only_when_they_are_loudly_switched_off() {
    let platform = start(&Authority::new().issue("another.example", |_| {}), None).await;
    call(client(&platform, "platform.example").danger_accept_any_certificate()).await.unwrap();
}

// tls-plain-port
#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_no_passing_fault() {
    let plain = Platform::always(200, "application/json", "{}").await;
    let error = distrust(client_of(&plain.url().replace("http:", "https:"))).await;
    assert!(error.to_string().contains("the TLS handshake failed"), "{error}");
    assert!(error.to_string().contains("the port does not speak TLS"), "{error}");
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_refused_when_the_client_is_built() {
    let builder = || client_of("https://platform.example");
    for builder in [
        builder().root_certificates("no PEM"),
        builder().only_root_certificates(""),
        builder().identity("no PEM"),
    ] {
        assert!(builder.build().unwrap_err().is_refused());
    }
}
