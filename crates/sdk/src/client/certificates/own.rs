//! A server's own certificate that the user gives as it is: self-signed, as every guide makes it. The TLS library trusts authorities
//! only, and refuses an authority's certificate for a server.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, ServerName, SignatureVerificationAlgorithm, UnixTime,
};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::client::tls::{is_authority, of_setting};

/// In DER: a certificate that has it names hosts. No authority's does.
const SUBJECT_ALTERNATIVE_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x1d, 0x11];

/// The setting of TLS, if one of the given certificates names a host. Otherwise the HTTP client makes its own, which the user can
/// adjust.
pub(super) fn config(
    roots: &[Vec<u8>],
    only: bool,
    identity: Option<&[u8]>,
) -> Result<Option<ClientConfig>, crate::Error> {
    let Some(provider) = CryptoProvider::get_default() else { return Ok(None) };
    let all = roots.iter().flat_map(|pem| CertificateDer::pem_slice_iter(pem)).flatten();
    let given: Vec<CertificateDer<'static>> = all.collect();
    let names_host = |der: &CertificateDer<'_>| der.windows(5).any(|id| id == SUBJECT_ALTERNATIVE_NAME);
    if !given.iter().any(names_host) {
        return Ok(None);
    }
    make(given, only, identity, provider).map(Some).map_err(|cause| of_setting(&cause).with_source(cause))
}

fn make(
    given: Vec<CertificateDer<'static>>,
    only: bool,
    identity: Option<&[u8]>,
    provider: &Arc<CryptoProvider>,
) -> Result<ClientConfig, Error> {
    let other: Arc<dyn ServerCertVerifier> = if only {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(given.iter().cloned());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
        verifier.build().map_err(|fault| Error::General(fault.to_string()))?
    } else {
        Arc::new(Verifier::new_with_extra_roots(given.iter().cloned(), Arc::clone(provider))?)
    };
    let algorithms = provider.signature_verification_algorithms.all;
    let config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(OwnCertificates { given, other, algorithms }));
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(pem) => {
            let chain = CertificateDer::pem_slice_iter(pem).flatten().collect();
            let key =
                PrivateKeyDer::from_pem_slice(pem).map_err(|fault| Error::General(fault.to_string()))?;
            config.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Accepts exactly the given certificates, as long as date and name are right, and leaves all others to another verifier.
#[derive(Debug)]
struct OwnCertificates {
    given: Vec<CertificateDer<'static>>,
    other: Arc<dyn ServerCertVerifier>,
    algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
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
        let nobody = RootCertStore::empty();
        match verify_server_cert_signed_by_trust_anchor(&certificate, &nobody, &[], now, self.algorithms) {
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
