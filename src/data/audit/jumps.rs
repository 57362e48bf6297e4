//! Consecutive observations between which no step of this system can lie: ends of episodes that are not marked, states
//! that were set by hand (D4RL issue 77).
//!
//! A step is predicted by a polynomial of state and action ([`Linear`]). A contact throws some dimensions far off; a jump to
//! an unrelated state throws off most of them at once, and it is long: two unrelated states lie about √2 standard
//! deviations apart in every dimension.

use rayon::prelude::*;

use super::linear::{Linear, Rows};
use super::{Finding, Rule, Severity, name_steps, row};
use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// The rule.
pub const RULE: Rule = Rule { name: "jumps", label: "jumps between consecutive observations", check };

/// Steps that the polynomial is fitted to.
const SAMPLE: usize = 20_000;
/// Fewer steps do not tell what is usual.
const LEAST: usize = 200;
/// More dimensions make the fit too slow, and images have no dynamics of their own.
const DIMS: usize = 256;
/// A dimension is off where its residual is so many times the 95 % quantile of its residuals.
const FACTOR: f64 = 6.0;
/// A step is a jump where more than this share of the moving dimensions is off: a contact on one axis of two is half.
const SHARE: f64 = 0.5;
/// A jump is at least so long: root mean square over the moving dimensions, in standard deviations of the states.
const LONG: f64 = 0.5;
/// And so many times the 95 % quantile of the steps' lengths.
const LONGER: f64 = 2.5;
/// If more of the steps than this look so, it is how the system moves.
const RARE: f64 = 0.04;
/// Share of the worst rows that the second fit leaves out.
const TRIMMED: f64 = 0.02;

fn check(data: &Dataset, cx: &Ctx) -> Result<Vec<Finding>, Cancelled> {
    let Some(usual) = Usual::learn(data, cx)? else { return Ok(Vec::new()) };
    let of_episode = |i: usize| -> Result<Vec<(usize, f64)>, Cancelled> {
        cx.check()?;
        let (e, mut found) = (data.episode(i), Vec::new());
        let mut scratch = Scratch::new(&e);
        for t in 0..e.span.obs_rows.saturating_sub(1) {
            if scratch.load(&e, t)
                && let Some(far) = usual.jump(&mut scratch)
            {
                found.push((row(&e, t), far));
            }
        }
        Ok(found)
    };
    let each: Vec<Vec<(usize, f64)>> =
        (0..data.num_episodes()).into_par_iter().map(of_episode).collect::<Result<_, _>>()?;
    let steps = each.concat();
    if steps.is_empty() || steps.len() as f64 > RARE * data.num_steps() as f64 {
        return Ok(Vec::new());
    }
    let n = steps.len();
    let (episodes, rows) = name_steps(data, steps);
    Ok(vec![Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what: format!(
            "{} from one observation to the next that no other step of the data resembles: most dimensions are more than \
             {FACTOR:.0} times the 95 % quantile off what state and action predict",
            if n == 1 { "1 jump".into() } else { format!("{n} jumps") }
        ),
        count: n as u64,
        of: data.num_steps() as u64,
        unit: "steps",
        episodes,
        rows,
        remedy: "an end of an episode is not marked there, or the state was set by hand: cut the episode, never learn from \
                 this step",
    }])
}

/// A step as numbers.
struct Scratch {
    x: Vec<f64>,
    y: Vec<f64>,
    residual: Vec<f64>,
    room: Vec<f64>,
}

impl Scratch {
    fn new(e: &Episode<'_>) -> Self {
        let (x, y) = (vec![0.0; e.obs_dim + e.action_dim], vec![0.0; e.obs_dim]);
        Self { x, residual: y.clone(), y, room: Vec::new() }
    }

    /// Takes step `t`; false where a number of it is not finite.
    fn load(&mut self, e: &Episode<'_>, t: usize) -> bool {
        let (now, then, action) = (e.obs_at(t), e.obs_at(t + 1), e.action_at(t));
        let (state, act) = self.x.split_at_mut(now.len());
        state.iter_mut().zip(now).for_each(|(x, &v)| *x = f64::from(v));
        act.iter_mut().zip(action).for_each(|(x, &v)| *x = f64::from(v));
        self.y.iter_mut().zip(now.iter().zip(then)).for_each(|(y, (&a, &b))| *y = f64::from(b) - f64::from(a));
        self.x.iter().chain(&self.y).all(|v| v.is_finite())
    }
}

/// What steps usually do.
struct Usual {
    step: Linear,
    /// [D] residual beyond which a dimension is off; infinite for one that does not move.
    limit: Vec<f64>,
    moving: usize,
    /// [D] one over the states' standard deviations; 0 for a dimension that does not move.
    inv_std: Vec<f64>,
    /// Length from which on a step can be a jump.
    long: f64,
}

