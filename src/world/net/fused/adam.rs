//! Adam (Kingma and Ba 2015, algorithm 1) in one pass over the memory.

use wide::f32x8;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// What one step multiplies by: the bias corrections and the step size, folded together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    rate: f32,
    moment: f32,
    epsilon: f32,
}

impl Scale {
    /// Of the `time`-th step (from 1) at a step size of `rate`. The epsilon stands beside the corrected root, as in the
    /// paper: m̂ / (√v̂ + ε), with v̂'s correction multiplied out.
    pub fn new(time: i32, rate: f64) -> Self {
        let root = (1.0 - BETA_2.powi(time)).sqrt();
        Self { rate: rate as f32, moment: root / (1.0 - BETA_1.powi(time)), epsilon: EPSILON * root }
    }
}

/// Parameters with their gradient and its running moments; all of one length.
#[derive(Debug, Clone)]
pub(crate) struct Param {
    pub value: Vec<f32>,
    pub grad: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Param {
    pub fn new(value: &[f32]) -> Self {
        let zeros = vec![0.0; value.len()];
        Self { value: value.to_vec(), grad: zeros.clone(), first: zeros.clone(), second: zeros }
    }

    /// The running moments, the first ones before the second.
    pub fn moments(&self) -> Vec<f32> {
        [&self.first[..], &self.second].concat()
    }

    /// Goes on from [`Param::moments`].
    ///
    /// # Panics
    /// If they are not twice as many as the values.
    pub fn set_moments(&mut self, moments: &[f32]) {
        let (first, second) = moments.split_at(self.value.len());
        self.first.copy_from_slice(first);
        self.second.copy_from_slice(second);
    }

    /// Scales the gradient down to a norm of `longest` where it is longer.
    pub fn shorten(&mut self, longest: f32) {
        if longest == f32::INFINITY {
            return;
        }
        let norm = self.grad.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt() as f32;
        if norm > longest {
            self.grad.iter_mut().for_each(|g| *g *= longest / norm);
        }
    }

    /// Moves the values against the gradient.
    pub fn update(&mut self, scale: Scale) {
        let (value, value_rest) = self.value.as_chunks_mut::<8>();
        let (grad, grad_rest) = self.grad.as_chunks::<8>();
        let (first, first_rest) = self.first.as_chunks_mut::<8>();
        let (second, second_rest) = self.second.as_chunks_mut::<8>();
        for (((w, g), m), v) in value.iter_mut().zip(grad).zip(first).zip(second) {
            update_block(w, *g, m, v, scale);
        }
        let n = value_rest.len();
        let padded = |rest: &[f32]| {
            let mut block = [0.0; 8];
            block[..n].copy_from_slice(rest);
            block
        };
        let (mut w, mut m, mut v) = (padded(value_rest), padded(first_rest), padded(second_rest));
        update_block(&mut w, padded(grad_rest), &mut m, &mut v, scale);
        value_rest.copy_from_slice(&w[..n]);
        first_rest.copy_from_slice(&m[..n]);
        second_rest.copy_from_slice(&v[..n]);
    }
}

fn update_block(w: &mut [f32; 8], g: [f32; 8], m: &mut [f32; 8], v: &mut [f32; 8], scale: Scale) {
    let all = f32x8::splat;
    let g = f32x8::from(g);
    let first = f32x8::from(*m) * all(BETA_1) + g * all(1.0 - BETA_1);
    let second = f32x8::from(*v) * all(BETA_2) + g * g * all(1.0 - BETA_2);
    let step = first * all(scale.moment) / (second.sqrt() + all(scale.epsilon));
    *w = (f32x8::from(*w) - step * all(scale.rate)).to_array();
    (*m, *v) = (first.to_array(), second.to_array());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_the_papers_at_every_length() {
        for n in [1, 8, 11] {
            let mut param = Param::new(&vec![0.5; n]);
            let (mut w, mut m, mut v) = (vec![0.5f64; n], vec![0.0f64; n], vec![0.0f64; n]);
            for time in 1..=50 {
                for i in 0..n {
                    let g = ((time * 7 + i * 3) % 11) as f64 / 10.0 - 0.4;
                    param.grad[i] = g as f32;
                    m[i] = 0.9 * m[i] + 0.1 * g;
                    v[i] = 0.999 * v[i] + 0.001 * g * g;
                    let (m, v) = (m[i] / (1.0 - 0.9f64.powi(time as i32)), v[i] / (1.0 - 0.999f64.powi(time as i32)));
                    w[i] -= 1e-2 * m / (v.sqrt() + 1e-8);
                }
                param.update(Scale::new(time as i32, 1e-2));
            }
            // Fifty steps of 1e-2; 1 - 0.999ᵗ in f32 is off by 6e-8 / 1e-3 at the start.
            assert!(
                param.value.iter().zip(&w).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5),
                "{:?} {w:?}",
                param.value
            );
        }
    }

    #[test]
    fn no_gradient_no_step() {
        let mut param = Param::new(&[1.0, -2.0, 3.0]);
        param.update(Scale::new(1, 1.0));
        assert_eq!(param.value, [1.0, -2.0, 3.0]);
    }
}
