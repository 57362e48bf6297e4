//! Numbers by name over steps.

use std::collections::HashMap;

/// Most names of one run: a log with more of them names its names by what they measure.
const NAMES: usize = 4096;

/// One number over the steps, which ascend. NaN is a gap.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    /// [N] steps.
    pub x: Vec<f64>,
    /// [N] values.
    pub y: Vec<f64>,
}

impl Curve {
    /// The last finite value.
    pub fn last(&self) -> Option<f64> {
        self.y.iter().copied().rfind(|v| v.is_finite())
    }
}

/// Curves by name.
///
/// A step that does not lie beyond the last one of its name takes back what was said of it and of later ones: a run that was
/// gone on with from an earlier checkpoint writes them again.
#[derive(Debug, Clone, Default)]
pub struct Scalars {
    names: Vec<String>,
    curves: Vec<Curve>,
    at: HashMap<String, usize>,
    begun: bool,
    /// Points that were taken back because the run went back in its steps.
    pub taken_back: usize,
    /// Points under more names than are kept.
    pub left_out: usize,
}

impl Scalars {
    /// Adds `value` of `name` at `step`; answers the number of its curve. A step that is no number is none.
    pub fn push(&mut self, name: &str, step: f64, value: f64) -> Option<usize> {
        if !step.is_finite() {
            return None;
        }
        let at = match self.at.get(name) {
            Some(&at) => at,
            None if self.names.len() >= NAMES => {
                self.left_out += 1;
                return None;
            }
            None => {
                self.names.push(name.to_owned());
                self.curves.push(Curve::default());
                self.at.insert(name.to_owned(), self.names.len() - 1);
                self.names.len() - 1
            }
        };
        let curve = &mut self.curves[at];
        if curve.x.last().is_some_and(|last| step <= *last) {
            let keep = curve.x.partition_point(|x| *x < step);
            self.taken_back += curve.x[keep..].iter().filter(|x| **x > step).count();
            curve.x.truncate(keep);
            curve.y.truncate(keep);
        }
        curve.x.push(step);
        curve.y.push(value);
        Some(at)
    }

    /// A session begins at `step`: what an earlier one said of that step and later ones is forgotten, as `TensorBoard` has it.
    pub fn begins(&mut self, step: f64) {
        if std::mem::replace(&mut self.begun, true) {
            self.take_back(step);
        }
    }

    /// Forgets everything from `step` on.
    fn take_back(&mut self, step: f64) {
        for curve in &mut self.curves {
            let keep = curve.x.partition_point(|x| *x < step);
            self.taken_back += curve.x.len() - keep;
            curve.x.truncate(keep);
            curve.y.truncate(keep);
        }
    }

    /// Forgets the last point of curve number `at`.
    pub(super) fn pop(&mut self, at: usize) {
        let curve = &mut self.curves[at];
        curve.x.pop();
        curve.y.pop();
    }

    /// The last step of `name`.
    pub(super) fn last_step(&self, name: &str) -> Option<f64> {
        self.get(name)?.x.last().copied()
    }

    /// The curve called `name`.
    pub fn get(&self, name: &str) -> Option<&Curve> {
        self.at.get(name).map(|at| &self.curves[*at])
    }

    /// Every name with its curve, in the order in which the names came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Curve)> {
        self.names.iter().map(String::as_str).zip(&self.curves)
    }

    /// Points in all.
    pub fn points(&self) -> usize {
        self.curves.iter().map(|c| c.x.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_goes_back_takes_back_what_it_says_again() {
        let mut all = Scalars::default();
        for (step, value) in [(0.0, 1.0), (10.0, 2.0), (20.0, 3.0), (10.0, 5.0), (10.0, 6.0), (30.0, f64::NAN)] {
            all.push("loss", step, value);
        }
        all.push("score", 40.0, 9.0);
        all.push("score", f64::NAN, 9.0);
        let loss = all.get("loss").unwrap();
        assert_eq!((&loss.x[..], &loss.y[..2], all.taken_back), (&[0.0, 10.0, 30.0][..], &[1.0, 6.0][..], 1));
        assert_eq!((loss.last(), all.points()), (Some(6.0), 4));
        all.take_back(30.0);
        assert_eq!((all.get("loss").unwrap().x.len(), all.get("score").unwrap().x.len()), (2, 0));
    }

    #[test]
    fn names_without_end_do_not_fill_the_memory() {
        let mut all = Scalars::default();
        (0..NAMES + 7).for_each(|i| {
            all.push(&i.to_string(), 0.0, 1.0);
        });
        assert_eq!((all.iter().count(), all.left_out), (NAMES, 7));
    }
}
