//! What the tests of every recurrent state-space model ask of it: a model of two observation columns and one action that filters
//! three observations.

use crate::data::sequence::SequenceBatch;
use crate::data::space::{Actions, Space};
use crate::ground::seed::stream;
use crate::world::latent::features;
use crate::world::world_model::{Feedback, ImaginedStep, WorldModel};

/// Whether numbers are the same: matrices of another height are multiplied in another order.
pub type Near = fn(&[f32], &[f32]) -> bool;

/// `rows` stretches of three observations, with actions within ±3 / `less`.
pub fn past(rows: usize, space: &Space, less: f32) -> SequenceBatch<'_> {
    let value = |i: usize| (i as f32 * 1.7).cos() * 3.0;
    SequenceBatch {
        rows,
        steps: 2,
        obs_dim: 2,
        obs: (0..rows * 6).map(value).collect::<Vec<f32>>().into(),
        actions: Actions::new(space, (0..rows * 2).map(|i| value(i + 50) / less).collect::<Vec<f32>>()),
    }
}

/// Rows do not know of each other, and those that are kept go on as they would have.
pub fn rows_are_apart(model: &dyn WorldModel, less: f32, near: Near) {
    let space = Space::unnamed("action", 1);
    let whole = past(4, &space, less);
    let actions = |rows: &[f32]| Actions::new(&space, rows.to_vec());
    let mut all = model.begin(&whole);
    let first = model.step(&mut all, &actions(&[0.1, 0.2, 0.3, 0.4]), Feedback::Mean);
    let members = model.dims().members;
    assert_eq!((first.prediction.members, first.prediction.rows), (members, 4));
    let second = model.step(&mut all, &actions(&[-0.1, -0.2, -0.3, -0.4]), Feedback::Member(0));
    let mut one = model.begin(&whole.part(2..3));
    let alone = model.step(&mut one, &actions(&[0.3]), Feedback::Mean).prediction.next_obs;
    // Of every member the columns of one row.
    let row = |said: &ImaginedStep, r: usize| -> Vec<f32> {
        (0..members).flat_map(|e| said.prediction.next_obs[8 * e + 2 * r..8 * e + 2 * r + 2].to_vec()).collect()
    };
    assert!(near(&alone, &row(&first, 2)), "{alone:?}");
    let mut kept = model.begin(&whole);
    let _ = model.step(&mut kept, &actions(&[0.1, 0.2, 0.3, 0.4]), Feedback::Mean);
    model.keep(&mut kept, &[3, 2]);
    let after = model.step(&mut kept, &actions(&[-0.4, -0.3]), Feedback::Member(0));
    let (third, fourth) = (row(&second, 3), row(&second, 2));
    let want: Vec<f32> = third.chunks_exact(2).zip(fourth.chunks_exact(2)).flat_map(|(a, b)| [a, b].concat()).collect();
    assert!(near(&after.prediction.next_obs, &want) && near(&kept.obs, &want[..4]), "{after:?}");
    let rewards = second.reward.unwrap();
    assert!(near(&after.reward.unwrap(), &[rewards[3], rewards[2]]));
    assert_eq!(model.features(&kept).len(), 2 * model.dims().feature);
}

/// Followed step by step, an episode is where filtering all of it at once begins to imagine; and what is decoded of a state is what
/// a step that leads there says.
pub fn following_is_filtering(model: &dyn WorldModel, less: f32, near: Near) {
    let space = Space::unnamed("action", 1);
    let (whole, f) = (past(2, &space, less), model.dims().feature);
    let want = model.begin(&whole);
    assert!(model.remembers());
    for row in 0..2 {
        let one = whole.part(row..row + 1);
        let mut here = model.observe(None, &one.obs[..2]).unwrap();
        for t in 1..3 {
            let taken = Actions::new(&space, &one.actions.stored()[t - 1..t]);
            here = model.observe(Some((&here, &taken)), &one.obs[2 * t..2 * t + 2]).unwrap();
        }
        assert!(near(model.features(&here), &model.features(&want)[row * f..(row + 1) * f]));
    }
    let mut state = model.begin(&whole);
    let step = model.step(&mut state, &Actions::new(&space, vec![0.3, -0.4]), Feedback::Mean);
    assert!(near(&model.decoded(&state).unwrap(), &step.prediction.mean_next_obs(&model.elites())));
    // Features are all that it goes on from.
    let mut there = model.at(want.obs.clone(), model.features(&want).to_vec()).unwrap();
    let again = model.step(&mut there, &Actions::new(&space, vec![0.3, -0.4]), Feedback::Mean);
    assert!(near(&again.prediction.next_obs, &step.prediction.next_obs));
    let both = model.observe(None, &[whole.obs[..2].to_vec(), whole.obs[6..8].to_vec()].concat()).unwrap();
    let alone = model.observe(None, &whole.obs[6..8]).unwrap();
    assert!(near(&model.features(&both)[f..], model.features(&alone)));
}

/// 4,000 draws of one state: the frequency of each class, of groups of `classes`, is within 4 standard errors of the probability
/// that `logits` says of the features of one row and the action 0.5.
pub fn draws_follow_the_prior(model: &dyn WorldModel, classes: usize, logits: impl Fn(&[f32]) -> Vec<f32>) {
    let space = Space::unnamed("action", 1);
    let n = 4000;
    let one = past(1, &space, 1.0);
    let many = SequenceBatch {
        rows: n,
        obs: one.obs.repeat(n).into(),
        actions: Actions::new(&space, one.actions.stored().repeat(n)),
        ..one.clone()
    };
    let mut state = model.begin(&many);
    let width = model.dims().feature;
    let logits = logits(&features(&state)[..width]);
    let mut rng = stream(3, "draws", 0);
    let _ = model.step(&mut state, &Actions::new(&space, vec![0.5; n]), Feedback::Sampled(&mut rng));
    let drawn = features(&state);
    for (g, group) in logits.chunks_exact(classes).enumerate() {
        let whole: f64 = group.iter().map(|v| f64::from(*v).exp()).sum();
        for (c, logit) in group.iter().enumerate() {
            let p = f64::from(*logit).exp() / whole;
            // The latents stand last.
            let at = width - logits.len() + g * classes + c;
            let share = drawn.chunks_exact(width).filter(|row| row[at] > 0.5).count() as f64 / n as f64;
            assert!((share - p).abs() < 4.0 * (p * (1.0 - p) / n as f64).sqrt() + 1e-3, "{g} {c}: {share} of {p}");
        }
    }
}
