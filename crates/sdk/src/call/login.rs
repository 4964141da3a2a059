//! The login: the only operation that needs no token. It returns one.

use northbound_client::types::{AccessToken, ErrorResponse, LoginRequest};
use northbound_client::{Call, Client, may_repeat};
use progenitor_client::{Error as Generated, ResponseValue};

use crate::call::envelope::{Envelope, TOKEN};
use crate::call::exchange::{Exchange, Operation};
use crate::{Credentials, Error, Token};

/// No server takes a longer header, in bytes.
const LONGEST_TOKEN: usize = 64 * 1024;

/// A login with these credentials; `notice` is called before it is sent.
pub(crate) struct Login<'a, N> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) notice: N,
}

impl<N: Fn() + Sync> Operation for Login<'_, N> {
    type Body = AccessToken;
    type Reply = Token;

    /// If a login is repeated, the token of the second one works, whatever happened to the first.
    const MAY_REPEAT: bool = may_repeat::LOGIN;
    const NEEDS_TOKEN: bool = false;

    fn what(&self) -> String {
        format!("login of application {}", self.credentials.app_id)
    }

    fn span(&self) -> tracing::Span {
        let application = self.credentials.app_id.as_str();
        tracing::debug_span!("northbound.login", otel.kind = "client", application)
    }

    async fn send(&self, client: &Client) -> Result<ResponseValue<AccessToken>, Generated<ErrorResponse>> {
        let Credentials { app_id, secret } = self.credentials;
        (self.notice)();
        let body = LoginRequest { app_id: app_id.0.clone(), secret: secret.clone() };
        client.login().body(body).send().await
    }

    fn accept(&self, reply: AccessToken, exchange: &Exchange<'_>) -> Result<Token, Error> {
        reply.refresh_token.iter().for_each(|token| exchange.connection.secrets.note(token));
        if let Some(envelope) = Envelope::among(&reply.extra) {
            return Err(exchange.reported(envelope));
        }
        let Some(token) = reply.access_token.filter(|token| !token.expose().is_empty()) else {
            return Err(exchange.lacking(TOKEN));
        };
        if token.expose().len() > LONGEST_TOKEN || Call::new().authorized_by("any", &token).is_err() {
            return Err(exchange.unusable_token());
        }
        let life = reply.expires_in.map(|seconds| seconds.duration());
        Ok(life.into_iter().fold(Token::new(token), Token::lives))
    }
}
