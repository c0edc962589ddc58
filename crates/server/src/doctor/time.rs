//! Checks whether the clock is confirmed and keys are destroyed on time.

use std::time::Duration;

use service::{Service, TimeReport};

use super::{Finding, check, failure, pass, warning};

/// Keys are destroyed within an hour after their epoch.
const OVERDUE_AFTER: Duration = Duration::from_secs(3_600);
/// Clocks that differ by more than this disagree.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// Checks clocks and keys.
pub(super) fn inspect(service: &Service) -> Vec<Finding> {
    let mut findings = match service.kernel.time_report() {
        Ok(report) => grade_clock(&report),
        Err(error) => vec![failure(format!("clock: {error}"))],
    };
    findings.push(match service.retention.overdue_epochs(OVERDUE_AFTER) {
        Ok(overdue) if overdue.is_empty() => pass("keys: none is overdue for destruction"),
        Ok(overdue) => failure(format!(
            "keys: {} epoch keys are overdue for destruction; the oldest epoch ended at {}",
            overdue.len(),
            overdue
                .first()
                .map_or_else(String::new, |epoch| epoch.ends_at().to_string())
        )),
        Err(error) => failure(format!("keys: {error}")),
    });
    findings
}

fn grade_clock(report: &TimeReport) -> Vec<Finding> {
    let is_confirmed = report.clock_lead() <= CLOCK_TOLERANCE;
    let mut findings = vec![check(
        is_confirmed,
        "clock: confirmed by a second source",
        warning(clock_warning(report)),
    )];
    findings.push(match report.database {
        None => {
            pass("clock: the database is a file or on this machine, so it is not a second source")
        }
        Some(database) => {
            let difference = database
                .since(report.clock)
                .max(report.clock.since(database));
            let disagreement = failure(format!(
                "clock: differs from the database's clock by {} s",
                difference.as_secs()
            ));
            check(
                difference <= CLOCK_TOLERANCE,
                "clock: agrees with the database's clock",
                disagreement,
            )
        }
    });
    findings
}

/// Why the clock is not confirmed, and what to do.
fn clock_warning(report: &TimeReport) -> String {
    if report.vouched.or(report.database).is_none() {
        return "clock: the time has not been confirmed yet, and there are keys older than this database: nothing is \
                destroyed. Compare with another clock, then run `chronology confirm-time`"
            .to_owned();
    }
    format!(
        "clock: {} s ahead of the time that other sources confirm ({}): what has expired by this clock only is not \
         destroyed. Compare with another clock, then correct this one or run `chronology confirm-time`; the next token \
         of an issuer that vouches for the time confirms it too",
        report.clock_lead().as_secs(),
        report.agreed
    )
}

#[cfg(test)]
mod tests {
    use domain::Instant;

    use super::super::Severity;
    use super::*;

    fn report(agreed: i64, database: Option<i64>) -> TimeReport {
        let at = |seconds: i64| Instant::from_micros(seconds * 1_000_000);
        TimeReport {
            clock: at(10_000),
            agreed: at(agreed),
            vouched: None,
            database: database.map(at),
        }
    }

    #[test]
    fn unconfirmed_clock_is_a_warning_and_database_disagreement_an_error() {
        let worst_severity = |report: TimeReport| {
            grade_clock(&report)
                .iter()
                .map(|finding| finding.severity)
                .max()
                .unwrap()
        };
        assert_eq!(worst_severity(report(9_970, Some(10_030))), Severity::Pass);
        assert_eq!(worst_severity(report(9_000, None)), Severity::Warning);
        assert_eq!(
            worst_severity(report(10_000, Some(1_000))),
            Severity::Failure
        );
        assert_eq!(
            worst_severity(report(10_000, Some(19_000))),
            Severity::Failure
        );
    }
}
