//! Trust: what goes wrong when two sides do not trust each other, in words.

use std::error::Error as StdError;

use crate::error::Error;

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

    use crate::error::{ErrorKind, Remedy};

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

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn handshake(cause: &dyn StdError) -> Error {
    let advice = "check that the endpoint's port speaks TLS, and that both sides know a version in common";
    Error::new(crate::error::ErrorKind::Tls, format!("the TLS handshake failed ({cause})"), advice)
}
