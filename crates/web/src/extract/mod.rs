//! The authorised extractor: authenticates a request, charges its rate limit, reads its body, and
//! gives handlers typed access to path, query, headers and body.

mod headers;
mod query;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::IfNoneMatch;
use actix_web::http::{Method, header};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use domain::permission::Permission;
use domain::{Operation, RequestId};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use service::{CallContext, IdempotencyKey, RequestTarget, Service, ServiceError};

use crate::body::Body;
use crate::connection::Connection;
use crate::middleware::rate_limiter::CallerKey;
use crate::middleware::{CallerGuard, MiddlewareState, UnauthenticatedGuard};
use crate::problem::{Problem, table};
use crate::{RouteDeclarations, auth, body};

/// Bytes of memory reserved at a time for a chunked body, whose length is not declared.
const CHUNKED_RESERVATION_BYTES: usize = 64 * 1024;

/// Largest body, in bytes, that is parsed before the caller's permission to send it is checked:
/// below this size parsing costs less than the check.
const EAGER_PARSE_BYTES: usize = 16 * 1024;

/// A request by an authenticated caller for the permission `P`. Extraction authenticates the
/// caller, charges their rate limit and reads the body. The path, query, headers and body are still
/// unvalidated.
pub struct Authorized<P> {
    pub(crate) middleware: web::Data<MiddlewareState>,
    pub(crate) context: RequestContext,
    pub(crate) if_none_match: Option<IfNoneMatch>,
    /// The connection that the response goes to.
    pub(crate) connection: Option<Arc<Connection>>,
    /// Identifies the caller to the limits.
    pub(crate) key: CallerKey,
    /// Counts this request against the caller's limit until its response is sent.
    pub(crate) guard: CallerGuard,
    permission: PhantomData<P>,
}

/// What a use case is called with. It is `Send`, so that it can move to a thread that may block.
pub struct RequestContext {
    /// The use cases.
    pub service: Service,
    /// Caller and request id.
    pub call: CallContext,
    /// Path of the request, undecoded.
    pub(crate) path: String,
    /// Query string of the request, undecoded.
    pub(crate) query: String,
    operation: Operation,
    routes: Arc<RouteDeclarations>,
    pattern: String,
    method: Method,
    path_parameters: BTreeMap<String, String>,
    headers: BTreeMap<&'static str, Vec<Vec<u8>>>,
    request_id_is_key: bool,
    body: Result<Bytes, Problem>,
    /// Memory reserved for the body.
    _memory: Vec<CallerGuard>,
}

/// Why a handler could not produce a representation.
#[derive(Debug)]
pub enum HandlerError {
    /// The request was rejected before the use case ran. The rejection is still to be audited.
    InvalidRequest(Problem),
    /// The use case failed and has audited the failure.
    UseCase(ServiceError),
}

impl From<Problem> for HandlerError {
    fn from(problem: Problem) -> Self {
        Self::InvalidRequest(problem)
    }
}

impl From<ServiceError> for HandlerError {
    fn from(error: ServiceError) -> Self {
        Self::UseCase(error)
    }
}

/// Result of the closure with which a handler calls its use case.
pub type UseCaseResult<T> = Result<T, HandlerError>;

impl<P: Permission> FromRequest for Authorized<P> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        request.extensions_mut().insert(P::OPERATION);
        Box::pin(async move { extract(&request, payload).await })
    }
}

async fn extract<P: Permission>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Authorized<P>, Problem> {
    let middleware = request
        .app_data::<web::Data<MiddlewareState>>()
        .cloned()
        .ok_or(Problem::new(&table::INTERNAL))?;
    let caller = auth::authenticate(request, &middleware).await?;
    charge_rate_limit(request, &middleware, &caller.key, P::OPERATION)?;
    let guard = middleware.begin_caller_request(caller.key)?;
    request.extensions_mut().remove::<UnauthenticatedGuard>();
    let id = request
        .extensions()
        .get::<RequestId>()
        .copied()
        .unwrap_or_else(|| middleware.new_request_id());
    let service = request
        .app_data::<web::Data<Service>>()
        .ok_or(Problem::new(&table::INTERNAL))?;
    let (body, memory) = read_body(request, payload, &middleware, caller.key).await?;
    let context = RequestContext {
        service: service.get_ref().clone(),
        call: CallContext {
            claims: caller.claims,
            request: id,
            idempotency: None,
        },
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        operation: P::OPERATION,
        routes: Arc::clone(&middleware.routes),
        pattern: request.match_pattern().unwrap_or_default(),
        method: request.method().clone(),
        path_parameters: decode_path_parameters(request).await,
        headers: headers::copy_headers(request.headers()),
        request_id_is_key: middleware.limits.request_id_is_key,
        body,
        _memory: memory,
    };
    let if_none_match = (request.method() == Method::GET)
        .then(|| headers::if_none_match(request))
        .flatten();
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    Ok(Authorized {
        middleware,
        context,
        if_none_match,
        connection,
        key: caller.key,
        guard,
        permission: PhantomData,
    })
}

