//! Trust, with real handshakes: whom a client talks to, and what an error says when trust fails.

use northbound::{Client, ClientBuilder, Error, Remedy, Retry};
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

#[tokio::test]
async fn a_certificate_of_the_server_itself_is_trusted_once_it_is_given_and_still_has_name_and_date() {
    let name = "platform.example";
    let (itself, leaf) =
        (Issued::self_signed(name, |_| {}), Authority::new().issue("platform.example", |_| {}));
    for certificate in [&itself, &leaf] {
        let platform = start(certificate, None).await;
        let pem = certificate.certificate();
        call(client(&platform, name).root_certificates(pem.clone())).await.unwrap();
        call(client(&platform, name).only_root_certificates(pem.clone())).await.unwrap();
        let error = distrust(client(&platform, "other.example").root_certificates(pem)).await;
        assert!(error.to_string().contains("is for a different host name"), "{error}");
        distrust(client(&platform, name)).await;
        let another = Issued::self_signed(name, |_| {}).certificate();
        distrust(client(&platform, name).root_certificates(another)).await;
    }
    let platform = start(&itself, None).await;
    let error = distrust(client(&platform, name)).await;
    assert_eq!(error.remedy(), &Remedy::TrustAuthority, "{error}");
    let expired = Issued::self_signed(name, |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    });
    let platform = start(&expired, None).await;
    let error = distrust(client(&platform, name).root_certificates(expired.certificate())).await;
    assert!(error.to_string().contains("the platform's certificate has expired"), "{error}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_whose_own_certificate_is_given() {
    let (itself, clients) = (Issued::self_signed("platform.example", |_| {}), Authority::new());
    let platform = start(&itself, Some(&clients)).await;
    let trusting = || client(&platform, "platform.example").root_certificates(itself.certificate());
    call(trusting().identity(clients.issue("demo-app", |_| {}).pem())).await.unwrap();
    distrust(trusting()).await;
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
async fn any_certificate_is_accepted_if_the_danger_option_is_set() {
    let platform = start(&Authority::new().issue("another.example", |_| {}), None).await;
    call(client(&platform, "platform.example").danger_accept_any_certificate()).await.unwrap();
}

// tls-plain-port
#[tokio::test]
async fn a_port_without_tls_is_a_permanent_error() {
    let plain = Platform::always(200, "application/json", "{}").await;
    let error = distrust(client_of(&plain.url().replace("http:", "https:"))).await;
    assert!(error.to_string().contains("the TLS handshake failed"), "{error}");
    assert!(error.to_string().contains("the port does not speak TLS"), "{error}");
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_refused_when_the_client_is_built() {
    let builder = || client_of("https://platform.example");
    let [one, other] = ["a", "b"].map(|name| Issued::self_signed(name, |_| {}));
    let (certificate, pem) = (one.certificate(), one.pem());
    let key = pem.strip_prefix(&certificate).unwrap();
    let encrypted = pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let mixed = other.certificate() + key;
    for (builder, found) in [
        (builder().root_certificates("no PEM"), "hold no certificate"),
        (builder().only_root_certificates(""), "hold no certificate"),
        (
            builder().root_certificates(format!("\u{a0}{certificate}")),
            "the line with BEGIN holds U+00A0, a no-break space",
        ),
        (builder().identity("no PEM"), "holds no certificate"),
        (builder().identity(certificate.clone()), "holds no private key"),
        (builder().identity(key), "holds no certificate"),
        (builder().identity(encrypted), "is encrypted with a passphrase"),
        (builder().identity(mixed.clone()), "the private key does not match the client certificate"),
        (
            builder().root_certificates(certificate.clone()).identity(mixed),
            "the private key does not match the client certificate",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.is_refused() && error.found().contains(found), "{found}: {error}");
        assert!(!format!("{error:?}").contains(key.lines().nth(1).unwrap()), "{error:?}");
    }
    let with_mark = |text: &str| format!("\u{feff}{text}");
    builder().root_certificates(with_mark(&certificate)).identity(with_mark(&pem)).build().unwrap();
}
