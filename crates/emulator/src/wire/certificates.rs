//! Certificates for TLS: given as files, or made at start.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use thiserror::Error;

/// Names and addresses that a made certificate stands for, unless others are asked for.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const CA: &str = "ca.pem";
const SERVER: &str = "server.pem";
const CLIENT: &str = "client.pem";

/// The certificates of an emulator that speaks TLS, each in PEM.
///
/// ```
/// use northbound_emulator::Certificates;
///
/// # fn main() -> Result<(), northbound_emulator::TlsError> {
/// let made = Certificates::make()?;
/// assert!(made.ca.starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificates {
    /// Certificate of the authority: what a client has to trust, and what a client's own certificate is held against.
    pub ca: String,
    /// Certificate chain and private key of the server.
    pub server: String,
    /// Certificate and private key for a client; made certificates have one.
    pub client: Option<String>,
}

impl Certificates {
    /// Certificates given as PEM: an authority, and a server's chain and private key in one text.
    #[must_use]
    pub fn given(ca: impl Into<String>, server: impl Into<String>) -> Self {
        Self { ca: ca.into(), server: server.into(), client: None }
    }

    /// Makes an authority, and under it a server's and a client's certificate, for `localhost` and the loopback addresses.
    ///
    /// They are new every time: what the seed gives would be a private key that anyone knows.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness.
    pub fn make() -> Result<Self, TlsError> {
        Self::make_for(&HOSTS)
    }

    /// The same, for a server of other names or addresses.
    ///
    /// # Errors
    ///
    /// A name that cannot stand in a certificate.
    pub fn make_for(hosts: &[&str]) -> Result<Self, TlsError> {
        Self::signed(hosts, false)
    }

    /// The same as [`make`](Self::make), except that the server's certificate expired in 2001.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness.
    pub fn make_expired() -> Result<Self, TlsError> {
        Self::signed(&HOSTS, true)
    }

    fn signed(hosts: &[&str], expired: bool) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        // Two authorities of one name would be taken for each other until a signature does not fit.
        let print: String =
            key.public_key_raw().iter().skip(1).take(4).map(|byte| format!("{byte:02x}")).collect();
        let mut authority = params(&format!("northbound emulator CA {print}"), &[])?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = CertifiedIssuer::self_signed(authority, key)?;

        let mut server = params("northbound emulator", hosts)?;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if expired {
            server.not_before = rcgen::date_time_ymd(2000, 1, 1);
            server.not_after = rcgen::date_time_ymd(2001, 1, 1);
        }
        let mut client = params("northbound client", &[])?;
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let identity = |params: CertificateParams| -> Result<String, TlsError> {
            let key = KeyPair::generate()?;
            Ok(params.signed_by(&key, &authority)?.pem() + &key.serialize_pem())
        };
        Ok(Self { ca: authority.pem(), server: identity(server)?, client: Some(identity(client)?) })
    }

    /// Takes the certificates from a folder that has them; into one that has none, writes made ones.
    ///
    /// The files are `ca.pem` (the authority's certificate), `server.pem` (chain and private key) and `client.pem`
    /// (certificate and private key, not needed).
    ///
    /// # Errors
    ///
    /// A file that cannot be read or written, or of which only some are there.
    pub fn read_or_make(folder: &Path) -> Result<Self, TlsError> {
        let read = |name: &str| match fs::read_to_string(folder.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TlsError::File { path: folder.join(name), source }),
        };
        let missing = |name: &str| TlsError::Missing { path: folder.join(name) };
        match (read(CA)?, read(SERVER)?) {
            (Some(ca), Some(server)) => Ok(Self { ca, server, client: read(CLIENT)? }),
            (Some(_), None) => Err(missing(SERVER)),
            (None, Some(_)) => Err(missing(CA)),
            (None, None) => {
                let made = Self::make()?;
                made.write(folder)?;
                Ok(made)
            }
        }
    }

    /// Writes the certificates into a folder, as [`read_or_make`](Self::read_or_make) finds them. Each is a new file, which takes
    /// the place of an old one; on Unix, only its owner can read a file with a private key.
    ///
    /// # Errors
    ///
    /// A folder or file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), TlsError> {
        let failed = |path: PathBuf| |source| TlsError::File { path, source };
        fs::create_dir_all(folder).map_err(failed(folder.to_owned()))?;
        let files = [(CA, Some(&self.ca)), (SERVER, Some(&self.server)), (CLIENT, self.client.as_ref())];
        for (name, text) in files {
            let path = folder.join(name);
            if let Some(text) = text {
                write_new(&path, text, name != CA).map_err(failed(path))?;
            }
        }
        Ok(())
    }
}

/// Writes through no link: the old file, or a link in its place, is removed first.
fn write_new(path: &Path, text: &str, private: bool) -> io::Result<()> {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options.open(path)?.write_all(text.as_bytes())
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").field("ca", &self.ca).finish_non_exhaustive()
    }
}

/// Why an emulator cannot speak TLS.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// Making a certificate failed.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    /// A text holds no certificate, or no private key, in PEM.
    #[error("the {what} holds no {part} in PEM")]
    Pem {
        /// Which text.
        what: &'static str,
        /// What it lacks.
        part: &'static str,
    },
    /// The certificates do not work for a server.
    #[error("the certificates do not work for a server")]
    Unusable(#[from] tokio_rustls::rustls::Error),
    /// The authority's certificate cannot be held against those of clients.
    #[error("the authority's certificate does not work for checking clients")]
    Verifier(#[from] tokio_rustls::rustls::server::VerifierBuilderError),
    /// A file that belongs to the others is not there.
    #[error("{path} is missing: give ca.pem and server.pem, or neither to have them made", path = path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("cannot use {path}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

fn params(name: &str, hosts: &[&str]) -> Result<CertificateParams, TlsError> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, name);
    // What strict clients ask for, such as Python from 3.13 on: both key identifiers, and what the key is for.
    params.use_authority_key_identifier_extension = true;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Ok(params)
}
