//! The novelty signal of a top-up: one-step world-model loss, the loss ratio R, and how large R gets by chance.

use rand::Rng;
use rand::seq::SliceRandom;

use crate::data::dataset::Dataset;
use crate::data::split::Split;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::imagine::one_step;
use crate::world::world_model::WorldModel;

/// Scales of the loss: standard deviations of Δobs and reward over the calibration part.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LossScale {
    /// [D].
    pub delta: Vec<f64>,
    /// Of the reward.
    pub reward: f64,
}

impl LossScale {
    /// Standard deviations (ddof 0) over the usable transitions of `episodes`; constant columns get 1.
    pub fn new(data: &Dataset, episodes: &[usize]) -> Self {
        let batch = data.transitions(episodes);
        let column = |c: usize| -> Vec<f64> {
            (0..batch.len()).map(|i| f64::from(batch.next_obs_at(i)[c] - batch.obs_at(i)[c])).collect()
        };
        let reward: Vec<f64> = batch.reward.iter().map(|&r| f64::from(r)).collect();
        Self { delta: (0..data.obs_dim()).map(|c| spread(&column(c))).collect(), reward: spread(&reward) }
    }
}

impl LossScale {
    /// The same with one scale for all dimensions of the observation, their root mean square: for latents, which share one unit.
    pub fn common(mut self) -> Self {
        let typical = stats::root_mean_square(&self.delta);
        self.delta.fill(typical);
        self
    }

    /// The loss that [`squared_errors`] are on this scale: the mean over dimensions, and the reward's.
    pub fn loss(&self, errors: &[f64]) -> f64 {
        let Some((reward, dimensions)) = errors.split_last() else { return f64::NAN };
        let scaled: f64 = dimensions.iter().zip(&self.delta).map(|(e, s)| e / (s * s)).sum();
        scaled / dimensions.len().max(1) as f64 + reward / (self.reward * self.reward)
    }
}

fn spread(values: &[f64]) -> f64 {
    let (_, std) = stats::mean_std(values);
    if std > 1e-8 { std } else { 1.0 }
}

/// [episodes] mean over the steps of each episode of the one-step, teacher-forced loss
/// `s_t = mean_d ((Δŝ − Δs)_d / σ_d)² + ((r̂ − r) / σ_r)²`, which is never negative and zero for a perfect model.
///
/// # Errors
/// [`Cancelled`].
pub fn episode_losses(
    model: &dyn WorldModel,
    data: &Dataset,
    episodes: &[usize],
    scale: &LossScale,
    cx: &Ctx,
) -> Result<Vec<f64>, Cancelled> {
    let batch = data.transitions(episodes);
    let predicted = one_step(model, &batch, cx)?;
    let d = data.obs_dim();
    let (mut sum, mut count) = (vec![0.0; data.num_episodes()], vec![0usize; data.num_episodes()]);
    for (j, &i) in predicted.rows.iter().enumerate() {
        let real = batch.next_obs_at(i);
        let imagined = &predicted.next_obs[j * d..(j + 1) * d];
        let terms = imagined.iter().zip(real).zip(&scale.delta).map(|((p, r), s)| (f64::from(p - r) / s).powi(2));
        let reward =
            predicted.reward.as_ref().map_or(0.0, |r| (f64::from(r[j] - batch.reward[i]) / scale.reward).powi(2));
        sum[batch.episode[i]] += terms.sum::<f64>() / d as f64 + reward;
        count[batch.episode[i]] += 1;
    }
    Ok(episodes.iter().filter(|&&e| count[e] > 0).map(|&e| sum[e] / count[e] as f64).collect())
}

/// [D + 1] squared one-step error of `model` on `data`, dimension by dimension and of the reward, in raw units squared: the mean
/// over episodes of the mean over their steps. [`LossScale::loss`] makes the mean of [`episode_losses`] of it.
///
/// # Errors
/// [`Cancelled`].
pub fn squared_errors(model: &dyn WorldModel, data: &Dataset, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let batch = data.transitions(&all);
    let predicted = one_step(model, &batch, cx)?;
    let d = data.obs_dim();
    let (mut sums, mut count) = (vec![vec![0.0; d + 1]; all.len()], vec![0usize; all.len()]);
    for (j, &i) in predicted.rows.iter().enumerate() {
        let (e, imagined) = (batch.episode[i], &predicted.next_obs[j * d..(j + 1) * d]);
        for ((sum, p), r) in sums[e].iter_mut().zip(imagined).zip(batch.next_obs_at(i)) {
            *sum += f64::from(p - r).powi(2);
        }
        sums[e][d] += predicted.reward.as_ref().map_or(0.0, |r| f64::from(r[j] - batch.reward[i]).powi(2));
        count[e] += 1;
    }
    let used: Vec<usize> = all.into_iter().filter(|&e| count[e] > 0).collect();
    let mean = |c: usize| used.iter().map(|&e| sums[e][c] / count[e] as f64).sum::<f64>() / used.len() as f64;
    Ok((0..=d).map(mean).collect())
}

