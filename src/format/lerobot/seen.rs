//! What is odd about the frames of all episodes.

use super::clock::{self, Clock};
use super::episodes::Frames;
use super::info::Info;

/// What was seen of all episodes, in the order of the files.
#[derive(Default)]
pub(super) struct Seen {
    episodes: usize,
    /// Number of faults of a kind and which episode is the first that has one.
    frame_index: Option<(usize, usize)>,
    index: Option<(usize, usize)>,
    early: Option<(usize, usize)>,
    last_index: Option<i64>,
    clocks: Vec<(usize, Clock)>,
}

impl Seen {
    pub fn note(&mut self, episode: &Frames) {
        let at = self.episodes;
        let add = |count: &mut Option<(usize, usize)>, more: usize| {
            if more > 0 {
                let (before, first) = count.unwrap_or((0, at));
                *count = Some((before + more, first));
            }
        };
        add(&mut self.frame_index, episode.wrong_frame_index);
        add(&mut self.early, episode.early_ends);
        let gap = matches!((self.last_index, episode.first_index), (Some(last), Some(first)) if first != last.wrapping_add(1));
        add(&mut self.index, episode.wrong_index + usize::from(gap));
        self.last_index = episode.last_index;
        self.clocks.extend(episode.clock.map(|clock| (at, clock)));
        self.episodes += 1;
    }

    /// Sentences; `ids` are the numbers of the episodes.
    pub fn warnings(&self, info: &Info, ids: &[u64]) -> Vec<String> {
        let id = |at: usize| ids.get(at).copied().unwrap_or_default();
        let faults = [
            (self.frame_index, "frames do not have the frame_index of their place in the episode"),
            (self.index, "frames do not have the index after that of the frame before them"),
            (self.early, "frames are marked as an end before the last of their episode, which goes on"),
        ];
        let told = faults
            .into_iter()
            .filter_map(|(count, what)| count.map(|(n, first)| format!("{n} {what} (first: episode {})", id(first))));
        let mut warnings: Vec<String> = told.collect();
        let clocks: Vec<(u64, Clock)> = self.clocks.iter().map(|&(at, clock)| (id(at), clock)).collect();
        warnings.extend(clock::warnings(&clocks, info.fps));
        warnings
    }
}