/// Charges the caller's rate limit for an operation, and keeps the quota for the headers of the
/// response.
fn charge_rate_limit(
    request: &HttpRequest,
    middleware: &MiddlewareState,
    key: &CallerKey,
    operation: Operation,
) -> Result<(), Problem> {
    let rate_limiter = &middleware.rate_limiter;
    let charged = rate_limiter.charge(key, operation.spec().cost);
    let quota = charged.map_err(|exceeded| {
        request
            .extensions_mut()
            .insert(rate_limiter.exhausted_quota());
        Problem::new(&table::RATE_LIMITED).retry_after(exceeded.retry_after_seconds)
    })?;
    request.extensions_mut().insert(quota);
    Ok(())
}

/// The path parameters, percent-decoded, by name.
async fn decode_path_parameters(request: &HttpRequest) -> BTreeMap<String, String> {
    // actix decodes the values in the order of the pattern but cannot deserialise them into a map
    // of strings.
    let values = web::Path::<Vec<String>>::extract(request)
        .await
        .map(web::Path::into_inner)
        .unwrap_or_default();
    request
        .match_info()
        .iter()
        .map(|(name, _)| name.to_owned())
        .zip(values)
        .collect()
}

/// A body, or why it was rejected, with the memory reserved for it.
type ReceivedBody = (Result<Bytes, Problem>, Vec<CallerGuard>);

/// Reads the body up to its limits. A rejected body is kept as a problem until the handler asks for
/// the body, so that the rejection can be audited.
///
/// # Errors
/// `too_many_at_once` or `overloaded` when the limits of concurrent uploads or of memory are
/// exhausted.
async fn read_body(
    request: &HttpRequest,
    payload: Payload,
    middleware: &MiddlewareState,
    key: CallerKey,
) -> Result<ReceivedBody, Problem> {
    let max_bytes = middleware.limits.body_bytes;
    let length = match declared_body(request) {
        DeclaredBody::Absent => return Ok((Ok(Bytes::new()), Vec::new())),
        DeclaredBody::Length(length) if length > max_bytes as u64 => {
            return Ok((Err(Problem::new(&table::TOO_LARGE)), Vec::new()));
        }
        DeclaredBody::Length(length) => usize::try_from(length).unwrap_or(max_bytes),
        DeclaredBody::Chunked => CHUNKED_RESERVATION_BYTES,
    };
    let _upload = middleware.begin_body_upload(request.peer_addr().map(|peer| peer.ip().into()))?;
    let mut memory = vec![middleware.reserve_memory(key, length)?];
    let mut reserved = length;
    let reserve_up_to = |wanted: usize| {
        while reserved < wanted {
            memory.push(middleware.reserve_memory(key, CHUNKED_RESERVATION_BYTES)?);
            reserved += CHUNKED_RESERVATION_BYTES;
        }
        Ok(())
    };
    let received = collect_body(payload, max_bytes, reserve_up_to);
    let body = tokio::time::timeout(middleware.limits.body_timeout, received).await;
    Ok((body.unwrap_or(Err(Problem::new(&table::TIMEOUT))), memory))
}

