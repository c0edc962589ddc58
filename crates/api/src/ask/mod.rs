//! One request, taken in: who asks, for what, and everything a handler may read from it.

mod headers;
mod query;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::{Operation, RequestId};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use service::{Call, IdempotencyKey, Service, ServiceError, Subject};

use crate::body::{self, Body};
use crate::caller;
use crate::connection::Connection;
use crate::front::allowance::CallerKey;
use crate::front::frame::Stranger;
use crate::front::{CallerShare, Front};
use crate::permission::{Permission, cost};
use crate::problem::{Problem, table};

/// Bytes of memory at a time for a body that does not say how long it is.
const CHUNKED: usize = 64 * 1024;

/// A body up to this many bytes is read before it is asked whether the caller may send it: reading it costs less than asking.
const READ_AT_ONCE: usize = 16 * 1024;

/// A request by a known caller for what `P` names. Extracting it signs the caller in, takes the cost from their
/// allowance and reads the body; nothing of what was sent is believed yet.
pub(crate) struct Asked<P> {
    pub(crate) front: web::Data<Front>,
    pub(crate) ask: Ask,
    pub(crate) if_none_match: Option<String>,
    /// The connection that the answer goes to.
    pub(crate) connection: Option<Arc<Connection>>,
    /// By what limits know the caller.
    pub(crate) key: CallerKey,
    /// What this request counts for among the caller's, until its answer is sent.
    pub(crate) share: CallerShare,
    permission: PhantomData<P>,
}

/// What a use case is called with, made to be moved to a thread that may block.
pub(crate) struct Ask {
    /// The use cases.
    pub(crate) service: Service,
    /// Who asks, under which request.
    pub(crate) call: Call,
    /// Path of the request as it was sent.
    pub(crate) path: String,
    /// Query string as it was sent.
    pub(crate) query: String,
    operation: Operation,
    pattern: String,
    method: String,
    names: BTreeMap<String, String>,
    headers: BTreeMap<&'static str, Vec<Vec<u8>>>,
    request_id_is_key: bool,
    body: Result<Bytes, Problem>,
    /// What the body counts for in memory.
    _memory: Vec<CallerShare>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request itself is at fault, which the use case never saw: it still goes into the audit.
    Request(Problem),
    /// The use case failed, and has recorded it.
    UseCase(ServiceError),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Request(problem)
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self::UseCase(error)
    }
}

/// What a handler's use case answers.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl<P: Permission> FromRequest for Asked<P> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        request.extensions_mut().insert(P::OPERATION);
        Box::pin(async move { take_in(&request, payload).await })
    }
}

async fn take_in<P: Permission>(request: &HttpRequest, payload: Payload) -> Result<Asked<P>, Problem> {
    let front = request.app_data::<web::Data<Front>>().cloned().ok_or(Problem::new(&table::INTERNAL))?;
    let known = caller::known(request, &front).await?;
    let standing = front.allowances.take(&known.key, cost(P::OPERATION)).map_err(|exceeded| {
        request.extensions_mut().insert(front.allowances.nothing_left());
        Problem::new(&table::RATE_LIMITED).retry_after(exceeded.wait)
    })?;
    request.extensions_mut().insert(standing);
    let share = front.caller(known.key)?;
    request.extensions_mut().remove::<Stranger>();
    let id = request.extensions().get::<RequestId>().copied().unwrap_or_else(|| front.request_id());
    let service = request.app_data::<web::Data<Service>>().ok_or(Problem::new(&table::INTERNAL))?;
    let (body, memory) = arrive(request, payload, &front, known.key).await?;
    let ask = Ask {
        service: service.get_ref().clone(),
        call: Call { sign_in: known.sign_in, request: id, idempotency: None },
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        operation: P::OPERATION,
        pattern: request.match_pattern().unwrap_or_default(),
        method: request.method().as_str().to_ascii_lowercase(),
        names: names(request).await,
        headers: headers::kept(request.headers()),
        request_id_is_key: front.limits.request_id_is_key,
        body,
        _memory: memory,
    };
    let if_none_match = (request.method() == Method::GET).then(|| headers::if_none_match(request.headers())).flatten();
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    Ok(Asked { front, ask, if_none_match, connection, key: known.key, share, permission: PhantomData })
}

