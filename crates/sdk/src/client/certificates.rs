//! The certificates that the user gives to a client, as PEM: those that it trusts, and the client certificate.

#[cfg(all(feature = "rustls", not(target_os = "android")))]
mod own;

use crate::client::tls;
use crate::error::Error;

const AS_PEM: &str = "give certificates as PEM: text in UTF-8 that begins with -----BEGIN CERTIFICATE-----";

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
        for pem in self.roots.iter_mut().chain(&mut self.identity) {
            // Windows begins files with a byte order mark, which no PEM has.
            pem.drain(..if pem.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 });
        }
        for pem in &self.roots {
            http = http.tls_certs_merge(certificates(pem)?);
        }
        http = if self.only { http.tls_certs_only([]) } else { http };
        if let Some(pem) = &self.identity {
            http = http.identity(identity(pem)?);
        }
        #[cfg(all(feature = "rustls", not(target_os = "android")))]
        if let (false, Some(config)) =
            (self.accepts_any, own::config(&self.roots, self.only, self.identity.as_deref())?)
        {
            http = http.tls_backend_preconfigured(config);
        }
        Ok(http.tls_danger_accept_invalid_certs(self.accepts_any))
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, Error> {
    match reqwest::Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(Error::refused(
            format!("the root certificates hold no certificate{}", hidden_in(pem)),
            AS_PEM,
        )),
        Err(fault) => Err(Error::refused("the root certificates cannot be read", AS_PEM).with_source(fault)),
    }
}

fn identity(pem: &[u8]) -> Result<reqwest::Identity, Error> {
    let text = String::from_utf8_lossy(pem);
    let has = |label: &str| text.lines().any(|line| line.starts_with("-----BEGIN ") && line.contains(label));
    let advice = "give a certificate and its private key (PKCS#8) as PEM, one after the other";
    if has("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        let found = "the private key of the client certificate is encrypted with a passphrase";
        return Err(Error::refused(found, "write it without one: openssl pkey -in KEY.pem -out PLAIN.pem"));
    }
    let parts = [("CERTIFICATE-----", "certificate"), ("PRIVATE KEY-----", "private key")];
    if let Some((_, part)) = parts.into_iter().find(|(label, _)| !has(label)) {
        let found = format!("the client certificate's file holds no {part}{}", hidden_in(pem));
        return Err(Error::refused(found, advice));
    }
    read_identity(pem).map_err(|fault| {
        let found = format!("the client certificate cannot be read ({})", tls::last_cause(&fault));
        Error::refused(found, advice).with_source(fault)
    })
}

/// The character that prevents a line from being recognised as the beginning of a certificate.
fn hidden_in(pem: &[u8]) -> String {
    let text = String::from_utf8_lossy(pem);
    let begin = text.lines().filter(|line| line.contains("-----BEGIN"));
    let found = begin.filter_map(crate::invisible::invisible).next();
    found.map_or_else(String::new, |found| format!(": the line with BEGIN holds {found}"))
}

#[cfg(feature = "rustls")]
fn read_identity(pem: &[u8]) -> reqwest::Result<reqwest::Identity> {
    reqwest::Identity::from_pem(pem)
}

/// The system's library requires the certificates and the key as separate texts.
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