/// The episodes that fresh ones are held against, and the scale of the loss.
#[derive(Debug, Clone)]
pub struct Yardstick<'a> {
    data: &'a Dataset,
    heldout: Vec<usize>,
    reference: Vec<usize>,
    scale: LossScale,
}

impl<'a> Yardstick<'a> {
    /// Held-out and calibration episodes of `data`, on the scale of the calibration part.
    pub fn new(data: &'a Dataset, split: &Split) -> Self {
        let mut reference = split.heldout.clone();
        reference.extend(split.calibration.iter().filter(|e| !split.heldout.contains(e)));
        Self { data, heldout: split.heldout.clone(), reference, scale: LossScale::new(data, &split.calibration) }
    }

    /// On the scale that [`LossScale::common`] makes.
    pub fn common(self) -> Self {
        Self { scale: self.scale.common(), ..self }
    }

    /// [episodes] loss of `model` on fresh episodes.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn losses(&self, model: &dyn WorldModel, fresh: &Dataset, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
        let all: Vec<usize> = (0..fresh.num_episodes()).collect();
        episode_losses(model, fresh, &all, &self.scale, cx)
    }

    /// [episodes] loss of `model` on the held-out part.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn heldout(&self, model: &dyn WorldModel, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
        episode_losses(model, self.data, &self.heldout, &self.scale, cx)
    }

    /// [episodes] loss of `model` on held-out and calibration episodes: the denominator of R.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn reference(&self, model: &dyn WorldModel, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
        episode_losses(model, self.data, &self.reference, &self.scale, cx)
    }
}

/// The loss ratio R and its standard error: mean loss of `fresh` episodes over the mean loss of `reference` episodes.
pub fn ratio(fresh: &[f64], reference: &[f64]) -> (f64, f64) {
    let (mean, se) = stats::mean_se(fresh);
    let (base, _) = stats::mean_std(reference);
    (mean / base, se / base)
}

/// How large R gets by chance.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Chance {
    /// (1 − α) quantile of R over random groups of `n` reference episodes against the rest.
    pub quantile: f64,
    /// Share of the groups whose R is above the paper's 1.35 although nothing is new about them.
    pub false_alarms: f64,
    /// Reference episodes that the groups were drawn from.
    pub episodes: usize,
}

/// The paper's threshold of R (Chen et al., RLC 2025, section 4.2).
pub const PAPER_THRESHOLD: f64 = 1.35;
const GROUPS: usize = 1000;

