//! What a run tells while it goes on: how it learns, where the episode goes that it acts, and what it did.

use std::sync::Arc;

use crate::engine::job::Told;
use crate::metrics::report::{Axis, HeatMap, Overlay, Series};

/// Points of a curve: beyond, every other one is left out.
const POINTS: usize = 4000;
/// Lines that are kept, and paths that are drawn.
const LINES: usize = 500;
const PATHS: usize = 4;

/// What was told of the last run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// Curves of what learns, over the gradient steps of the whole run.
    pub curves: Vec<Series>,
    /// Gradient steps before the present phase, and those of it, for each curve.
    steps: Vec<(f64, f64)>,
    /// Columns and rows of the episodes that were acted last, the latest last.
    episodes: Vec<(usize, Arc<Vec<f32>>)>,
    /// Their paths over the map of the coverage.
    pub paths: Vec<Overlay>,
    /// What was done, with the seconds since the run began.
    pub log: Vec<(f64, String)>,
    /// The last decision, in words.
    pub decision: Option<String>,
}

impl Live {
    /// Takes in what was told `seconds` after the run began.
    pub fn hear(&mut self, seconds: f64, told: Told) {
        match told {
            Told::Number { name, step, value } => self.number(name, step as f64, value),
            Told::Episode { dim, obs } => self.episode(dim, obs),
            Told::Said(text) => self.say(seconds, text),
            Told::Decided(text) => {
                self.decision = Some(text.clone());
                self.say(seconds, text);
            }
        }
    }

    fn number(&mut self, name: &str, step: f64, value: f64) {
        let i = self.curves.iter().position(|curve| curve.label == name).unwrap_or_else(|| {
            self.curves.push(curve(name));
            self.steps.push((0.0, 0.0));
            self.curves.len() - 1
        });
        let (curve, (before, last)) = (&mut self.curves[i], &mut self.steps[i]);
        if step <= *last {
            // Another phase counts from 1 again.
            *before += *last;
        }
        *last = step;
        curve.x.push(*before + step);
        curve.y.push(value);
        if curve.x.len() > POINTS {
            let mut keep = (0..).map(|i: usize| i % 2 == 1);
            curve.x.retain(|_| keep.next() == Some(true));
            let mut keep = (0..).map(|i: usize| i % 2 == 1);
            curve.y.retain(|_| keep.next() == Some(true));
        }
    }

    fn episode(&mut self, dim: usize, obs: Arc<Vec<f32>>) {
        // The one that is being acted is told again as it grows.
        let grows = |(known, rows): &(usize, Arc<Vec<f32>>)| *known == dim && obs.starts_with(rows);
        self.episodes.retain(|known| !grows(known));
        self.episodes.push((dim, obs));
        self.episodes.drain(..self.episodes.len().saturating_sub(PATHS));
    }

    /// Lays the episodes over `map`; those that are of other states are left out.
    pub fn lay(&mut self, map: Option<&HeatMap>) {
        let Some(onto) = map.and_then(|map| map.onto.as_ref()) else {
            self.paths.clear();
            return;
        };
        let last = self.episodes.len();
        let path = |(i, (dim, obs)): (usize, &(usize, Arc<Vec<f32>>))| {
            let points: Vec<(f64, f64)> = obs.chunks_exact(*dim).map(|row| onto.point(row)).collect();
            let label = if i + 1 == last { "the latest".to_owned() } else { format!("{} before", last - 1 - i) };
            let (x, y) = points.into_iter().unzip();
            Overlay { label, joined: true, x, y, heat: None }
        };
        let fits = |(_, (dim, _)): &(usize, &(usize, _))| *dim > 0 && onto.takes(*dim);
        self.paths = self.episodes.iter().enumerate().filter(fits).map(path).collect();
    }

    fn say(&mut self, seconds: f64, text: String) {
        self.log.push((seconds, text));
        self.log.drain(..self.log.len().saturating_sub(LINES));
    }
}

fn curve(name: &str) -> Series {
    Series {
        key: name.into(),
        label: name.into(),
        // Curves of the report bear the same names over other axes.
        group: format!("{name} as it trains"),
        x_axis: Axis::new("gradient step", ""),
        y_axis: Axis::new(name, ""),
        definition: "As it trains: each value is a mean since the one before.".into(),
        ..Series::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::projection::Projection;

    #[test]
    fn phases_follow_one_another_on_one_axis_and_long_curves_are_thinned() {
        let mut live = Live::default();
        for step in [50, 100, 50, 100, 150, 50] {
            live.hear(0.0, Told::Number { name: "a", step, value: step as f64 });
        }
        live.hear(0.0, Told::Number { name: "b", step: 50, value: f64::NAN });
        assert_eq!(live.curves[0].x, [50.0, 100.0, 150.0, 200.0, 250.0, 300.0]);
        assert_eq!(live.curves[0].y, [50.0, 100.0, 50.0, 100.0, 150.0, 50.0]);
        assert!(live.curves[1].y[0].is_nan() && live.curves[1].x == [50.0]);
        (0..20_000).for_each(|i| live.hear(0.0, Told::Number { name: "c", step: i + 1, value: i as f64 }));
        let long = &live.curves[2];
        assert!((POINTS / 2..=POINTS).contains(&long.x.len()) && long.x.len() == long.y.len());
        assert!(long.x.iter().zip(&long.y).all(|(x, y)| (x - 1.0 - y).abs() < 1e-9), "each value stays at its step");
    }

    #[test]
    fn an_episode_that_grows_is_one_path_over_the_axes_of_the_map() {
        let mut live = Live::default();
        let episode = |rows: &[[f32; 3]]| Told::Episode { dim: 3, obs: Arc::new(rows.concat()) };
        live.hear(0.0, episode(&[[1.0, 2.0, 3.0]]));
        live.hear(0.0, episode(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
        // Another that begins alike is another.
        live.hear(0.0, episode(&[[1.0, 2.0, 3.0], [0.0, 0.0, 9.0]]));
        live.hear(0.0, Told::Episode { dim: 1, obs: Arc::new(vec![1.0]) });
        let onto = |a, b| HeatMap { onto: Some(Arc::new(Projection::Columns(a, b))), ..HeatMap::default() };
        live.lay(Some(&onto(2, 0)));
        let told: Vec<_> = live.paths.iter().map(|path| (path.x.clone(), path.y.clone())).collect();
        let wanted = [(vec![3.0, 6.0], vec![1.0, 4.0]), (vec![3.0, 9.0], vec![1.0, 0.0])];
        assert_eq!(told, wanted, "what does not fit is left out");
        live.lay(Some(&HeatMap::default()));
        assert!(live.paths.is_empty());
    }
}
