//! The model's normaliser held against the data: it was fitted on what the model was trained on, so it tells when the model
//! is given something else.

use crate::data::episode::TransitionBatch;
use crate::engine::opened::Opened;
use crate::ground::stats::moments;
use crate::world::ensemble::{Ensemble, Seen, look};
use crate::world::net::normalizer::Normalizer;

/// Factor between the deviations of model and data from which on they are not of the same quantity.
const FACTOR: f64 = 10.0;
/// Deviations of the data between both means from which on they are not of the same quantity.
const SHIFT: f64 = 3.0;
/// What two deviations that are meant to be alike may differ by.
const ALIKE: f64 = 0.05;
/// Mean of a column that was standardised.
const CENTRED: f64 = 0.05;

/// A column as the model knows it and as the data has it.
struct Pair {
    name: String,
    /// Mean and deviation.
    model: (f64, f64),
    data: (f64, f64),
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.model.1 / self.data.1
    }
}

/// What does not fit, a sentence each. A file without a normaliser has nothing to be held against.
pub(super) fn normaliser_doubts(model: &Ensemble, opened: &Opened, batch: &TransitionBatch) -> Vec<String> {
    let input = &model.input;
    if *input == Normalizer::identity(input.mean.len()) {
        return Vec::new();
    }
    let pairs = |place: &str, names: &[String], values: &[f32], first: usize| -> Vec<Pair> {
        let width = names.len();
        let column = |c: usize| values.iter().skip(c).step_by(width).map(|v| f64::from(*v));
        let pair = |(c, name): (usize, &String)| {
            let (m, s) = (input.mean.get(first + c)?, input.std.get(first + c)?);
            let (mean, variance) = moments(column(c));
            let data = (mean, variance.sqrt());
            let model = (f64::from(*m), f64::from(*s));
            (data.1 > 0.0).then(|| Pair { name: format!("{place} {c} ({name})"), model, data })
        };
        names.iter().enumerate().filter_map(pair).collect()
    };
    let names = &opened.data.obs_space.names;
    let obs = if model.seen.is_empty() {
        pairs("column", names, &batch.obs, 0)
    } else {
        let seen: Vec<f32> = (0..batch.len()).flat_map(|i| look(&model.seen, batch.obs_at(i))).collect();
        // "sin θ" for "sin 1".
        let told = |s: &Seen| s.to_string().replace(&s.column().to_string(), &names[s.column()]);
        pairs("network input", &model.seen.iter().map(told).collect::<Vec<_>>(), &seen, 0)
    };
    let d = model.seen_dim();
    let stored = opened.data.action_dim() + d == input.mean.len();
    let action = if stored { pairs("column", &opened.data.action_space.names, &batch.action, d) } else { Vec::new() };
    if let Some(doubt) = standardised(&obs) {
        return vec![doubt];
    }
    let far: Vec<String> = obs.iter().filter_map(|p| apart(p, "observation")).collect();
    let rescaled = rescaled(&action, &obs);
    let actions: Vec<String> = match rescaled {
        Some(doubt) => vec![doubt],
        None => action.iter().filter_map(|p| apart(p, "action")).collect(),
    };
    far.into_iter().take(3).chain(actions.into_iter().take(3)).collect()
}

/// The quantity in this column is not what the model was trained on.
fn apart(p: &Pair, of: &str) -> Option<String> {
    let shift = (p.model.0 - p.data.0).abs() / p.data.1;
    let fits = (1.0 / FACTOR..=FACTOR).contains(&p.ratio()) && shift <= SHIFT;
    (!fits).then(|| {
        format!(
            "The model's normaliser does not fit the data: {of} {} has mean {:.3} and deviation {:.2e} in the file, {:.3} \
             and {:.2e} in the data.",
            p.name, p.model.0, p.model.1, p.data.0, p.data.1
        )
    })
}

/// The model was trained on observations that were standardised before, and is given raw ones.
fn standardised(obs: &[Pair]) -> Option<String> {
    let unit = |(mean, std): (f64, f64)| mean.abs() < CENTRED && (std - 1.0).abs() < ALIKE;
    let is = !obs.is_empty() && obs.iter().all(|p| unit(p.model)) && !obs.iter().all(|p| unit(p.data));
    is.then(|| {
        "The model was trained on standardised observations (its normaliser knows means near 0 and deviations near 1), and \
         the data's are not: standardise the dataset as it was done in training, or export the model with its normaliser."
            .into()
    })
}

/// All actions were at the same factor of the data's in training, and the observations were not.
fn rescaled(action: &[Pair], obs: &[Pair]) -> Option<String> {
    let factor = action.first()?.ratio();
    let alike = |r: f64, to: f64| (r / to - 1.0).abs() < 2.0 * ALIKE;
    let same = action.iter().all(|p| alike(p.ratio(), factor));
    let off = !(0.8..=1.25).contains(&factor);
    let mut usual: Vec<f64> = obs.iter().map(Pair::ratio).collect();
    usual.sort_by(f64::total_cmp);
    let known = usual.get(usual.len() / 2).is_some_and(|r| (0.8..=1.25).contains(r));
    (same && off && known).then(|| {
        format!(
            "The model was trained on actions whose deviation is {factor:.2} times that of the data's, while its \
             observations fit: the actions were probably rescaled (say to [-1, 1]) before training; rescale the dataset's."
        )
    })
}
