//! The transport under the doctor's calls: it counts them, logs what came back, and sends no more than the doctor may make.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::DATE;
use northbound::ClientBuilder;
use reqwest::{Body, Method, Request, Response};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use tower::service_fn;

/// How many calls the doctor makes at most: logins and repetitions included.
pub(super) const MOST_CALLS: usize = 12;

/// A parameter that no platform knows.
const UNKNOWN_PARAMETER: &str = "northboundDoctor";

/// One call, and what came back; no header but the date, and no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WireCall {
    /// Whether it was a login: the only call that is no GET.
    pub(super) is_login: bool,
    pub(super) sent: SystemTime,
    pub(super) received: SystemTime,
    /// `None` if no reply came.
    pub(super) status: Option<u16>,
    /// What the clock of the other side says.
    pub(super) date: Option<SystemTime>,
    /// When the certificate of the other side ends.
    pub(super) certificate_ends: Option<SystemTime>,
}

/// How a query differs from what the SDK sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Change {
    #[default]
    AsItIs,
    /// Without page number and page size, which the SDK always sends.
    WithoutNumbers,
    /// The same, and with a parameter that the platform's page does not list.
    WithUnknownParameter,
}

/// What went over the wire. Clones are the same log.
#[derive(Clone, Debug, Default)]
pub(super) struct WireLog(Arc<Mutex<WireState>>);

#[derive(Debug, Default)]
struct WireState {
    wire_calls: Vec<WireCall>,
    query: Change,
}

impl WireLog {
    /// Lets a client send through this wire.
    pub(super) fn under(&self, builder: ClientBuilder) -> ClientBuilder {
        let log = self.clone();
        builder
            .http(|http| http.tls_info(true))
            .service_over(|http| service_fn(move |request| send(http.clone(), log.clone(), request)))
    }

    pub(super) fn wire_calls(&self) -> Vec<WireCall> {
        self.noted().wire_calls.clone()
    }

    /// Sends queries in this way from now on.
    pub(super) fn ask(&self, query: Change) {
        self.noted().query = query;
    }

    /// Whether no call may be made any more. Calls are made one after the other.
    pub(super) fn is_full(&self) -> bool {
        self.noted().wire_calls.len() == MOST_CALLS
    }

    fn noted(&self) -> MutexGuard<'_, WireState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a request and logs what came back, as long as calls are left.
async fn send(
    http: reqwest::Client,
    log: WireLog,
    request: http::Request<Body>,
) -> reqwest::Result<http::Response<Body>> {
    if log.is_full() {
        // To the client, the quota is used up.
        let mut reply = http::Response::new(Body::default());
        *reply.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        return Ok(reply);
    }
    let mut request = Request::try_from(request)?;
    let is_login = request.method() != Method::GET;
    if !is_login {
        change(&mut request, log.noted().query);
    }
    let sent = SystemTime::now();
    let outcome = http.execute(request).await;
    let reply = outcome.as_ref().ok();
    let wire_call = WireCall {
        is_login,
        sent,
        received: SystemTime::now(),
        status: reply.map(|reply| reply.status().as_u16()),
        date: reply.and_then(date),
        certificate_ends: reply.and_then(certificate_ends),
    };
    log.noted().wire_calls.push(wire_call);
    outcome.map(http::Response::from)
}

fn change(request: &mut Request, query: Change) {
    let url = request.url_mut();
    if query != Change::AsItIs {
        let numbers = ["pageNo", "pageSize"];
        let pairs = url.query_pairs().into_owned();
        let kept: Vec<_> = pairs.filter(|(name, _)| !numbers.contains(&name.as_str())).collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    if query == Change::WithUnknownParameter {
        url.query_pairs_mut().append_pair(UNKNOWN_PARAMETER, "1");
    }
}

fn date(reply: &Response) -> Option<SystemTime> {
    httpdate::parse_http_date(reply.headers().get(DATE)?.to_str().ok()?).ok()
}

fn certificate_ends(reply: &Response) -> Option<SystemTime> {
    end_of_certificate(reply.extensions().get::<reqwest::tls::TlsInfo>()?.peer_certificate()?)
}

/// When a certificate ends. Whether it is good is not judged here: the handshake has done that.
///
/// At a time that no certificate reaches, rustls refuses it before anything else, and the refusal names its end. A crate that
/// reads certificates would bring a dozen others.
fn end_of_certificate(der: &[u8]) -> Option<SystemTime> {
    let der = CertificateDer::from(der);
    let certificate = ParsedCertificate::try_from(&der).ok()?;
    let never = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
    let roots = RootCertStore::empty();
    match verify_server_cert_signed_by_trust_anchor(&certificate, &roots, &[], never, &[]) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            UNIX_EPOCH.checked_add(Duration::from_secs(not_after.as_secs()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use northbound::{AppId, Client, Retry};
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_notations_of_a_time() {
        for (year, seconds) in [(2024, 1_709_164_800), (2050, 2_529_619_200)] {
            let mut params = CertificateParams::default();
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(year, 2, if year == 2024 { 29 } else { 28 });
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let end = end_of_certificate(certificate.der()).unwrap();
            assert_eq!(end.duration_since(UNIX_EPOCH).unwrap().as_secs(), seconds, "{year}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for der in [&[][..], &[0x30], &[0x30, 5, 1], &[0x30, 0x84, 255, 255, 255, 255], &[0x30, 0xff, 0]] {
            assert_eq!(end_of_certificate(der), None, "{der:?}");
        }
    }

    #[tokio::test]
    async fn a_call_too_many_is_not_sent() {
        let log = WireLog::default();
        // Nobody listens there, so that a call that is sent fails in another way.
        let builder = Client::builder("http://127.0.0.1:1").token(AppId::new("a").unwrap(), "t0ken");
        let client = log.under(builder).retry(Retry::off()).build().unwrap();
        for _ in 0..MOST_CALLS {
            assert!(client.subtasks("t").page(0).await.unwrap_err().is_connection());
        }
        assert!(client.subtasks("t").page(0).await.unwrap_err().is_throttled());
        assert_eq!(log.wire_calls().len(), MOST_CALLS);
        assert!(log.wire_calls().iter().all(|wire_call| wire_call.status.is_none() && !wire_call.is_login));
    }
}
