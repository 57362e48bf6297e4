//! What the training part covers, and how far other states are from it: measured once, then shared with imagination,
//! comparison and diagnosis.

use std::sync::Arc;

use super::feature_space::{FeatureRows, FeatureSpace};
use super::layers::{self, Placed};
use super::plane::{self, Plane};
use super::{rollouts, trajectories, variety};
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::engine::spec::{CoverSpec, FeatureSpec, MapSpec, Source};
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::coverage::axes::Map;
use crate::metrics::coverage::{self, Coverage, Input, Options};
use crate::metrics::density::near::Near;
use crate::metrics::novelty::{Novelty, Rule};
use crate::metrics::report::{HeatMap, Layer, Level, Report};
use crate::metrics::threshold::Kind;

/// Steps of a rollout that the world model imagines.
const HORIZON: usize = 50;

/// Coverage of `spec`, from the cache if it was measured before; without named rollouts, fresh episodes of the checkpoint's
/// policy take their place. Where it must be measured, `first` gets what needs no neighbour as soon as it is there.
///
/// # Errors
/// A sentence where the data allows no coverage; or cancelled.
pub fn covered(opened: &Opened, spec: &CoverSpec, cx: &Ctx, first: &dyn Fn(&Report)) -> Result<Arc<Coverage>, Fault> {
    opened.measured.cached(spec.clone(), || {
        let rows = CoverageRows::gather(spec, opened, cx)?;
        let input = rows.input(opened);
        let begun = coverage::begin(&input, &spec.options, cx)?;
        first(&begun.report);
        let mut coverage = begun.finish(cx)?;
        let near = rows.near(&coverage.map, &rows.train.rows);
        let offered = Arc::new(plane::offered(&rows.space, &opened.data));
        for map in &mut coverage.report.maps {
            (map.near, map.offered) = (Some(Arc::clone(&near)), Arc::clone(&offered));
        }
        if let Some(fresh) = &rows.fresh {
            let text = format!(
                "rollouts: {} of {} in {} ({})",
                counted(fresh.num_episodes(), "fresh episodes"),
                trajectories::whose(opened),
                fresh.origin.env_id.as_deref().unwrap_or("its environment"),
                counted(fresh.num_steps(), "environment steps")
            );
            coverage.report.note(Level::Info, text);
        }
        if !opened.source.only.is_everything() {
            let text = format!(
                "The threshold is that of the chosen episodes ({}), and so are all shares: of all episodes it is another.",
                opened.source.only.words()
            );
            coverage.report.note(Level::Info, text);
        }
        Ok(coverage)
    })
}

/// The novelty of observations: of any coverage that was measured already, else measured alone.
pub enum Reference {
    /// Measured with everything else.
    Covered(Arc<Coverage>),
    /// Measured for its own sake.
    Alone(Arc<Novelty>),
}

impl Reference {
    /// The novelty.
    pub fn novelty(&self) -> &Novelty {
        match self {
            Self::Covered(coverage) => &coverage.novelty,
            Self::Alone(novelty) => novelty,
        }
    }
}

/// What [`novelty`] measured is kept for the source that it is of, whatever is held against it.
#[derive(PartialEq)]
struct Alone(Source);

/// The novelty of observations with the usual options, from the cache if it was measured before: no state but those of the
/// calibration part is asked for its neighbours.
///
/// # Errors
/// As [`covered`].
pub fn novelty(opened: &Opened, cx: &Ctx) -> Result<Reference, Fault> {
    let Options { k, threshold: kind, alpha, .. } = Options::default();
    let space = FeatureSpec::default();
    if let Some(known) = known(opened, &space, k, (kind, alpha)) {
        return Ok(Reference::Covered(known));
    }
    let key = Alone(Source { rollouts: None, ..opened.source.clone() });
    let measured = opened.measured.cached(key, || {
        let space = FeatureSpace::resolve(&space, opened)?;
        let part = |episodes: &[usize]| space.rows(&opened.data, episodes, &cx.phase("reading the states"));
        let (train, calibration) = (part(&opened.split.train)?, part(&opened.split.calibration)?);
        let rule = Rule { k, kind, alpha, shared: opened.split.is_shared() };
        let cx = cx.phase("novelty of the calibration part");
        Novelty::fit_in((space.names(), space.choice()), train.states(), calibration.states(), rule, &cx)
    })?;
    Ok(Reference::Alone(measured))
}

