#![allow(clippy::float_cmp, reason = "copies")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::summary;
use crate::format::Format;
use crate::format::place::Place;
use crate::ground::fault::Fault;

/// All of the dataset at `path`.
pub(in crate::format) fn opened(format: &dyn Format, path: &Path, cx: &Ctx) -> Result<Dataset, Fault> {
    super::whole(&*format.open(&Place::new(path), cx)?, cx)
}

/// Any run of episodes that is read apart is what the whole has there.
pub(in crate::format) fn agree(whole: &Dataset, episodes: &dyn Episodes) {
    let cx = Ctx::quiet();
    let lengths: Vec<usize> = whole.spans().iter().map(|s| s.steps).collect();
    let index = episodes.index(&cx).expect("finds").expect("can be read apart");
    assert_eq!(index.lengths, lengths);
    assert_eq!(index.origin.rules, whole.origin.rules);
    let width = episodes.shape().width();
    assert_eq!((width.obs, width.action), (whole.obs_dim(), whole.action_dim()));
    for first in 0..lengths.len() {
        for end in first + 1..=lengths.len() {
            let part = episodes.read(Some(first..end), &cx).expect("reads");
            assert_eq!(part.num_episodes(), end - first);
            for i in first..end {
                let (a, b) = (whole.episode(i), part.episode(i - first));
                assert_eq!(
                    (a.obs, a.actions, a.rewards),
                    (b.obs, b.actions, b.rewards),
                    "episode {i} of {first}..{end}"
                );
                let (a, b) = (&whole.spans()[i], &part.spans()[i - first]);
                assert_eq!((a.id, a.terminated, a.truncated), (b.id, b.terminated, b.truncated), "episode {i}");
            }
        }
    }
}

/// Episodes of growing numbers, as a file would have them.
struct Fake {
    shape: Shape,
    index: Index,
    /// Episode whose length is another when it is read.
    liar: Option<usize>,
    read: AtomicUsize,
}

impl Fake {
    fn new(lengths: Vec<usize>, next: bool) -> Self {
        let shape = Shape { last: true, next, ..Shape::unnamed(2, 1) };
        let index = Index { lengths, origin: Origin::default() };
        Self { shape, index, liar: None, read: AtomicUsize::new(0) }
    }

    fn found(&self) -> Indexed<'_> {
        Indexed::look(self, &Ctx::quiet()).expect("finds").expect("can be read apart")
    }
}

