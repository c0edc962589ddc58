//! Invitations: inviting agencies, naming practitioners, and the agencies' answers.

mod answers;
mod form;
mod management;

use std::sync::Arc;

use kernel::Kernel;

use crate::directory::Directory;
use crate::fragments::Fragments;
use crate::people::People;
use crate::person_matching::PersonMatching;
use crate::records::Records;

/// Use cases of invitations.
pub struct Invitations {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) fragments: Arc<Fragments>,
    pub(crate) people: Arc<People>,
    pub(crate) person_matching: Arc<PersonMatching>,
}