/// A coverage that was measured already and has this novelty; what was held against it does not matter.
pub fn known(opened: &Opened, space: &FeatureSpec, k: usize, (kind, alpha): (Kind, f64)) -> Option<Arc<Coverage>> {
    let alone = |source: &Source| Source { rollouts: None, ..source.clone() };
    opened.measured.find(|spec: &CoverSpec| {
        let o = &spec.options;
        (&spec.space, o.k, o.threshold, o.alpha.to_bits()) == (space, k, kind, alpha.to_bits())
            && alone(&spec.source) == alone(&opened.source)
    })
}

/// The map of two axes, drawn anew from a coverage of the same data, with one episode of the data over it where one is named:
/// first with all that is known, then with the world model's errors among its layers, where there is a model.
///
/// # Errors
/// A sentence where an axis or the episode does not exist; or cancelled.
pub fn map(opened: &Opened, spec: &MapSpec, coverage: &Coverage, cx: &Ctx, emit: &dyn Fn(Report)) -> Result<(), Fault> {
    let rows = CoverageRows::gather(&spec.cover, opened, cx)?;
    let plane = Plane::resolve(spec.axes, &rows.space, &rows.train, &opened.data)?;
    let others = opened.rollouts.as_ref().or(rows.fresh.as_ref());
    let (train, heldout) = (plane.places(&opened.data, &rows.train), plane.places(&opened.data, &rows.heldout));
    let rollouts = others.zip(rows.rollouts.as_ref()).map(|(data, rows)| (data, rows, plane.places(data, rows)));
    for (i, name) in plane.names().iter().enumerate() {
        if !train.iter().skip(i).step_by(2).any(|v| v.is_finite()) {
            return Err(Fault::bad(format!("{name} holds no numbers in this data: choose another axis")));
        }
    }
    // Where there are no rollouts, the holes are those of imagined states: the map reaches as far.
    let imagined = rows.imagined.as_ref().filter(|_| plane.dims().is_some());
    let imagined = imagined.map(|rows| (rows, plane.places(&opened.data, rows)));
    let input = Input {
        names: plane.names(),
        train: States { rows: &train, owner: &rows.train.owner },
        heldout: States { rows: &heldout, owner: &rows.heldout.owner },
        rollouts: rollouts.as_ref().map(|(_, rows, places)| States { rows: places, owner: &rows.owner }),
        imagined: imagined.as_ref().map(|(rows, places)| States { rows: places, owner: &rows.owner }),
        ..rows.input(opened)
    };
    let (map, mut drawn) = coverage::map(&input, plane.dims(), spec.cover.options.bins, coverage)?;
    (drawn.x_axis, drawn.y_axis, drawn.variance_share) = (plane.axis(0), plane.axis(1), plane.share());
    drawn.onto = plane.onto();
    drawn.near = Some(rows.near(&map, &train));
    drawn.offered = Arc::new(plane::offered(&rows.space, &opened.data));
    if let Some(episode) = spec.episode {
        let n = opened.data.num_episodes();
        if episode >= n {
            return Err(Fault::bad(format!("there is no episode {episode}: the dataset has {n}, counted from 0")));
        }
        let of = rows.space.rows(&opened.data, &[episode], cx)?;
        let places = plane.places(&opened.data, &of);
        drawn.overlays = vec![coverage.path(&map, &places, of.states(), &format!("episode {episode}"), cx)?];
    }
    let placed = |data, rows, places| Placed { data, rows, places };
    let parts: Vec<Placed<'_>> = [placed(&*opened.data, &rows.heldout, &heldout[..])]
        .into_iter()
        .chain(rollouts.as_ref().map(|(data, rows, places)| placed(data, rows, &places[..])))
        .collect();
    let mut layers = layers::known(&parts[0], parts.get(1), coverage, map.ranges());
    let report = |drawn: &HeatMap, layers: Vec<Layer>| {
        let mut report = Report::new("map", "Map");
        report.maps.push(HeatMap { layers: Arc::new(layers), ..drawn.clone() });
        report.note(Level::Info, Map::told(plane.names(), plane.share()));
        report
    };
    let policy = &spec.cover.policy;
    let is_quick = layers::has_errors(opened, policy);
    if !is_quick {
        emit(report(&drawn, layers.clone()));
    }
    let errors = layers::errors(opened, policy, &parts, map.ranges(), cx)?;
    let varieties = variety::varieties(opened, novelty(opened, cx)?.novelty(), cx)?;
    let variety = variety::layer(&varieties, &placed(&*opened.data, &rows.train, &train[..]), map.ranges());
    if is_quick || errors.is_some() || variety.is_some() {
        layers.extend(errors.into_iter().chain(variety));
        emit(report(&drawn, layers));
    }
    Ok(())
}

