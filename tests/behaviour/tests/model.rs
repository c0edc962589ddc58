//! A model of what may be read and what may not, against the service: chronologies and fragments are made, told, read,
//! frozen, exported, extended, corrected, withdrawn, held, released and purged in random order, while time passes and the
//! service is restarted. After each step the service must answer as the model says: what lives is there, word for word;
//! what is over is served to nobody; what is held is kept; what is gone is gone with its keys.

mod check;
mod county;
mod random;
mod steps;

use behaviour::{Kind, TestApp};
use county::County;
use random::Random;

/// Steps of one case.
const STEPS: usize = 30;
/// Each case is one seed; a failure names it and lists the steps that led there.
const SEEDS: [u64; 4] = [1, 2, 3, 4];

/// What was done, told when the case fails.
struct Trace {
    seed: u64,
    steps: Vec<String>,
}

impl Drop for Trace {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let steps: Vec<String> = self.steps.iter().enumerate().map(|(at, step)| format!("{at:3} {step}")).collect();
            eprintln!("seed {} fails after these steps:\n{}", self.seed, steps.join("\n"));
        }
    }
}

fn play(kind: Kind, seed: u64) {
    let mut county = County::new(TestApp::start(kind));
    let mut random = Random::new(seed);
    let mut trace = Trace { seed, steps: Vec::new() };
    for _ in 0..STEPS {
        let step = steps::choose(&county, &mut random);
        trace.steps.push(format!("{} {step:?}", county.now()));
        steps::carry_out(&mut county, step);
        check::all(&mut county);
    }
    // And in the end there is nothing.
    trace.steps.push("the end".to_owned());
    steps::end(&mut county);
    check::all(&mut county);
    check::nothing_is_left(&county);
}

macro_rules! cases {
    ($($name:ident = $at:literal),+) => {
        mod sqlite {
            $(#[test] fn $name() { super::play(super::Kind::Sqlite, super::SEEDS[$at]); })+
        }
        mod postgresql {
            $(#[test] fn $name() { super::play(super::Kind::Postgresql, super::SEEDS[$at]); })+
        }
    };
}

cases!(first = 0, second = 1, third = 2, fourth = 3);
