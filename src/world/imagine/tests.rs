use super::*;
use crate::data::episode::TransitionBatch;
use crate::data::space::Space;
use crate::ground::task::Cancel;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::{Activation, Layer, Mlp};
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::Feedback;

/// One observation, one action; member e predicts Δ = e · action, reward = obs, log-variance near `[0, 2 ln 3]`.
pub(super) fn linear(members: usize, elites: &[usize]) -> Ensemble {
    let weight: Vec<f32> =
        (0..members).flat_map(|e| [[0.0, 1.0, 0.0, 0.0], [e as f32, 0.0, 0.0, 0.0]].concat()).collect();
    let bias: Vec<f32> = (0..members).flat_map(|_| [0.0, 0.0, 0.0, 2.0 * 3.0f32.ln()]).collect();
    let net = Mlp::new(members, Activation::Relu, vec![Layer { inputs: 2, outputs: 4, weight, bias }]).unwrap();
    let model = Ensemble {
        obs_dim: 1,
        action_dim: 1,
        learned_reward: true,
        learned_termination: false,
        deterministic: false,
        net,
        input: Normalizer::identity(2),
        target: Normalizer::identity(2),
        // So wide that the soft bounds change nothing.
        min_logvar: vec![-40.0; 2],
        max_logvar: vec![40.0; 2],
        elites: elites.to_vec(),
        absolute: Vec::new(),
        seen: Vec::new(),
    };
    model.check().unwrap();
    model
}

/// [`open_loop`] from single observations with single actions.
fn along(model: &Ensemble, starts: &[f32], actions: &[f32], horizon: usize, cx: &Ctx) -> Result<Rollouts, Cancelled> {
    let space = Space::unnamed("action", 1);
    let past = SequenceBatch::present(starts, 1, Actions::new(&space, Vec::new()));
    open_loop(model, &past, &Actions::new(&space, actions), horizon, None, cx)
}

fn batch(obs: &[f32], action: &[f32]) -> TransitionBatch {
    TransitionBatch {
        obs: obs.to_vec(),
        action: action.to_vec(),
        reward: vec![0.0; obs.len()],
        next_obs: obs.to_vec(),
        ..TransitionBatch::empty(1, 1)
    }
}

#[test]
fn the_mean_of_the_elites_is_fed_back() {
    let model = linear(3, &[1, 2]);
    let r = along(&model, &[0.0, 10.0], &[1.0, 2.0, 0.0, 0.0], 2, &Ctx::quiet()).unwrap();
    assert_eq!(r.obs, [0.0, 1.5, 4.5, 10.0, 10.0, 10.0]);
    assert_eq!(r.reward.as_deref(), Some(&[0.0, 1.5, 10.0, 10.0][..]));
    // Members 0, 1, 2 times the action: the deviation of {0, 1, 2} is sqrt(2/3), whoever is elite.
    let unit = (2.0f64 / 3.0).sqrt() as f32;
    let want = [unit, 2.0 * unit, 0.0, 0.0];
    assert!(r.disagreement.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-6), "{:?}", r.disagreement);
    assert_eq!(r.member_std, r.disagreement);
    assert_eq!(r.obs_at(0, 2), [4.5]);
}

#[test]
fn a_member_alone_is_fed_back() {
    let (model, space) = (linear(3, &[1, 2]), Space::unnamed("action", 1));
    let past = SequenceBatch::present(vec![0.0], 1, Actions::new(&space, Vec::new()));
    let actions = Actions::new(&space, vec![1.0, 2.0]);
    let r = open_loop(&model, &past, &actions, 2, Some(2), &Ctx::quiet()).unwrap();
    assert_eq!(r.obs, [0.0, 2.0, 6.0]);
}

