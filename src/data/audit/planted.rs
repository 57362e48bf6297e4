//! Every rule against faults that are planted at known places, from 0.5 to 45 % of the rows or episodes, in two systems.
//!
//! The table that this prints stands in the documentation of [`super`].

mod faults;
mod systems;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::*;
use systems::Made;

/// Shares of the rows, steps, episodes or ends that are wrong.
const SHARES: [f64; 5] = [0.005, 0.03, 0.1, 0.3, 0.45];
const SEEDS: u64 = 3;

/// A fault that can be planted.
struct Fault {
    /// Rule that finds it.
    rule: &'static str,
    /// What is wrong.
    what: &'static str,
    /// Makes a dataset with that share of it, and says how often it is there.
    plant: fn(&str, f64, u64) -> (Made, usize),
    /// Least and greatest share of the truth that counts as found.
    within: (f64, f64),
    /// First of the shares at which it must be found.
    from: usize,
}

/// What became of one dataset.
struct Outcome {
    rule: &'static str,
    what: &'static str,
    share: usize,
    system: &'static str,
    must: bool,
    hit: bool,
    said: String,
    falsely: Vec<String>,
}

fn judge(fault: &Fault, system: &'static str, share: usize, seed: u64) -> Outcome {
    let (made, truth) = (fault.plant)(system, SHARES[share], seed);
    let audit = made.audit();
    let found: Vec<&Finding> = audit.findings.iter().filter(|f| f.rule == fault.rule).collect();
    let count: u64 = found.iter().map(|f| f.count).sum();
    let (least, most) = (fault.within.0 * truth as f64 - 0.5, fault.within.1 * truth as f64 + 0.5);
    let hit = !found.is_empty() && (least..=most).contains(&(count as f64));
    let loud = |f: &&Finding| f.severity > Severity::Info && f.rule != fault.rule;
    let falsely = audit.findings.iter().filter(loud).map(|f| format!("{}: {}", f.rule, f.what)).collect();
    Outcome {
        rule: fault.rule,
        what: fault.what,
        share,
        system,
        must: share >= fault.from,
        hit,
        said: format!("{count} of {truth} (seed {seed})"),
        falsely,
    }
}

#[test]
fn planted_faults_are_found_whatever_their_share() {
    let cases: Vec<(&Fault, &'static str, usize, u64)> = faults::ALL
        .iter()
        .flat_map(|fault| systems::NAMES.iter().map(move |system| (fault, *system)))
        .flat_map(|(fault, system)| (0..SHARES.len()).map(move |share| (fault, system, share)))
        .flat_map(|(fault, system, share)| (0..SEEDS).map(move |seed| (fault, system, share, seed)))
        .collect();
    let outcomes: Vec<Outcome> =
        cases.into_par_iter().map(|(fault, system, share, seed)| judge(fault, system, share, seed)).collect();
    let mut table: BTreeMap<(&str, &str), [(usize, usize); SHARES.len()]> = BTreeMap::new();
    let (mut missed, mut falsely) = (Vec::new(), Vec::new());
    for o in &outcomes {
        let cell = &mut table.entry((o.rule, o.what)).or_default()[o.share];
        *cell = (cell.0 + usize::from(o.hit), cell.1 + 1);
        let place = format!("{} ({}), {} at {} %", o.rule, o.what, o.system, 100.0 * SHARES[o.share]);
        if !o.hit && o.must {
            missed.push(format!("{place}: {}", o.said));
        }
        falsely.extend(o.falsely.iter().map(|said| format!("{place}: {said}")));
    }
    println!("| rule | fault | 0.5 % | 3 % | 10 % | 30 % | 45 % |");
    for ((rule, what), cells) in &table {
        let cells: Vec<String> = cells.iter().map(|(hit, of)| format!("{hit}/{of}")).collect();
        println!("| `{rule}` | {what} | {} |", cells.join(" | "));
    }
    println!("false alarms: {} in {} datasets", falsely.len(), outcomes.len());
    assert!(missed.is_empty() && falsely.is_empty(), "missed: {missed:#?}\nfalsely: {falsely:#?}");
}

#[test]
fn sound_data_raise_nothing() {
    let loud: Vec<String> = systems::NAMES
        .iter()
        .flat_map(|system| (0..8).map(move |seed| (*system, seed)))
        .flat_map(|(system, seed)| systems::sound(system, seed).audit().findings)
        .map(|f| format!("{}: {}", f.rule, f.what))
        .collect();
    assert!(loud.is_empty(), "{loud:#?}");
}
