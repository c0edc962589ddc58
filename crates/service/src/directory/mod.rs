//! Use cases of the directory: the partnership, its agencies and its practitioners.

mod agencies;
mod practitioners;

pub(crate) use agencies::{authorize_agency, to_agency_out};
pub(crate) use practitioners::{authorize_practitioner, validate_practitioners};

use std::sync::Arc;

use contract::{AgencyIn, CategoryOut, PartnershipOut, PurposeOut};
use domain::{
    Category, ObjectKind, Operation, PartnershipId, PartnershipPolicy, Purpose, PurposePolicy,
    built_in_categories,
};
use kernel::{AuditContext, CallContext, Kernel, Partnership, ServiceError, ServiceResult};
use store::PartnershipRow;

/// Use cases of the directory: partnership, agencies and practitioners.
pub struct Directory {
    pub(crate) kernel: Arc<Kernel>,
}

/// A partnership as configured.
#[derive(Debug, Clone)]
pub struct PartnershipConfig {
    /// The short code that access tokens carry.
    pub code: String,
    /// The full name for display.
    pub name: String,
    /// The settings that the partnership chooses for itself.
    pub policy: PartnershipPolicy,
    /// The agencies to register if the database does not have them yet.
    pub agencies: Vec<AgencyIn>,
}

impl Directory {
    /// Registers a configured partnership and those of its agencies that the database does not have
    /// yet.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database cannot be reached.
    pub fn register_partnership(&self, config: PartnershipConfig) -> ServiceResult<PartnershipId> {
        let now = self.kernel.now();
        let fresh = PartnershipRow {
            id: PartnershipId::new(self.kernel.ids(), now),
            code: config.code.clone(),
            name: config.name.clone(),
            created_at: now,
        };
        let id = self.kernel.db().write("partnership.register", |tx| {
            let row = store::partnerships::upsert(tx, &fresh)?;
            for agency in &config.agencies {
                if store::agencies::find_by_code(tx, row.id, &agency.code)?.is_none() {
                    store::agencies::insert(tx, &self.build_agency_row(row.id, agency))?;
                }
            }
            Ok::<_, ServiceError>(row.id)
        })?;
        let PartnershipConfig {
            code, name, policy, ..
        } = config;
        self.kernel.configure_partnership(Partnership {
            id,
            code,
            name,
            policy,
        });
        Ok(id)
    }

    /// Reads the caller's partnership: policy, categories and purposes.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_partnership(&self, call: &CallContext) -> ServiceResult<PartnershipOut> {
        self.kernel.read(
            call,
            Operation::PartnershipRead,
            AuditContext::of(ObjectKind::Partnership),
            |uow| {
                uow.authorize_collection(Operation::PartnershipRead)?;
                Ok(to_partnership_out(uow.partnership))
            },
        )
    }

    /// Whether a category is on the list of the caller's partnership. Returns true for an unknown
    /// partnership, because the use case itself refuses such a caller.
    #[must_use]
    pub fn is_category_listed(&self, call: &CallContext, category: &Category) -> bool {
        self.kernel
            .partnership_by_code(&call.claims.partnership)
            .map_or(true, |partnership| {
                partnership.policy.has_category(category)
            })
    }
}

/// Lists the built-in categories and the partnership's own.
pub(crate) fn categories(partnership: &Partnership) -> Vec<CategoryOut> {
    let built_in = built_in_categories()
        .iter()
        .filter_map(|(code, covers)| Some((Category::new(code)?, (*covers).to_owned())));
    built_in
        .chain(partnership.policy.extra_categories.iter().cloned())
        .map(|(code, covers)| CategoryOut { code, covers })
        .collect()
}

fn to_partnership_out(partnership: &Partnership) -> PartnershipOut {
    let policy = &partnership.policy;
    let purposes = Purpose::ALL.iter().map(|purpose| {
        let PurposePolicy {
            due_days,
            look_back_years,
            lifetime_days,
        } = policy.purpose_policy(*purpose);
        PurposeOut {
            purpose: *purpose,
            due_days,
            look_back_years,
            lifetime_days,
        }
    });
    PartnershipOut {
        id: partnership.id,
        code: partnership.code.clone(),
        name: partnership.name.clone(),
        categories: categories(partnership),
        purposes: purposes.collect(),
        max_lifetime_days: policy.max_lifetime.as_secs() / 86_400,
        allow_ahead: policy.allow_ahead,
        contributors_read_timeline: policy.contributors_read_timeline,
        impact_mandatory: policy.impact_mandatory,
        action_mandatory: policy.action_mandatory,
    }
}
