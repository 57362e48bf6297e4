use rand::RngExt;

use super::*;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::{Space, SpaceKind};
use crate::ground::seed::keyed;

/// Episodes of a pendulum of mass 1 that noise pushes: cos, sin, speed; `change` spoils them.
struct Made {
    parts: Parts,
    obs: Space,
    action: Space,
    origin: Origin,
}

fn pendulum(lengths: &[usize], seed: u64) -> Made {
    let mut rng = keyed(seed, 0);
    let mut parts = Parts::default();
    for (id, &steps) in lengths.iter().enumerate() {
        let (mut angle, mut speed) = (rng.random_range(-3.0..3.0f64), rng.random_range(-1.0..1.0f64));
        parts.spans.push(EpisodeSpan {
            id: id as u64,
            first_step: parts.rewards.len(),
            steps,
            first_obs: parts.obs.len() / 3,
            obs_rows: steps + 1,
            terminated: false,
            truncated: true,
        });
        for t in 0..=steps {
            parts.obs.extend([angle.cos() as f32, angle.sin() as f32, speed as f32]);
            if t == steps {
                break;
            }
            let push = rng.random_range(-2.0..2.0f64);
            parts.actions.push(push as f32);
            parts.rewards.push(-angle * angle - 0.1 * speed * speed);
            speed = (speed + (15.0 * angle.sin() + 3.0 * push) * 0.05).clamp(-8.0, 8.0);
            angle += speed * 0.05;
        }
    }
    let bounds = |of: f32, n| SpaceKind::Box { low: vec![-of; n], high: vec![of; n] };
    Made {
        parts,
        obs: Space { names: ["cos", "sin", "speed"].map(String::from).to_vec(), kind: bounds(8.0, 3) },
        action: Space { names: vec!["torque".into()], kind: bounds(2.0, 1) },
        origin: Origin::default(),
    }
}

impl Made {
    fn audit(self) -> Audit {
        let data = Dataset::from_parts(self.origin, self.obs, self.action, self.parts).unwrap();
        audit(&data, &Ctx::quiet()).unwrap()
    }
}

fn named<'a>(audit: &'a Audit, rule: &str) -> Vec<&'a Finding> {
    audit.findings.iter().filter(|f| f.rule == rule).collect()
}

#[test]
fn good_data_have_no_finding_and_say_how_they_were_read() {
    let audit = pendulum(&[100; 30], 1).audit();
    assert_eq!(audit.findings, []);
    assert!(audit.alignment.iter().any(|a| a.starts_with("T+1 observations")), "{:?}", audit.alignment);
    assert!(audit.alignment.iter().any(|a| a.contains("0 terminated, 30 truncated")), "{:?}", audit.alignment);
}

/// The bug of D4RL issue 77: two trajectories run on as one.
#[test]
fn episodes_that_run_into_each_other_are_found_at_the_seam() {
    let mut made = pendulum(&[100; 30], 2);
    // Episodes 4 and 5 become one of 200 steps; the last observation of 4 goes.
    made.parts.spans.remove(5);
    made.parts.spans[4].steps = 200;
    made.parts.spans[4].obs_rows = 201;
    let seam = 4 * 101 + 100;
    made.parts.obs.drain(seam * 3..(seam + 1) * 3);
    made.parts.spans.iter_mut().skip(5).for_each(|s| s.first_obs -= 1);
    let last = made.parts.spans.len() - 1;
    made.parts.spans[last].obs_rows = 101;
    let audit = made.audit();
    let found = named(&audit, "jumps");
    assert_eq!(found.len(), 1, "{:?}", audit.findings);
    assert_eq!((found[0].count, &found[0].rows[..], &found[0].episodes[..]), (1, &[499][..], &[4][..]));
    assert_eq!(found[0].severity, Severity::Warning);
}

#[test]
fn shifted_actions_are_told_with_their_direction() {
    let mut made = pendulum(&[200; 10], 3);
    // Every action moves one row down, as a recorder of "the action that led here" writes it.
    made.parts.actions.insert(0, 0.0);
    made.parts.actions.pop();
    let audit = made.audit();
    let found = named(&audit, "shifted-actions");
    assert!(found.len() == 1 && found[0].what.contains("following row's"), "{:?}", audit.findings);
}

