//! Training a world model, and a policy in its imagination.

use std::path::Path;
use std::sync::Arc;

use super::job::{Body, FitSpec, Outcome};
use super::workspace::Opened;
use super::{Emit, Workspace};
use crate::agent::learner::LearnerOptions;
use crate::checkpoint::{Checkpoint, native};
use crate::data::dataset::Dataset;
use crate::data::fingerprint::fingerprint;
use crate::data::split::SplitSpec;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;
use crate::topup::prepare::{self, Plan};
use crate::world::ensemble::Ensemble;
use crate::world::fit::FitOptions;

/// Trains and writes the checkpoint.
pub fn run(spec: &FitSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    writable(&spec.out)?;
    let opened = workspace.open(&spec.source, cx)?;
    let data = &opened.data;
    let from = opened.checkpoint.as_deref();
    trainable(&opened, from.and_then(|c| c.world_model.as_ref()))?;
    if spec.policy_steps > 0 {
        continuous(data)?;
    }
    let rows = data.transitions(&opened.split.train).len();
    let plan = Plan {
        fit: options(spec, rows),
        learner: LearnerOptions::default(),
        policy_steps: spec.policy_steps,
        seed: spec.seed,
    };
    let live = |report: Report| emit(Body::Report(Arc::new(report)));
    let mut checkpoint = prepare::fit(data, &opened.split, &plan, from, &live, cx)?;
    let lineage = &mut checkpoint.about.lineage;
    let fingerprint = fingerprint(data);
    let clean = from.is_none_or(|c| same_part(c, &fingerprint, spec.source.split));
    lineage.dataset = Some(fingerprint);
    lineage.dataset_name =
        Some(data.origin.dataset_id.clone().unwrap_or_else(|| data.origin.path.display().to_string()));
    // What went before may have seen these held-out episodes: then nobody can say that they were kept apart.
    lineage.split = clean.then_some(spec.source.split);
    lineage.parent = spec.source.checkpoint.as_ref().map(|path| path.display().to_string());
    native::save(&spec.out, &checkpoint).map_err(|e| Fault::failed(e.to_string()))?;
    let best = lineage_best(&checkpoint.about.lineage.curve);
    let summary = format!(
        "fitted {} members on {rows} transitions of {} episodes; held-out squared error {best} in units of the targets' \
         variance",
        plan.fit.members,
        opened.split.train.len()
    );
    Ok(Outcome { summary, written: vec![spec.out.clone()] })
}

/// True if the checkpoint was trained on the same part of the same data.
pub fn same_part(checkpoint: &Checkpoint, fingerprint: &str, split: SplitSpec) -> bool {
    let lineage = &checkpoint.about.lineage;
    lineage.dataset.as_deref() == Some(fingerprint) && lineage.split == Some(split)
}

fn lineage_best(curve: &[crate::checkpoint::CurvePoint]) -> String {
    let best = curve.iter().filter_map(|p| p.heldout).fold(f64::INFINITY, f64::min);
    if best.is_finite() { format!("{best:.2e}") } else { "unknown".into() }
}

/// One look at the held-out part a pass over `rows` transitions.
pub fn options(spec: &FitSpec, rows: usize) -> FitOptions {
    let defaults = FitOptions::default();
    FitOptions {
        members: spec.members,
        elites: spec.elites,
        hidden: spec.hidden,
        layers: spec.layers,
        check_every: rows.div_ceil(defaults.batch).max(1),
        checks: spec.epochs,
        patience: spec.patience,
        ..defaults
    }
}

/// Refuses data and models that cannot be trained on, before anything is spent.
pub fn trainable(opened: &Opened, from: Option<&Ensemble>) -> Result<(), Fault> {
    let data = &opened.data;
    let path = data.origin.path.display();
    for (part, episodes) in [("training", &opened.split.train), ("held-out", &opened.split.heldout)] {
        if data.transitions(episodes).is_empty() {
            return Err(Fault::bad(format!(
                "{path}: the {part} part has no usable transition (a next observation and no NaN or Inf); add episodes \
                 or choose another --split-seed"
            )));
        }
    }
    match from {
        Some(model) if model.deterministic || !model.learned_reward => Err(Fault::bad(
            "the checkpoint's world model cannot be trained on: it predicts no variance or no reward; train one with \
             oodscope fit without --checkpoint",
        )),
        _ => Ok(()),
    }
}

/// Refuses choices: the policy that learns in imagination acts in real numbers.
pub fn continuous(data: &Dataset) -> Result<(), Fault> {
    if !data.action_space.is_discrete() {
        return Ok(());
    }
    Err(Fault::bad(format!(
        "{}: its actions are choices, and the policy that learns in imagination acts in real numbers only; a world model \
         alone is trained by oodscope fit without --policy-steps",
        data.origin.path.display()
    )))
}

/// Refuses an output folder that cannot be written to, before anything is spent.
pub fn writable(folder: &Path) -> Result<(), Fault> {
    let try_it = || {
        std::fs::create_dir_all(folder)?;
        tempfile::NamedTempFile::new_in(folder).map(drop)
    };
    try_it().map_err(|e: std::io::Error| {
        Fault::bad(format!("{}: cannot be written to ({e}); choose another folder with --out", folder.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::{EpisodeSpan, Origin, Parts};
    use crate::data::space::{Space, SpaceKind};

    #[test]
    fn choices_are_refused_with_the_remedy() {
        let span = EpisodeSpan {
            id: 0,
            first_step: 0,
            steps: 1,
            first_obs: 0,
            obs_rows: 2,
            terminated: true,
            truncated: false,
        };
        let parts =
            Parts { spans: vec![span], obs: vec![0.0; 2], actions: vec![1.0], rewards: vec![1.0], next_obs: None };
        let discrete = Space { names: vec!["push".into()], kind: SpaceKind::Discrete { n: 2, start: 0 } };
        let make = |space| Dataset::from_parts(Origin::default(), Space::unnamed("obs", 1), space, parts.clone());
        let refused = continuous(&make(discrete).expect("fits")).expect_err("choices").to_string();
        assert!(refused.contains("--policy-steps"), "{refused}");
        assert_eq!(continuous(&make(Space::unnamed("action", 1)).expect("fits")), Ok(()));
    }

    #[test]
    fn a_pass_is_one_look() {
        let spec = FitSpec { epochs: 7, ..FitSpec::default() };
        let o = options(&spec, 1000);
        assert_eq!((o.check_every, o.checks, o.patience), (4, 7, spec.patience));
        assert_eq!(options(&spec, 1).check_every, 1);
    }

    #[test]
    fn a_file_is_no_folder_to_write_to() {
        let root = tempfile::tempdir().expect("a scratch folder");
        let file = root.path().join("file");
        std::fs::write(&file, "").expect("writes");
        let refused = writable(&file.join("out")).expect_err("a file").to_string();
        assert!(refused.contains("--out") && refused.contains("file"), "{refused}");
        assert_eq!(writable(&root.path().join("a/b")), Ok(()));
        let left = std::fs::read_dir(root.path().join("a/b")).expect("was made").count();
        assert_eq!(left, 0);
    }
}
