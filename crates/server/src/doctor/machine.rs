//! What of memory could reach a disk.

use std::fs;

use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

use super::{Finding, either, warning, wrong};

/// Core dumps and swap.
pub(super) fn look() -> Vec<Finding> {
    let limit = getrlimit(Resource::Core).current == Some(0);
    let dumpable = dumpable_behavior().is_ok_and(|behaviour| behaviour == DumpableBehavior::NotDumpable);
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
    vec![
        either(
            limit && dumpable,
            "core dumps: off",
            wrong("core dumps: cannot be switched off: one would hold keys and narrative in clear"),
        ),
        judge_swap(&swaps),
    ]
}

/// `/proc/swaps` has a line of headings and one for each device.
fn judge_swap(swaps: &str) -> Finding {
    either(
        swaps.lines().count() <= 1,
        "swap: off",
        warning(
            "swap: on: a page of it may hold a key for longer than the 60 s it is kept; switch it off or encrypt it anew \
                 at each start, or keep this service out of it (MemorySwapMax=0 in deploy/chronology.service)",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;

    #[test]
    fn swap_is_seen() {
        let headings = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
        assert_eq!(judge_swap(headings).grade, Grade::Good);
        assert_eq!(judge_swap("").grade, Grade::Good);
        assert_eq!(judge_swap(&format!("{headings}/dev/sda2 partition 8 0 -2\n")).grade, Grade::Warning);
    }

    #[test]
    fn core_dumps_are_off_once_the_process_is_hardened() {
        crate::process::harden();
        assert_eq!(look()[0].grade, Grade::Good);
    }
}
