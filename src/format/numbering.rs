//! Episodes that are numbered, and what the numbering leaves out: what is there is read all the same.

/// Numbers that no episode has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// How many there are up to `last`.
    pub absent: u64,
    /// The first of them.
    pub first: u64,
    /// The last number that an episode has.
    pub last: u64,
}

/// What ascending `ids` that count from `from` leave out.
pub(super) fn gap(ids: &[u64], from: u64) -> Option<Gap> {
    let last = *ids.last()?;
    let first = (from..).zip(ids).find_map(|(want, &id)| (id != want).then_some(want))?;
    Some(Gap { absent: (last - from).saturating_sub(ids.len() as u64 - 1), first, last })
}

impl Gap {
    /// A sentence about `things` of which one of a number is called `name` and the number.
    pub fn told(self, things: &str, name: &str) -> String {
        let Self { absent, first, last } = self;
        format!("the numbering of the {things} leaves out {absent} up to {name}{last} (first: {name}{first})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted_and_the_first_named() {
        assert_eq!((gap(&[], 0), gap(&[0, 1, 2], 0), gap(&[1, 2], 1)), (None, None, None));
        assert_eq!(gap(&[0, 3, 7], 0), Some(Gap { absent: 5, first: 1, last: 7 }));
        assert_eq!(gap(&[2], 0), Some(Gap { absent: 2, first: 0, last: 2 }));
        assert_eq!(gap(&[u64::MAX], 0).map(|g| g.absent), Some(u64::MAX));
        let told = gap(&[0, 3, 7], 0).map(|g| g.told("demos", "demo_"));
        assert_eq!(told.as_deref(), Some("the numbering of the demos leaves out 5 up to demo_7 (first: demo_1)"));
    }
}
