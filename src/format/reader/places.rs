//! Episodes put where they belong, in whatever order they come.

use std::ops::Range;
use std::path::Path;

use super::Width;
use crate::data::dataset::{Dataset, Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::Space;
use crate::format::finite;
use crate::ground::fault::Fault;

/// The columns of the kept episodes, filled block by block.
pub(super) struct Places {
    /// Kept blocks in the order of the file, with the place of their first episode among the kept ones.
    blocks: Vec<(Range<usize>, usize)>,
    parts: Parts,
    /// Of the first block that came.
    spaces: Option<(Space, Space)>,
    /// Episodes whose own next observations are in place.
    settled: Vec<bool>,
    width: Width,
}

impl Places {
    pub fn new(lengths: &[usize], width: Width, kept: &[Range<usize>]) -> Self {
        let mut ranges = kept.to_vec();
        ranges.sort_by_key(|r| r.start);
        let (mut parts, mut blocks) = (Parts::default(), Vec::new());
        let (mut first_step, mut first_obs) = (0, 0);
        for range in ranges {
            blocks.push((range.clone(), parts.spans.len()));
            for &steps in &lengths[range] {
                let obs_rows = steps + width.extra;
                let (terminated, truncated) = (false, false);
                parts.spans.push(EpisodeSpan { id: 0, first_step, steps, first_obs, obs_rows, terminated, truncated });
                (first_step, first_obs) = (first_step + steps, first_obs + obs_rows);
            }
        }
        parts.obs = vec![0.0; first_obs * width.obs];
        parts.actions = vec![0.0; first_step * width.action];
        parts.rewards = vec![0.0; first_step];
        Self { blocks, settled: vec![false; parts.spans.len()], parts, spaces: None, width }
    }

    /// Takes the block that begins with episode `first` of the file.
    pub fn put(&mut self, path: &Path, first: usize, block: Dataset) -> Result<(), Fault> {
        let changed = || Fault::at(path, "changed while it was read: open it again");
        let at = self.blocks.binary_search_by_key(&first, |(r, _)| r.start).map_err(|_| changed())?;
        let (range, place) = self.blocks[at].clone();
        let (d, a) = (self.width.obs, self.width.action);
        if block.num_episodes() != range.len() || (block.obs_dim(), block.action_dim()) != (d, a) {
            return Err(changed());
        }
        for i in 0..range.len() {
            let (e, span) = (block.episode(i), &mut self.parts.spans[place + i]);
            if (e.span.steps, e.span.obs_rows) != (span.steps, span.obs_rows) {
                return Err(changed());
            }
            (span.id, span.terminated, span.truncated) = (e.span.id, e.span.terminated, e.span.truncated);
            let (steps, rows) = (span.first_step, span.first_obs);
            self.parts.obs[rows * d..][..e.obs.len()].copy_from_slice(e.obs);
            self.parts.actions[steps * a..][..e.actions.len()].copy_from_slice(e.actions);
            self.parts.rewards[steps..][..e.rewards.len()].copy_from_slice(e.rewards);
            if let Some(own) = e.next_obs {
                let n = self.parts.rewards.len() * d;
                self.parts.next_obs.get_or_insert_with(|| vec![f32::NAN; n])[steps * d..][..own.len()]
                    .copy_from_slice(own);
                self.settled[place + i] = true;
            }
        }
        self.spaces.get_or_insert((block.obs_space, block.action_space));
        Ok(())
    }

    /// The dataset.
    pub fn finish(self, path: &Path, mut origin: Origin) -> Result<Dataset, Fault> {
        let Self { mut parts, spaces, settled, width, .. } = self;
        let Some((obs_space, action_space)) = spaces else {
            return Err(Fault::at(path, "the dataset is empty: no episode has a step"));
        };
        if let Some(next) = &mut parts.next_obs {
            let d = width.obs;
            for (span, _) in parts.spans.iter().zip(&settled).filter(|(_, own)| !**own) {
                // The following observation, where the file's own says no more.
                let from = (span.first_obs + 1) * d..(span.first_obs + span.obs_rows) * d;
                next[span.first_step * d..][..from.len()].copy_from_slice(&parts.obs[from]);
            }
            origin.warnings.push(
                "next observations differ from the following observation of the same episode; the file's own next \
                 observations are used"
                    .into(),
            );
        }
        let warnings = [
            finite::warning("observations", &parts.obs, width.obs),
            finite::warning("actions", &parts.actions, width.action),
            finite::warning("rewards", &parts.rewards, 1),
        ];
        origin.warnings.extend(warnings.into_iter().flatten());
        Dataset::from_parts(origin, obs_space, action_space, parts).map_err(|e| Fault::at(path, e))
    }
}