/// Draws random groups of `n` episodes out of `reference` and holds each against the rest (FIELD, section 5, τ
/// "conformal"). Nothing if there are not at least `2 n` episodes.
pub fn chance(reference: &[f64], n: usize, alpha: f64, rng: &mut impl Rng) -> Option<Chance> {
    if n == 0 || reference.len() < 2 * n {
        return None;
    }
    let mut order: Vec<f64> = reference.to_vec();
    let mut ratios: Vec<f64> = (0..GROUPS)
        .map(|_| {
            order.shuffle(rng);
            ratio(&order[..n], &order[n..]).0
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let rank = (((GROUPS + 1) as f64 * (1.0 - alpha)).ceil() as usize).clamp(1, GROUPS);
    let alarms = ratios.iter().filter(|&&r| r > PAPER_THRESHOLD).count();
    Some(Chance { quantile: ratios[rank - 1], false_alarms: alarms as f64 / GROUPS as f64, episodes: reference.len() })
}

/// Probability of an R as large as that of `fresh` if fresh and reference episodes are exchangeable: the share of `groups`
/// random groups as large as `fresh`, drawn out of both together, with an R at least as large against the rest, `fresh` itself
/// counted. Losses that are no numbers count as infinite.
pub fn permutation_p(fresh: &[f64], reference: &[f64], groups: usize, rng: &mut impl Rng) -> f64 {
    let number = |v: &f64| if v.is_nan() { f64::INFINITY } else { *v };
    let mut all: Vec<f64> = fresh.iter().chain(reference).map(number).collect();
    // With the sum of all fixed, R rises with the sum of the group.
    let here = all[..fresh.len()].iter().sum::<f64>() * (1.0 - 1e-12);
    let as_large = (0..groups).filter(|_| all.partial_shuffle(rng, fresh.len()).0.iter().sum::<f64>() >= here).count();
    (1 + as_large) as f64 / (1 + groups) as f64
}

/// The smallest p-value that [`permutation_p`] can have of `n` fresh and `reference` episodes: one over the number of groups.
pub fn smallest_p(n: usize, reference: usize) -> f64 {
    (1..=n).map(|i| i as f64 / (reference + i) as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::seed::stream;

    #[test]
    fn equal_losses_give_a_ratio_of_one_and_no_chance_above_it() {
        let reference = vec![0.3; 12];
        assert!((ratio(&[0.3, 0.3], &reference).0 - 1.0).abs() < 1e-12);
        let c = chance(&reference, 4, 0.05, &mut stream(0, "t", 0)).expect("12 >= 8");
        assert!((c.quantile - 1.0).abs() < 1e-12 && c.false_alarms == 0.0);
    }

    #[test]
    fn the_papers_threshold_alarms_as_often_as_lognormal_losses_say() {
        // FIELD, section 5 (c): lognormal losses with a coefficient of variation of 0.5 and four episodes alarm in 9.0 %
        // of the checks against a known mean; against a sampled reference of 400 the share moves by a few points.
        let sigma = (1.0f64 + 0.25).ln().sqrt();
        let z = crate::world::net::init::normal(400, &mut stream(1, "t", 0));
        let reference: Vec<f64> = z.iter().map(|z| (sigma * f64::from(*z)).exp()).collect();
        let c = chance(&reference, 4, 0.05, &mut stream(0, "t", 0)).expect("enough");
        assert!((c.false_alarms - 0.09).abs() < 0.04, "{c:?}");
        assert!(c.quantile > 1.3 && c.quantile < 1.8, "{c:?}");
    }

    /// Squared errors on a scale are the mean of the episodes' losses on it.
    #[test]
    fn squared_errors_are_losses_on_any_scale() {
        use crate::agent::collect::{Collector, Limit};
        use crate::agent::policy::{Acting, Uniform};
        use crate::world::ensemble;
        let mut env = crate::env::make("CartPole-v1", 1, &[]).unwrap().unwrap();
        let policy = Uniform::new(env.spec().action_space.clone());
        let mut collector = Collector::new(3, "t", 0);
        collector.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(5), &Ctx::quiet()).unwrap();
        let data = collector.dataset(&*env).unwrap();
        let all: Vec<usize> = (0..5).collect();
        let options = crate::world::fit::FitOptions::default();
        let model = ensemble::fresh(&data.transitions(&all), &options, &mut stream(0, "t", 0));
        let errors = squared_errors(&model, &data, &Ctx::quiet()).unwrap();
        assert_eq!(errors.len(), 5);
        let wide = LossScale { delta: vec![0.5, 2.0, 1.0, 3.0], reward: 0.1 };
        for scale in [LossScale::new(&data, &all), wide] {
            let mean = stats::mean(&episode_losses(&model, &data, &all, &scale, &Ctx::quiet()).unwrap());
            // The same sums in another order.
            assert!((scale.loss(&errors) / mean - 1.0).abs() < 1e-9, "{} {mean}", scale.loss(&errors));
        }
    }

    #[test]
    fn too_few_episodes_promise_nothing() {
        assert_eq!(chance(&[1.0; 7], 4, 0.05, &mut stream(0, "t", 0)), None);
    }

    /// scipy 1.17.1: `permutation_test((fresh, reference), lambda x, y: x.mean() - y.mean(), alternative="greater")`, exact over
    /// all 126 groups: 11 of them are as large.
    #[test]
    fn the_permutation_p_is_scipys_exact_one() {
        const EXACT: f64 = 11.0 / 126.0;
        let (fresh, reference) = ([2.0, 1.0, 0.9, 1.4], [0.5, 0.8, 1.1, 0.7, 1.3]);
        let p = permutation_p(&fresh, &reference, 20_000, &mut stream(0, "p", 0));
        assert!((p - EXACT).abs() < 4.0 * (EXACT * (1.0 - EXACT) / 2e4f64).sqrt(), "{p}");
        assert!((smallest_p(4, 5) - 1.0 / 126.0).abs() < 1e-15 && (smallest_p(2, 8) - 1.0 / 45.0).abs() < 1e-15);
        assert!(permutation_p(&[f64::NAN], &[1.0; 9], 999, &mut stream(0, "p", 0)) < 0.2);
        assert!((permutation_p(&[1.0; 2], &[1.0; 3], 99, &mut stream(0, "p", 0)) - 1.0).abs() < 1e-15);
    }
}