/// Reads a body of at most `max_bytes`. `reserve_up_to` makes sure that memory is reserved for the
/// given number of bytes.
async fn collect_body(
    mut payload: Payload,
    max_bytes: usize,
    mut reserve_up_to: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(&table::MALFORMED))?;
        if body.len() + chunk.len() > max_bytes {
            return Err(Problem::new(&table::TOO_LARGE));
        }
        reserve_up_to(body.len() + chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What the request head declares about the body.
enum DeclaredBody {
    /// There is no body.
    Absent,
    /// `Content-Length`, in bytes.
    Length(u64),
    /// `Transfer-Encoding: chunked`, of unknown length.
    Chunked,
}

fn declared_body(request: &HttpRequest) -> DeclaredBody {
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    match declared.and_then(|length| length.parse().ok()) {
        Some(0) => DeclaredBody::Absent,
        Some(length) => DeclaredBody::Length(length),
        None if request.headers().contains_key(header::TRANSFER_ENCODING) => DeclaredBody::Chunked,
        None => DeclaredBody::Absent,
    }
}

impl RequestContext {
    /// An identifier from the path.
    ///
    /// # Errors
    /// `not_found` when it is not a valid identifier: an invalid id must look like one that does
    /// not exist.
    pub fn path_id<T: FromStr>(&self, name: &str) -> UseCaseResult<T> {
        let found = self
            .path_parameters
            .get(name)
            .filter(|text| text.len() == 36)
            .and_then(|text| text.parse().ok());
        found.ok_or_else(|| Problem::new(&table::NOT_FOUND).into())
    }

    /// A non-negative integer from the path.
    ///
    /// # Errors
    /// `not_found` when it is anything else.
    pub fn path_number(&self, name: &str) -> UseCaseResult<i64> {
        let digits =
            |text: &&String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let found = self
            .path_parameters
            .get(name)
            .filter(digits)
            .and_then(|text| text.parse().ok());
        found.ok_or_else(|| Problem::new(&table::NOT_FOUND).into())
    }

    /// An agency's own reference from the path: 1 to 120 characters, no control characters.
    ///
    /// # Errors
    /// `not_found` when it is anything else.
    pub fn path_reference(&self, name: &str) -> UseCaseResult<String> {
        let fits = |text: &&String| {
            (1..=120).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        let found = self.path_parameters.get(name).filter(fits).cloned();
        found.ok_or_else(|| Problem::new(&table::NOT_FOUND).into())
    }

    /// The validated body. Callers without the permission get the authorisation error instead of
    /// the faults of their body.
    ///
    /// # Errors
    /// The problem of the body, or of the authorisation check.
    pub fn body<T: Body>(&self) -> UseCaseResult<T> {
        if self
            .body
            .as_ref()
            .is_ok_and(|bytes| bytes.len() > EAGER_PARSE_BYTES)
        {
            self.authorize()?;
            return Ok(self.parse_body()?);
        }
        match self.parse_body() {
            Ok(body) => Ok(body),
            Err(problem) => self.authorize().and(Err(problem.into())),
        }
    }

    fn parse_body<T: Body>(&self) -> Result<T, Problem> {
        let bytes = self.body.as_ref().map_err(Clone::clone)?;
        if !headers::is_uncompressed_json(&self.headers) {
            return Err(Problem::new(&table::MEDIA_TYPE));
        }
        body::parse(bytes, &self.routes.bodies)
    }

    /// Checks whether the caller has the permission at all.
    fn authorize(&self) -> UseCaseResult<()> {
        Ok(self
            .service
            .authorization
            .authorize(&self.call, self.operation, self.target()?)?)
    }

    /// The object that the path is about. Of several path parameters the most specific one counts.
    fn target(&self) -> UseCaseResult<RequestTarget> {
        let has = |name: &str| self.path_parameters.contains_key(name);
        Ok(match () {
            () if has("invitation_id") => RequestTarget::Invitation(self.path_id("invitation_id")?),
            () if has("fragment_id") => RequestTarget::Fragment(self.path_id("fragment_id")?),
            () if has("chronology_id") => RequestTarget::Chronology(self.path_id("chronology_id")?),
            () if has("person_id") => RequestTarget::Person(self.path_id("person_id")?),
            () if has("family_id") => RequestTarget::Family(self.path_id("family_id")?),
            () if has("agency_id") => RequestTarget::Agency(self.path_id("agency_id")?),
            () if has("practitioner_id") => {
                RequestTarget::Practitioner(self.path_id("practitioner_id")?)
            }
            () if has("emergency_access_id") => {
                RequestTarget::EmergencyAccess(self.path_id("emergency_access_id")?)
            }
            () => RequestTarget::Collection,
        })
    }

    /// Checks that the request has no body.
    ///
    /// # Errors
    /// `invalid` or `malformed` when there is one.
    pub fn require_empty_body(&self) -> UseCaseResult<()> {
        let bytes = self.body.as_ref().map_err(Clone::clone)?;
        Ok(body::require_empty(bytes)?)
    }

    /// The version in the required `If-Match` header; -1 for a tag that cannot belong to any
    /// version.
    ///
    /// # Errors
    /// `precondition_required` when the header is missing, `if_match_invalid` when it cannot be
    /// parsed.
    pub fn expected_version(&self) -> UseCaseResult<i64> {
        self.optional_expected_version()?
            .ok_or_else(|| Problem::new(&table::PRECONDITION_REQUIRED).into())
    }

    /// The version in `If-Match`; `None` without the header.
    ///
    /// # Errors
    /// `if_match_invalid` when it cannot be parsed.
    pub fn optional_expected_version(&self) -> UseCaseResult<Option<i64>> {
        Ok(headers::if_match(&self.headers)?)
    }

    /// Checks that the query has only parameters that are declared for this route.
    ///
    /// # Errors
    /// `invalid` with one fault for each undeclared parameter.
    pub(crate) fn check_query_parameters(&self) -> UseCaseResult<()> {
        let parameters = &self.routes.query_parameters;
        let declared = parameters.of_route(&self.method, &self.pattern);
        Ok(query::reject_unknown(&self.query, declared)?)
    }

    /// Reads the required idempotency key into [`Self::call`], with a fingerprint of method, path
    /// and body.
    ///
    /// # Errors
    /// `idempotency_key_missing` or `idempotency_key_invalid`.
    pub fn require_idempotency_key(&mut self) -> UseCaseResult<()> {
        let key = headers::idempotency_key(&self.headers, self.request_id_is_key)?;
        let body = self.body.as_ref().map_err(Clone::clone)?;
        // In lower case, as in the stored records of earlier versions.
        let method = self.method.as_str().to_ascii_lowercase();
        let fingerprint = [method.as_bytes(), b"\n", self.path.as_bytes(), b"\n", body].concat();
        self.call.idempotency = Some(IdempotencyKey { key, fingerprint });
        Ok(())
    }

    /// Whether the method is GET.
    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// The first identifier in the path, recorded in the audit when the request was rejected.
    pub(crate) fn audit_object_id(&self) -> Option<uuid::Uuid> {
        self.path_parameters
            .values()
            .filter(|text| text.len() == 36)
            .find_map(|text| text.parse().ok())
    }
}
