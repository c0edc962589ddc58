//! `chronology confirm-time`.

use domain::Instant;

use crate::config::Settings;
use crate::startup::{self, Ground};
use crate::{output, process};

/// Takes an operator's word for the time; running nodes go by it at their next round.
pub(crate) fn confirm_time(settings: &Settings, at: Instant) -> anyhow::Result<()> {
    process::harden();
    let service = Ground::open(settings)?.service(settings, startup::system_clock())?;
    service.confirm_time(at).map_err(|error| match error {
        service::ServiceError::Invalid(faults) => {
            let said: Vec<String> = faults.into_iter().map(|fault| format!("{at} {}", fault.message)).collect();
            anyhow::anyhow!("{}", said.join("; "))
        }
        other => other.into(),
    })?;
    let report = service.time_report()?;
    output::line(&format!("confirmed: it is {at} or later; deletion goes by {}", report.agreed))?;
    if report.ahead().as_secs() > 60 {
        output::line(&format!("this machine's clock is still {} s ahead of that", report.ahead().as_secs()))?;
    }
    Ok(())
}
