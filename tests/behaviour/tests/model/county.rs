//! The model: what there is, and what may be read of it.

use behaviour::{TestApp, User};
use domain::Instant;
use std::time::Duration;

/// Agencies that are asked, and who answers for each.
pub(crate) const AGENCIES: [(&str, User); 3] =
    [("school", User::RETURNED), ("surgery", User::WAITING), ("visitors", User::VISITOR)];
/// The longest a chronology may live from its opening, as the default policy has it.
pub(crate) const LONGEST: Duration = Duration::from_secs(330 * 86_400);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Closing,
    Consolidated,
    SignedOff,
    Closed,
}

impl State {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Consolidated => "consolidated",
            Self::SignedOff => "signed_off",
            Self::Closed => "closed",
        }
    }

    pub(crate) fn takes_returns(self) -> bool {
        matches!(self, Self::Open | Self::Closing)
    }

    pub(crate) fn open_to_contributors(self) -> bool {
        matches!(self, Self::Open | Self::Closing | Self::Consolidated)
    }
}

/// What one agency sent.
pub(crate) struct Fragment {
    pub(crate) id: String,
    pub(crate) agency: usize,
    /// The word of each version: it stands nowhere else.
    pub(crate) words: Vec<String>,
    pub(crate) expires: Instant,
    /// Withdrawn or purged.
    pub(crate) gone: bool,
}

/// A view frozen for a meeting: fragments with the word they had.
pub(crate) struct Frozen {
    pub(crate) id: String,
    pub(crate) shows: Vec<(usize, String)>,
}

pub(crate) struct Chronology {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) child: String,
    /// Which NHS number the child has.
    pub(crate) number: usize,
    pub(crate) opened: Instant,
    pub(crate) due: Instant,
    pub(crate) expires: Instant,
    pub(crate) state: State,
    /// Whether each agency's return is in.
    pub(crate) answered: [bool; 3],
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) frozen: Vec<Frozen>,
    /// Which frozen view was signed off last.
    pub(crate) signed: Option<usize>,
    /// Holds in force.
    pub(crate) holds: Vec<String>,
    pub(crate) purged: bool,
    /// The last tag its owner saw on the timeline.
    pub(crate) tag: Option<String>,
}

impl Chronology {
    pub(crate) fn over(&self, now: Instant) -> bool {
        self.expires <= now
    }

    pub(crate) fn lives(&self, fragment: usize, now: Instant) -> bool {
        let fragment = &self.fragments[fragment];
        !fragment.gone && now < fragment.expires && !self.over(now)
    }

    /// The words that may be read now.
    pub(crate) fn live_words(&self, now: Instant) -> Vec<String> {
        let live = (0..self.fragments.len()).filter(|one| self.lives(*one, now));
        live.map(|one| self.fragments[one].words.last().expect("a version").clone()).collect()
    }

    /// The agency's return is in as long as something of it stands.
    pub(crate) fn settle_answer(&mut self, agency: usize, now: Instant) {
        let stands = (0..self.fragments.len()).any(|one| self.fragments[one].agency == agency && self.lives(one, now));
        self.answered[agency] = self.answered[agency] && stands;
    }

    /// What a worker does to it.
    pub(crate) fn work(&mut self, now: Instant) {
        if self.state == State::Open && self.due <= now && !self.over(now) {
            self.state = State::Closing;
        }
        if self.purged || !self.holds.is_empty() {
            return;
        }
        if self.over(now) {
            self.purged = true;
            self.fragments.iter_mut().for_each(|fragment| fragment.gone = true);
            return;
        }
        for one in 0..self.fragments.len() {
            if !self.fragments[one].gone && self.fragments[one].expires <= now {
                self.fragments[one].gone = true;
                self.settle_answer(self.fragments[one].agency, now);
            }
        }
    }
}

/// A service and the model of it.
pub(crate) struct County {
    pub(crate) app: TestApp,
    pub(crate) chronologies: Vec<Chronology>,
    pub(crate) people: std::collections::HashMap<&'static str, String>,
    pub(crate) agencies: [String; 3],
    /// Whether a worker has looked since time last passed or anything was released.
    pub(crate) worked: bool,
    words: usize,
}

impl County {
    pub(crate) fn new(app: TestApp) -> Self {
        let people = app.introduce_everybody();
        let listed = app.by(User::OWNER).get("/v1/agencies").ok();
        let items = listed["items"].as_array().expect("agencies").clone();
        let agencies = AGENCIES.map(|(code, _)| {
            let found = items.iter().find(|agency| agency["code"] == code).expect("it is there");
            found["id"].as_str().expect("an id").to_owned()
        });
        Self { app, chronologies: Vec::new(), people, agencies, worked: false, words: 0 }
    }

    pub(crate) fn now(&self) -> Instant {
        use domain::Clock as _;
        self.app.clock.now()
    }

    /// A word that stands nowhere else, and a day on which nothing else happened, so that nothing is linked.
    pub(crate) fn next_word(&mut self) -> (String, String) {
        self.words += 1;
        let n = self.words;
        (format!("w{n}."), format!("20{:02}-{:02}-{:02}", 10 + n / 336 % 15, 1 + n / 28 % 12, 1 + n % 28))
    }

    pub(crate) fn work(&mut self) {
        let now = self.now();
        self.chronologies.iter_mut().for_each(|chronology| chronology.work(now));
        self.worked = true;
    }
}
