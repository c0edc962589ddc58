//! `chronology purge-now`: runs the background work once.

use crate::config::Settings;
use crate::startup::{self, AppContext};
use crate::{output, process};

/// Runs one round of the background work. Prints a line when the work starts and another with the
/// result.
pub(crate) fn purge_now(settings: &Settings) -> anyhow::Result<()> {
    process::harden();
    let context = AppContext::open(settings)?;
    let service = context.service(settings, startup::system_clock())?;
    output::print_line("started")?;
    service.retention.mark_overdue(u32::MAX)?;
    let report = service.retention.purge(1_000)?;
    let keys = service.retention.destroy_keys()?;
    let time = service.kernel.time_report()?;
    store::purge::checkpoint(&context.db)?;
    output::print_line(&format!(
        "at {}: {report:?}, {keys} epoch keys destroyed",
        time.agreed
    ))?;
    Ok(())
}
