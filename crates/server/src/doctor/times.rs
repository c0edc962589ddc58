//! Whether the clock is believed, and whether keys go on time.

use std::time::Duration;

use service::{Service, TimeReport};

use super::{Finding, either, good, warning, wrong};

/// Keys are destroyed within an hour of their own.
const LATE: Duration = Duration::from_secs(3_600);
/// Two clocks that differ by more disagree.
const TOLERANCE: Duration = Duration::from_secs(60);

/// Clocks and keys.
pub(super) fn look(service: &Service) -> Vec<Finding> {
    let mut findings = match service.time_report() {
        Ok(report) => judge(&report),
        Err(error) => vec![wrong(format!("clock: {error}"))],
    };
    findings.push(match service.overdue_hours(LATE) {
        Ok(late) if late.is_empty() => good("keys: none is overdue for destruction"),
        Ok(late) => wrong(format!(
            "keys: {} hours' keys should have been destroyed; the oldest hour ended at {}",
            late.len(),
            late.first().map_or_else(String::new, |epoch| epoch.over_at().to_string())
        )),
        Err(error) => wrong(format!("keys: {error}")),
    });
    findings
}

fn judge(report: &TimeReport) -> Vec<Finding> {
    let believed = report.ahead() <= TOLERANCE;
    let mut findings = vec![either(believed, "clock: vouched for by a second source", warning(doubt(report)))];
    findings.push(match report.database {
        None => good("clock: the database is on this machine or a file, and so is no second source"),
        Some(database) => {
            let apart = database.since(report.clock).max(report.clock.since(database));
            let differ = wrong(format!("clock: {} s apart from the database's", apart.as_secs()));
            either(apart <= TOLERANCE, "clock: agrees with the database's", differ)
        }
    });
    findings
}

/// Why the clock is not believed, and what to do.
fn doubt(report: &TimeReport) -> String {
    if report.vouched.or(report.database).is_none() {
        return "clock: nobody has vouched for the time yet, and there are keys from before this database: nothing is \
                destroyed. Compare with another clock and run `chronology confirm-time`"
            .to_owned();
    }
    format!(
        "clock: {} s ahead of what any other source vouches for ({}): nothing that is over by it alone is destroyed. Compare \
         with another clock, then set this one right or run `chronology confirm-time`; the next token of \
         an issuer that vouches for the time does as well",
        report.ahead().as_secs(),
        report.agreed
    )
}

#[cfg(test)]
mod tests {
    use domain::Instant;

    use super::super::Grade;
    use super::*;

    fn report(agreed: i64, database: Option<i64>) -> TimeReport {
        let at = |seconds: i64| Instant::from_micros(seconds * 1_000_000);
        TimeReport { clock: at(10_000), agreed: at(agreed), vouched: None, database: database.map(at) }
    }

    #[test]
    fn a_clock_that_nobody_vouches_for_is_doubtful_and_one_that_the_database_denies_is_wrong() {
        let worst = |report: TimeReport| judge(&report).iter().map(|finding| finding.grade).max().unwrap();
        assert_eq!(worst(report(9_970, Some(10_030))), Grade::Good);
        assert_eq!(worst(report(9_000, None)), Grade::Warning);
        assert_eq!(worst(report(10_000, Some(1_000))), Grade::Wrong);
        assert_eq!(worst(report(10_000, Some(19_000))), Grade::Wrong);
    }
}
