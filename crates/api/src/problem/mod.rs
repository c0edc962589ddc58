//! Problem details (RFC 9457): the one shape of every answer that is not the one hoped for.

mod from;
mod page;
pub(crate) mod table;

pub(crate) use page::{all_problems, one_problem};
pub(crate) use table::Code;

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use domain::RequestId;
use serde::{Deserialize, Serialize};
use service::Fault;

/// Most faults named in one document. There may be more than that; the document says so.
pub(crate) const MOST_FAULTS: usize = 100;

/// Most bytes of pointers and messages in one document: names that a sender made up may be long.
const LONGEST_FAULTS: usize = 48 * 1024;

/// The media type of problem documents.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document as it is written (RFC 9457). No personal data, nothing of our inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemOut {
    /// Where to read what happened and what to do next; stable, so programs can go by it. Relative to this service.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/problems/invalid")]
    pub kind: String,
    /// The same in a few words.
    #[schema(example = "The input has faults")]
    pub title: String,
    /// HTTP status code.
    #[schema(minimum = 400, maximum = 599, example = 422)]
    pub status: u16,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Path of the request.
    #[schema(format = "uri-reference", example = "/v1/people")]
    pub instance: String,
    /// Every fault of the input. Pointers of a query parameter start with `/query/`, of a header with `/header/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// The request, as in the `X-Request-Id` header, the logs and the audit.
    #[serde(rename = "requestId")]
    pub request_id: RequestId,
}

/// A problem on its way out. It becomes a [`ProblemOut`] once request and path are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    code: &'static Code,
    faults: Vec<Fault>,
    headers: Vec<(header::HeaderName, String)>,
}

impl Problem {
    /// A problem of this code.
    pub(crate) const fn new(code: &'static Code) -> Self {
        Self { code, faults: Vec::new(), headers: Vec::new() }
    }

    /// With one more fault named.
    pub(crate) fn fault(self, fault: Fault) -> Self {
        self.faults(vec![fault])
    }

    /// With these faults named, as far as there is room.
    pub(crate) fn faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults.extend(faults);
        let mut length = 0;
        let room = self.faults.iter().take(MOST_FAULTS).take_while(|fault| {
            length += fault.pointer.len() + fault.message.len();
            length <= LONGEST_FAULTS
        });
        let room = room.count();
        if self.faults.len() > room {
            self.faults.truncate(room);
            self.faults.push(Fault::new("", "more_faults", "there are more faults than are named here"));
        }
        self
    }

    /// With a header that belongs to it.
    pub(crate) fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// To be tried again after so many seconds.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, seconds.to_string())
    }

    /// Its row in the table of codes.
    #[cfg(test)]
    pub(crate) const fn code(&self) -> &'static Code {
        self.code
    }

    /// The faults named so far.
    #[cfg(test)]
    pub(crate) fn named(&self) -> &[Fault] {
        &self.faults
    }

    /// The finished answer.
    pub(crate) fn answer(&self, instance: &str, request: RequestId) -> HttpResponse {
        let body = ProblemOut {
            kind: format!("/problems/{}", self.code.word),
            title: self.code.title.to_owned(),
            status: self.code.status,
            detail: Some(self.code.next.to_owned()),
            instance: instance.to_owned(),
            errors: self.faults.clone(),
            request_id: request,
        };
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        let mut response = response.content_type(MEDIA_TYPE).body(serde_json::to_vec(&body).unwrap_or_default());
        response.extensions_mut().insert(self.code);
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.word)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Without request and path: the frame around all routes replaces it by [`Problem::answer`].
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).content_type(MEDIA_TYPE).finish()
    }
}
