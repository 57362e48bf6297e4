//! How many rows every lane gets.

/// Rows of a lane of curves with its gap: at least eight dots, twelve where three such lanes have room.
const CURVES: (u16, u16) = (3, 4);
/// Rows beyond which a lane gains nothing as long as others can.
const ENOUGH: (u16, u16) = (4, 8);

/// What is asked of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bars over the steps.
    Bars,
    /// One number at all steps: a row says it.
    Flat,
    /// What happened and what was imagined.
    Curves,
}

/// Rows of every lane; none of the last of the curves where there is no room for all of them. Bars alone divide the rows evenly.
pub fn heights(kinds: &[Kind], rows: u16) -> Vec<u16> {
    let count = |kind: Kind| kinds.iter().filter(|k| **k == kind).count() as u16;
    let (bars, curves) = (count(Kind::Bars), count(Kind::Curves));
    let rest = rows.saturating_sub(count(Kind::Flat));
    let least = |thick: u16| rest.saturating_sub(bars * thick);
    let thick = if shown(least(2), curves) > 0 { 2 } else { 1 };
    let shown = shown(least(thick), curves);
    let mut out: Vec<u16> = Vec::new();
    let mut left = shown;
    for kind in kinds {
        out.push(match kind {
            Kind::Flat => 1,
            Kind::Bars if curves == 0 => (rest / bars).max(1),
            Kind::Bars => thick,
            Kind::Curves if left > 0 => {
                left -= 1;
                CURVES.0.min(least(thick))
            }
            Kind::Curves => 0,
        });
    }
    spread(kinds, &mut out, rows);
    out
}

/// Lanes of curves that `room` rows hold.
fn shown(room: u16, curves: u16) -> u16 {
    if room / CURVES.1 >= curves.min(3) {
        curves.min(room / CURVES.1)
    } else if room >= CURVES.0 {
        curves.min(room / CURVES.0)
    } else {
        // Two rows, without a gap, are the least that a curve can be read in.
        curves.min(room / 2)
    }
}

/// Gives what is left of `rows` to the lanes one by one, first to those that gain most: equal lanes differ by one row at most, and
/// the first are the higher ones.
fn spread(kinds: &[Kind], out: &mut [u16], rows: u16) {
    for (bars, curves) in [(0, CURVES.1), ENOUGH, (u16::MAX, u16::MAX)] {
        let most = |kind: Kind| match kind {
            Kind::Bars => bars,
            Kind::Flat => 0,
            Kind::Curves => curves,
        };
        let mut given = true;
        while given {
            given = false;
            for i in 0..out.len() {
                if out.iter().sum::<u16>() < rows && out[i] > 0 && out[i] < most(kinds[i]) {
                    out[i] += 1;
                    given = true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind::{Bars, Curves, Flat};
    use super::*;

    #[test]
    fn bars_alone_share_the_rows_and_a_constant_takes_one() {
        assert_eq!(heights(&[Bars, Bars, Bars, Bars], 18), [5, 5, 4, 4]);
        assert_eq!(heights(&[Bars, Bars, Bars, Flat], 18), [6, 6, 5, 1]);
        assert_eq!(heights(&[Bars, Bars, Bars], 2), [1, 1, 1], "what has no room is cut by the picture's end");
        assert_eq!(heights(&[Flat], 5), [1]);
        assert!(heights(&[], 5).is_empty());
    }

    #[test]
    fn curves_get_what_they_can_be_read_in_or_nothing() {
        let eleven = |rows| {
            let kinds: Vec<Kind> = [Bars, Bars, Bars, Flat].into_iter().chain([Curves; 11]).collect();
            let all = heights(&kinds, rows);
            assert!(all.iter().sum::<u16>() <= rows.max(4), "{rows}: {all:?}");
            all.into_iter().filter(|h| *h > 0).collect::<Vec<_>>()
        };
        assert_eq!(eleven(8), [1, 1, 1, 1, 4]);
        assert_eq!(eleven(6), [1, 1, 1, 1, 2]);
        assert_eq!(eleven(5), [2, 1, 1, 1]);
        assert_eq!(eleven(13), [2, 2, 2, 1, 3, 3]);
        assert_eq!(eleven(21), [3, 3, 2, 1, 4, 4, 4]);
        assert_eq!(eleven(60).len(), 4 + 11);
        let two = heights(&[Bars, Curves, Curves], 60);
        assert_eq!(two.iter().sum::<u16>(), 60);
    }
}