#[test]
fn time_limits_written_as_terminals_are_told_and_real_ones_are_not() {
    let mut made = pendulum(&[40, 100, 100, 100, 70, 100, 100], 4);
    made.parts.spans.iter_mut().for_each(|s| (s.terminated, s.truncated) = (true, false));
    let audit = made.audit();
    let found = named(&audit, "timeouts-as-terminals");
    assert!(found.len() == 1 && found[0].count == 5 && found[0].what.contains("exactly 100 steps"), "{found:?}");
    let mut made = pendulum(&[40, 100, 100, 100, 70, 100, 100], 4);
    made.parts.spans.iter_mut().filter(|s| s.steps < 100).for_each(|s| (s.terminated, s.truncated) = (true, false));
    assert!(named(&made.audit(), "timeouts-as-terminals").is_empty());
}

#[test]
fn numbers_that_cannot_be_are_errors_with_their_rows() {
    let mut made = pendulum(&[100; 12], 5);
    made.parts.obs[3 * 7] = f32::NAN;
    made.parts.rewards[150] = f64::INFINITY;
    made.parts.actions[205] = 9.0;
    let audit = made.audit();
    let bad = named(&audit, "not-finite")[0];
    assert_eq!((bad.count, bad.severity, &bad.rows[..]), (2, Severity::Error, &[7, 150][..]));
    let out = named(&audit, "outside-space")[0];
    assert_eq!((out.count, out.severity, &out.rows[..], &out.episodes[..]), (1, Severity::Error, &[205][..], &[2][..]));
    assert_eq!(audit.worst(), Some(Severity::Error));
    assert_eq!(audit.findings[0].severity, Severity::Error, "the worst is first");
}

#[test]
fn copies_are_counted_once_as_episodes_and_not_again_as_steps() {
    let mut made = pendulum(&[50; 12], 6);
    let (obs, actions) = (made.parts.obs[..51 * 3].to_vec(), made.parts.actions[..50].to_vec());
    made.parts.obs[51 * 3 * 9..51 * 3 * 10].copy_from_slice(&obs);
    made.parts.actions[450..500].copy_from_slice(&actions);
    let rewards = made.parts.rewards[..50].to_vec();
    made.parts.rewards[450..500].copy_from_slice(&rewards);
    let audit = made.audit();
    let found = named(&audit, "duplicate-episodes")[0];
    assert_eq!((found.count, &found.episodes[..]), (1, &[9][..]));
    assert!(named(&audit, "duplicate-steps").is_empty(), "{:?}", audit.findings);
}

#[test]
fn a_dimension_in_other_units_and_one_that_never_moves_are_named() {
    let mut made = pendulum(&[100; 20], 7);
    for row in 101 * 3..101 * 4 {
        made.parts.obs[row * 3 + 2] *= 57.3;
    }
    made.obs.names.push("mass".into());
    made.obs.kind = SpaceKind::Unknown;
    made.parts.obs = made.parts.obs.chunks_exact(3).flat_map(|r| [r[0], r[1], r[2], 1.5]).collect();
    let audit = made.audit();
    let units = named(&audit, "units");
    assert!(units.iter().any(|f| f.what.starts_with("speed is up to") && f.episodes[0] == 3), "{:?}", audit.findings);
    let constant = named(&audit, "constant")[0];
    assert!(constant.what.contains("mass = 1.5") && constant.count == 1, "{constant:?}");
}

#[test]
fn saturated_actions_partial_episodes_and_single_steps_are_told() {
    let mut made = pendulum(&[100, 1, 100, 100, 100, 60], 8);
    made.parts.actions.iter_mut().for_each(|a| *a = if *a > -0.5 { 2.0 } else { *a });
    let last = made.parts.spans.len() - 1;
    made.parts.spans[last].truncated = false;
    let audit = made.audit();
    let saturated = named(&audit, "saturated")[0];
    assert!(saturated.severity == Severity::Warning && saturated.what.contains("torque 6"), "{saturated:?}");
    assert!(named(&audit, "unfinished")[0].what.contains("the last episode (60 steps) is partial"));
    assert_eq!(named(&audit, "one-step")[0].episodes, [1]);
    let flags = audit.flags(
        &Dataset::from_parts(
            Origin::default(),
            Space::unnamed("obs", 3),
            Space::unnamed("action", 1),
            pendulum(&[100, 1, 100, 100, 100, 60], 8).parts,
        )
        .unwrap(),
    );
    assert_eq!((flags[0].as_str(), flags[1].as_str(), flags[5].as_str()), ("", "one-step", "unfinished"));
}

