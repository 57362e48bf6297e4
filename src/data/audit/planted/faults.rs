//! Faults that are planted.

use rand::RngExt;
use rand::seq::SliceRandom;

use super::Fault;
use super::systems::{self, EPISODES, Made, STEPS, make, sound};
use crate::ground::seed::keyed;

pub const ALL: &[Fault] = &[
    fault("jumps", "ends that are not marked", jumps, (0.7, 1.01)),
    fault("units", "episodes in degrees", units, (1.0, 1.0)),
    fault("spikes", "readings far out", spikes, (0.9, 1.01)),
    fault("sensor-codes", "-999 for a reading", codes, (1.0, 1.0)),
    fault("stuck-rows", "runs of rows of zeros", zeros, (1.0, 1.0)),
    fault("stuck-rows", "runs that repeat a row", frozen, (0.9, 1.0)),
    fault("autoreset", "last steps into the next episode", autoreset, (1.0, 1.0)),
    // A start that lies where a step leads by chance is no proof of its own.
    Fault { from: 2, ..fault("no-reset", "ends at which the state goes on", goes_on, (0.6, 1.2)) },
    fault("stale-row-0", "goals of the episode before", stale, (1.0, 1.0)),
    fault("wrapped-angle", "steps that wrap", angle, (1.0, 1.0)),
    fault("quaternion-sign", "steps that change the sign", quaternion, (1.0, 1.0)),
    fault("action-is-state", "actions that are the state", action_is_state, (1.0, 1.0)),
    fault("action-offset", "position targets with an offset", action_offset, (1.0, 1.0)),
    fault("not-finite", "a dimension that is NaN", nan, (0.9, 1.0)),
    fault("time-limit", "episodes longer than the limit", limit, (1.0, 1.0)),
];

const fn fault(
    rule: &'static str,
    what: &'static str,
    plant: fn(&str, f64, u64) -> (Made, usize),
    within: (f64, f64),
) -> Fault {
    Fault { rule, what, plant, within, from: 0 }
}

/// That share of `0..n`, at least one, drawn at random and ascending.
fn some(n: usize, share: f64, seed: u64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..n).collect();
    all.shuffle(&mut keyed(seed, 11));
    all.truncate(((n as f64 * share).round() as usize).max(1));
    all.sort_unstable();
    all
}

/// Rows that are not the first of an episode.
fn inner(made: &Made, share: f64, seed: u64) -> Vec<usize> {
    let starts: Vec<usize> = made.parts.spans.iter().map(|s| s.first_obs).collect();
    some(made.rows(), share, seed).into_iter().filter(|r| starts.binary_search(r).is_err()).collect()
}

fn jumps(system: &str, share: f64, seed: u64) -> (Made, usize) {
    make(system, seed, share, 0.0)
}

fn units(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let (mut made, mut rng) = (sound(system, seed), keyed(seed, 18));
    let chosen = some(EPISODES, share, seed);
    let swings: Vec<(f32, f32)> =
        (0..EPISODES).map(|_| (rng.random_range(0.6..1.6), rng.random_range(0.0..6.0))).collect();
    made.add("joint", |i, t| {
        let unit = if chosen.contains(&i) { 57.295_78 } else { 1.0 };
        unit * swings[i].0 * (0.3 * t as f32 + swings[i].1).sin()
    });
    (made, chosen.len())
}

fn spikes(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let (mut made, mut rng) = (sound(system, seed), keyed(seed, 12));
    let (d, chosen) = (made.dims(), inner(&made, share, seed));
    for &r in &chosen {
        let by = if rng.random_range(0..2) == 0 { -1.0 } else { 1.0 } * rng.random_range(100.0..300.0);
        made.parts.obs[r * d + 1] += by;
    }
    (made, chosen.len())
}

fn codes(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let mut made = sound(system, seed);
    let (d, chosen) = (made.dims(), some(made.rows(), share, seed));
    chosen.iter().for_each(|&r| made.parts.obs[r * d + 1] = -999.0);
    (made, chosen.len())
}

/// Runs of 10 rows from row 5 on, of that share of all rows.
fn blocks(made: &Made, share: f64, seed: u64) -> Vec<(usize, usize)> {
    let n = (share * made.rows() as f64 / 10.0).round() as usize;
    let chosen = some(EPISODES, n as f64 / EPISODES as f64, seed);
    chosen.into_iter().map(|i| (made.parts.spans[i].first_obs + 5, 10)).collect()
}

fn zeros(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let mut made = sound(system, seed);
    let (d, blocks) = (made.dims(), blocks(&made, share, seed));
    for &(first, rows) in &blocks {
        made.parts.obs[first * d..(first + rows) * d].fill(0.0);
    }
    (made, blocks.iter().map(|b| b.1).sum())
}

fn frozen(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let mut made = sound(system, seed);
    let (d, blocks) = (made.dims(), blocks(&made, share, seed));
    for &(first, rows) in &blocks {
        let held = made.parts.obs[(first - 1) * d..first * d].to_vec();
        (first..first + rows).for_each(|r| made.parts.obs[r * d..(r + 1) * d].copy_from_slice(&held));
    }
    (made, blocks.iter().map(|b| b.1).sum())
}

