//! Several processes, one application: they share one token through a file. A login cancels every earlier token of the
//! application, so processes that log in each for itself would log each other out.
//!
//! Start `northbound emulator serve`, then run this several times with NORTHBOUND_APP_ID=demo-app and
//! NORTHBOUND_SECRET=demo-secret: only the first run logs in.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use northbound::{Client, Credentials, Secret, Token, TokenFuture, TokenSource};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = "http://127.0.0.1:8743";
    let login = Client::builder(endpoint).credentials(Credentials::from_env()?).build()?;
    // Whoever can read this file can call as the application: keep it where only your service can read it.
    let file = PathBuf::from("northbound-token");
    let client = Client::builder(endpoint)
        .quota(login.quota().clone())
        .token_source(login.app_id().clone(), TokenFile { file, login })
        .build()?;
    println!("{}", client.summary("demo").await?);
    Ok(())
}

/// A token in a file, and the client that logs in when there is none or the platform has refused it.
pub(crate) struct TokenFile {
    pub(crate) file: PathBuf,
    pub(crate) login: Client,
}

impl TokenSource for TokenFile {
    fn token(&self, rejected: Option<&Secret>) -> TokenFuture<'_> {
        let rejected = rejected.cloned();
        Box::pin(async move {
            // Only one process logs in. The others wait, and then find its token in the file.
            let lock = File::create(self.file.with_extension("lock"))?;
            while fs4::FileExt::try_lock(&lock).is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            if let Ok(text) = fs::read_to_string(&self.file) {
                let kept = Secret::from(text);
                if rejected.as_ref() != Some(&kept) {
                    return Ok(Token::new(kept));
                }
            }
            let token = self.login.log_in().await?;
            fs::write(&self.file, token.secret().expose())?;
            Ok(token)
        })
    }
}
