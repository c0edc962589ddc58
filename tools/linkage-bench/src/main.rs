//! Measures linkage: `linkage-bench events [PACK FOLDER …]` over packs of submissions with a key;
//! `linkage-bench people` over invented families and FEBRL.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and prints"
)]

mod events;
mod people;

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some("events") => events::run(&words.collect::<Vec<_>>()),
        Some("fit") => events::fit(&words.collect::<Vec<_>>()),
        Some("weights") => events::weights(&words.collect::<Vec<_>>()),
        Some("people") => people::run(&words.collect::<Vec<_>>()),
        _ => anyhow::bail!(
            "usage: linkage-bench events [PACK FOLDER …] | people [febrl] [families] [lookup] [speed] [OPTIONS]"
        ),
    }
}
