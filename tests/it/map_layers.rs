//! What a map shows besides the density, held against its own arithmetic.

use std::path::Path;
use std::sync::Mutex;

use oodscope::engine::job::{CoverSpec, JobSpec, MapSpec, PolicySpec, Source};
use oodscope::engine::{self, Workspace};
use oodscope::ground::task::Ctx;
use oodscope::metrics::report::{Along, Report};
use oodscope::world::imagine::one_step;

fn shipped(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn source() -> Source {
    Source {
        dataset: shipped("datasets/pendulum/narrow-v0"),
        checkpoint: Some(shipped("assets/pendulum-narrow")),
        ..Source::default()
    }
}

/// The maps of one job, in the order in which they came.
fn maps(workspace: &Workspace, episodes: usize, axes: (Along, Along)) -> Vec<Report> {
    let policy = PolicySpec { episodes, ..PolicySpec::default() };
    let cover = CoverSpec { source: source(), policy, ..CoverSpec::default() };
    let seen = Mutex::new(Vec::new());
    let spec = JobSpec::Map(MapSpec { cover, axes: Some(axes), episode: None });
    engine::run(&spec, workspace, &Ctx::quiet(), &|event| seen.lock().unwrap().push(event)).unwrap();
    seen.into_inner().unwrap()
}

#[test]
fn the_model_error_of_a_map_is_that_of_the_held_out_steps() {
    let workspace = Workspace::default();
    let seen = maps(&workspace, 0, (Along::Dimension(0), Along::Dimension(2)));
    assert_eq!(seen.len(), 2, "at once what is known, then what is measured of model and actions");
    let keys = |r: &Report| r.maps[0].layers.iter().map(|l| l.key.clone()).collect::<Vec<_>>();
    assert_eq!(
        (keys(&seen[0]), keys(&seen[1])),
        (vec!["novelty".into()], vec!["novelty".into(), "model_error".into(), "action_diversity".into()])
    );
    let map = &seen[1].maps[0];
    let got = map.layers[1].at((map.x_range, map.y_range)).unwrap();

    let opened = workspace.open(&source(), &Ctx::quiet()).unwrap();
    let d = opened.data.obs_dim();
    let train = opened.data.transitions(&opened.split.train);
    let deviation = |c: usize| {
        let change: Vec<f64> =
            (0..train.len()).map(|i| f64::from(train.next_obs_at(i)[c]) - f64::from(train.obs_at(i)[c])).collect();
        let mean = change.iter().sum::<f64>() / change.len() as f64;
        (change.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / change.len() as f64).sqrt()
    };
    let std: Vec<f64> = (0..d).map(deviation).collect();
    let heldout = opened.data.transitions(&opened.split.heldout);
    let model = opened.checkpoint.as_ref().unwrap().world_model.as_deref().unwrap();
    let predicted = one_step(model, &heldout, &Ctx::quiet()).unwrap();
    let error = |i: usize| {
        let square = |c: usize| {
            let far = f64::from(predicted.next_obs[i * d + c]) - f64::from(heldout.next_obs_at(i)[c]);
            (far / std[c]).powi(2)
        };
        ((0..d).map(square).sum::<f64>() / d as f64).sqrt()
    };
    let wanted = (0..heldout.len()).map(error).sum::<f64>() / heldout.len() as f64;
    // Errors are kept as f32.
    assert!((got - wanted).abs() < 1e-6 * wanted, "{got} beside {wanted}");
}

#[test]
fn the_rollouts_of_a_map_are_counted_and_any_two_axes_are_drawn() {
    let workspace = Workspace::default();
    let seen = maps(&workspace, 3, (Along::Dimension(2), Along::Action(0)));
    let map = &seen.last().unwrap().maps[0];
    let keys: Vec<&str> = map.layers.iter().map(|l| l.key.as_str()).collect();
    assert_eq!(keys, ["rollouts", "novelty", "model_error", "action_diversity"]);
    // Three episodes of 200 steps.
    let counted = map.layers[0].at((map.x_range, map.y_range)).unwrap();
    assert_eq!(counted, 600.0);
    let (w, h, values) = map.layers[0].view((map.x_range, map.y_range), 16, 16);
    assert_eq!((w, h, values.iter().sum::<f64>()), (16, 16, counted));
    assert_eq!((map.overlays.len(), map.layers[0].label.as_str()), (3, "Rollout states"));
    // The map goes beyond the data by half of what they span, and these returns are far worse: that is said.
    let seen = maps(&workspace, 3, (Along::Return, Along::Action(0)));
    let map = &seen.last().unwrap().maps[0];
    assert_eq!(map.x_axis.label, "return");
    assert_eq!(map.layers[0].label, "Rollout states (600 of 600 lie beyond the map)");
    let returns: Vec<f64> = map.overlays.iter().map(|o| o.x[0]).collect();
    assert!(map.overlays.iter().all(|o| o.x.iter().all(|x| (x - o.x[0]).abs() < 1e-9)), "{returns:?}");
    assert!(map.marks.is_empty(), "holes are of dimensions");
}