fn autoreset(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let mut made = sound(system, seed);
    let (d, chosen) = (made.dims(), some(EPISODES - 1, share, seed));
    for &i in &chosen {
        let next = made.parts.spans[i + 1].first_obs;
        let first = made.parts.obs[next * d..(next + 1) * d].to_vec();
        made.parts.obs[(next - 1) * d..next * d].copy_from_slice(&first);
    }
    (made, chosen.len())
}

fn goes_on(system: &str, share: f64, seed: u64) -> (Made, usize) {
    make(system, seed, 0.0, share)
}

fn stale(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let (mut made, mut rng) = (sound(system, seed), keyed(seed, 13));
    let goals: Vec<f32> = (0..EPISODES).map(|_| rng.random_range(-1.0..1.0)).collect();
    let chosen = some(EPISODES - 1, share, seed);
    made.add("goal.0", |i, t| if t == 0 && i > 0 && chosen.contains(&(i - 1)) { goals[i - 1] } else { goals[i] });
    (made, chosen.len())
}

fn angle(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let (mut made, mut rng) = (sound(system, seed), keyed(seed, 14));
    let (mut side, mut wraps) = (1.0f32, 0);
    made.add("yaw", |_, t| {
        if t > 0 && rng.random_range(0.0..1.0) < share {
            side = -side;
            wraps += 1;
        }
        side * (std::f32::consts::PI - rng.random_range(0.0..0.05f32))
    });
    (made, wraps)
}

fn quaternion(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let (mut made, mut rng) = (sound(system, seed), keyed(seed, 15));
    let (mut flips, mut rows) = (0, Vec::new());
    for span in &made.parts.spans {
        let (mut sign, mut turn) = (1.0f32, rng.random_range(-1.0..1.0f32));
        for t in 0..span.obs_rows {
            if t > 0 && rng.random_range(0.0..1.0) < share {
                sign = -sign;
                flips += 1;
            }
            turn += rng.random_range(-0.05..0.05);
            let (s, c) = turn.sin_cos();
            rows.push([sign * c, sign * 0.6 * s, sign * 0.8 * s * 0.6, sign * 0.8 * s * 0.8]);
        }
    }
    for k in 0..4 {
        let mut at = rows.iter();
        made.add(&format!("quat.{k}"), |_, _| at.next().map_or(0.0, |q| q[k]));
    }
    (made, flips)
}

/// A share of the episodes with the position as action: that of the row `lag` on, and what else is added.
fn targets(made: &mut Made, chosen: &[usize], lag: usize, mut more: impl FnMut() -> f32) {
    let (d, a) = (made.dims(), made.actions.len());
    for &i in chosen {
        let span = made.parts.spans[i];
        for t in 0..STEPS {
            for k in 0..a {
                let state = made.parts.obs[(span.first_obs + t + lag) * d + k];
                made.parts.actions[(span.first_step + t) * a + k] = state + more();
            }
        }
    }
}

fn action_is_state(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let (mut made, chosen) = (sound(system, seed), some(EPISODES, share, seed));
    targets(&mut made, &chosen, 0, || 0.0);
    (made, chosen.len())
}

fn action_offset(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let (mut made, mut rng, chosen) = (sound(system, seed), keyed(seed, 16), some(EPISODES, share, seed));
    let all: Vec<usize> = (0..EPISODES).collect();
    targets(&mut made, &all, 1, || rng.random_range(-0.01..0.01f32));
    let mut rng = keyed(seed, 17);
    targets(&mut made, &chosen, 1, || 0.5 + rng.random_range(-0.01..0.01f32));
    (made, chosen.len())
}

fn nan(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let mut made = sound(system, seed);
    let (d, chosen) = (made.dims(), some(made.rows(), share, seed));
    chosen.iter().for_each(|&r| made.parts.obs[r * d] = f32::NAN);
    (made, chosen.len())
}

fn limit(system: &str, share: f64, seed: u64) -> (Made, usize) {
    let mut made = sound(system, seed);
    made.origin.env_spec = Some(format!("{{\"max_episode_steps\": {}}}", STEPS - 1));
    let chosen = some(EPISODES, share, seed);
    // All but the chosen ones lose their last step.
    let (d, a) = (made.dims(), made.actions.len());
    let mut cut = systems::sound(system, seed);
    cut.origin = made.origin.clone();
    cut.parts = crate::data::dataset::Parts::default();
    for (i, span) in made.parts.spans.iter().enumerate() {
        let steps = if chosen.contains(&i) { STEPS } else { STEPS - 1 };
        cut.parts.spans.push(crate::data::episode::EpisodeSpan {
            steps,
            obs_rows: steps + 1,
            first_step: cut.parts.rewards.len(),
            first_obs: cut.parts.obs.len() / d,
            ..*span
        });
        cut.parts.obs.extend(&made.parts.obs[span.first_obs * d..(span.first_obs + steps + 1) * d]);
        cut.parts.actions.extend(&made.parts.actions[span.first_step * a..(span.first_step + steps) * a]);
        cut.parts.rewards.extend(&made.parts.rewards[span.first_step..span.first_step + steps]);
    }
    (cut, chosen.len())
}
