//! `chronology purge-now`.

use crate::config::Settings;
use crate::startup::{self, Ground};
use crate::{output, process};

/// One round of what the background workers do; says when the work begins and what was done.
pub(crate) fn purge_now(settings: &Settings) -> anyhow::Result<()> {
    process::harden();
    let ground = Ground::open(settings)?;
    let service = ground.service(settings, startup::system_clock())?;
    output::line("begins")?;
    service.pass_due(u32::MAX)?;
    let report = service.purge(1_000)?;
    let keys = service.destroy_keys()?;
    let time = service.time_report()?;
    store::purge::checkpoint(&ground.db)?;
    output::line(&format!("by {}: {report:?}, {keys} hours' keys destroyed", time.agreed))?;
    Ok(())
}
