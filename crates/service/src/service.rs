//! The [`Service`] type: all use cases over one [`Kernel`].

use std::ops::Deref;
use std::sync::Arc;

use kernel::{Kernel, KernelConfig, ServiceResult};

use crate::linking::{self, LinkingQueue};

pub(crate) struct ServiceState {
    pub(crate) kernel: Kernel,
    /// The queue of chronologies that wait for linkage.
    pub(crate) links: Arc<LinkingQueue>,
}

impl Drop for ServiceState {
    fn drop(&mut self) {
        self.links.close();
    }
}

/// The use cases. Cheap to clone; all methods are synchronous and may block on the database.
#[derive(Clone)]
pub struct Service(pub(crate) Arc<ServiceState>);

impl Service {
    /// Creates a service over a migrated database.
    ///
    /// # Errors
    /// [`kernel::ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub fn new(config: KernelConfig) -> ServiceResult<Self> {
        let links = Arc::<LinkingQueue>::default();
        let state = Arc::new(ServiceState {
            kernel: Kernel::new(config)?,
            links: Arc::clone(&links),
        });
        linking::start_worker(links, Arc::downgrade(&state));
        Ok(Self(state))
    }
}

impl Deref for Service {
    type Target = Kernel;

    fn deref(&self) -> &Kernel {
        &self.0.kernel
    }
}