impl Episodes for Fake {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, _cx: &Ctx) -> Result<Option<&Index>, Fault> {
        Ok(Some(&self.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        cx.check()?;
        let (width, episodes) = (self.shape.width(), wanted.unwrap_or(0..self.index.lengths.len()));
        self.read.fetch_add(episodes.len(), Ordering::Relaxed);
        let mut parts = Parts::default();
        let mut own = Vec::new();
        for i in episodes {
            let steps = self.index.lengths[i] + usize::from(self.liar == Some(i));
            parts.spans.push(EpisodeSpan {
                id: i as u64,
                first_step: parts.rewards.len(),
                steps,
                first_obs: parts.obs.len() / width.obs,
                obs_rows: steps + width.extra,
                terminated: i % 2 == 0,
                truncated: i % 2 == 1,
            });
            let number = |t: usize| (i * 1000 + t) as f32;
            parts.obs.extend((0..steps + width.extra).flat_map(|t| vec![number(t); width.obs]));
            parts.actions.extend((0..steps).flat_map(|t| vec![-number(t); width.action]));
            parts.rewards.extend((0..steps).map(|t| f64::from(number(t)) + 0.5));
            // Every third episode has next observations of its own.
            let off = if i % 3 == 0 { 0.25 } else { 0.0 };
            own.extend((1..=steps).flat_map(|t| vec![number(t) + off; width.obs]));
        }
        let differs = parts.spans.iter().any(|s| s.id.is_multiple_of(3));
        parts.next_obs = (width.next && differs).then_some(own);
        let Shape { obs, action, .. } = self.shape.clone();
        Ok(Dataset::from_parts(Origin::default(), obs, action, parts).expect("consistent"))
    }
}

fn whole(fake: &Fake) -> Dataset {
    super::whole(fake, &Ctx::quiet()).expect("reads")
}

fn taken(fake: &Fake, room: u64) -> Result<Dataset, Fault> {
    sample(Path::new("fake"), fake.found(), Bytes(room), &Ctx::quiet(), &|_| {})
}

#[test]
fn a_sample_holds_whole_episodes_in_the_order_of_the_file_and_no_more_than_it_may() {
    let fake = Fake::new((0..500).map(|i| 5 + i % 40).collect(), false);
    let all = whole(&fake);
    let room = all.bytes() / 3;
    let data = taken(&fake, room).expect("fits");
    assert!(data.bytes() <= room && data.bytes() > room * 9 / 10, "{} of {room}", data.bytes());
    let ids: Vec<usize> = data.spans().iter().map(|s| s.id as usize).collect();
    assert!(ids.is_sorted() && ids[0] < 50 && ids[ids.len() - 1] > 450, "spread over the file: {ids:?}");
    let mut wanted = all.subset(&ids);
    wanted.sample = data.sample;
    assert_eq!(data, wanted);
    let about = data.sample.expect("a sample");
    assert_eq!((about.episodes, about.steps, about.bytes), (500, all.num_steps(), all.bytes()));
    assert_eq!(taken(&fake, room).expect("fits"), data, "the same sample each time");
}

#[test]
fn next_observations_of_its_own_are_kept_where_any_episode_has_them() {
    let fake = Fake::new(vec![10; 90], true);
    let data = taken(&fake, whole(&fake).bytes() / 2).expect("fits");
    assert!(
        data.spans().iter().any(|s| s.id.is_multiple_of(3)) && data.spans().iter().any(|s| !s.id.is_multiple_of(3))
    );
    for i in 0..data.num_episodes() {
        let e = data.episode(i);
        let off = if e.span.id.is_multiple_of(3) { 0.25 } else { 0.0 };
        for t in 0..e.steps() {
            assert_eq!(e.next_obs_at(t).expect("kept")[0], e.obs_at(t + 1)[0] + off, "{} {t}", e.span.id);
        }
    }
    assert!(data.origin.warnings[0].starts_with("next observations differ"));
}

#[test]
fn a_scan_gives_the_statistics_of_the_whole() {
    let fake = Fake::new((0..300).map(|i| 1 + i % 17).collect(), false);
    let told = Mutex::new(0);
    let known = scan(fake.found(), &Ctx::quiet(), &|_| *told.lock().expect("free") += 1).expect("reads");
    let all = whole(&fake);
    let want = summary::summary(&all, &(0..300).collect::<Vec<_>>());
    assert_eq!((known.summary.episodes, known.summary.transitions, known.of), (300, want.transitions, 300));
    assert_eq!((known.summary.returns.median, known.error), (want.returns.median, 0.0));
    assert!((known.summary.obs[0].std - want.obs[0].std).abs() < 1e-9 * want.obs[0].std);
}

#[test]
fn too_little_room_and_a_file_that_changes_are_told() {
    let mut fake = Fake::new(vec![1000, 20, 20, 20], false);
    let text = taken(&Fake::new(vec![1000], false), 5000).expect_err("too long").to_string();
    assert!(text.contains("longest episode takes 20 KiB") && text.contains("4.9 KiB"), "{text}");
    fake.liar = Some(2);
    let text = taken(&fake, 1 << 20).expect_err("changed").to_string();
    assert!(text.contains("changed while it was read"), "{text}");
}

#[test]
fn cancelling_ends_it() {
    let cancel = crate::ground::task::Cancel::default();
    cancel.cancel();
    let fake = Fake::new(vec![10; 50], false);
    let cx = Ctx::new(cancel, |_| {});
    assert!(matches!(scan(fake.found(), &cx, &|_| {}), Err(Fault::Cancelled)));
    assert_eq!(fake.read.load(Ordering::Relaxed), 0);
}

#[test]
fn episodes_come_in_the_order_of_the_file_all_or_chosen_ones() {
    for next in [false, true] {
        let fake = Fake::new((0..40).map(|i| 1 + i % 7).collect(), next);
        let all = whole(&fake);
        let everyone: Vec<usize> = (0..40).collect();
        for wanted in [None, Some(&[4, 5, 6, 20, 39][..]), Some(&[7]), Some(&everyone)] {
            let mut seen: Vec<Dataset> = Vec::new();
            let mut take = |some: Dataset| {
                seen.push(some);
                Ok(())
            };
            each(fake.found(), wanted, &Ctx::quiet(), &mut take).expect("reads");
            let want = all.subset(wanted.unwrap_or(&everyone));
            let numbers = |of: fn(&Dataset) -> &[f32]| seen.iter().flat_map(|d| of(d).to_vec()).collect::<Vec<_>>();
            assert_eq!(numbers(|d| &d.obs), want.obs);
            assert_eq!(numbers(|d| &d.actions), want.actions);
            let ids = seen.iter().flat_map(|d| d.spans().iter().map(|s| s.id));
            assert!(ids.eq(want.spans().iter().map(|s| s.id)));
        }
        let rows = rows(fake.found(), &Ctx::quiet()).expect("reads");
        assert!(rows.iter().map(|r| r.id).eq(0..40) && rows[8].steps == fake.index.lengths[8]);
    }
}
