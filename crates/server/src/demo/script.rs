//! The steps of the demonstration, in order of time.

use domain::Instant;

use super::data::{
    AgencyResponse, ChronologyData, DemoData, FamilyData, InvitationData, ReturnData,
};
use super::relative_date::parse_instant;

/// All steps, in order of time.
pub(super) struct DemoScript<'a> {
    steps: Vec<Step<'a>>,
    start_time: Instant,
}

/// One step taken by one person.
pub(super) struct Step<'a> {
    pub(super) at: Instant,
    /// The current time, which all offsets are relative to.
    pub(super) now: Instant,
    pub(super) action: Action<'a>,
}

/// What is done in a step.
pub(super) enum Action<'a> {
    /// Record a family and its people.
    Record(&'a FamilyData),
    /// Prepare a chronology.
    Prepare(&'a FamilyData, &'a ChronologyData),
    /// Invite an agency.
    Invite(&'a ChronologyData, &'a InvitationData),
    /// Open the chronology.
    Open(&'a ChronologyData),
    /// A practitioner of the agency views the invitation.
    View(&'a ReturnData),
    /// A practitioner of the agency starts a draft.
    Draft(&'a ReturnData),
    /// The agency responds.
    Respond(&'a FamilyData, &'a ReturnData),
    /// Somebody reads the timeline.
    Read(&'a ChronologyData, &'a str),
    /// Consolidate the timeline for a meeting.
    Consolidate(&'a ChronologyData, &'a str),
    /// A manager signs off.
    SignOff(&'a ChronologyData),
    /// Close the chronology.
    Close(&'a ChronologyData, &'a str),
    /// Place a legal hold.
    Hold(&'a ChronologyData),
}

impl<'a> DemoScript<'a> {
    /// Builds the script up to `now`.
    ///
    /// # Errors
    /// Fails when an offset cannot be parsed.
    pub(super) fn build(demo_data: &'a DemoData, now: Instant) -> anyhow::Result<Self> {
        let mut collector = StepCollector {
            now,
            steps: Vec::new(),
        };
        for family in &demo_data.families {
            collector.add_family(family)?;
        }
        let mut steps = collector.steps;
        // A stable sort: simultaneous steps stay in the order of the file.
        steps.sort_by_key(|step| step.at);
        let start_time = steps.first().map_or(now, |step| step.at);
        Ok(Self { steps, start_time })
    }

    /// The steps, in order of time.
    pub(super) fn steps(&self) -> &[Step<'a>] {
        &self.steps
    }

    /// Time of the first step.
    pub(super) fn start_time(&self) -> Instant {
        self.start_time
    }
}

impl Step<'_> {
    /// Describes the step, for errors in the data files.
    pub(super) fn describe(&self) -> String {
        match &self.action {
            Action::Record(family) => format!("record {}", family.label),
            Action::Prepare(_, chronology) => format!("prepare {}", chronology.key),
            Action::Invite(chronology, invitation) => {
                format!("invite {} to {}", invitation.agency, chronology.key)
            }
            Action::Open(chronology) => format!("open {}", chronology.key),
            Action::View(return_data)
            | Action::Draft(return_data)
            | Action::Respond(_, return_data) => {
                format!(
                    "{} responds to {} at {}",
                    return_data.by,
                    return_data.chronology.as_deref().unwrap_or("no chronology"),
                    return_data.at
                )
            }
            Action::Read(chronology, by) => format!("{by} reads {}", chronology.key),
            Action::Consolidate(chronology, _) => format!("consolidate {}", chronology.key),
            Action::SignOff(chronology) => format!("sign off {}", chronology.key),
            Action::Close(chronology, _) => format!("close {}", chronology.key),
            Action::Hold(chronology) => format!("hold {}", chronology.key),
        }
    }
}

struct StepCollector<'a> {
    now: Instant,
    steps: Vec<Step<'a>>,
}

impl<'a> StepCollector<'a> {
    fn add(&mut self, at: &str, action: Action<'a>) -> anyhow::Result<()> {
        let at =
            parse_instant(at, self.now).map_err(|text| anyhow::anyhow!("not an offset: {text}"))?;
        self.steps.push(Step {
            at,
            now: self.now,
            action,
        });
        Ok(())
    }

    fn add_family(&mut self, family: &'a FamilyData) -> anyhow::Result<()> {
        self.add(&family.recorded, Action::Record(family))?;
        for chronology in &family.chronologies {
            self.add_chronology(family, chronology)?;
        }
        for return_data in &family.returns {
            self.add_return(family, return_data)?;
        }
        Ok(())
    }

    fn add_chronology(
        &mut self,
        family: &'a FamilyData,
        chronology: &'a ChronologyData,
    ) -> anyhow::Result<()> {
        self.add(&chronology.created, Action::Prepare(family, chronology))?;
        for invitation in &chronology.invitations {
            self.add(&chronology.created, Action::Invite(chronology, invitation))?;
        }
        if let Some(at) = &chronology.opened {
            self.add(at, Action::Open(chronology))?;
        }
        for read in &chronology.reads {
            self.add(&read.at, Action::Read(chronology, &read.by))?;
        }
        if let Some(step) = &chronology.consolidated {
            self.add(&step.at, Action::Consolidate(chronology, &step.by))?;
        }
        if let Some(step) = &chronology.signed_off {
            self.add(&step.at, Action::SignOff(chronology))?;
        }
        if let Some(step) = &chronology.closed {
            self.add(&step.at, Action::Close(chronology, &step.by))?;
        }
        if let Some(hold) = &chronology.held {
            self.add(&hold.at, Action::Hold(chronology))?;
        }
        Ok(())
    }

    /// A response is preceded by viewing the invitation and starting a draft.
    fn add_return(
        &mut self,
        family: &'a FamilyData,
        return_data: &'a ReturnData,
    ) -> anyhow::Result<()> {
        let invited = return_data.chronology.is_some()
            && return_data.on_behalf_of.is_none()
            && return_data.correction_reason.is_none();
        if invited {
            self.add(&return_data.at, Action::View(return_data))?;
        }
        if invited
            && matches!(
                return_data.answer,
                AgencyResponse::Drafting | AgencyResponse::Submitted
            )
        {
            self.add(&return_data.at, Action::Draft(return_data))?;
        }
        if matches!(
            return_data.answer,
            AgencyResponse::Drafting | AgencyResponse::Viewed
        ) {
            return Ok(());
        }
        self.add(&return_data.at, Action::Respond(family, return_data))
    }
}
