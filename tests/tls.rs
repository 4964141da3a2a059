//! Trust, with real handshakes: who is talked to, and what is said when trust fails.

use std::net::SocketAddr;
use std::sync::Arc;

use northbound::{AppId, Client, ClientBuilder, Error, Retry};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

const PAGE: &str = r#"{"totalCount":0,"taskDetails":[]}"#;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for `name`, with its private key.
    fn issue(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }
}

/// A platform that speaks TLS and has one empty page; it counts the requests that it could read.
struct Platform {
    address: SocketAddr,
    server: tokio::task::JoinHandle<()>,
}

impl Platform {
    async fn start((certificate, key): (rcgen::Certificate, KeyPair), wants: Option<&Authority>) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let config = match wants {
            None => config.unwrap().with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.0.der().clone()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                config.unwrap().with_client_cert_verifier(verifier)
            }
        };
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A handshake that fails is what most of these tests are about.
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut request = [0; 4096];
                    if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        let reply =
                            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len());
                        let _ = stream.write_all(reply.as_bytes()).await;
                    }
                });
            }
        });
        Self { address, server }
    }

    fn client(&self, name: &str) -> ClientBuilder {
        let endpoint = format!("https://{name}:{}", self.address.port());
        let builder = Client::builder(endpoint).token(AppId::new("demo-app").unwrap(), "t0ken");
        // A second attempt would show in a slow test: the pause is longer than any of them.
        let pause = std::time::Duration::from_secs(600);
        builder.resolve(name, self.address).retry(Retry::new().between(pause, pause))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.server.abort();
    }
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
    let platform = Platform::start(authority.issue("platform.example", |_| {}), None).await;
    call(platform.client("platform.example").root_certificates(authority.pem())).await.unwrap();
    call(platform.client("platform.example").only_root_certificates(authority.pem())).await.unwrap();
    let error = distrust(platform.client("platform.example")).await;
    assert!(error.to_string().contains("nobody that this machine trusts has issued"), "{error}");
    let error = distrust(platform.client("platform.example").root_certificates(Authority::new().pem())).await;
    assert!(error.to_string().contains("root_certificates()"), "{error}");
}

// tls-expired
#[tokio::test]
async fn an_expired_certificate_is_named() {
    let authority = Authority::new();
    let expired = authority.issue("platform.example", |params| {
        (params.not_before, params.not_after) =
            (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    });
    let platform = Platform::start(expired, None).await;
    let error = distrust(platform.client("platform.example").root_certificates(authority.pem())).await;
    assert!(error.to_string().contains("the platform's certificate has expired"), "{error}");
}

// tls-name
#[tokio::test]
async fn another_name_is_named_and_a_bare_address_works_through_resolve() {
    let authority = Authority::new();
    let platform = Platform::start(authority.issue("platform.example", |_| {}), None).await;
    let error = distrust(platform.client("other.example").root_certificates(authority.pem())).await;
    assert!(error.to_string().contains("is for a different host name"), "{error}");
    let address = format!("https://{}", platform.address);
    let by_address = Client::builder(address).token(AppId::new("demo-app").unwrap(), "t0ken");
    let error = distrust(by_address.root_certificates(authority.pem())).await;
    assert!(error.to_string().contains("resolve()"), "{error}");
}

// tls-client-certificate
#[tokio::test]
async fn a_client_certificate_is_asked_for_and_shown() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let platform = Platform::start(authority.issue("platform.example", |_| {}), Some(&clients)).await;
    let client = || platform.client("platform.example").root_certificates(authority.pem());
    let error = distrust(client()).await;
    assert!(error.to_string().contains("the platform wants a client certificate"), "{error}");
    let pem = |authority: &Authority| {
        let (certificate, key) = authority.issue("demo-app", |_| {});
        certificate.pem() + &key.serialize_pem()
    };
    call(client().identity(pem(&clients))).await.unwrap();
    let error = distrust(client().identity(pem(&Authority::new()))).await;
    assert!(error.to_string().contains("does not accept the client certificate"), "{error}");
}

#[tokio::test]
async fn checks_go_only_when_they_are_loudly_switched_off() {
    let platform = Platform::start(Authority::new().issue("another.example", |_| {}), None).await;
    call(platform.client("platform.example").danger_accept_any_certificate()).await.unwrap();
}

// tls-plain-port
#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_no_passing_fault() {
    let plain = crate::platform::Platform::always(200, "application/json", PAGE).await;
    let endpoint = plain.url().replace("http:", "https:");
    let error = distrust(Client::builder(endpoint).token(AppId::new("demo-app").unwrap(), "t0ken")).await;
    assert!(error.to_string().contains("the TLS handshake failed"), "{error}");
    assert!(error.to_string().contains("the port does not speak TLS"), "{error}");
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_refused_when_the_client_is_built() {
    let builder =
        || Client::builder("https://platform.example").token(AppId::new("demo-app").unwrap(), "t0ken");
    for builder in [
        builder().root_certificates("no PEM"),
        builder().only_root_certificates(""),
        builder().identity("no PEM"),
    ] {
        assert!(builder.build().unwrap_err().is_refused());
    }
}
