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

/// The certificates of an emulator with TLS, in PEM.
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
    /// Certificate of the authority. Clients must trust it. With mutual TLS, it must have issued the clients' certificates.
    pub ca: String,
    /// Certificate chain and private key of the server.
    pub server: String,
    /// Certificate and private key for a client. [`make`](Self::make) creates one.
    pub client: Option<String>,
}

impl Certificates {
    /// Uses these certificates, as PEM: that of an authority, and the server's chain and private key in one text.
    #[must_use]
    pub fn given(ca: impl Into<String>, server: impl Into<String>) -> Self {
        Self { ca: ca.into(), server: server.into(), client: None }
    }

    /// Makes an authority, and certificates of this authority for a client and for a server at `localhost` and the loopback
    /// addresses.
    ///
    /// They are new every time. They do not follow from the seed, because then everybody would know the private key.
    ///
    /// # Errors
    ///
    /// When the system returns no random numbers.
    pub fn make() -> Result<Self, TlsError> {
        Self::make_for(&HOSTS)
    }

    /// The same, for a server with other names or addresses.
    ///
    /// # Errors
    ///
    /// When a name is not allowed in a certificate.
    pub fn make_for(hosts: &[&str]) -> Result<Self, TlsError> {
        Self::signed(hosts, false)
    }

    /// The same as [`make`](Self::make), except that the server's certificate expired in 2001.
    ///
    /// # Errors
    ///
    /// When the system returns no random numbers.
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

    /// Reads the certificates from this folder. If the folder has none, makes them and writes them there.
    ///
    /// The files are `ca.pem` (the authority's certificate), `server.pem` (chain and private key) and `client.pem` (certificate
    /// and private key, optional).
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written, or only some of the files exist.
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

    /// Writes the certificates into a folder, for [`read_or_make`](Self::read_or_make). Old files are replaced. On Unix, only
    /// the owner can read a file with a private key.
    ///
    /// # Errors
    ///
    /// When the folder or a file cannot be written.
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

/// Why an emulator cannot use TLS.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// Making a certificate failed.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    /// A text has no certificate or no private key in PEM.
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
    /// The authority's certificate cannot be used to check those of clients.
    #[error("the authority's certificate does not work for checking clients")]
    Verifier(#[from] tokio_rustls::rustls::server::VerifierBuilderError),
    /// One of the files is missing.
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
