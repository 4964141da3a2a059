//! TLS and mutual TLS, with real handshakes.

use std::sync::Arc;

use northbound_emulator::{Certificates, Emulator, Fault, FaultKind, Scenario, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{TASK_DETAILS, exchange_checked};

/// A client that trusts this authority and, if given, shows this certificate.
fn client(ca: &str, identity: Option<&str>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect();
            builder
                .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap())
                .unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

/// Opens a connection with TLS to this host name.
async fn connect(
    emulator: &Emulator,
    client: &TlsConnector,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(emulator.addr()).await?;
    client.connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await
}

/// Asks for the clock over TLS.
async fn ask(emulator: &Emulator, client: &TlsConnector, name: &str) -> std::io::Result<()> {
    let request = "GET /_emulator/clock HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let (head, _) = exchange_checked(&mut connect(emulator, client, name).await?, request).await?;
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    Ok(())
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_gets_its_answer() {
    let made = Certificates::make().unwrap();
    let emulator = Emulator::builder().tls(made.clone()).start().await.unwrap();
    assert!(emulator.url().starts_with("https://127.0.0.1:"));
    for name in ["localhost", "127.0.0.1"] {
        ask(&emulator, &client(&made.ca, None), name).await.unwrap();
    }
    emulator.stop().await;
}

#[test]
fn made_certificates_have_what_strict_clients_ask_for() {
    let made = Certificates::make().unwrap();
    // Object identifiers in DER: key usage (critical) and the two key identifiers.
    let extensions: [&[u8]; 3] = [&[85, 29, 15, 1, 1, 255], &[85, 29, 14, 4], &[85, 29, 35, 4]];
    for pem in [made.ca, made.server, made.client.unwrap()] {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let has = |bytes: &[u8]| certificate.windows(bytes.len()).any(|window| window == bytes);
        assert!(extensions.into_iter().all(has) && has(&[85, 29, 19, 1, 1, 255]), "{certificate:?}");
    }
}

#[tokio::test]
async fn another_authority_another_name_and_an_old_certificate_are_refused() {
    let (made, other) = (Certificates::make().unwrap(), Certificates::make().unwrap());
    let elsewhere = Certificates::make_for(&["elsewhere.example"]).unwrap();
    let expired = Certificates::make_expired().unwrap();
    for (server, ca, error) in [
        (&made, &other.ca, "UnknownIssuer"),
        (&elsewhere, &elsewhere.ca, "not valid for name"),
        (&expired, &expired.ca, "expired"),
    ] {
        let emulator = Emulator::builder().tls(server.clone()).start().await.unwrap();
        let refused = ask(&emulator, &client(ca, None), "localhost").await.unwrap_err().to_string();
        assert!(refused.contains(error), "{refused}");
    }
}

#[tokio::test]
async fn mutual_tls_asks_for_a_certificate_of_the_authority() {
    let (made, other) = (Certificates::make().unwrap(), Certificates::make().unwrap());
    let emulator = Emulator::builder().mutual_tls(made.clone()).start().await.unwrap();
    let answer = async |identity| ask(&emulator, &client(&made.ca, identity), "localhost").await;
    assert!(answer(made.client.as_deref()).await.is_ok());
    assert!(answer(None).await.is_err());
    assert!(answer(other.client.as_deref()).await.is_err());
}

#[tokio::test]
async fn a_connection_can_be_reset_under_tls() {
    let made = Certificates::make().unwrap();
    let scenario = Scenario::default().with_fault(Fault::new(FaultKind::Reset));
    let emulator = Emulator::builder().scenario(scenario).tls(made.clone()).start().await.unwrap();
    let mut stream = connect(&emulator, &client(&made.ca, None), "localhost").await.unwrap();
    let request = format!("GET {TASK_DETAILS} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_client_that_dawdles_keeps_no_other_one_waiting() {
    let made = Certificates::make().unwrap();
    let emulator = Emulator::builder().tls(made.clone()).start().await.unwrap();
    let _silent = TcpStream::connect(emulator.addr()).await.unwrap();
    assert!(ask(&emulator, &client(&made.ca, None), "localhost").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_end_is_given_up() {
    let emulator = Emulator::builder().tls(Certificates::make().unwrap()).start().await.unwrap();
    let mut silent = TcpStream::connect(emulator.addr()).await.unwrap();
    let closed = tokio::time::timeout(std::time::Duration::from_secs(20), silent.read(&mut [0])).await;
    assert_eq!(closed.unwrap().unwrap(), 0);
}

#[test]
fn a_folder_without_certificates_gets_some_and_keeps_them() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("tls");
    let made = Certificates::read_or_make(&folder).unwrap();
    assert_eq!(Certificates::read_or_make(&folder).unwrap(), made);
    std::fs::remove_file(folder.join("server.pem")).unwrap();
    let error = Certificates::read_or_make(&folder).unwrap_err().to_string();
    assert!(
        error.ends_with("server.pem is missing: give ca.pem and server.pem, or neither to have them made"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_private_key_is_a_new_file_that_only_its_owner_can_read() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let [open, target] = ["server.pem", "target"].map(|name| folder.path().join(name));
    for file in [&open, &target] {
        std::fs::write(file, "old").unwrap();
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o644)).unwrap();
    }
    symlink(&target, folder.path().join("client.pem")).unwrap();
    let made = Certificates::make().unwrap();
    made.write(folder.path()).unwrap();
    assert_eq!(Certificates::read_or_make(folder.path()).unwrap(), made);
    assert_eq!(std::fs::read_to_string(target).unwrap(), "old");
    for name in ["server.pem", "client.pem"] {
        let metadata = std::fs::symlink_metadata(folder.path().join(name)).unwrap();
        assert_eq!(metadata.permissions().mode(), 0o100_600, "{name}");
    }
}

#[tokio::test]
async fn a_text_without_certificate_or_key_is_named() {
    let made = Certificates::make().unwrap();
    let reason = async |server: &str| {
        let given = Certificates::given(&made.ca, server);
        match Emulator::builder().tls(given).start().await.unwrap_err() {
            StartError::Tls(error) => error.to_string(),
            other => panic!("{other}"),
        }
    };
    assert_eq!(reason(&made.ca).await, "the server's text holds no private key in PEM");
    let key = made.server.split_once("-----BEGIN PRIVATE").unwrap().1;
    assert_eq!(
        reason(&format!("-----BEGIN PRIVATE{key}")).await,
        "the server's text holds no certificate in PEM"
    );
}

#[test]
fn debug_shows_no_private_key() {
    assert!(!format!("{:?}", Certificates::make().unwrap()).contains("PRIVATE"));
}
