//! The model: which chronologies and fragments exist, and what may be read of them.

use std::collections::HashMap;
use std::time::Duration;

use behaviour::{TestApp, User};
use domain::Instant;

/// The agencies invited to every chronology, each with the user who answers for it.
pub(crate) const AGENCIES: [(&str, User); 3] = [
    ("school", User::RETURNED),
    ("surgery", User::WAITING),
    ("visitors", User::VISITOR),
];
/// Maximum lifetime of a chronology from its opening under the default policy.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_secs(330 * 86_400);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChronologyState {
    Open,
    Closing,
    Consolidated,
    SignedOff,
    Closed,
}

impl ChronologyState {
    pub(crate) const fn wire_name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Consolidated => "consolidated",
            Self::SignedOff => "signed_off",
            Self::Closed => "closed",
        }
    }

    pub(crate) fn accepts_returns(self) -> bool {
        matches!(self, Self::Open | Self::Closing)
    }

    pub(crate) fn is_open_to_contributors(self) -> bool {
        matches!(self, Self::Open | Self::Closing | Self::Consolidated)
    }
}

/// A fragment submitted by one agency.
pub(crate) struct Fragment {
    pub(crate) id: String,
    /// Index in [`AGENCIES`].
    pub(crate) agency: usize,
    /// The marker in the text of each version; no two versions share one.
    pub(crate) markers: Vec<String>,
    pub(crate) expires_at: Instant,
    /// Withdrawn or purged.
    pub(crate) is_deleted: bool,
}

/// A frozen view (consolidation).
pub(crate) struct FrozenView {
    pub(crate) id: String,
    /// Indices of the fragments it shows, each with the marker it had at that time.
    pub(crate) contents: Vec<(usize, String)>,
}

pub(crate) struct Chronology {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) child: String,
    /// Index of the child's NHS number, for `nhs_number`.
    pub(crate) number: usize,
    pub(crate) opened_at: Instant,
    pub(crate) due_at: Instant,
    pub(crate) expires_at: Instant,
    pub(crate) state: ChronologyState,
    /// For each agency, whether its return has been submitted.
    pub(crate) answered: [bool; 3],
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) frozen_views: Vec<FrozenView>,
    /// Index of the frozen view that was signed off last.
    pub(crate) signed_off_view: Option<usize>,
    /// Ids of the legal holds in force.
    pub(crate) holds: Vec<String>,
    pub(crate) is_purged: bool,
    /// Entity tag of the timeline when its owner last read it.
    pub(crate) last_etag: Option<String>,
}

impl Chronology {
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        self.expires_at <= now
    }

    pub(crate) fn is_live(&self, fragment: usize, now: Instant) -> bool {
        let fragment = &self.fragments[fragment];
        !fragment.is_deleted && now < fragment.expires_at && !self.is_expired(now)
    }

    /// The markers of the entries that may be read at `now`.
    pub(crate) fn live_markers(&self, now: Instant) -> Vec<String> {
        let live = (0..self.fragments.len()).filter(|index| self.is_live(*index, now));
        live.map(|index| {
            self.fragments[index]
                .markers
                .last()
                .expect("a version")
                .clone()
        })
        .collect()
    }

    /// Resets the agency's answer once none of its fragments is live.
    pub(crate) fn update_answered(&mut self, agency: usize, now: Instant) {
        let is_live_and_theirs =
            |index: usize| self.fragments[index].agency == agency && self.is_live(index, now);
        let has_live_fragment = (0..self.fragments.len()).any(is_live_and_theirs);
        self.answered[agency] = self.answered[agency] && has_live_fragment;
    }

    /// Applies the effects of one run of the workers.
    pub(crate) fn apply_worker_run(&mut self, now: Instant) {
        if self.state == ChronologyState::Open && self.due_at <= now && !self.is_expired(now) {
            self.state = ChronologyState::Closing;
        }
        if self.is_purged || !self.holds.is_empty() {
            return;
        }
        if self.is_expired(now) {
            self.is_purged = true;
            self.fragments
                .iter_mut()
                .for_each(|fragment| fragment.is_deleted = true);
            return;
        }
        for index in 0..self.fragments.len() {
            if !self.fragments[index].is_deleted && self.fragments[index].expires_at <= now {
                self.fragments[index].is_deleted = true;
                self.update_answered(self.fragments[index].agency, now);
            }
        }
    }
}

/// A service together with the model of its state.
pub(crate) struct ServiceModel {
    pub(crate) app: TestApp,
    pub(crate) chronologies: Vec<Chronology>,
    /// Practitioner ids by user name.
    pub(crate) practitioners: HashMap<&'static str, String>,
    pub(crate) agencies: [String; 3],
    /// Whether the workers have run since the last step that could give them something to do.
    pub(crate) worker_is_current: bool,
    marker_count: usize,
}

impl ServiceModel {
    pub(crate) fn new(app: TestApp) -> Self {
        let practitioners = app.sign_in_all_users();
        let listed = app.as_user(User::OWNER).get("/v1/agencies").expect_ok();
        let items = listed["items"].as_array().expect("agencies").clone();
        let agencies = AGENCIES.map(|(code, _)| {
            let found = items
                .iter()
                .find(|agency| agency["code"] == code)
                .expect("the agency exists");
            found["id"].as_str().expect("an id").to_owned()
        });
        Self {
            app,
            chronologies: Vec::new(),
            practitioners,
            agencies,
            worker_is_current: false,
            marker_count: 0,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        use domain::Clock as _;
        self.app.clock.now()
    }

    /// Returns an unused marker and an unused date, so that the service links no two entries.
    pub(crate) fn next_marker(&mut self) -> (String, String) {
        self.marker_count += 1;
        let n = self.marker_count;
        (
            format!("w{n}."),
            format!(
                "20{:02}-{:02}-{:02}",
                10 + n / 336 % 15,
                1 + n / 28 % 12,
                1 + n % 28
            ),
        )
    }

    /// Applies one run of the workers to every chronology.
    pub(crate) fn apply_worker_run(&mut self) {
        let now = self.now();
        self.chronologies
            .iter_mut()
            .for_each(|chronology| chronology.apply_worker_run(now));
        self.worker_is_current = true;
    }
}
