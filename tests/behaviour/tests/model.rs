//! Model-based test of what the service serves and what it deletes. Chronologies and fragments are
//! created, submitted, read, frozen, exported, extended, corrected, withdrawn, held, released and
//! purged in random order, while time advances and the service is restarted. After each step the
//! service must answer as the model predicts: live content is served verbatim, expired content is
//! served to nobody, held content is kept, and deleted content is gone together with its keys.

mod check;
mod random;
mod service_model;
mod steps;

use behaviour::{DatabaseKind, TestApp};
use random::Random;
use service_model::ServiceModel;

/// Number of random steps in one case.
const STEPS: usize = 30;
/// One seed for each case; a failing case prints its seed and the steps that led to the failure.
const SEEDS: [u64; 4] = [1, 2, 3, 4];

/// The steps executed so far, printed when the case fails.
struct Trace {
    seed: u64,
    steps: Vec<String>,
}

impl Drop for Trace {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let steps: Vec<String> = self
                .steps
                .iter()
                .enumerate()
                .map(|(index, step)| format!("{index:3} {step}"))
                .collect();
            eprintln!(
                "seed {} fails after these steps:\n{}",
                self.seed,
                steps.join("\n")
            );
        }
    }
}

fn run_case(kind: DatabaseKind, seed: u64) {
    let mut model = ServiceModel::new(TestApp::start(kind));
    let mut random = Random::new(seed);
    let mut trace = Trace {
        seed,
        steps: Vec::new(),
    };
    for _ in 0..STEPS {
        let step = steps::choose(&model, &mut random);
        trace.steps.push(format!("{} {step:?}", model.now()));
        steps::execute(&mut model, step);
        check::check_all(&mut model);
    }
    trace.steps.push("everything expires".to_owned());
    steps::expire_everything(&mut model);
    check::check_all(&mut model);
    check::check_nothing_left(&model);
}

macro_rules! cases {
    ($($name:ident = $index:literal),+) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::run_case(super::DatabaseKind::Sqlite, super::SEEDS[$index]);
            })+
        }
        mod postgresql {
            $(#[test]
            fn $name() {
                super::run_case(super::DatabaseKind::Postgresql, super::SEEDS[$index]);
            })+
        }
    };
}

cases!(seed_1 = 0, seed_2 = 1, seed_3 = 2, seed_4 = 3);
