//! Certificates that a test makes when it starts, for an emulator that speaks TLS (`Builder::tls`).

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
/// A certificate authority that no machine trusts.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// Makes one with a key of its own.
    #[allow(clippy::new_without_default, reason = "each one is different")]
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its certificate as PEM text.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this host name or client; `change` may set when it ends.
    pub fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Issued { certificate: params.signed_by(&key, &self.0).unwrap(), key }
    }
}

/// A certificate and its private key.
#[derive(Debug)]
pub struct Issued {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Issued {
    /// A certificate for this host name that is its own authority, as guides make it.
    pub fn self_signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap(), key }
    }

    /// Its certificate without the key.
    pub fn certificate(&self) -> String {
        self.certificate.pem()
    }

    /// Certificate and key as PEM text.
    pub fn pem(&self) -> String {
        self.certificate.pem() + &self.key.serialize_pem()
    }
}
