//! Responds to authorised requests with JSON.

use actix_web::http::StatusCode;
use domain::Instant;
use domain::permission::Permission;
use service::{FragmentReceipt, ServiceError, SubmissionOutcome, WriteReply};
use web::extract::{Authorized, HandlerError, RequestContext, UseCaseResult};
use web::response::{HandlerResult, PreparedResponse, entity_tag};

use crate::representation::{JsonRepresentation, Representation};

/// The media type of responses.
const JSON: &str = "application/json";

/// Responds to an authorised request with what a use case returns.
pub(crate) trait JsonResponder: Sized {
    /// Responds to a read: 200, or 304 when the client has the representation already.
    async fn read<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<T> + Send + 'static,
    ) -> HandlerResult;

    /// Responds to a change under `If-Match`: 200.
    async fn update<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<T> + Send + 'static,
    ) -> HandlerResult;

    /// Responds to a creation under an idempotency key: 201 with `Location`.
    async fn create<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<T>> + Send + 'static,
    ) -> HandlerResult;

    /// Responds to an action under an idempotency key: 200.
    async fn perform<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<T>> + Send + 'static,
    ) -> HandlerResult;

    /// Responds to a submission under an idempotency key with a receipt: 201 when a fragment was
    /// created, else 200.
    async fn submit(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<FragmentReceipt>>
        + Send
        + 'static,
    ) -> HandlerResult;

    /// Responds to a PUT at the agency's own reference with a receipt: 201 when a fragment was
    /// created, else 200.
    async fn put(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<FragmentReceipt> + Send + 'static,
    ) -> HandlerResult;

    /// Responds to a deletion: 204.
    async fn delete(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<()> + Send + 'static,
    ) -> HandlerResult;
}

impl<P: Permission> JsonResponder for Authorized<P> {
    async fn read<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<T> + Send + 'static,
    ) -> HandlerResult {
        self.execute(|context, now| prepare(StatusCode::OK, use_case(context)?, now))
            .await
    }

    async fn update<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<T> + Send + 'static,
    ) -> HandlerResult {
        self.read(use_case).await
    }

    async fn create<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<T>> + Send + 'static,
    ) -> HandlerResult {
        post(self, use_case, |_| StatusCode::CREATED).await
    }

    async fn perform<T: Representation>(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<T>> + Send + 'static,
    ) -> HandlerResult {
        post(self, use_case, |_| StatusCode::OK).await
    }

    async fn submit(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<FragmentReceipt>>
        + Send
        + 'static,
    ) -> HandlerResult {
        post(self, use_case, receipt_status).await
    }

    async fn put(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<FragmentReceipt> + Send + 'static,
    ) -> HandlerResult {
        self.execute(|context, now| {
            let receipt = use_case(context)?;
            let location = receipt.location();
            Ok(PreparedResponse {
                location,
                ..prepare(receipt_status(&receipt), receipt, now)?
            })
        })
        .await
    }

    async fn delete(
        self,
        use_case: impl FnOnce(&RequestContext) -> UseCaseResult<()> + Send + 'static,
    ) -> HandlerResult {
        self.execute(|context, _| use_case(context).map(|()| PreparedResponse::no_content()))
            .await
    }
}

async fn post<P: Permission, T: Representation>(
    request: Authorized<P>,
    use_case: impl FnOnce(&RequestContext) -> UseCaseResult<WriteReply<T>> + Send + 'static,
    status: fn(&T) -> StatusCode,
) -> HandlerResult {
    request
        .execute(move |context, now| {
            context.require_idempotency_key()?;
            let WriteReply { value, replayed } = use_case(context)?;
            let status = status(&value);
            let location = value.location().filter(|_| status == StatusCode::CREATED);
            Ok(PreparedResponse {
                location,
                replayed,
                ..prepare(status, value, now)?
            })
        })
        .await
}

fn prepare<T: Representation>(
    status: StatusCode,
    mut value: T,
    now: Instant,
) -> Result<PreparedResponse, HandlerError> {
    value.remove_expired(now);
    let JsonRepresentation { body, stable_hash } = value
        .to_json()
        .map_err(|_| ServiceError::Internal("a response cannot be serialised"))?;
    Ok(PreparedResponse {
        status,
        content_type: JSON,
        etag: Some(entity_tag(value.version(), &stable_hash)),
        body,
        location: None,
        next_cursor: value.next_cursor().map(str::to_owned),
        replayed: false,
        expires_at: value.expires_at(),
    })
}

fn receipt_status(receipt: &FragmentReceipt) -> StatusCode {
    match receipt.outcome {
        SubmissionOutcome::Created => StatusCode::CREATED,
        SubmissionOutcome::Updated | SubmissionOutcome::Unchanged => StatusCode::OK,
    }
}
