//! Logistic regression with an L2 penalty: ½|w|² + C Σ v log(1 + exp(-y (w·x + b))), the intercept unpenalised, on columns
//! standardised by the rows it is fitted to; v = N / (2 N of the row's class), so that both classes weigh the same. The
//! objective of scikit-learn's `LogisticRegression(class_weight="balanced")`.

use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;

/// Newton steps; a convex problem of this kind takes about ten.
const STEPS: usize = 100;
/// A Newton step is solved to this share of the gradient: more would be lost on the next step.
const INNER: f64 = 0.1;

/// A fitted classifier.
#[derive(Debug, Clone)]
pub struct Logistic {
    mean: Vec<f64>,
    std: Vec<f64>,
    /// Weights of the standardised columns, then the intercept.
    weights: Vec<f64>,
}

/// The standardised problem.
struct Problem {
    /// [N, d+1], the last column 1.
    x: Vec<f64>,
    /// [N] +1 or -1.
    y: Vec<f64>,
    /// [N] C times the weight of the row's class.
    c: Vec<f64>,
    width: usize,
}

impl Logistic {
    /// Fits rows [N, d] with their classes, until the gradient is shorter than `tolerance` times the first one.
    ///
    /// # Errors
    /// When cancelled.
    pub fn fit(rows: &[f64], d: usize, class: &[bool], c: f64, tolerance: f64, cx: &Ctx) -> Result<Self, Fault> {
        let (mean, std) = moments(rows, d);
        let mut x = Vec::with_capacity(class.len() * (d + 1));
        for row in rows.chunks_exact(d) {
            x.extend(row.iter().zip(mean.iter().zip(&std)).map(|(v, (m, s))| (v - m) / s));
            x.push(1.0);
        }
        let y = class.iter().map(|&b| if b { 1.0 } else { -1.0 }).collect();
        let ones = class.iter().filter(|b| **b).count();
        let weight = |count: usize| c * class.len() as f64 / (2 * count.max(1)) as f64;
        let (of_one, of_other) = (weight(ones), weight(class.len() - ones));
        let c = class.iter().map(|&b| if b { of_one } else { of_other }).collect();
        let weights = Problem { x, y, c, width: d + 1 }.minimise(tolerance, cx)?;
        Ok(Self { mean, std, weights })
    }

    /// w·x + b: above 0 for the class `true`.
    pub fn decide(&self, row: &[f64]) -> f64 {
        let scaled = row.iter().zip(self.mean.iter().zip(&self.std)).map(|(v, (m, s))| (v - m) / s);
        scaled.chain([1.0]).zip(&self.weights).map(|(v, w)| v * w).sum()
    }
}

/// Mean and ddof-0 spread of each column; 1 for the spread of one that does not move.
fn moments(rows: &[f64], d: usize) -> (Vec<f64>, Vec<f64>) {
    let column = |c: usize| {
        let (mean, variance) = stats::moments(rows.iter().skip(c).step_by(d).copied());
        let std = variance.sqrt();
        (mean, if std > 1e-12 { std } else { 1.0 })
    };
    (0..d).map(column).unzip()
}

impl Problem {
    /// Newton's method; each step is solved by conjugate gradients, which need no matrix of width².
    fn minimise(&self, tolerance: f64, cx: &Ctx) -> Result<Vec<f64>, Fault> {
        let mut w = vec![0.0; self.width];
        let (mut value, mut margin) = self.value(&w);
        let mut first = None;
        for _ in 0..STEPS {
            let (gradient, curvature) = self.derivatives(&w, &margin);
            let length = norm(&gradient);
            if length <= tolerance * *first.get_or_insert(length) || length == 0.0 {
                break;
            }
            let step = self.newton_step(&gradient, &curvature, cx)?;
            let slope = dot(&gradient, &step);
            let mut share = 1.0;
            loop {
                let next: Vec<f64> = w.iter().zip(&step).map(|(w, s)| w - share * s).collect();
                let (v, m) = self.value(&next);
                if v <= value - 1e-4 * share * slope {
                    (w, value, margin) = (next, v, m);
                    break;
                }
                share *= 0.5;
                // The value cannot fall any more in f64.
                if share < 1e-6 {
                    return Ok(w);
                }
            }
        }
        Ok(w)
    }

    /// The objective and every row's margin y (w·x + b).
    fn value(&self, w: &[f64]) -> (f64, Vec<f64>) {
        let margin: Vec<f64> = self.x.chunks_exact(self.width).zip(&self.y).map(|(x, y)| y * dot(x, w)).collect();
        // log(1 + exp(-m)) without overflow.
        let of = |(m, c): (&f64, &f64)| c * ((-m).max(0.0) + (-m.abs()).exp().ln_1p());
        let loss: f64 = margin.iter().zip(&self.c).map(of).sum();
        let weights = &w[..self.width - 1];
        (0.5 * dot(weights, weights) + loss, margin)
    }

    /// Gradient, and the second derivative of every row's loss by its margin.
    fn derivatives(&self, w: &[f64], margin: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut gradient = w.to_vec();
        gradient[self.width - 1] = 0.0;
        let mut curvature = Vec::with_capacity(margin.len());
        for (((x, y), m), c) in self.x.chunks_exact(self.width).zip(&self.y).zip(margin).zip(&self.c) {
            let wrong = 1.0 / (1.0 + m.exp());
            gradient.iter_mut().zip(x).for_each(|(g, x)| *g -= c * wrong * y * x);
            curvature.push(c * wrong * (1.0 - wrong));
        }
        (gradient, curvature)
    }

    /// Solves H s = g about.
    fn newton_step(&self, gradient: &[f64], curvature: &[f64], cx: &Ctx) -> Result<Vec<f64>, Fault> {
        let mut step = vec![0.0; self.width];
        let mut rest = gradient.to_vec();
        let mut direction = rest.clone();
        let mut square = dot(&rest, &rest);
        let enough = INNER * INNER * square;
        for _ in 0..2 * self.width + 20 {
            cx.check()?;
            let bent = self.hessian_times(&direction, curvature);
            let length = square / dot(&direction, &bent);
            if !length.is_finite() {
                break;
            }
            step.iter_mut().zip(&direction).for_each(|(s, d)| *s += length * d);
            rest.iter_mut().zip(&bent).for_each(|(r, b)| *r -= length * b);
            let next = dot(&rest, &rest);
            if next <= enough {
                break;
            }
            direction.iter_mut().zip(&rest).for_each(|(d, r)| *d = r + next / square * *d);
            square = next;
        }
        Ok(step)
    }

    fn hessian_times(&self, v: &[f64], curvature: &[f64]) -> Vec<f64> {
        let mut out = v.to_vec();
        out[self.width - 1] = 0.0;
        for (x, h) in self.x.chunks_exact(self.width).zip(curvature) {
            let along = h * dot(x, v);
            out.iter_mut().zip(x).for_each(|(o, x)| *o += along * x);
        }
        out
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
