//! A server's own certificate that the user gives as it is: self-signed, as every guide makes it. The TLS library trusts authorities
//! only, and refuses an authority's certificate for a server.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::client::tls::is_authority;

/// The setting of TLS, if one of the given certificates names a host: no authority's does. Otherwise the HTTP client makes its own,
/// which the user can adjust.
pub(super) fn config(
    roots: &[Vec<u8>],
    only: bool,
    identity: Option<&[u8]>,
) -> Result<Option<ClientConfig>, Error> {
    let ders = roots.iter().flat_map(|pem| CertificateDer::pem_slice_iter(pem).filter_map(Result::ok));
    let given: Vec<CertificateDer<'static>> = ders.collect();
    let Some(provider) = CryptoProvider::get_default().filter(|_| given.iter().any(names_host)) else {
        return Ok(None);
    };
    let other: Arc<dyn ServerCertVerifier> = if only {
        let mut roots = RootCertStore::empty();
        for certificate in &given {
            roots.add(certificate.clone())?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
        verifier.build().map_err(|fault| Error::General(fault.to_string()))?
    } else {
        Arc::new(Verifier::new_with_extra_roots(given.iter().cloned(), Arc::clone(provider))?)
    };
    let verifier = OwnCertificates { given, other, provider: Arc::clone(provider) };
    let config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(pem) => {
            let chain = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
            let key =
                PrivateKeyDer::from_pem_slice(pem).map_err(|fault| Error::General(fault.to_string()))?;
            config.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(config))
}

fn names_host(certificate: &CertificateDer<'_>) -> bool {
    let (Ok(certificate), Ok(nobody)) = (ParsedCertificate::try_from(certificate), "x.invalid".try_into())
    else {
        return false;
    };
    match verify_server_name(&certificate, &nobody) {
        Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })) => {
            !presented.is_empty()
        }
        outcome => outcome.is_ok(),
    }
}

/// Accepts exactly the given certificates, as long as date and name are right, and leaves all others to another verifier.
#[derive(Debug)]
struct OwnCertificates {
    given: Vec<CertificateDer<'static>>,
    other: Arc<dyn ServerCertVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for OwnCertificates {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.given.contains(certificate) {
            return self.other.verify_server_cert(certificate, between, name, ocsp, now);
        }
        let certificate = ParsedCertificate::try_from(certificate)?;
        let known = self.provider.signature_verification_algorithms.all;
        let nobody = RootCertStore::empty();
        match verify_server_cert_signed_by_trust_anchor(&certificate, &nobody, &[], now, known) {
            // Both are found after a wrong date.
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {}
            Err(error) if is_authority(&error) => {}
            outcome => outcome?,
        }
        verify_server_name(&certificate, name).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.other.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.other.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.other.supported_verify_schemes()
    }
}
