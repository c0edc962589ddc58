//! `chronology confirm-time`: confirms the time.

use domain::Instant;

use crate::config::Settings;
use crate::startup::{self, AppContext};
use crate::{output, process};

/// Records the time that an operator confirms. Running nodes use it in their next round.
pub(crate) fn confirm_time(settings: &Settings, at: Instant) -> anyhow::Result<()> {
    process::harden();
    let service = AppContext::open(settings)?.service(settings, startup::system_clock())?;
    service
        .kernel
        .confirm_time(at)
        .map_err(|error| match error {
            service::ServiceError::Invalid(faults) => {
                let messages: Vec<String> = faults
                    .into_iter()
                    .map(|fault| format!("{at} {}", fault.message))
                    .collect();
                anyhow::anyhow!("{}", messages.join("; "))
            }
            other => other.into(),
        })?;
    let report = service.kernel.time_report()?;
    output::print_line(&format!(
        "confirmed: it is {at} or later; deletion now uses {}",
        report.agreed
    ))?;
    if report.clock_lead().as_secs() > 60 {
        output::print_line(&format!(
            "this machine's clock is still {} s ahead of it",
            report.clock_lead().as_secs()
        ))?;
    }
    Ok(())
}
