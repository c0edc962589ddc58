//! Checks for ways in which memory could reach a disk.

use std::fs;

use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

use super::{Finding, check, failure, warning};

/// Checks core dumps and swap.
pub(super) fn inspect() -> Vec<Finding> {
    let no_core_limit = getrlimit(Resource::Core).current == Some(0);
    let dumpable =
        dumpable_behavior().is_ok_and(|behaviour| behaviour == DumpableBehavior::NotDumpable);
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
    vec![
        check(
            no_core_limit && dumpable,
            "core dumps: disabled",
            failure(
                "core dumps: cannot be disabled; a core dump would contain keys and narrative in clear",
            ),
        ),
        grade_swap(&swaps),
    ]
}

/// `/proc/swaps` has a header line and one line per device.
fn grade_swap(swaps: &str) -> Finding {
    check(
        swaps.lines().count() <= 1,
        "swap: off",
        warning(
            "swap: on; it may hold a key for longer than the 60 s that keys are cached. Disable it, encrypt it with a \
                 new key at each start, or exclude this service from it (MemorySwapMax=0 in deploy/chronology.service)",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;

    #[test]
    fn active_swap_is_a_warning() {
        let headings = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
        assert_eq!(grade_swap(headings).severity, Severity::Pass);
        assert_eq!(grade_swap("").severity, Severity::Pass);
        assert_eq!(
            grade_swap(&format!("{headings}/dev/sda2 partition 8 0 -2\n")).severity,
            Severity::Warning
        );
    }

    #[test]
    fn hardened_process_has_core_dumps_off() {
        crate::process::harden();
        assert_eq!(inspect()[0].severity, Severity::Pass);
    }
}