/// The names in the path, decoded.
async fn names(request: &HttpRequest) -> BTreeMap<String, String> {
    // The framework decodes values in the order of the pattern; it cannot fill a map, because it reads no names as text.
    let values = web::Path::<Vec<String>>::extract(request).await.map(web::Path::into_inner).unwrap_or_default();
    request.match_info().iter().map(|(name, _)| name.to_owned()).zip(values).collect()
}

/// A body as it arrived, and what it counts for in memory.
type Arrived = (Result<Bytes, Problem>, Vec<CallerShare>);

/// Reads the body up to its limits. A fault is kept until somebody wants the body, so that it can be audited.
///
/// # Errors
/// When there is too much going on for another body to be read.
async fn arrive(request: &HttpRequest, payload: Payload, front: &Front, key: CallerKey) -> Result<Arrived, Problem> {
    let most = front.limits.body_bytes;
    let length = match announced(request) {
        Announced::Nothing => return Ok((Ok(Bytes::new()), Vec::new())),
        Announced::Length(length) if length > most as u64 => {
            return Ok((Err(Problem::new(&table::TOO_LARGE)), Vec::new()));
        }
        Announced::Length(length) => usize::try_from(length).unwrap_or(most),
        Announced::Chunks => CHUNKED,
    };
    let _arriving = front.body(request.peer_addr().map(|peer| peer.ip().into()))?;
    let mut memory = vec![front.memory(key, length)?];
    let mut room = length;
    let grow = |wanted: usize| {
        while room < wanted {
            memory.push(front.memory(key, CHUNKED)?);
            room += CHUNKED;
        }
        Ok(())
    };
    let all = gather(payload, most, grow);
    let body = tokio::time::timeout(front.limits.body_timeout, all).await;
    Ok((body.unwrap_or(Err(Problem::new(&table::TIMEOUT))), memory))
}

/// Reads a body of at most `most` bytes; `grow` makes room in memory for as many as have come.
async fn gather(
    mut payload: Payload,
    most: usize,
    mut grow: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| Problem::new(&table::MALFORMED))?;
        if body.len() + piece.len() > most {
            return Err(Problem::new(&table::TOO_LARGE));
        }
        grow(body.len() + piece.len())?;
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// What the head of a request says of its body.
enum Announced {
    /// There is none.
    Nothing,
    /// It has so many bytes.
    Length(u64),
    /// It comes in chunks until it ends.
    Chunks,
}

fn announced(request: &HttpRequest) -> Announced {
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    match declared.and_then(|length| length.parse().ok()) {
        Some(0) => Announced::Nothing,
        Some(length) => Announced::Length(length),
        None if request.headers().contains_key(header::TRANSFER_ENCODING) => Announced::Chunks,
        None => Announced::Nothing,
    }
}

impl Ask {
    /// An identifier from the path. One that cannot be read is the same as one that does not exist.
    pub(crate) fn id<T: FromStr>(&self, name: &str) -> Outcome<T> {
        let found = self.names.get(name).filter(|text| text.len() == 36).and_then(|text| text.parse().ok());
        found.ok_or_else(|| Problem::new(&table::NOT_FOUND).into())
    }

    /// A version number from the path.
    pub(crate) fn number(&self, name: &str) -> Outcome<i64> {
        let digits = |text: &&String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let found = self.names.get(name).filter(digits).and_then(|text| text.parse().ok());
        found.ok_or_else(|| Problem::new(&table::NOT_FOUND).into())
    }