#[test]
fn what_the_reader_said_is_a_finding_and_every_rule_has_a_name_of_its_own() {
    let mut made = pendulum(&[50; 5], 9);
    made.origin.warnings = vec!["metadata.json says total_steps 7, the file has 250".into()];
    let audit = made.audit();
    assert_eq!(named(&audit, "reading")[0].what, "metadata.json says total_steps 7, the file has 250");
    let mut names: Vec<&str> = RULES.iter().map(|r| r.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
    assert!(RULES.iter().all(|r| !r.label.is_empty()));
}

#[test]
fn a_dimension_that_is_there_twice_is_named_with_its_original_and_units() {
    let wide = |copy: fn(&[f32]) -> f32| {
        let mut made = pendulum(&[60, 60], 3);
        made.parts.obs = made.parts.obs.chunks_exact(3).flat_map(|row| [row[0], row[1], row[2], copy(row)]).collect();
        made.obs.names.push("twin".into());
        made.obs.kind = SpaceKind::Box { low: vec![-500.0; 4], high: vec![500.0; 4] };
        made
    };
    let audit = wide(|row| row[2]).audit();
    let found = named(&audit, "duplicate-dimensions");
    assert_eq!((found.len(), found[0].count, found[0].of), (1, 1, 4));
    assert!(found[0].what.ends_with("twin is speed"), "{}", found[0].what);
    let audit = wide(|row| 57.295_78 * row[2] + 2.0).audit();
    let what = &named(&audit, "duplicate-dimensions")[0].what;
    assert!(what.contains("twin is 57.2958 x speed + 2.0000"), "{what}");
    assert!(named(&wide(|row| -row[2]).audit(), "duplicate-dimensions").is_empty());
    assert!(named(&pendulum(&[60, 60], 3).audit(), "duplicate-dimensions").is_empty());
    // A number that is not finite does not hide a duplicate.
    let mut broken = wide(|row| row[2]);
    broken.parts.obs[5] = f32::NAN;
    assert_eq!(named(&broken.audit(), "duplicate-dimensions").len(), 1);
}

#[test]
fn rewards_that_never_change_are_told_and_a_missing_column_is_not_told_twice() {
    let of = |reward: f64, rule: &str| {
        let mut made = pendulum(&[50; 5], 10);
        made.parts.rewards.fill(reward);
        made.origin.rules = vec![rule.into()];
        made.audit()
    };
    assert_eq!(named(&of(0.0, ""), "constant-rewards")[0].severity, Severity::Warning);
    let one = of(1.0, "");
    let found = named(&one, "constant-rewards")[0];
    assert_eq!((found.severity, found.what.as_str()), (Severity::Info, "every reward is 1"));
    assert!(named(&of(0.0, "the file has no rewards: every reward is 0"), "constant-rewards").is_empty());
    assert!(named(&pendulum(&[50; 5], 10).audit(), "constant-rewards").is_empty());
}

#[test]
fn a_dimension_without_numbers_is_at_fault_and_not_its_episodes() {
    let mut made = pendulum(&[100; 12], 11);
    made.obs.kind = SpaceKind::Unknown;
    made.parts.obs.iter_mut().skip(1).step_by(3).for_each(|v| *v = f32::NAN);
    let audit = made.audit();
    let dead = named(&audit, "dead-dimensions")[0];
    assert!(dead.what.contains("sin is NaN or Inf in every row"), "{}", dead.what);
    assert!(dead.remedy.contains("--state cos,speed"), "{}", dead.remedy);
    assert!(named(&audit, "not-finite").is_empty() && named(&audit, "constant").is_empty(), "{:?}", audit.findings);
}

#[test]
fn lengths_are_held_against_the_environments_own_limit() {
    let of = |limit: usize, lengths: &[usize]| {
        let mut made = pendulum(lengths, 12);
        made.origin.env_spec = Some(format!("{{\"id\": \"P\", \"max_episode_steps\": {limit}}}"));
        made.audit()
    };
    let longer = of(60, &[50, 60, 70, 80]);
    assert!(named(&longer, "time-limit")[0].what.starts_with("2 of 4 episodes are longer"), "{:?}", longer.findings);
    let short = of(200, &[50; 6]);
    let found = named(&short, "time-limit")[0];
    assert!(found.severity == Severity::Info && found.what.contains("exactly 50 steps"), "{}", found.what);
    assert!(named(&of(50, &[50; 6]), "time-limit").is_empty());
}
