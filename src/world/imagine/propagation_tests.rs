use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::tests::linear;
use super::*;
use crate::data::space::Space;
use crate::ground::seed::{Stream, stream};
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::{Activation, Layer, Mlp};
use crate::world::net::normalizer::Normalizer;

/// [`propagated`] from single observations with single actions.
fn along(model: &Ensemble, starts: &[f32], actions: &[f32], horizon: usize, how: (Propagation, u64)) -> Rollouts {
    let space = Space::unnamed("action", 1);
    let past = SequenceBatch::present(starts, model.obs_dim, Actions::new(&space, Vec::new()));
    propagated(model, &past, &Actions::new(&space, actions), horizon, how, &Ctx::quiet()).unwrap()
}

/// Two starts over three steps under a model whose member e adds e times the action and noise of deviation 1, one number after
/// the other: `chosen` says which member a row goes on from.
fn by_hand(
    starts: [f32; 2],
    actions: &[f32],
    rng: &mut Stream,
    chosen: impl Fn(usize, &mut Stream) -> usize,
) -> Vec<f32> {
    let mut at = starts;
    let mut out = [vec![starts[0]], vec![starts[1]]];
    for h in 0..3 {
        for k in 0..2 {
            let member = chosen(k, rng);
            let noise: f32 = StandardNormal.sample(rng);
            at[k] += member as f32 * actions[k * 3 + h] + noise;
            out[k].push(at[k]);
        }
    }
    out.concat()
}

#[test]
fn draws_are_those_of_a_loop_over_rows_and_steps() {
    let (model, elites) = (linear(3, &[1, 2]), [1, 2]);
    let (starts, actions) = ([0.0, 10.0], [1.0, 2.0, -1.0, 0.5, 4.0, 3.0]);
    let near = |a: &[f32], b: &[f32]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
    let mut rng = stream(5, "propagation", 0);
    let want = by_hand(starts, &actions, &mut rng, |_, rng| elites[rng.random_range(0..2)]);
    let ts1 = along(&model, &starts, &actions, 3, (Propagation::Ts1, 5));
    assert!(near(&ts1.obs, &want), "{:?} {want:?}", ts1.obs);
    let mut rng = stream(5, "propagation", 0);
    let members = [elites[rng.random_range(0..2)], elites[rng.random_range(0..2)]];
    let want = by_hand(starts, &actions, &mut rng, |row, _| members[row]);
    let inf = along(&model, &starts, &actions, 3, (Propagation::TsInf, 5));
    assert!(near(&inf.obs, &want), "{:?} {want:?}", inf.obs);
    // The reward is that of the observation gone on from; disagreement that of all members there.
    assert_eq!(ts1.reward.as_deref().map(|r| r[1]), Some(ts1.obs[1]));
    assert_eq!(along(&model, &starts, &actions, 3, (Propagation::Ts1, 5)), ts1);
    assert_ne!(along(&model, &starts, &actions, 3, (Propagation::Ts1, 6)).obs, ts1.obs);
    assert!(ts1.members.is_empty() && inf.members.is_empty());
}

#[test]
fn the_mean_is_the_open_loop_to_the_bit() {
    let (model, space) = (linear(3, &[1, 2]), Space::unnamed("action", 1));
    let (starts, actions) = ([0.3f32, 10.7], [1.0f32, 2.2, -1.3, 0.5, 4.0, 3.0]);
    let past = SequenceBatch::present(&starts[..], 1, Actions::new(&space, Vec::new()));
    let plain = open_loop(&model, &past, &Actions::new(&space, &actions[..]), 3, None, &Ctx::quiet()).unwrap();
    assert_eq!(along(&model, &starts, &actions, 3, (Propagation::Mean, 9)), plain);
}

#[test]
fn every_member_keeps_to_itself() {
    let model = linear(3, &[1, 2]);
    let r = along(&model, &[0.0], &[1.0, 2.0], 2, (Propagation::Members, 0));
    // Member e is at e after the first action and at 3 e after the second.
    let own: [&[f32]; 3] = [&[0.0, 0.0, 0.0], &[0.0, 1.0, 3.0], &[0.0, 2.0, 6.0]];
    assert_eq!(r.members, own);
    assert_eq!(r.obs, [0.0, 1.5, 4.5]);
    assert_eq!(r.reward.as_deref(), Some(&[0.0, 1.5][..]));
    let unit = (2.0f32 / 3.0).sqrt();
    assert!((r.member_std[0] - unit).abs() < 1e-6 && (r.disagreement[1] - 3.0 * unit).abs() < 1e-6);
}