/// The states of every part in the feature space.
struct CoverageRows {
    space: FeatureSpace,
    train: FeatureRows,
    calibration: FeatureRows,
    heldout: FeatureRows,
    rollouts: Option<FeatureRows>,
    /// What the world model imagines, where there are no rollouts.
    imagined: Option<FeatureRows>,
    /// Where the rollouts were collected and not named.
    fresh: Option<Arc<Dataset>>,
}

impl CoverageRows {
    fn gather(spec: &CoverSpec, opened: &Opened, cx: &Ctx) -> Result<Self, Fault> {
        let (data, split) = (&opened.data, &opened.split);
        let space = FeatureSpace::resolve(&spec.space, opened)?;
        let dim = space.names().len();
        if let Some(axis) = spec.options.axes.into_iter().flat_map(|(x, y)| [x, y]).find(|&axis| axis >= dim) {
            return Err(Fault::bad(format!(
                "the feature space has {dim} dimensions, so there is no axis {axis}: choose two numbers from 0 to {}",
                dim.saturating_sub(1)
            )));
        }
        let part = |episodes: &[usize]| space.rows(data, episodes, &cx.phase("reading the states"));
        let (train, calibration, heldout) = (part(&split.train)?, part(&split.calibration)?, part(&split.heldout)?);
        let fresh = match &opened.rollouts {
            Some(_) => None,
            None if spec.policy.episodes == 0 => None,
            None => trajectories::collected(opened, &spec.policy, cx)?.ok(),
        };
        let rollouts = opened.rollouts.as_ref().or(fresh.as_ref());
        let rollouts = rollouts.map(|r| space.all_rows(r, cx)).transpose()?;
        let imagined = if rollouts.is_none() { imagined(spec, opened, cx)? } else { None };
        Ok(Self { space, train, calibration, heldout, rollouts, imagined, fresh })
    }

    /// Whose training states lie where on a map that takes them as `rows`.
    fn near(&self, map: &Map, rows: &[f32]) -> Arc<Near> {
        Arc::new(Near::new(&map.points(rows), &self.train.owner, &self.train.step, map.ranges()))
    }

    fn input(&self, opened: &Opened) -> Input<'_> {
        Input {
            names: self.space.names(),
            choice: self.space.choice(),
            train: self.train.states(),
            calibration: self.calibration.states(),
            heldout: self.heldout.states(),
            rollouts: self.rollouts.as_ref().map(FeatureRows::states),
            imagined: self.imagined.as_ref().map(FeatureRows::states),
            shared: opened.split.is_shared(),
        }
    }
}

