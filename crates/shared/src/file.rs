//! A folder of this user in which processes share token and quota.

mod quota;
mod tokens;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;
use std::{fs, io};

use northbound::Client;

use crate::application::Application;
use crate::private::{make_folder, open_locked};
pub use quota::FileQuota;
pub use tokens::FileTokens;

/// Token and quota in files, for all processes of this user on this machine.
///
/// Each application on each platform has files of its own, which only this user can read. If the folder cannot be used, this
/// process warns once, and then continues without sharing. Clones use the same folder.
///
/// The folder must be on a disk of this machine, because locks over a network are not reliable and the clocks of several
/// machines differ.
///
/// ```no_run
/// use northbound::{AppId, Client, Credentials};
/// use northbound_shared::FileShare;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let share = FileShare::new("/home/me/.cache/northbound");
/// let platform = || Client::builder("https://platform.example:8743");
/// let login = platform().credentials(Credentials::new("meters", "s3cret")?).build()?;
/// let quota = login.quota().clone().shared(share.quota(&login));
/// let client = platform().token_source(AppId::new("meters")?, share.tokens(login)).quota(quota).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileShare(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    is_made: AtomicBool,
    /// One warning a process is enough.
    warning: Once,
}

impl FileShare {
    /// Shares through files in this folder, which is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Folder { path: folder.into(), is_made: AtomicBool::new(false), warning: Once::new() }))
    }

    /// The token of the application of `login`. This client logs in when there is no token.
    pub fn tokens(&self, login: Client) -> FileTokens {
        FileTokens::new(self.clone(), login)
    }

    /// The quota of the application of this client, for [`Quota::shared`](northbound::Quota::shared).
    pub fn quota(&self, client: &Client) -> FileQuota {
        FileQuota::new(self.clone(), Application::of(client))
    }

    /// Whether this folder has a token of this application, even an expired one.
    pub fn has_token(&self, client: &Client) -> bool {
        self.path(&Application::of(client), "token", "json").exists()
    }

    fn path(&self, application: &Application, what: &str, extension: &str) -> PathBuf {
        // The file itself says whose it is.
        self.0.path.join(format!("{what}-{:016x}.{extension}", application.key()))
    }

    /// Waits for the lock of what an application shares, and makes the folder before.
    async fn lock(&self, application: &Application, what: &str, patience: Duration) -> io::Result<fs::File> {
        let path = self.path(application, what, "lock");
        if !self.0.is_made.load(Ordering::Relaxed) {
            make_folder(&self.0.path)?;
            self.0.is_made.store(true, Ordering::Relaxed);
        }
        match open_locked(&path, patience).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Somebody has removed the folder.
                make_folder(&self.0.path)?;
                open_locked(&path, patience).await
            }
            outcome => outcome,
        }
    }

    /// The folder cannot be used.
    fn warn_of(&self, error: &io::Error) {
        let folder = self.0.path.display();
        self.warn(format!(
            "token and quota are not shared with other processes: {folder} cannot be used ({error})"
        ));
    }

    fn warn(&self, text: String) {
        self.0.warning.call_once(|| tracing::warn!("{text}"));
    }
}
