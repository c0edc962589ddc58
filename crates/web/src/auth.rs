//! Authenticates callers: verifies the token and its certificate binding, and derives the caller's
//! key for rate limits.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use aws_lc_rs::digest::{Context, SHA256};
use domain::Role;
use identity::{CertificateThumbprint, TokenError};
use service::{CallerClaims, Fault};

use crate::middleware::MiddlewareState;
use crate::middleware::rate_limiter::CallerKey;
use crate::problem::{Problem, table};

/// The certificate that a client presented when it connected. It comes only from the connection's
/// data (`HttpServer::on_connect`), never from a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientCertificate(pub CertificateThumbprint);

/// A caller whose token was accepted.
#[derive(Debug)]
pub(crate) struct AuthenticatedCaller {
    pub(crate) claims: Arc<CallerClaims>,
    pub(crate) key: CallerKey,
}

/// Authenticates the caller of a request.
///
/// # Errors
/// `unauthenticated` when the token is rejected, whatever the reason; `rate_limited` when its
/// address has failed too often.
pub(crate) async fn authenticate(
    request: &HttpRequest,
    middleware: &web::Data<MiddlewareState>,
) -> Result<AuthenticatedCaller, Problem> {
    let Some(token) = bearer_token(request) else {
        return Err(unauthorized(
            request,
            middleware,
            "Bearer realm=\"chronology\"",
        ));
    };
    let certificate = request
        .conn_data::<ClientCertificate>()
        .map(|presented| presented.0);
    match verify_token(middleware, token, certificate).await {
        Ok(caller) => Ok(caller.into()),
        Err(error) => {
            tracing::info!(reason = error.code(), "a token was rejected");
            metrics::counter!("tokens_refused_total", "reason" => error.code()).increment(1);
            Err(unauthorized(
                request,
                middleware,
                "Bearer realm=\"chronology\", error=\"invalid_token\"",
            ))
        }
    }
}

/// The token of the only `Authorization` header (RFC 6750 section 2.1). The scheme is
/// case-insensitive.
fn bearer_token(request: &HttpRequest) -> Option<String> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let (Some(only), None) = (headers.next(), headers.next()) else {
        return None;
    };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.to_owned())
}

/// Verifies the token on this thread when the issuer's keys are current, otherwise on a thread that
/// may block to fetch them.
async fn verify_token(
    middleware: &web::Data<MiddlewareState>,
    token: String,
    certificate: Option<CertificateThumbprint>,
) -> Result<identity::Caller, TokenError> {
    let now = middleware.clock.now();
    if let Some(caller) =
        middleware
            .verifier
            .verify_nonblocking(&token, certificate.as_ref(), now)?
    {
        return Ok(caller);
    }
    let verifier = Arc::clone(&middleware.verifier);
    let verified = web::block(move || verifier.verify(&token, certificate.as_ref(), now)).await;
    verified.unwrap_or(Err(TokenError::KeysUnavailable))
}

fn unauthorized(
    request: &HttpRequest,
    middleware: &web::Data<MiddlewareState>,
    challenge: &str,
) -> Problem {
    let peer = request.peer_addr().map(|address| address.ip());
    match peer.map_or(Ok(()), |peer| {
        middleware.rate_limiter.record_failed_sign_in(peer)
    }) {
        Ok(()) => Problem::new(&table::UNAUTHENTICATED)
            .with_header(header::WWW_AUTHENTICATE, challenge)
            .with_fault(Fault::new(
                "/header/Authorization",
                "token_refused",
                "send a current access token",
            )),
        Err(exceeded) => {
            Problem::new(&table::RATE_LIMITED).retry_after(exceeded.retry_after_seconds)
        }
    }
}

impl From<identity::Caller> for AuthenticatedCaller {
    fn from(caller: identity::Caller) -> Self {
        let key = caller_key(&caller);
        let claims = CallerClaims {
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
        Self {
            claims: Arc::new(claims),
            key,
        }
    }
}

/// All tokens of a system client share one quota; a person has one quota per agency.
fn caller_key(caller: &identity::Caller) -> CallerKey {
    let client = if caller.roles.contains(&Role::SystemClient) {
        &caller.client_id
    } else {
        caller.subject.expose()
    };
    let mut hash = Context::new(&SHA256);
    for part in [&caller.issuer, &caller.partnership, &caller.agency, client] {
        hash.update(&part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finish();
    let mut key = CallerKey::default();
    key.iter_mut()
        .zip(digest.as_ref())
        .for_each(|(to, from)| *to = *from);
    key
}