#[test]
fn one_step_has_the_penalties_of_mopo_and_offlinerl_kit() {
    let mut model = linear(3, &[0, 1, 2]);
    model.target.std = vec![2.0, 1.0];
    let o = one_step(&model, &batch(&[5.0], &[1.0]), &Ctx::quiet()).unwrap();
    assert_eq!((o.next_obs[0], o.reward.as_ref().unwrap()[0]), (7.0, 5.0));
    let unit = (2.0f32 / 3.0).sqrt();
    assert!((o.disagreement[0] - 2.0 * unit).abs() < 1e-6);
    assert!((o.disagreement_scaled[0] - unit).abs() < 1e-6);
    assert!((o.ensemble_std[0] - 2.0 * unit).abs() < 1e-6);
    // Members at 5, 7, 9: the farthest is 2 away from the mean.
    assert!((o.pairwise_diff[0] - 2.0).abs() < 1e-6);
    let mut state = model.begin(&batch(&[5.0], &[1.0]).pasts(&[0], 1));
    let said = model.step(&mut state, &batch(&[5.0], &[1.0]).actions(0..1), Feedback::Mean).prediction;
    assert_eq!(disagreement(&model, &said), o.disagreement_scaled);
    assert_eq!(mopo_penalty(&said), o.aleatoric_max);
    // Deviations 1 and 3, of which the first is in units of the target's 2.
    assert!((o.aleatoric_max.unwrap()[0] - 13.0f32.sqrt()).abs() < 1e-5);
}

#[test]
fn chunks_and_rows_do_not_mix() {
    let model = linear(2, &[0, 1]);
    let k = CHUNK + 7;
    let starts: Vec<f32> = (0..k).map(|i| i as f32).collect();
    let actions: Vec<f32> = (0..k * 2).map(|i| (i % 5) as f32).collect();
    let all = along(&model, &starts, &actions, 2, &Ctx::quiet()).unwrap();
    for i in [0, CHUNK - 1, CHUNK, k - 1] {
        let one = along(&model, &starts[i..=i], &actions[2 * i..2 * i + 2], 2, &Ctx::quiet()).unwrap();
        assert_eq!(one.obs, all.obs[3 * i..3 * i + 3], "start {i}");
    }
    let n = one_step(&model, &batch(&starts, &actions[..k]), &Ctx::quiet()).unwrap();
    assert_eq!((n.rows.len(), n.next_obs.len(), n.disagreement.len()), (k, k, k));
}

#[test]
fn nothing_is_imagined_from_nothing() {
    let model = linear(2, &[0, 1]);
    assert!(along(&model, &[], &[], 5, &Ctx::quiet()).unwrap().obs.is_empty());
    assert_eq!(along(&model, &[3.0], &[], 0, &Ctx::quiet()).unwrap().obs, [3.0]);
    assert!(one_step(&model, &batch(&[], &[]), &Ctx::quiet()).unwrap().next_obs.is_empty());
}

#[test]
fn a_cancel_stops_both() {
    let cancel = Cancel::default();
    cancel.cancel();
    let cx = Ctx::new(cancel, |_| {});
    let model = linear(2, &[0, 1]);
    assert_eq!(along(&model, &[0.0], &[1.0], 1, &cx), Err(Cancelled));
    assert_eq!(one_step(&model, &batch(&[0.0], &[1.0]), &cx), Err(Cancelled));
}

/// At 3e6 neighbouring single-precision numbers are 0.25 apart; members that differ by a hundredth still do.
#[test]
fn small_spreads_survive_large_states() {
    let model = linear(3, &[0, 1, 2]);
    let o = one_step(&model, &batch(&[3e6], &[0.01]), &Ctx::quiet()).unwrap();
    assert!((o.disagreement[0] - 0.01 * (2.0f32 / 3.0).sqrt()).abs() < 1e-6, "{}", o.disagreement[0]);
}

#[test]
fn a_broken_member_shows() {
    let mut model = linear(2, &[0]);
    model.net.layers[0].weight[8] = f32::NAN;
    let o = one_step(&model, &batch(&[1.0], &[1.0]), &Ctx::quiet()).unwrap();
    assert!(o.next_obs[0].is_finite() && o.disagreement[0].is_nan() && o.pairwise_diff[0].is_nan());
}
