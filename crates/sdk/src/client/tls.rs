//! The errors of TLS: certificates that cannot be used, and handshakes in which one side does not trust the other.

use std::error::Error as StdError;

use crate::error::Error;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::error::ErrorKind;
#[cfg(feature = "rustls")]
use crate::error::Remedy;

/// The error for an HTTP client that cannot be made.
pub(crate) fn unusable(fault: reqwest::Error) -> Error {
    #[cfg(feature = "rustls")]
    let known = causes(&fault).find_map(|cause| cause.downcast_ref()).map(of_setting);
    #[cfg(not(feature = "rustls"))]
    let known = None;
    let error = known.unwrap_or_else(|| {
        let found = format!("the HTTP client cannot be made ({})", last_cause(&fault));
        Error::refused(found, "check certificates and proxy settings")
    });
    error.with_source(fault)
}

fn causes(fault: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(fault.source(), |&cause| cause.source())
}

pub(super) fn last_cause(fault: &reqwest::Error) -> String {
    causes(fault).last().map_or_else(|| fault.to_string(), ToString::to_string)
}

/// The error for certificates that the TLS library cannot use.
#[cfg(feature = "rustls")]
pub(super) fn of_setting(cause: &rustls::Error) -> Error {
    match cause {
        rustls::Error::InconsistentKeys(_) => Error::refused(
            "the private key does not match the client certificate",
            "give the certificate together with the key that it was made for",
        ),
        rustls::Error::General(text) if text.contains("No CA certificates") => Error::refused(
            "the system's certificate authorities are not installed, or not where SSL_CERT_FILE and SSL_CERT_DIR say",
            Remedy::TrustAuthority,
        ),
        _ => Error::refused(
            format!("the certificates cannot be used ({cause})"),
            "check the certificates and the private key that are given",
        ),
    }
}

/// The error for a handshake that failed, if that is among the causes.
pub(crate) fn distrust<'a>(mut causes: impl Iterator<Item = &'a (dyn StdError + 'static)>) -> Option<Error> {
    causes.find_map(|_cause| {
        #[cfg(feature = "rustls")]
        if let Some(error) = _cause.downcast_ref() {
            return Some(of_rustls(error));
        }
        #[cfg(feature = "native-tls")]
        if let Some(error) = _cause.downcast_ref::<native_tls::Error>() {
            return Some(handshake(error));
        }
        None
    })
}

#[cfg(feature = "rustls")]
fn of_rustls(cause: &rustls::Error) -> Error {
    use rustls::{AlertDescription, CertificateError, Error as Tls, InvalidMessage};

    let (found, remedy): (_, Remedy) = match cause {
        Tls::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => (
            "the platform's certificate has expired",
            "check this machine's clock, and tell the platform's operator".into(),
        ),
        Tls::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => ("the platform's certificate is not valid yet", "check this machine's clock".into()),
        Tls::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => ("the platform's certificate is for a different host name", Remedy::ResolveName),
        _ if is_authority(cause) => (
            "the platform's certificate is self-signed: it is trusted if it is given and names the host",
            Remedy::TrustAuthority,
        ),
        // An authority that only has the right name signs with another key.
        Tls::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            ("nobody that this machine trusts has issued the platform's certificate", Remedy::TrustAuthority)
        }
        Tls::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::NoCertificate) => {
            ("the platform wants a client certificate", Remedy::GiveClientCertificate)
        }
        Tls::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError
            | AlertDescription::UnknownCA
            | AlertDescription::UnsupportedCertificate,
        ) => (
            "the platform does not accept the client certificate",
            "check with the platform's operator which certificate belongs to this application".into(),
        ),
        Tls::InvalidMessage(InvalidMessage::InvalidContentType) => (
            "the TLS handshake failed: the port does not speak TLS",
            "check the port, and the scheme of the endpoint: plain http is for this machine alone".into(),
        ),
        _ => return handshake(cause),
    };
    Error::new(ErrorKind::Tls, format!("{found} ({cause})"), remedy)
}

/// Whether a server shows the certificate of an authority as its own. Only the text of the error has it.
#[cfg(feature = "rustls")]
pub(super) fn is_authority(error: &rustls::Error) -> bool {
    use rustls::{CertificateError, Error};
    matches!(error, Error::InvalidCertificate(CertificateError::Other(other)) if format!("{other:?}").contains("CaUsedAsEndEntity"))
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn handshake(cause: &dyn StdError) -> Error {
    let advice = "check that the endpoint's port speaks TLS, and that both sides know a version in common";
    Error::new(ErrorKind::Tls, format!("the TLS handshake failed ({cause})"), advice)
}