impl Usual {
    fn learn(data: &Dataset, cx: &Ctx) -> Result<Option<Self>, Cancelled> {
        let (d, inputs) = (data.obs_dim(), data.obs_dim() + data.action_dim());
        if data.num_steps() < LEAST || d == 0 || d > DIMS {
            return Ok(None);
        }
        let mut rows = Rows::new(inputs, d);
        let every = (data.num_steps() / SAMPLE).max(1);
        for e in super::all(data) {
            cx.check()?;
            let mut scratch = Scratch::new(&e);
            // Strides that meet every phase of a periodic motion.
            for t in (e.index % every..e.span.obs_rows.saturating_sub(1)).step_by(every) {
                if scratch.load(&e, t) {
                    rows.x.extend_from_slice(&scratch.x);
                    rows.y.extend_from_slice(&scratch.y);
                }
            }
        }
        let Some(first) = Linear::fit(&rows, true).or_else(|| Linear::fit(&rows, false)) else { return Ok(None) };
        cx.check()?;
        let kept = trimmed(&rows, &first.residuals(&rows));
        let step = Linear::fit(&kept, true).or_else(|| Linear::fit(&kept, false)).unwrap_or(first);
        let residuals = step.residuals(&rows);
        let spread =
            |v: &[f64], d_: usize| stats::nearest_rank(v.iter().skip(d_).step_by(d).map(|r| r.abs()).collect(), 0.95);
        // Rounding of a dimension that the polynomial explains to the last digit is no scale.
        let floor = |c: usize| 1e-4 * spread(&rows.y, c);
        let limit: Vec<f64> = (0..d)
            .map(
                |c| if spread(&rows.y, c) > 0.0 { FACTOR * spread(&residuals, c).max(floor(c)) } else { f64::INFINITY },
            )
            .collect();
        let moving = limit.iter().filter(|l| l.is_finite()).count();
        let inv_std: Vec<f64> = (0..d)
            .map(|c| if limit[c].is_finite() { deviation(rows.x.iter().skip(c).step_by(inputs)).recip() } else { 0.0 })
            .collect();
        let mut usual = Self { step, limit, moving, inv_std, long: 0.0 };
        let lengths = rows.y.chunks_exact(d).map(|step| usual.length(step)).collect();
        usual.long = LONG.max(LONGER * stats::nearest_rank(lengths, 0.95));
        Ok((moving > 0).then_some(usual))
    }

    /// Root mean square of a step over the moving dimensions, in standard deviations.
    fn length(&self, step: &[f64]) -> f64 {
        let squares = step.iter().zip(&self.inv_std).map(|(y, s)| (y * s).powi(2)).sum::<f64>();
        (squares / self.moving.max(1) as f64).sqrt()
    }

    /// How far off the step is, if it is a jump.
    fn jump(&self, s: &mut Scratch) -> Option<f64> {
        if self.length(&s.y) < self.long {
            return None;
        }
        self.step.residual(&s.x, &s.y, &mut s.room, &mut s.residual);
        let off = s.residual.iter().zip(&self.limit).filter(|(r, limit)| r.abs() > **limit);
        let (count, far) = off.fold((0, 0.0), |(n, far), (r, limit)| (n + 1, far + r.abs() / limit));
        // A system of one dimension gives no second opinion.
        let enough = f64::from(count) > SHARE * self.moving as f64 && (self.moving > 1 || far > FACTOR);
        enough.then_some(far)
    }
}

/// The rows without the worst share.
fn trimmed(rows: &Rows, residuals: &[f64]) -> Rows {
    let d = rows.outputs;
    let scale: Vec<f64> = (0..d)
        .map(|c| {
            stats::nearest_rank(residuals.iter().skip(c).step_by(d).map(|r| r.abs()).collect(), 0.9)
                .max(f64::MIN_POSITIVE)
        })
        .collect();
    let size = |row: &[f64]| row.iter().zip(&scale).map(|(r, s)| (r / s).abs().min(1e6)).sum::<f64>();
    let sizes: Vec<f64> = residuals.chunks_exact(d).map(size).collect();
    let limit = stats::nearest_rank(sizes.clone(), 1.0 - TRIMMED);
    let mut kept = Rows::new(rows.inputs, d);
    for (i, _) in sizes.iter().enumerate().filter(|(_, size)| **size <= limit) {
        kept.x.extend_from_slice(&rows.x[i * rows.inputs..(i + 1) * rows.inputs]);
        kept.y.extend_from_slice(&rows.y[i * d..(i + 1) * d]);
    }
    kept
}

/// Standard deviation (ddof 0).
fn deviation<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for v in values {
        (n, sum, squares) = (n + 1.0, sum + v, squares + v * v);
    }
    (squares / n - (sum / n).powi(2)).max(0.0).sqrt()
}
