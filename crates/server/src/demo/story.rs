//! What happens in the county, in order.

use domain::Instant;

use super::data::{Answer, ChronologyData, County, FamilyData, InvitationData, ReturnData};
use super::relative::moment;

/// Everything that happens, in order of time.
pub(super) struct Story<'a> {
    steps: Vec<Step<'a>>,
    begins: Instant,
}

/// One thing somebody does.
pub(super) struct Step<'a> {
    pub(super) at: Instant,
    /// Now, from which all offsets count.
    pub(super) now: Instant,
    pub(super) act: Act<'a>,
}

/// What is done.
pub(super) enum Act<'a> {
    /// A family and its people are recorded.
    Record(&'a FamilyData),
    /// A chronology is prepared.
    Prepare(&'a FamilyData, &'a ChronologyData),
    /// An agency is invited.
    Invite(&'a ChronologyData, &'a InvitationData),
    /// The chronology is opened.
    Open(&'a ChronologyData),
    /// An agency's practitioner looks at the invitation.
    View(&'a ReturnData),
    /// An agency's practitioner begins to write.
    Draft(&'a ReturnData),
    /// An agency answers.
    Answer(&'a FamilyData, &'a ReturnData),
    /// Somebody reads the timeline.
    Read(&'a ChronologyData, &'a str),
    /// The timeline is frozen for a meeting.
    Consolidate(&'a ChronologyData, &'a str),
    /// A manager signs off.
    SignOff(&'a ChronologyData),
    /// The work ends.
    Close(&'a ChronologyData, &'a str),
    /// A legal hold is placed.
    Hold(&'a ChronologyData),
}

impl<'a> Story<'a> {
    /// The county's story up to `now`.
    ///
    /// # Errors
    /// When an offset cannot be read.
    pub(super) fn of(county: &'a County, now: Instant) -> anyhow::Result<Self> {
        let mut teller = Gatherer { now, steps: Vec::new() };
        for family in &county.families {
            teller.family(family)?;
        }
        let mut steps = teller.steps;
        // Stable: what happens at the same time stays in the order of the file.
        steps.sort_by_key(|step| step.at);
        let begins = steps.first().map_or(now, |step| step.at);
        Ok(Self { steps, begins })
    }

    /// What happens, in order.
    pub(super) fn steps(&self) -> &[Step<'a>] {
        &self.steps
    }

    /// When the first thing happens.
    pub(super) fn begins(&self) -> Instant {
        self.begins
    }
}

impl Step<'_> {
    /// What it is, for whoever mends the files.
    pub(super) fn name(&self) -> String {
        match &self.act {
            Act::Record(family) => format!("record {}", family.label),
            Act::Prepare(_, chronology) => format!("prepare {}", chronology.key),
            Act::Invite(chronology, invitation) => format!("invite {} to {}", invitation.agency, chronology.key),
            Act::Open(chronology) => format!("open {}", chronology.key),
            Act::View(one) | Act::Draft(one) | Act::Answer(_, one) => {
                format!("{} answers {} at {}", one.by, one.chronology.as_deref().unwrap_or("ahead"), one.at)
            }
            Act::Read(chronology, by) => format!("{by} reads {}", chronology.key),
            Act::Consolidate(chronology, _) => format!("consolidate {}", chronology.key),
            Act::SignOff(chronology) => format!("sign off {}", chronology.key),
            Act::Close(chronology, _) => format!("close {}", chronology.key),
            Act::Hold(chronology) => format!("hold {}", chronology.key),
        }
    }
}

struct Gatherer<'a> {
    now: Instant,
    steps: Vec<Step<'a>>,
}

impl<'a> Gatherer<'a> {
    fn add(&mut self, at: &str, act: Act<'a>) -> anyhow::Result<()> {
        let at = moment(at, self.now).map_err(|text| anyhow::anyhow!("not an offset: {text}"))?;
        self.steps.push(Step { at, now: self.now, act });
        Ok(())
    }

    fn family(&mut self, family: &'a FamilyData) -> anyhow::Result<()> {
        self.add(&family.recorded, Act::Record(family))?;
        for chronology in &family.chronologies {
            self.chronology(family, chronology)?;
        }
        for one in &family.returns {
            self.answer(family, one)?;
        }
        Ok(())
    }

    fn chronology(&mut self, family: &'a FamilyData, chronology: &'a ChronologyData) -> anyhow::Result<()> {
        self.add(&chronology.created, Act::Prepare(family, chronology))?;
        for invitation in &chronology.invitations {
            self.add(&chronology.created, Act::Invite(chronology, invitation))?;
        }
        if let Some(at) = &chronology.opened {
            self.add(at, Act::Open(chronology))?;
        }
        for read in &chronology.reads {
            self.add(&read.at, Act::Read(chronology, &read.by))?;
        }
        if let Some(done) = &chronology.consolidated {
            self.add(&done.at, Act::Consolidate(chronology, &done.by))?;
        }
        if let Some(done) = &chronology.signed_off {
            self.add(&done.at, Act::SignOff(chronology))?;
        }
        if let Some(done) = &chronology.closed {
            self.add(&done.at, Act::Close(chronology, &done.by))?;
        }
        if let Some(hold) = &chronology.held {
            self.add(&hold.at, Act::Hold(chronology))?;
        }
        Ok(())
    }

    /// Whoever answers has looked at the invitation and begun to write before.
    fn answer(&mut self, family: &'a FamilyData, one: &'a ReturnData) -> anyhow::Result<()> {
        let invited = one.chronology.is_some() && one.on_behalf_of.is_none() && one.correction_reason.is_none();
        if invited {
            self.add(&one.at, Act::View(one))?;
        }
        if invited && matches!(one.answer, Answer::Drafting | Answer::Submitted) {
            self.add(&one.at, Act::Draft(one))?;
        }
        if matches!(one.answer, Answer::Drafting | Answer::Viewed) {
            return Ok(());
        }
        self.add(&one.at, Act::Answer(family, one))
    }
}