/// `s' = A s + b_e + ε` of two dimensions; ε has the deviations (0.5, 0.2), whoever says it.
fn gaussian(offsets: &[[f32; 2]]) -> Ensemble {
    let log = |deviation: f32| 2.0 * deviation.ln();
    // Δ = (A - 1) s; the action is not used.
    let weight: Vec<f32> =
        offsets.iter().flat_map(|_| [[-0.1, -0.3, 0.0, 0.0], [0.2, -0.2, 0.0, 0.0], [0.0; 4]].concat()).collect();
    let bias: Vec<f32> = offsets.iter().flat_map(|b| [b[0], b[1], log(0.5), log(0.2)]).collect();
    let members = offsets.len();
    let model = Ensemble {
        obs_dim: 2,
        learned_reward: false,
        net: Mlp::new(members, Activation::Relu, vec![Layer { inputs: 3, outputs: 4, weight, bias }]).unwrap(),
        input: Normalizer::identity(3),
        target: Normalizer::identity(2),
        min_logvar: vec![-40.0; 2],
        max_logvar: vec![40.0; 2],
        ..linear(members, &(0..members).collect::<Vec<_>>())
    };
    model.check().unwrap();
    model
}

type Square = [[f64; 2]; 2];

fn times(a: Square, b: Square) -> Square {
    std::array::from_fn(|i| std::array::from_fn(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]))
}

fn sum(a: Square, b: Square) -> Square {
    std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] + b[i][j]))
}

fn around(a: Square, s: Square) -> Square {
    times(times(a, s), [[a[0][0], a[1][0]], [a[0][1], a[1][1]]])
}

/// Population covariance of rows of two numbers.
fn covariance(rows: &[[f64; 2]]) -> Square {
    let n = rows.len() as f64;
    let mean: [f64; 2] = std::array::from_fn(|c| rows.iter().map(|r| r[c]).sum::<f64>() / n);
    std::array::from_fn(|i| {
        std::array::from_fn(|j| rows.iter().map(|r| (r[i] - mean[i]) * (r[j] - mean[j])).sum::<f64>() / n)
    })
}

/// A linear model keeps the covariance in closed form. TS1 adds that of the members at every step,
/// Σ_{i<h} Aⁱ (Σ + Cov b) Aⁱᵀ; TS∞ carries each member's offset through, Σ_{i<h} Aⁱ Σ Aⁱᵀ + Cov((Σ_{i<h} Aⁱ) b).
#[test]
fn the_spread_of_draws_is_the_closed_form_of_a_linear_model() {
    const HORIZON: usize = 5;
    const DRAWN: usize = 20_000;
    let offsets = [[0.6, -0.3], [-0.2, 0.4], [0.1, 0.5]];
    // Inputs are the rows of the weights: s'_0 = 0.9 s_0 + 0.2 s_1, s'_1 = -0.3 s_0 + 0.8 s_1.
    let (a, noise) = ([[0.9, 0.2], [-0.3, 0.8]], [[0.25, 0.0], [0.0, 0.04]]);
    let doubt = covariance(&offsets);
    let model = gaussian(&offsets.map(|b| b.map(|v| v as f32)));
    let starts = [1.0f32, -2.0].repeat(DRAWN);
    let actions = vec![0.0; DRAWN * HORIZON];
    let drawn = |mode| along(&model, &starts, &actions, HORIZON, (mode, 1));
    let (ts1, inf) = (drawn(Propagation::Ts1), drawn(Propagation::TsInf));
    let (mut power, mut carried) = ([[1.0, 0.0], [0.0, 1.0]], [[0.0; 2]; 2]);
    let (mut of_ts1, mut of_noise) = ([[0.0; 2]; 2], [[0.0; 2]; 2]);
    for h in 1..=HORIZON {
        of_ts1 = sum(of_ts1, around(power, sum(noise, doubt)));
        of_noise = sum(of_noise, around(power, noise));
        carried = sum(carried, power);
        power = times(power, a);
        let of_inf = sum(of_noise, around(carried, doubt));
        for (rollouts, want) in [(&ts1, of_ts1), (&inf, of_inf)] {
            let rows: Vec<[f64; 2]> =
                (0..DRAWN).map(|k| std::array::from_fn(|c| f64::from(rollouts.obs_at(k, h)[c]))).collect();
            let got = covariance(&rows);
            for i in 0..2 {
                for j in 0..2 {
                    // Five standard errors of a covariance of so many normal draws, sqrt(2 / 20 000) of the variances.
                    let tolerance = 0.05 * (want[i][i] * want[j][j]).sqrt();
                    assert!((got[i][j] - want[i][j]).abs() < tolerance, "h {h} ({i}, {j}): {got:?} {want:?}");
                }
            }
        }
    }
}
