//! The certificates that the user gives a client, as PEM: those that it trusts, and the one that it shows.

#[cfg(all(feature = "rustls", not(target_os = "android")))]
mod own;

use crate::client::tls;
use crate::error::Error;

const AS_PEM: &str = "give certificates as PEM: text that begins with -----BEGIN CERTIFICATE-----";

/// What the user has given.
#[derive(Default)]
pub(crate) struct Certificates {
    pub(crate) roots: Vec<Vec<u8>>,
    /// Whether no others are trusted.
    pub(crate) only: bool,
    pub(crate) identity: Option<Vec<u8>>,
    pub(crate) accepts_any: bool,
}

impl Certificates {
    pub(crate) fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.identity.is_none() && !self.accepts_any
    }

    /// Gives the certificates to an HTTP client.
    pub(crate) fn apply(mut self, mut http: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, Error> {
        let mut roots = Vec::new();
        for pem in &mut self.roots {
            leave_out_mark("certificate authority", pem)?;
            roots.extend(certificates(pem)?);
        }
        http = if self.only { http.tls_certs_only(roots) } else { http.tls_certs_merge(roots) };
        if let Some(pem) = &mut self.identity {
            leave_out_mark("client certificate", pem)?;
            http = http.identity(identity(pem)?);
        }
        #[cfg(all(feature = "rustls", not(target_os = "android")))]
        if !self.accepts_any {
            let config = own::config(&self.roots, self.only, self.identity.as_deref());
            if let Some(config) = config.map_err(|cause| tls::of_setting(&cause).with_source(cause))? {
                http = http.tls_backend_preconfigured(config);
            }
        }
        Ok(http.tls_danger_accept_invalid_certs(self.accepts_any))
    }
}

/// Windows begins files with a byte order mark, which no PEM has.
fn leave_out_mark(what: &str, pem: &mut Vec<u8>) -> Result<(), Error> {
    if pem.starts_with(b"\xff\xfe") || pem.starts_with(b"\xfe\xff") {
        return Err(Error::refused(format!("the {what} is text in UTF-16"), "save the file as UTF-8"));
    }
    if pem.starts_with(b"\xef\xbb\xbf") {
        pem.drain(..3);
    }
    Ok(())
}

fn certificates(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, Error> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(|fault| {
        let found = format!("the root certificates cannot be read{}", hidden_in(pem));
        Error::refused(found, AS_PEM).with_source(fault)
    })?;
    if certificates.is_empty() {
        let found = format!("the root certificates hold no certificate{}", hidden_in(pem));
        return Err(Error::refused(found, AS_PEM));
    }
    Ok(certificates)
}

fn identity(pem: &[u8]) -> Result<reqwest::Identity, Error> {
    let text = String::from_utf8_lossy(pem);
    let has = |label: &str| text.lines().any(|line| line.starts_with("-----BEGIN ") && line.contains(label));
    let advice = "give a certificate and its private key (PKCS#8) as PEM, one after the other";
    if has("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        let found = "the private key of the client certificate is encrypted with a passphrase";
        return Err(Error::refused(found, "write it without one: openssl pkey -in KEY.pem -out PLAIN.pem"));
    }
    for (label, part) in [("CERTIFICATE-----", "certificate"), ("PRIVATE KEY-----", "private key")] {
        if !has(label) {
            let found = format!("the client certificate's file holds no {part}{}", hidden_in(pem));
            return Err(Error::refused(found, advice));
        }
    }
    read_identity(pem).map_err(|fault| {
        let found = format!("the client certificate cannot be read ({})", tls::last_cause(&fault));
        Error::refused(found, advice).with_source(fault)
    })
}

/// The character because of which a line is not recognised as the beginning of a certificate.
fn hidden_in(pem: &[u8]) -> String {
    let text = String::from_utf8_lossy(pem);
    let begin = text.lines().filter(|line| line.contains("-----BEGIN"));
    let found = begin.filter_map(crate::invisible).next();
    found.map_or_else(String::new, |found| format!(": the line with BEGIN holds {found}"))
}

#[cfg(feature = "rustls")]
fn read_identity(pem: &[u8]) -> reqwest::Result<reqwest::Identity> {
    reqwest::Identity::from_pem(pem)
}

/// The system's library wants the certificates and the key apart.
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
fn read_identity(pem: &[u8]) -> reqwest::Result<reqwest::Identity> {
    const BEGIN: &str = "-----BEGIN ";
    let text = String::from_utf8_lossy(pem);
    let (certificates, key): (Vec<&str>, Vec<&str>) =
        text.split(BEGIN).skip(1).partition(|block| block.starts_with("CERTIFICATE"));
    let [certificates, key] = [certificates, key]
        .map(|blocks| blocks.iter().map(|block| format!("{BEGIN}{block}")).collect::<String>());
    reqwest::Identity::from_pkcs8_pem(certificates.as_bytes(), key.as_bytes())
}
