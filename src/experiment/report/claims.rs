//! The paper's claims (Chen et al., RLC 2025; FIELD 1.7 and 5), each held against what was found.
//!
//! A difference is told from none where it is beyond two standard errors of the differences over seeds. It is told from one that
//! matters where two standard errors lie within a twentieth of what the active agent gained over random actions. Otherwise it is
//! undecided. A claim holds where it holds on at least two tasks of three.

use super::summary::{Mean, TaskSummary};
use crate::ground::number::{number, percent};

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not.
    DoesNotHold,
    /// The seeds do not tell.
    Undecided,
}

impl Verdict {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Undecided => "undecided",
        }
    }
}

/// A claim on one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What is claimed.
    pub text: &'static str,
    /// The task; nothing for all of them together.
    pub task: Option<String>,
    /// What decides it, with its interval.
    pub measured: String,
    /// What became of it.
    pub verdict: Verdict,
    /// What else was seen.
    pub why: String,
}

/// A difference that matters, in units of what the active agent gained over random actions.
const MATTERS: f64 = 0.05;
/// Share of the gap that a repair recovers, and most that it may add.
const REPAIRED: f64 = 0.9;
const SPARING: f64 = 0.1;
/// Draws of a bootstrap over seeds.
pub const DRAWS: usize = 2000;

/// One claim that compares two agents.
struct Compared {
    text: &'static str,
    /// The one that is claimed to be above, and the other.
    pair: (&'static str, &'static str),
}

const SCORES: [Compared; 6] = [
    Compared { text: "passive agents score below the active one", pair: ("active", "passive") },
    Compared { text: "so do tandems", pair: ("active", "tandem") },
    Compared {
        text: "the active agent's own world model does not close the gap (frozen)",
        pair: ("active", "passive_sameWM"),
    },
    Compared { text: "nor does it at every step (tandem)", pair: ("active", "tandem_sameWM") },
    Compared { text: "self-generated data repairs more than none (adaptive)", pair: ("passive+adaptive", "passive") },
    Compared {
        text: "the timing of the adaptive schedule is worth more than its amount",
        pair: ("passive+adaptive", "passive+yoked"),
    },
];

/// Every claim whose agents are there, task by task, each followed by what it comes to.
pub fn claims(tasks: &[TaskSummary], seed: u64) -> Vec<Claim> {
    let mut all = Vec::new();
    for compared in &SCORES {
        together(&mut all, tasks.iter().filter_map(|task| scores(task, compared.text, compared.pair)).collect());
    }
    for name in explorers(tasks) {
        let of = |task: &TaskSummary| scores(task, "exploration data helps", (&name, "passive"));
        together(
            &mut all,
            tasks.iter().filter_map(of).map(|claim| Claim { why: format!("{name}; {}", claim.why), ..claim }).collect(),
        );
    }
    together(&mut all, tasks.iter().filter_map(expert_worst).collect());
    for (text, agent) in [
        ("the world model's loss on its own trajectories is larger for passive agents", "passive"),
        ("and for tandems", "tandem"),
    ] {
        together(&mut all, tasks.iter().filter_map(|task| losses(task, text, agent)).collect());
    }
    for (text, agent) in [
        ("passive agents end up where the data was seldom", "passive"),
        ("so do tandems, on their last trajectories", "tandem"),
    ] {
        together(&mut all, tasks.iter().filter_map(|task| visits(task, text, agent)).collect());
    }
    together(&mut all, tasks.iter().filter_map(|task| repaired(task, seed)).collect());
    together(&mut all, tasks.iter().filter_map(not_worse).collect());
    all
}

/// Agents that are given data that explores.
fn explorers(tasks: &[TaskSummary]) -> Vec<String> {
    let all = tasks.iter().flat_map(|task| task.agents.iter().map(|agent| agent.name.clone()));
    let mut names: Vec<String> = all.filter(|name| name.starts_with("passive+explore:")).collect();
    names.sort();
    names.dedup();
    names
}

/// Adds what is claimed of each task, and what that comes to.
fn together(all: &mut Vec<Claim>, claims: Vec<Claim>) {
    let Some(first) = claims.first() else { return };
    let (text, n) = (first.text, claims.len());
    let count = |verdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    let (holds, fails) = (count(Verdict::Holds), count(Verdict::DoesNotHold));
    let verdict = if 3 * holds >= 2 * n {
        Verdict::Holds
    } else if 3 * fails > n {
        Verdict::DoesNotHold
    } else {
        Verdict::Undecided
    };
    let measured = format!("holds on {holds} of {n}, does not on {fails}");
    all.extend(claims);
    all.push(Claim { text, task: None, measured, verdict, why: String::new() });
}

/// What two standard errors say of a difference that is claimed to be above 0.
fn told(difference: &Mean, matters: f64) -> Verdict {
    let (low, high) = difference.interval();
    if low > 0.0 {
        Verdict::Holds
    } else if high < matters {
        Verdict::DoesNotHold
    } else {
        Verdict::Undecided
    }
}