/// Open-loop rollouts of the world model along the held-out episodes; nothing without one, or where the features are not
/// whole observations.
fn imagined(spec: &CoverSpec, opened: &Opened, cx: &Ctx) -> Result<Option<FeatureRows>, Fault> {
    let (pca, keep_duplicates) = (spec.space.pca, spec.space.keep_duplicates);
    let whole = FeatureSpec { pca, keep_duplicates, ..FeatureSpec::default() };
    if opened.checkpoint.as_ref().is_none_or(|c| c.world_model.is_none()) || spec.space != whole {
        return Ok(None);
    }
    match rollouts::imagined(opened, HORIZON, &cx.phase("imagining")) {
        Ok(imagined) => Ok(Some(imagined.states)),
        Err(Fault::Bad(_)) => Ok(None),
        Err(ended) => Err(ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::policy::{Acting, Scripted};
    use crate::engine::measure::variety::varieties;
    use crate::ground::stats;
    use crate::metrics::action_diversity::Actions;

    /// By looking at every training state: the actions at the twenty nearest states of other episodes, in units of the training
    /// part's deviations. And novelty alone is that of the whole coverage.
    #[test]
    fn the_actions_are_those_at_the_nearest_states_of_other_episodes() {
        let mut env = crate::env::make("Pendulum-v1", 2, &[]).unwrap().unwrap();
        let (mut c, policy) = (Collector::new(5, "t", 0), Scripted::named("Pendulum-v1", "mixed").unwrap());
        c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(12), &Ctx::quiet()).unwrap();
        let opened = Opened::new(Source::default(), Arc::new(c.dataset(&*env).unwrap()));
        let reference = novelty(&opened, &Ctx::quiet()).unwrap();
        let known = varieties(&opened, reference.novelty(), &Ctx::quiet()).unwrap();
        let train = &opened.split.train;
        let states: Vec<(usize, usize)> =
            train.iter().flat_map(|&e| (0..opened.data.episode(e).steps()).map(move |t| (e, t))).collect();
        assert_eq!(known.len(), states.len(), "there are fewer than are asked at most");
        let obs = |(e, t): (usize, usize)| opened.data.episode(e).obs_at(t);
        let rows: Vec<f32> = states.iter().flat_map(|&s| obs(s)).copied().collect();
        let std = stats::column_mean_std(&rows, 3).1;
        let far = |a: (usize, usize), b: (usize, usize)| {
            let one = |c: usize| ((f64::from(obs(a)[c]) - f64::from(obs(b)[c])) / std[c]).powi(2);
            (0..3).map(one).sum::<f64>()
        };
        let actions: Vec<f32> = states.iter().map(|&(e, t)| opened.data.episode(e).action_at(t)[0]).collect();
        let all = Actions::new(&actions, 1, false).unwrap();
        for i in (0..known.len()).step_by(97) {
            let (here, got) = known[i];
            let mut near: Vec<(usize, usize)> = states.iter().copied().filter(|s| s.0 != here.0).collect();
            near.sort_by(|a, b| far(here, *a).total_cmp(&far(here, *b)));
            let rows: Vec<usize> = near[..20].iter().filter_map(|s| states.iter().position(|a| a == s)).collect();
            assert!((got / all.local(&rows) - 1.0).abs() < 1e-9, "{here:?}: {got} {}", all.local(&rows));
        }
        let cover = CoverSpec::default();
        let whole = covered(&opened, &cover, &Ctx::quiet(), &|_| {}).unwrap();
        let ratios = |novelty: &Novelty| novelty.ratios(&rows[..60], &Ctx::quiet()).unwrap();
        assert_eq!(ratios(reference.novelty()), ratios(&whole.novelty));
        assert!(matches!(novelty(&opened, &Ctx::quiet()).unwrap(), Reference::Covered(_)));
    }
}
