//! What stands before every route: request ids, allowances, headers, metrics and the one place where errors get their
//! final shape.

pub(crate) mod allowance;
pub(crate) mod frame;
pub(crate) mod load;
mod observe;

use std::sync::Arc;

use domain::{Clock, Ids, RequestId};
use identity::Verifier;

use crate::Limits;
use allowance::Allowances;
use load::Load;

/// Everything a request meets before it reaches a use case.
pub(crate) struct Front {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) limits: Limits,
    pub(crate) allowances: Allowances,
    pub(crate) load: Load,
}

impl Front {
    /// A front with nobody waiting.
    pub(crate) fn new(verifier: Arc<Verifier>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>, limits: Limits) -> Self {
        let allowances = Allowances::new(&limits, Arc::clone(&clock));
        let load = Load::new(limits.in_flight);
        Self { verifier, clock, ids, limits, allowances, load }
    }

    /// A new request id.
    pub(crate) fn request_id(&self) -> RequestId {
        RequestId::new(self.ids.as_ref(), self.clock.now())
    }
}