fn interval(mean: &Mean) -> String {
    let (low, high) = mean.interval();
    if mean.n < 2 {
        format!("{} (one seed)", number(mean.mean))
    } else {
        format!("{} [{}, {}]", number(mean.mean), number(low), number(high))
    }
}

/// Agent `pair.0` scores above agent `pair.1`.
fn scores(task: &TaskSummary, text: &'static str, pair: (&str, &str)) -> Option<Claim> {
    let difference = task.paired(pair, |r| r.score, |a, b| a - b)?;
    let unit = task.unit().unwrap_or(0.0);
    let loss = task.paired((pair.1, "active"), |r| r.loss, |a, b| a / b);
    let why = loss.map_or_else(String::new, |m| {
        format!("{}'s loss on its own trajectories is {} times the active agent's", pair.1, number(m.mean))
    });
    Some(Claim {
        text,
        task: Some(task.name.clone()),
        measured: format!("{} − {}: {}", pair.0, pair.1, interval(&difference)),
        verdict: told(&difference, MATTERS * unit),
        why,
    })
}

/// Data of the second half alone is worst.
fn expert_worst(task: &TaskSummary) -> Option<Claim> {
    let rivals = ["passive-suboptimal", "passive-mixed"];
    let of = |name| task.paired((name, "passive-expert"), |r| r.score, |a, b| a - b).map(|m| (name, m));
    let (name, least) = rivals.into_iter().filter_map(of).min_by(|a, b| a.1.mean.total_cmp(&b.1.mean))?;
    Some(Claim {
        text: "expert-only data is worst",
        task: Some(task.name.clone()),
        measured: format!("{name} − passive-expert: {}", interval(&least)),
        verdict: told(&least, MATTERS * task.unit().unwrap_or(0.0)),
        why: String::new(),
    })
}

fn losses(task: &TaskSummary, text: &'static str, agent: &str) -> Option<Claim> {
    let ratio = task.paired((agent, "active"), |r| r.loss, |a, b| (a / b).ln())?;
    let (low, high) = ratio.interval();
    Some(Claim {
        text,
        task: Some(task.name.clone()),
        measured: format!(
            "{agent} / active: {} times [{}, {}]",
            number(ratio.mean.exp()),
            number(low.exp()),
            number(high.exp())
        ),
        // A tenth more is no drift.
        verdict: told(&ratio, 1.1f64.ln()),
        why: String::new(),
    })
}

fn visits(task: &TaskSummary, text: &'static str, agent: &str) -> Option<Claim> {
    let of = |r: &super::summary::Reached| r.visits.unwrap_or(f64::NAN);
    let difference = task.paired(("active", agent), of, |a, b| (at_least(a) / at_least(b)).ln())?;
    let median = |name: &str| task.agent(name).map_or(f64::NAN, |a| a.mean(of).mean);
    Some(Claim {
        text,
        task: Some(task.name.clone()),
        measured: format!("median visits: active {}, {agent} {}", number(median("active")), number(median(agent))),
        verdict: told(&difference, 1.1f64.ln()),
        why: format!("ratio {}", interval(&Mean { mean: difference.mean, ..difference })),
    })
}

/// A count that a logarithm can be taken of; not a number stays one.
fn at_least(count: f64) -> f64 {
    if count < 0.5 { 0.5 } else { count }
}

/// Adaptive top-up recovers nine tenths of the gap with a tenth of the data.
fn repaired(task: &TaskSummary, seed: u64) -> Option<Claim> {
    let gap = task.gap_recovered("passive+adaptive", "passive", DRAWS, seed)?;
    let added = task.agent("passive+adaptive")?.mean(|r| r.share);
    let ends = gap.interval.map_or_else(String::new, |(lo, hi)| format!(" [{}, {}]", number(lo), number(hi)));
    let verdict = if !gap.is_there() {
        Verdict::Undecided
    } else if gap.recovered >= REPAIRED && added.mean <= SPARING + 1e-9 {
        Verdict::Holds
    } else {
        Verdict::DoesNotHold
    };
    let why = if gap.is_there() {
        String::new()
    } else {
        format!("there is no gap to recover: active − passive {}", interval(&gap.gap))
    };
    Some(Claim {
        text: "adaptive interaction recovers 0.9 of the gap with at most 10 % of added data",
        task: Some(task.name.clone()),
        measured: format!("G {}{ends}, {} % added", number(gap.recovered), percent(added.mean)),
        verdict,
        why,
    })
}

/// The adaptive schedule is not worse than a fixed tenth by more than one standard error.
fn not_worse(task: &TaskSummary) -> Option<Claim> {
    let difference = task.paired(("passive+adaptive", "passive+fixed:10"), |r| r.score, |a, b| a - b)?;
    let verdict = if difference.n < 2 {
        Verdict::Undecided
    } else if difference.mean >= -difference.se {
        Verdict::Holds
    } else {
        Verdict::DoesNotHold
    };
    Some(Claim {
        text: "adaptive is not worse than a fixed 10 % by more than one standard error",
        task: Some(task.name.clone()),
        measured: format!(
            "passive+adaptive − passive+fixed:10: {} ± {}",
            number(difference.mean),
            number(difference.se)
        ),
        verdict,
        why: String::new(),
    })
}