    /// A reference of the sender's own from the path: 1 to 120 characters, no control characters.
    pub(crate) fn reference(&self, name: &str) -> Outcome<String> {
        let fits = |text: &&String| (1..=120).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let found = self.names.get(name).filter(fits).cloned();
        found.ok_or_else(|| Problem::new(&table::NOT_FOUND).into())
    }

    /// The body, of a caller who may send one: whoever may not is told that, and nothing of what they sent.
    pub(crate) fn body<T: Body>(&self) -> Outcome<T> {
        if self.body.as_ref().is_ok_and(|bytes| bytes.len() > READ_AT_ONCE) {
            self.authorise()?;
            return Ok(self.read_body()?);
        }
        match self.read_body() {
            Ok(body) => Ok(body),
            Err(problem) => self.authorise().and(Err(problem.into())),
        }
    }

    fn read_body<T: Body>(&self) -> Result<T, Problem> {
        let bytes = self.body.as_ref().map_err(Clone::clone)?;
        if !headers::is_plain_json(&self.headers) {
            return Err(Problem::new(&table::MEDIA_TYPE));
        }
        body::read(bytes)
    }

    /// Asks whether the caller may do this at all.
    fn authorise(&self) -> Outcome<()> {
        Ok(self.service.authorise(&self.call, self.operation, self.subject()?)?)
    }

    /// What the path says that the request is about. Other names lead to it by way of one of these.
    fn subject(&self) -> Outcome<Subject> {
        let has = |name: &str| self.names.contains_key(name);
        Ok(match () {
            () if has("invitation_id") => Subject::Invitation(self.id("invitation_id")?),
            () if has("fragment_id") => Subject::Fragment(self.id("fragment_id")?),
            () if has("chronology_id") => Subject::Chronology(self.id("chronology_id")?),
            () if has("person_id") => Subject::Person(self.id("person_id")?),
            () if has("family_id") => Subject::Family(self.id("family_id")?),
            () if has("agency_id") => Subject::Agency(self.id("agency_id")?),
            () if has("practitioner_id") => Subject::Practitioner(self.id("practitioner_id")?),
            () if has("emergency_access_id") => Subject::EmergencyAccess(self.id("emergency_access_id")?),
            () => Subject::Collection,
        })
    }

    /// Makes sure that there is no body.
    pub(crate) fn no_body(&self) -> Outcome<()> {
        let bytes = self.body.as_ref().map_err(Clone::clone)?;
        Ok(body::none(bytes)?)
    }

    /// The version named by `If-Match`, which must be there. A tag that no version of ours has stands for none.
    pub(crate) fn version(&self) -> Outcome<i64> {
        self.version_if_any()?.ok_or_else(|| Problem::new(&table::PRECONDITION_REQUIRED).into())
    }

    /// The version named by `If-Match`, if it is there.
    pub(crate) fn version_if_any(&self) -> Outcome<Option<i64>> {
        Ok(headers::if_match(&self.headers)?)
    }

    /// Makes sure that the query names nothing the document does not know for this route.
    pub(crate) fn known_query(&self) -> Outcome<()> {
        let known = crate::doc::query_names(&self.method, &self.pattern);
        Ok(query::only(&self.query, known)?)
    }

    /// Takes the idempotency key, which must be there.
    pub(crate) fn take_key(&mut self) -> Outcome<()> {
        let key = headers::idempotency_key(&self.headers, self.request_id_is_key)?;
        let body = self.body.as_ref().map_err(Clone::clone)?;
        let fingerprint = [self.method.as_bytes(), b"\n", self.path.as_bytes(), b"\n", body].concat();
        self.call.idempotency = Some(IdempotencyKey { key, fingerprint });
        Ok(())
    }

    /// Whether it changes nothing by its method.
    pub(crate) fn is_read(&self) -> bool {
        self.method == "get"
    }

    /// The object named by the path, for the audit of a request that came no further.
    pub(crate) fn object(&self) -> Option<uuid::Uuid> {
        self.names.values().filter(|text| text.len() == 36).find_map(|text| text.parse().ok())
    }
}
