//! Problem details (RFC 9457): the format of every error response.

mod convert;
mod pages;
pub mod table;

pub(crate) use pages::{list_problems, show_problem};
pub use table::ProblemCode;

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use domain::RequestId;
use serde::{Deserialize, Serialize};
use service::Fault;

/// Most faults listed in one document; a further entry says that there are more.
pub(crate) const MAX_FAULTS: usize = 100;

/// Most bytes of pointers and messages in one document, because the sender chooses the names in
/// pointers.
const MAX_FAULT_BYTES: usize = 48 * 1024;

/// The media type of problem documents.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error, as a problem document (RFC 9457). It holds no personal data and no internals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemOut {
    /// Address of the page that explains the problem and what to do next, relative to this service.
    /// Stable, so that programs can rely on it.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/problems/invalid")]
    pub kind: String,
    /// Short summary of the problem.
    #[schema(example = "The input is invalid")]
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
    /// Every fault of the input. Pointers to a query parameter start with `/query/`, to a header
    /// with `/header/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// Id of the request, as in the `X-Request-Id` header, the logs and the audit.
    #[serde(rename = "requestId")]
    pub request_id: RequestId,
}

/// A problem before it is sent. It becomes a [`ProblemOut`] once request id and path are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: &'static ProblemCode,
    faults: Vec<Fault>,
    headers: Vec<(header::HeaderName, String)>,
}

impl Problem {
    /// A problem with this code.
    pub const fn new(code: &'static ProblemCode) -> Self {
        Self {
            code,
            faults: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Adds a fault.
    pub(crate) fn with_fault(self, fault: Fault) -> Self {
        self.with_faults(vec![fault])
    }

    /// Adds faults, up to [`MAX_FAULTS`] and [`MAX_FAULT_BYTES`].
    pub(crate) fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults.extend(faults);
        let mut length = 0;
        let listed = self.faults.iter().take(MAX_FAULTS).take_while(|fault| {
            length += fault.pointer.len() + fault.message.len();
            length <= MAX_FAULT_BYTES
        });
        let listed = listed.count();
        if self.faults.len() > listed {
            self.faults.truncate(listed);
            self.faults.push(Fault::new(
                "",
                "more_faults",
                "there are more faults than are listed here",
            ));
        }
        self
    }

    /// Adds a response header.
    pub fn with_header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds `Retry-After`, in seconds.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, seconds.to_string())
    }

    /// The code of the problem.
    #[cfg(test)]
    pub(crate) const fn code(&self) -> &'static ProblemCode {
        self.code
    }

    /// The faults added so far.
    #[cfg(test)]
    pub(crate) fn named_faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The complete response.
    pub(crate) fn to_response(&self, instance: &str, request: RequestId) -> HttpResponse {
        let body = ProblemOut {
            kind: format!("/problems/{}", self.code.slug),
            title: self.code.title.to_owned(),
            status: self.code.status,
            detail: Some(self.code.guidance.to_owned()),
            instance: instance.to_owned(),
            errors: self.faults.clone(),
            request_id: request,
        };
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        let mut response = response
            .content_type(MEDIA_TYPE)
            .body(serde_json::to_vec(&body).unwrap_or_default());
        response.extensions_mut().insert(self.code);
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.slug)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Without request id and path: the outermost middleware replaces it by
    /// `Problem::to_response`.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .content_type(MEDIA_TYPE)
            .finish()
    }
}
