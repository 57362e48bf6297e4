//! What is measured of all episodes as they were recorded: ranges, actions, returns, quality against other datasets.

use crate::data::dataset::Dataset;
use crate::data::space::{Space, SpaceKind};
use crate::engine::opened::Opened;
use crate::engine::spec::CoverSpec;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::coverage::recorded::{self, Choices, Dimensions, Peers, Recorded};
use crate::metrics::coverage::whole;
use crate::metrics::report::Report;

/// The numbers under the name of the coverage's report. `reference` and `random` are other datasets of the same environment.
///
/// # Errors
/// Cancelled.
pub fn as_recorded(
    opened: &Opened,
    (reference, random): (Option<&Dataset>, Option<&Dataset>),
    spec: &CoverSpec,
    cx: &Ctx,
) -> Result<Report, Fault> {
    let origin = &opened.data.origin;
    let stem = origin.path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let peers = Peers {
        reference: reference.map(of_dataset),
        random: random.map(of_dataset),
        ids: [origin.dataset_id.clone(), origin.env_id.clone(), stem].into_iter().flatten().collect(),
    };
    let mut report = Report::new("coverage", "Coverage");
    whole::tell(&mut report, &of_episodes(&opened.data, &opened.episodes()), &peers, &spec.options.bootstrap, cx)?;
    Ok(report)
}

/// All episodes of a dataset, borrowed.
fn of_dataset(data: &Dataset) -> Recorded<'_> {
    of_episodes(data, &(0..data.num_episodes()).collect::<Vec<_>>())
}

/// The named episodes of a dataset, borrowed.
fn of_episodes<'a>(data: &'a Dataset, episodes: &[usize]) -> Recorded<'a> {
    let episode = |i| {
        let e = data.episode(i);
        recorded::Episode { states: &e.obs[..e.steps() * e.obs_dim], actions: e.actions, rewards: e.rewards }
    };
    Recorded {
        observation: dimensions(&data.obs_space),
        action: dimensions(&data.action_space),
        episodes: episodes.iter().copied().map(episode).collect(),
    }
}

fn dimensions(space: &Space) -> Dimensions {
    let choices = match space.kind {
        SpaceKind::Discrete { n, start } => Some(Choices { n, first: start }),
        SpaceKind::Box { .. } | SpaceKind::MultiDiscrete { .. } | SpaceKind::MultiBinary | SpaceKind::Unknown => None,
    };
    Dimensions { names: space.names.clone(), bounds: (0..space.dim()).map(|d| space.bounds(d)).collect(), choices }
}
