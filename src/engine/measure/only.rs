//! Which episodes everything is about.

use super::{audit, episode_scores, episode_table};
use crate::data::dataset::Dataset;
use crate::data::table;
use crate::engine::opened::Opened;
use crate::engine::spec::{Filter, Only, Within};
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;

/// Numbers of the episodes of `whole`, all of whose episodes are open, that `only` asks for; in ascending order and never none.
///
/// # Errors
/// A sentence where the condition is not understood, a dimension is not there, or no episode is left; or cancelled.
pub fn chosen(whole: &Opened, only: &Only, cx: &Ctx) -> Result<Vec<usize>, Fault> {
    let mut episodes = meeting(whole, only.condition.as_deref(), cx)?;
    if !only.within.is_empty() {
        let region = region(&whole.data, &only.within)?;
        let phase = cx.phase("looking for the region");
        let n = episodes.len();
        let mut kept = Vec::new();
        for (done, &episode) in episodes.iter().enumerate() {
            phase.step(done as u64, n as u64)?;
            if passes(&whole.data, episode, &region) {
                kept.push(episode);
            }
        }
        episodes = kept;
    }
    if episodes.is_empty() {
        let of = counted(whole.data.num_episodes(), "episodes");
        return Err(Fault::bad(format!("none of {of} meets: {}", only.words())));
    }
    Ok(episodes)
}

/// The episodes that meet a condition on the columns of their table.
fn meeting(whole: &Opened, condition: Option<&str>, cx: &Ctx) -> Result<Vec<usize>, Fault> {
    let Some(condition) = condition else { return Ok(whole.episodes()) };
    let filter = Filter { condition: Some(condition.to_owned()), ..Filter::default() };
    let mut known = episode_table::known(whole, audit::audited(whole, cx)?.flags(&whole.data));
    if episode_table::asks_for_scores(&filter, whole)? {
        known.scores = episode_scores::measure(whole, cx)?;
    }
    let frame = episode_table::selected(whole, &known, &filter)?;
    let mut episodes = table::indices(&frame).map_err(|e| Fault::bad(e.to_string()))?;
    episodes.sort_unstable();
    Ok(episodes)
}

/// Columns of the observation with the range that is asked for.
fn region(data: &Dataset, within: &[Within]) -> Result<Vec<(usize, f64, f64)>, Fault> {
    let names = &data.obs_space.names;
    let column = |w: &Within| {
        let at = names.iter().position(|name| *name == w.dimension);
        at.map(|at| (at, w.from, w.to)).ok_or_else(|| {
            Fault::bad(format!("no dimension is called '{}'; there are {}", w.dimension, names.join(", ")))
        })
    };
    within.iter().map(column).collect()
}

/// True if some observation of the episode lies within the region.
fn passes(data: &Dataset, episode: usize, region: &[(usize, f64, f64)]) -> bool {
    let e = data.episode(episode);
    e.obs.chunks_exact(e.obs_dim.max(1)).any(|row| {
        region.iter().all(|&(at, from, to)| row.get(at).is_some_and(|v| (from..=to).contains(&f64::from(*v))))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::data::dataset::{Origin, Parts};
    use crate::data::episode::EpisodeSpan;
    use crate::data::space::Space;
    use crate::engine::spec::Source;

    /// Six episodes of two steps; episode i begins at i and its return is i.
    fn opened() -> Opened {
        let span = |i: usize| EpisodeSpan {
            id: i as u64,
            first_step: 2 * i,
            steps: 2,
            first_obs: 2 * i,
            obs_rows: 2,
            terminated: i.is_multiple_of(2),
            truncated: false,
        };
        let parts = Parts {
            spans: (0..6).map(span).collect(),
            obs: (0..6).flat_map(|i| [i as f32, -1.0, i as f32 + 0.5, 1.0]).collect(),
            actions: vec![0.0; 12],
            rewards: (0..6).flat_map(|i| [f64::from(i), 0.0]).collect(),
            next_obs: None,
        };
        let names = Space { names: vec!["x".into(), "y".into()], ..Space::unnamed("obs", 2) };
        let data =
            Dataset::from_parts(Origin::default(), names, Space::unnamed("action", 1), parts).expect("parts fit");
        Opened::new(Source::default(), Arc::new(data))
    }

    fn within(dimension: &str, from: f64, to: f64) -> Within {
        Within { dimension: dimension.into(), from, to }
    }

    #[test]
    fn a_condition_and_a_region_choose_episodes() {
        let (opened, cx) = (opened(), Ctx::quiet());
        let of = |only: &Only| chosen(&opened, only, &cx).expect("understood");
        let condition = |text: &str| Only { condition: Some(text.into()), ..Only::default() };
        assert_eq!(of(&Only::default()), [0, 1, 2, 3, 4, 5]);
        assert_eq!(of(&condition("return >= 2 AND NOT terminated")), [3, 5]);
        // One state must lie within all ranges: y is positive only where x is half a step further.
        let region = vec![within("x", 2.0, 4.0), within("y", 0.0, 2.0)];
        assert_eq!(of(&Only { within: region.clone(), condition: None }), [2, 3]);
        assert_eq!(of(&Only { within: region, ..condition("return > 2") }), [3]);
    }

    #[test]
    fn what_cannot_be_chosen_is_said() {
        let (opened, cx) = (opened(), Ctx::quiet());
        let fails = |only: Only| chosen(&opened, &only, &cx).expect_err("refused").to_string();
        assert!(fails(Only { condition: Some("retrun > 1".into()), ..Only::default() }).contains("retrun"));
        assert!(fails(Only { within: vec![within("z", 0.0, 1.0)], ..Only::default() }).contains("there are x, y"));
        let none = fails(Only { within: vec![within("x", 90.0, 91.0)], ..Only::default() });
        assert!(none.contains("none of 6 episodes meets: x in [90, 91]"), "{none}");
    }
}
