//! The lines, areas and marks of curves.

use super::{Curves, happened, pairs};
use crate::export::canvas::{Canvas, Failure, Rect};
use crate::export::palette::{Marker, Style};
use crate::export::thin;
use crate::metrics::report::{Role, Series};

/// Columns of a point's width that long curves are thinned to.
const COLUMNS: f64 = 2.0;
/// Up to so many points each has its marker.
const FEW: usize = 15;
/// Markers on a longer curve.
const MARKERS: usize = 7;
/// Half the height of a marker.
const SIZE: f64 = 2.1;

impl Curves<'_> {
    /// The band around a curve.
    pub fn band(&self, canvas: &Canvas, plot: Rect, s: &Series, style: &Style) -> Result<(), Failure> {
        let Some((lo, hi)) = s.band.as_ref().filter(|_| !matches!(s.role, Role::Place | Role::Trigger)) else {
            return Ok(());
        };
        let ends = s.x.iter().zip(lo.iter().zip(hi));
        let known: Vec<Option<(f64, f64, f64)>> = ends
            .map(|(x, (lo, hi))| Some((self.plane.x.place(*x)?, self.plane.y.end(*lo)?, self.plane.y.end(*hi)?)))
            .collect();
        for run in known.split(Option::is_none) {
            let run: Vec<(f64, f64, f64)> = run.iter().filter_map(|p| *p).collect();
            let run = thin::band(&run, plot.w * COLUMNS);
            if let [(x, lo, hi)] = run[..] {
                let thick = Style { width: 3.0, dash: 0, ..*style };
                let ends = [plot.at(x, lo), plot.at(x, hi)];
                let side = thick.width / 2.0;
                let corners =
                    [(ends[0].0 - side, ends[0].1), (ends[0].0 + side, ends[0].1), (ends[1].0 + side, ends[1].1)];
                canvas.fill(&[corners[0], corners[1], corners[2], (ends[1].0 - side, ends[1].1)], style.colour, 0.2)?;
            } else if !run.is_empty() {
                let mut edge: Vec<(f64, f64)> = run.iter().map(|(x, lo, _)| plot.at(*x, *lo)).collect();
                edge.extend(run.iter().rev().map(|(x, _, hi)| plot.at(*x, *hi)));
                canvas.fill(&edge, style.colour, 0.16)?;
            }
        }
        Ok(())
    }

    /// A curve, the number `nth` of its plot.
    pub fn curve(&self, canvas: &Canvas, plot: Rect, s: &Series, style: &Style, nth: usize) -> Result<(), Failure> {
        let known: Vec<Option<(f64, f64)>> = pairs(s).map(|(x, y)| self.at(x, y)).collect();
        let mut alone = Vec::new();
        for run in known.split(Option::is_none) {
            let run: Vec<(f64, f64)> = run.iter().filter_map(|p| *p).collect();
            match run[..] {
                [] => {}
                [only] => alone.push(only),
                _ => {
                    let seen = thin::per_column(&run, plot.w * COLUMNS);
                    let line: Vec<(f64, f64)> = seen.iter().map(|p| plot.at(p.0, p.1)).collect();
                    canvas.line(&line, style)?;
                }
            }
        }
        let known: Vec<(f64, f64)> = known.into_iter().flatten().collect();
        let marked = if known.len() <= FEW {
            known
        } else if style.marker.is_some() {
            alone.extend(spread(&known, nth, self.series.len()));
            alone
        } else {
            alone
        };
        for at in marked {
            canvas.marker(plot.at(at.0, at.1), style.marker.unwrap_or(Marker::Disc), SIZE, style.colour)?;
        }
        Ok(())
    }

    /// A threshold: from edge to edge where it is one number, else along its points.
    pub fn limit(&self, canvas: &Canvas, plot: Rect, s: &Series, style: &Style) -> Result<(), Failure> {
        let inside = |p: &f64| (-1e-9..=1.0 + 1e-9).contains(p);
        let known: Vec<f64> = s.y.iter().copied().filter(|v| v.is_finite()).collect();
        if known.windows(2).all(|w| w[0].total_cmp(&w[1]).is_eq()) {
            let Some(y) = known.first().and_then(|v| self.plane.y.place(*v)).filter(inside) else { return Ok(()) };
            return canvas.line(&[plot.at(0.0, y), plot.at(1.0, y)], style);
        }
        let known: Vec<Option<(f64, f64)>> = pairs(s).map(|(x, y)| self.at(x, y).filter(|p| inside(&p.1))).collect();
        for run in known.split(Option::is_none) {
            let run: Vec<(f64, f64)> = run.iter().filter_map(|p| *p).collect();
            let line: Vec<(f64, f64)> =
                thin::per_column(&run, plot.w * COLUMNS).iter().map(|p| plot.at(p.0, p.1)).collect();
            if line.len() > 1 {
                canvas.line(&line, style)?;
            }
        }
        Ok(())
    }

    /// Moments: a mark on the horizontal axis and a faint line up.
    pub fn moments(&self, canvas: &Canvas, plot: Rect, s: &Series, style: &Style) -> Result<(), Failure> {
        let faint = Style { width: 0.4, dash: 3, ..*style };
        for x in pairs(s).filter(|(_, y)| happened(*y)).filter_map(|(x, _)| self.plane.x.place(x)) {
            canvas.line(&[plot.at(x, 0.0), plot.at(x, 1.0)], &faint)?;
            let foot = plot.at(x, 0.0);
            canvas.marker((foot.0, foot.1 - SIZE), style.marker.unwrap_or(Marker::Up), SIZE, style.colour)?;
        }
        Ok(())
    }

    /// A place on the horizontal axis with its interval.
    pub fn place(&self, canvas: &Canvas, plot: Rect, s: &Series, style: &Style) -> Result<(), Failure> {
        for (i, x) in s.x.iter().enumerate() {
            let Some(x) = self.plane.x.place(*x) else { continue };
            let ends = s.band.as_ref().and_then(|(lo, hi)| Some((*lo.get(i)?, *hi.get(i)?)));
            if let Some((lo, hi)) = ends.and_then(|(lo, hi)| Some((self.plane.x.end(lo)?, self.plane.x.end(hi)?))) {
                let corners = [plot.at(lo, 0.0), plot.at(hi, 0.0), plot.at(hi, 1.0), plot.at(lo, 1.0)];
                canvas.fill(&corners, style.colour, 0.12)?;
            }
            canvas.line(&[plot.at(x, 0.0), plot.at(x, 1.0)], style)?;
            canvas.marker(plot.at(x, 0.0), style.marker.unwrap_or(Marker::Diamond), SIZE, style.colour)?;
        }
        Ok(())
    }
}

/// Some points of a long curve, evenly along the axis and beside those of the other curves.
fn spread(known: &[(f64, f64)], nth: usize, of: usize) -> Vec<(f64, f64)> {
    let shift = (nth as f64 + 0.5) / of.max(1) as f64;
    (0..MARKERS)
        .filter_map(|k| {
            let wanted = (k as f64 + shift) / MARKERS as f64;
            known.iter().min_by(|a, b| (a.0 - wanted).abs().total_cmp(&(b.0 - wanted).abs())).copied()
        })
        .collect()
}
