//! Who is calling: the token, the certificate it may be bound to, and what the limiter knows them by.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use aws_lc_rs::digest::{Context, SHA256};
use domain::Role;
use identity::{CertificateThumbprint, Refusal};
use service::{Fault, SignIn};

use crate::front::Front;
use crate::front::allowance::CallerKey;
use crate::problem::{Problem, table};

/// The certificate a client presented when it connected. The server puts it among the connection's data
/// (`HttpServer::on_connect`), and only there: no header stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientCertificate(pub CertificateThumbprint);

/// A caller whose token was accepted.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) sign_in: Arc<SignIn>,
    pub(crate) key: CallerKey,
}

/// Finds out who is calling.
///
/// # Errors
/// `unauthenticated` whatever is wrong with the token; `rate_limited` when the address failed too often.
pub(crate) async fn known(request: &HttpRequest, front: &web::Data<Front>) -> Result<Known, Problem> {
    let Some(token) = bearer(request) else {
        return Err(turned_away(request, front, "Bearer realm=\"chronology\""));
    };
    let certificate = request.conn_data::<ClientCertificate>().map(|presented| presented.0);
    match verify(front, token, certificate).await {
        Ok(caller) => Ok(caller.into()),
        Err(refusal) => {
            tracing::info!(refusal = refusal.code(), "a token was refused");
            metrics::counter!("tokens_refused_total", "reason" => refusal.code()).increment(1);
            Err(turned_away(request, front, "Bearer realm=\"chronology\", error=\"invalid_token\""))
        }
    }
}

/// The token of the one `Authorization` header (RFC 6750 section 2.1); the scheme's name in any case.
fn bearer(request: &HttpRequest) -> Option<String> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let (Some(only), None) = (headers.next(), headers.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.to_owned())
}

/// Verifies on this thread when the issuer's keys are at hand, else where waiting is allowed.
async fn verify(
    front: &web::Data<Front>,
    token: String,
    certificate: Option<CertificateThumbprint>,
) -> Result<identity::Caller, Refusal> {
    let now = front.clock.now();
    if let Some(caller) = front.verifier.verify_at_hand(&token, certificate.as_ref(), now)? {
        return Ok(caller);
    }
    let verifier = Arc::clone(&front.verifier);
    let waited = web::block(move || verifier.verify(&token, certificate.as_ref(), now)).await;
    waited.unwrap_or(Err(Refusal::KeysUnavailable))
}

fn turned_away(request: &HttpRequest, front: &web::Data<Front>, challenge: &str) -> Problem {
    let peer = request.peer_addr().map(|address| address.ip());
    match peer.map_or(Ok(()), |peer| front.allowances.failed_sign_in(peer)) {
        Ok(()) => Problem::new(&table::UNAUTHENTICATED).header(header::WWW_AUTHENTICATE, challenge).fault(Fault::new(
            "/header/Authorization",
            "token_refused",
            "send a current access token",
        )),
        Err(exceeded) => Problem::new(&table::RATE_LIMITED).retry_after(exceeded.wait),
    }
}

impl From<identity::Caller> for Known {
    fn from(caller: identity::Caller) -> Self {
        let key = key(&caller);
        let sign_in = SignIn {
            issuer: caller.issuer,
            subject: caller.subject,
            partnership: caller.partnership,
            agency: caller.agency,
            roles: caller.roles,
            offence_data: caller.offence_data,
            name: caller.name,
            job_title: caller.job_title,
            purpose: caller.purpose,
        };
        Self { sign_in: Arc::new(sign_in), key }
    }
}

/// A system shares one allowance among its client's tokens; a person has one for each agency they work for.
fn key(caller: &identity::Caller) -> CallerKey {
    let who = if caller.roles.contains(&Role::SystemClient) { &caller.client_id } else { caller.subject.expose() };
    let mut hash = Context::new(&SHA256);
    for part in [&caller.issuer, &caller.partnership, &caller.agency, who] {
        hash.update(&part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finish();
    let mut key = CallerKey::default();
    key.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    key
}
