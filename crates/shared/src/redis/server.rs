//! The connection to a Redis: made when it is needed, made again when it is lost.

use std::time::Duration;

use northbound::TokenError;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, RedisError, RedisResult, ScriptInvocation,
};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long one question may take, with a connection that has to be made for it.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) struct Server {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Server {
    /// `None` if this is no address of a server.
    pub(super) fn new(address: &str) -> Option<Self> {
        let client = Client::open(address).ok()?;
        // A certificate that is not checked protects nothing.
        let unchecked =
            matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { insecure: true, .. });
        (!unchecked).then(|| Self { client, connection: Mutex::default() })
    }

    /// Carries out a script, and returns what it replies.
    pub(super) async fn run(&self, script: &ScriptInvocation<'_>) -> Result<Vec<String>, TokenError> {
        let fault = match timeout(PATIENCE, self.ask(script)).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) => self.words(&error),
            Err(_) => format!("no answer within {PATIENCE:?}"),
        };
        self.connection.lock().await.take();
        Err(format!("Redis at {} cannot be used: {fault}", self.name()).into())
    }

    async fn ask(&self, script: &ScriptInvocation<'_>) -> RedisResult<Vec<String>> {
        let was_connected = self.connection.lock().await.clone();
        if let Some(mut connection) = was_connected {
            match script.invoke_async(&mut connection).await {
                // The server may have closed it long ago.
                Err(error) if error.is_io_error() => {}
                outcome => return outcome,
            }
        }
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        *self.connection.lock().await = Some(connection.clone());
        script.invoke_async(&mut connection).await
    }

    /// Where the server is, without name and password.
    pub(super) fn name(&self) -> String {
        match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                format!("{host}:{port}")
            }
            ConnectionAddr::Unix(path) => path.display().to_string(),
            _ => "an address of another kind".to_owned(),
        }
    }

    /// The error in its own words, without what it may repeat of the question.
    fn words(&self, error: &RedisError) -> String {
        if error.kind() == ErrorKind::AuthenticationFailed {
            return "it refuses the user or the password".to_owned();
        }
        let settings = self.client.get_connection_info().redis_settings();
        let secrets = [settings.password(), settings.username()];
        let text = error.to_string();
        let mut text = text.split(", with args").next().unwrap_or_default().to_owned();
        for secret in secrets.into_iter().flatten().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret, "[redacted]");
        }
        text
    }
}

/// The name of a process, or of something in it, that no other one has.
pub(super) fn unique() -> String {
    format!("{:016x}", fastrand::u64(..))
}
