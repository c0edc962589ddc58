//! The [`Service`] type: the slices over one [`Kernel`].

use std::ops::Deref;
use std::sync::Arc;

use domain::OutboxEvent;
use kernel::{Kernel, KernelConfig, ServiceResult};

use crate::access::{Disclosure, EmergencyAccess, LegalHolds};
use crate::audit::AuditLog;
use crate::authorization::Authorization;
use crate::chronologies::Chronologies;
use crate::directory::Directory;
use crate::fragments::Fragments;
use crate::invitations::Invitations;
use crate::linking::{Linking, LinkingQueue, start_worker};
use crate::people::People;
use crate::person_matching::PersonMatching;
use crate::records::Records;
use crate::retention::Retention;
use crate::timeline::Timelines;

/// The slices of the service.
pub struct Slices {
    /// What every use case needs.
    pub kernel: Arc<Kernel>,
    /// Use cases of the audit log.
    pub audit_log: AuditLog,
    /// Authorisation of a request before its body is read.
    pub authorization: Authorization,
    /// Use cases of chronologies.
    pub chronologies: Chronologies,
    /// Use cases of the directory: partnership, agencies and practitioners.
    pub directory: Arc<Directory>,
    /// Use cases that show to whom entries were disclosed.
    pub disclosure: Disclosure,
    /// Use cases of emergency access.
    pub emergency_access: EmergencyAccess,
    /// Use cases of fragments.
    pub fragments: Arc<Fragments>,
    /// Use cases of invitations.
    pub invitations: Invitations,
    /// Use cases of legal holds.
    pub legal_holds: LegalHolds,
    /// Use cases of event links.
    pub linking: Arc<Linking>,
    /// Use cases of people and families.
    pub people: Arc<People>,
    /// Use cases of person matching.
    pub person_matching: Arc<PersonMatching>,
    /// Background work that no client requests: due dates, deletion, destruction of keys.
    pub retention: Arc<Retention>,
    /// Use cases of the consolidated timeline.
    pub timelines: Arc<Timelines>,
}

/// The use cases. Cheap to clone; all methods are synchronous and may block on the database.
#[derive(Clone)]
pub struct Service(Arc<Slices>);

impl Service {
    /// Creates a service over a migrated database.
    ///
    /// # Errors
    /// [`kernel::ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub fn new(config: KernelConfig) -> ServiceResult<Self> {
        let kernel = Arc::new(Kernel::new(config)?);
        let shared = SharedSlices::new(&kernel);
        Ok(Self(Arc::new(shared.complete(kernel))))
    }
}

impl Deref for Service {
    type Target = Slices;

    fn deref(&self) -> &Slices {
        &self.0
    }
}

/// The slices that others need, in the order in which they need each other.
struct SharedSlices {
    records: Arc<Records>,
    people: Arc<People>,
    linking: Arc<Linking>,
    timelines: Arc<Timelines>,
    person_matching: Arc<PersonMatching>,
    retention: Arc<Retention>,
}

impl SharedSlices {
    fn new(kernel: &Arc<Kernel>) -> Self {
        let records = Arc::new(Records::new(kernel));
        let kernel = || Arc::clone(kernel);
        let people = Arc::new(People {
            kernel: kernel(),
            records: Arc::clone(&records),
        });
        let queue = Arc::<LinkingQueue>::default();
        let linking = Arc::new(Linking {
            kernel: kernel(),
            records: Arc::clone(&records),
            people: Arc::clone(&people),
            queue: Arc::clone(&queue),
        });
        start_worker(Arc::clone(&queue), Arc::downgrade(&linking));
        linking
            .kernel
            .listen(OutboxEvent::Relink, move |event| queue.enqueue(event));
        let timelines = Arc::new(Timelines {
            kernel: kernel(),
            records: Arc::clone(&records),
            linking: Arc::clone(&linking),
        });
        let person_matching = Arc::new(PersonMatching {
            kernel: kernel(),
            records: Arc::clone(&records),
            linking: Arc::clone(&linking),
            people: Arc::clone(&people),
        });
        let retention = Arc::new(Retention {
            kernel: kernel(),
            records: Arc::clone(&records),
            linking: Arc::clone(&linking),
        });
        Self {
            records,
            people,
            linking,
            timelines,
            person_matching,
            retention,
        }
    }

    /// Adds the slices that need the shared ones.
    fn complete(self, kernel: Arc<Kernel>) -> Slices {
        let directory = Arc::new(Directory {
            kernel: Arc::clone(&kernel),
        });
        let fragments = Arc::new(self.create_fragments(&kernel));
        Slices {
            audit_log: AuditLog {
                kernel: Arc::clone(&kernel),
            },
            authorization: Authorization {
                kernel: Arc::clone(&kernel),
                records: Arc::clone(&self.records),
                people: Arc::clone(&self.people),
            },
            chronologies: self.create_chronologies(&kernel),
            disclosure: Disclosure {
                kernel: Arc::clone(&kernel),
                records: Arc::clone(&self.records),
                fragments: Arc::clone(&fragments),
            },
            emergency_access: EmergencyAccess {
                kernel: Arc::clone(&kernel),
                people: Arc::clone(&self.people),
            },
            invitations: self.create_invitations(&kernel, &directory, &fragments),
            legal_holds: LegalHolds {
                kernel: Arc::clone(&kernel),
                records: self.records,
                people: Arc::clone(&self.people),
            },
            kernel,
            directory,
            fragments,
            linking: self.linking,
            people: self.people,
            person_matching: self.person_matching,
            retention: self.retention,
            timelines: self.timelines,
        }
    }

    fn create_fragments(&self, kernel: &Arc<Kernel>) -> Fragments {
        Fragments {
            kernel: Arc::clone(kernel),
            records: Arc::clone(&self.records),
            linking: Arc::clone(&self.linking),
            people: Arc::clone(&self.people),
            person_matching: Arc::clone(&self.person_matching),
            retention: Arc::clone(&self.retention),
        }
    }

    fn create_chronologies(&self, kernel: &Arc<Kernel>) -> Chronologies {
        Chronologies {
            kernel: Arc::clone(kernel),
            records: Arc::clone(&self.records),
            linking: Arc::clone(&self.linking),
            people: Arc::clone(&self.people),
            person_matching: Arc::clone(&self.person_matching),
            retention: Arc::clone(&self.retention),
            timelines: Arc::clone(&self.timelines),
        }
    }

    fn create_invitations(
        &self,
        kernel: &Arc<Kernel>,
        directory: &Arc<Directory>,
        fragments: &Arc<Fragments>,
    ) -> Invitations {
        Invitations {
            kernel: Arc::clone(kernel),
            records: Arc::clone(&self.records),
            directory: Arc::clone(directory),
            fragments: Arc::clone(fragments),
            people: Arc::clone(&self.people),
            person_matching: Arc::clone(&self.person_matching),
        }
    }
}
