use std::collections::BTreeMap;

use super::claims::{Claim, Verdict, claims};
use super::summary::{AgentSummary, Reached, TaskSummary};

/// An agent with these scores on seeds 0, 1, 2, …
fn agent(name: &str, scores: &[f64], share: f64) -> AgentSummary {
    let reached = |(seed, score): (usize, &f64)| {
        let of = Reached {
            score: *score,
            loss: if name == "active" { 1.0 } else { 3.0 + 0.1 * seed as f64 },
            value_error: 0.0,
            acted: 100.0,
            share,
            total: 100.0,
            chunks: 1.0,
            visits: Some(if name == "active" { 650.0 } else { 50.0 + seed as f64 }),
        };
        (seed as u64, of)
    };
    AgentSummary { name: name.into(), seeds: scores.iter().enumerate().map(reached).collect() }
}

fn task(name: &str, agents: Vec<AgentSummary>) -> TaskSummary {
    TaskSummary { name: name.into(), agents, random: BTreeMap::from([(0, 0.0), (1, 0.0), (2, 0.0)]) }
}

fn verdict(all: &[Claim], text: &str, task: Option<&str>) -> Verdict {
    let found = all.iter().find(|c| c.text.contains(text) && c.task.as_deref() == task);
    found.unwrap_or_else(|| panic!("{text} of {task:?}: {all:?}")).verdict
}

#[test]
fn a_clear_gap_that_is_repaired_holds() {
    let tasks = [task(
        "t",
        vec![
            agent("active", &[100.0, 110.0, 105.0], 0.0),
            agent("passive", &[40.0, 55.0, 50.0], 0.0),
            agent("tandem", &[100.0, 111.0, 105.5], 0.0),
            agent("passive+adaptive", &[98.0, 108.0, 104.0], 0.08),
            agent("passive+fixed:10", &[97.0, 109.0, 104.0], 0.1),
        ],
    )];
    let all = claims(&tasks, 0);
    let is = |text| verdict(&all, text, Some("t"));
    assert_eq!(is("passive agents score below"), Verdict::Holds);
    // Within a twentieth of what the active agent gained: no difference that matters.
    assert_eq!(is("so do tandems"), Verdict::DoesNotHold);
    assert_eq!(is("recovers 0.9"), Verdict::Holds);
    assert_eq!(is("not worse than a fixed"), Verdict::Holds);
    assert_eq!(is("own trajectories is larger for passive"), Verdict::Holds);
    assert_eq!(is("where the data was seldom"), Verdict::Holds);
    assert_eq!(verdict(&all, "passive agents score below", None), Verdict::Holds);
    // By hand: (310 − 145) / (315 − 145) of the sums.
    let gap = tasks[0].gap_recovered("passive+adaptive", "passive", 500, 0).unwrap();
    assert!((gap.recovered - 165.0 / 170.0).abs() < 1e-12 && gap.is_there(), "{gap:?}");
    let (low, high) = gap.interval.unwrap();
    assert!(low <= gap.recovered && gap.recovered <= high && low > 0.9, "{gap:?}");
}

#[test]
fn what_seeds_cannot_tell_is_undecided_and_says_why() {
    let tasks = [task(
        "t",
        vec![
            agent("active", &[100.0, 20.0, 60.0], 0.0),
            agent("passive", &[40.0, 80.0, 50.0], 0.0),
            agent("passive+adaptive", &[50.0, 60.0, 55.0], 0.2),
        ],
    )];
    let all = claims(&tasks, 0);
    assert_eq!(verdict(&all, "passive agents score below", Some("t")), Verdict::Undecided);
    let repaired = all.iter().find(|c| c.text.contains("recovers 0.9")).unwrap();
    assert_eq!(repaired.verdict, Verdict::Undecided);
    assert!(repaired.why.contains("no gap to recover"), "{repaired:?}");
}

#[test]
fn a_repair_that_costs_too_much_does_not_hold() {
    let tasks = [task(
        "t",
        vec![
            agent("active", &[100.0, 101.0, 102.0], 0.0),
            agent("passive", &[10.0, 11.0, 12.0], 0.0),
            agent("passive+adaptive", &[100.0, 101.0, 102.0], 0.2),
        ],
    )];
    assert_eq!(verdict(&claims(&tasks, 0), "recovers 0.9", Some("t")), Verdict::DoesNotHold);
}

#[test]
fn one_seed_tells_nothing_and_a_missing_agent_is_not_claimed_of() {
    let tasks = [task("t", vec![agent("active", &[100.0], 0.0), agent("passive", &[1.0], 0.0)])];
    let all = claims(&tasks, 0);
    assert_eq!(verdict(&all, "passive agents score below", Some("t")), Verdict::Undecided);
    assert!(all.iter().all(|c| !c.text.contains("tandem") && !c.text.contains("expert")), "{all:?}");
}

/// Of three tasks two must hold; one of three that does not is not yet a claim that does not.
#[test]
fn tasks_are_put_together_by_two_of_three() {
    let good = |name: &str| {
        task(name, vec![agent("active", &[100.0, 101.0, 102.0], 0.0), agent("passive", &[10.0, 11.0, 12.0], 0.0)])
    };
    let bad = |name: &str| {
        task(name, vec![agent("active", &[100.0, 101.0, 102.0], 0.0), agent("passive", &[101.0, 102.0, 103.0], 0.0)])
    };
    let of = |tasks: &[TaskSummary]| verdict(&claims(tasks, 0), "passive agents score below", None);
    assert_eq!(of(&[good("a"), good("b"), bad("c")]), Verdict::Holds);
    assert_eq!(of(&[good("a"), bad("b"), bad("c")]), Verdict::DoesNotHold);
    assert_eq!(of(&[good("a"), bad("b"), task("c", vec![])]), Verdict::DoesNotHold);
}
