//! How stored rows become the columns that models, metrics and policies see: a choice is one column for each of its
//! values, 1 for the one taken and 0 elsewhere (one-hot), because its number has no order. Real numbers stay as they are.

use std::borrow::Cow;

use super::{Space, SpaceKind};

/// A space of more choices than this stays numbers: what a file claims must not fill the memory.
const MOST_CHOICES: usize = 4096;

impl Space {
    /// Choices of every stored column (how many, and the first of them), where the columns are choices (of at most 4,096
    /// together).
    pub fn choices(&self) -> Option<Vec<(usize, i64)>> {
        let choices = match &self.kind {
            SpaceKind::Discrete { n, start } => Some(vec![(*n, *start)]),
            SpaceKind::MultiDiscrete { n, start } => Some(n.iter().copied().zip(start.iter().copied()).collect()),
            SpaceKind::Box { .. } | SpaceKind::MultiBinary | SpaceKind::Unknown => None,
        };
        choices.filter(|all| all.iter().fold(0usize, |sum, (n, _)| sum.saturating_add(*n)) <= MOST_CHOICES)
    }

    /// Columns of an encoded row.
    pub fn encoded_dim(&self) -> usize {
        self.choices().map_or_else(|| self.dim(), |choices| choices.iter().map(|(n, _)| n).sum())
    }

    /// Names of the columns of an encoded row: `push=0`, `push=1` of a choice.
    pub fn encoded_names(&self) -> Vec<String> {
        let Some(choices) = self.choices() else { return self.names.clone() };
        let named = |(d, (n, start)): (usize, (usize, i64))| {
            let name = self.names.get(d).map_or("action", String::as_str);
            (0..n).map(move |i| format!("{name}={}", start + i as i64)).collect::<Vec<_>>()
        };
        choices.into_iter().enumerate().flat_map(named).collect()
    }

    /// `stored` rows [N, `dim`] as columns [N, `encoded_dim`]; a value that is no choice has no column set.
    pub fn encode<'r>(&self, stored: &'r [f32]) -> Cow<'r, [f32]> {
        let Some(choices) = self.choices() else { return Cow::Borrowed(stored) };
        let mut out = vec![0.0; stored.len() / choices.len().max(1) * self.encoded_dim()];
        let mut at = 0;
        for (&value, &(n, start)) in stored.iter().zip(choices.iter().cycle()) {
            let choice = if value.is_finite() { value.round() as i64 - start } else { -1 };
            if let Some(column) = usize::try_from(choice).ok().filter(|&c| c < n) {
                out[at + column] = 1.0;
            }
            at += n;
        }
        Cow::Owned(out)
    }

    /// The stored rows of `columns` [N, `encoded_dim`]: of a choice, the one whose column is largest.
    pub fn decode(&self, columns: &[f32]) -> Vec<f32> {
        let Some(choices) = self.choices() else { return columns.to_vec() };
        let mut out = Vec::with_capacity(columns.len() / self.encoded_dim().max(1) * choices.len());
        for row in columns.chunks_exact(self.encoded_dim().max(1)) {
            let mut rest = row;
            for &(n, start) in &choices {
                let (own, others) = rest.split_at(n);
                let best = (0..n).max_by(|&a, &b| own[a].total_cmp(&own[b]).then(b.cmp(&a))).unwrap_or(0);
                out.push((start + best as i64) as f32);
                rest = others;
            }
        }
        out
    }
}

/// Actions of B rows with the space that they are of.
#[derive(Debug, Clone, PartialEq)]
pub struct Actions<'a> {
    space: &'a Space,
    stored: Cow<'a, [f32]>,
}

impl<'a> Actions<'a> {
    /// `stored` is [B, `space.dim()`], as datasets and environments have it.
    pub fn new(space: &'a Space, stored: impl Into<Cow<'a, [f32]>>) -> Self {
        Self { space, stored: stored.into() }
    }

    /// The space that they are of.
    pub fn space(&self) -> &'a Space {
        self.space
    }

    /// Number of rows B.
    pub fn rows(&self) -> usize {
        self.stored.len() / self.space.dim().max(1)
    }

    /// [B, `space.dim()`] as stored: a choice is its number.
    pub fn stored(&self) -> &[f32] {
        &self.stored
    }

    /// Row `i` as stored.
    pub fn stored_at(&self, i: usize) -> &[f32] {
        let a = self.space.dim();
        &self.stored[i * a..(i + 1) * a]
    }

    /// [B, `width`] as a model of `width` action columns takes them: encoded, or as stored where that is what it was trained
    /// on ([`takes_numbers`]).
    pub fn columns(&self, width: usize) -> Cow<'_, [f32]> {
        if takes_numbers(self.space, width) { Cow::Borrowed(&self.stored) } else { self.space.encode(&self.stored) }
    }
}

/// True where a model of `width` action columns takes the choices of `space` as plain numbers: some imported models do.
pub fn takes_numbers(space: &Space, width: usize) -> bool {
    width == space.dim() && space.encoded_dim() != width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(n: &[usize], start: &[i64]) -> Space {
        let kind = SpaceKind::MultiDiscrete { n: n.to_vec(), start: start.to_vec() };
        Space { kind, ..Space::unnamed("a", n.len()) }
    }

    #[test]
    fn a_choice_is_a_column_for_each_of_its_values() {
        let three = Space { kind: SpaceKind::Discrete { n: 3, start: 2 }, ..Space::unnamed("push", 1) };
        assert_eq!(three.encoded_names(), ["push[0]=2", "push[0]=3", "push[0]=4"]);
        assert_eq!(*three.encode(&[4.0, 2.0]), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(*three.encode(&[f32::NAN, 7.0]), [0.0; 6], "what is no choice sets nothing");
        assert_eq!(three.decode(&[0.1, 0.7, 0.2]), [3.0]);
        assert_eq!(three.decode(&[0.5, 0.5, 0.0]), [2.0], "the first of equals");
    }

    #[test]
    fn several_choices_follow_each_other_and_numbers_stay() {
        let two = choices(&[2, 3], &[0, -1]);
        assert_eq!(two.encoded_dim(), 5);
        let rows = [1.0, -1.0, 0.0, 1.0];
        assert_eq!(*two.encode(&rows), [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(two.decode(&two.encode(&rows)), rows);
        let flags = Space { kind: SpaceKind::MultiBinary, ..Space::unnamed("b", 2) };
        assert_eq!((flags.encoded_dim(), &*flags.encode(&[1.0, 0.0])), (2, &[1.0, 0.0][..]));
    }

    #[test]
    fn a_model_takes_what_it_was_trained_on() {
        let space = choices(&[4], &[0]);
        let actions = Actions::new(&space, vec![3.0, 1.0]);
        assert_eq!((actions.rows(), actions.stored_at(1)), (2, &[1.0][..]));
        assert_eq!(*actions.columns(4), [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(*actions.columns(1), [3.0, 1.0]);
        assert!(takes_numbers(&space, 1) && !takes_numbers(&space, 4) && !takes_numbers(&Space::unnamed("a", 1), 1));
    }
}
