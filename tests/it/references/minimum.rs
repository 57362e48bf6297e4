//! How much there is to compare, so that a harness that finds nothing fails.
//!
//! The numbers are what was found and agreed when they were written down. More is welcome and raises them; less means
//! that a file is not found, not read, or read only in part.

use std::fmt;

use super::{Finding, Kind, Place, Verdict};

/// Findings that agree, and numbers compared in them, of one kind in one place.
type Least = (Place, Kind, usize, usize);

/// The files of all formats that ship are held to their truth by `formats.rs`.
const LEAST: &[Least] = &[
    (Place::Shipped, Kind::Data, 18, 2040),
    (Place::Shipped, Kind::Model, 6, 4497),
    (Place::Shipped, Kind::Environments, 6, 2154),
    (Place::Shipped, Kind::Broken, 41, 41),
    (Place::Shipped, Kind::Policies, 27, 800),
    (Place::Beside, Kind::Data, 215, 206_338),
    (Place::Beside, Kind::Formats, 23, 627),
    (Place::Beside, Kind::Model, 16, 752_302),
    (Place::Beside, Kind::Environments, 6, 14_102),
    (Place::Beside, Kind::Broken, 97, 97),
    (Place::Beside, Kind::Policies, 7, 896),
];

/// What was found so far.
#[derive(Debug, Default)]
pub struct Tally {
    places: Vec<Place>,
    found: Vec<Least>,
}

impl Tally {
    /// Says that a place is there.
    pub fn begin(&mut self, place: Place) {
        self.places.push(place);
    }

    /// Counts what agrees.
    pub fn count(&mut self, place: Place, kind: Kind, findings: &[Finding]) {
        let numbers = |verdict: &Verdict| if let Verdict::Agrees(numbers, _) = verdict { *numbers } else { 0 };
        let agreed: Vec<usize> = findings.iter().map(|f| numbers(&f.1)).filter(|n| *n > 0).collect();
        let known = self.found.iter().position(|f| (f.0, f.1) == (place, kind));
        let slot = known.unwrap_or_else(|| {
            self.found.push((place, kind, 0, 0));
            self.found.len() - 1
        });
        self.found[slot].2 += agreed.len();
        self.found[slot].3 += agreed.iter().sum::<usize>();
    }

    /// One line for each kind of which there is less than there has to be.
    pub fn missing(&self) -> Vec<String> {
        let own = self.places.contains(&Place::Own) && !self.found.iter().any(|f| f.0 == Place::Own && f.2 > 0);
        let places = LEAST.iter().filter(|least| self.places.contains(&least.0));
        let nothing = own.then(|| "nothing that agrees was found in the folder that OODSCOPE_REFERENCE names".into());
        places
            .filter_map(|&(place, kind, findings, numbers)| {
                let found = self.found.iter().find(|f| (f.0, f.1) == (place, kind));
                let (_, _, f, n) = found.copied().unwrap_or((place, kind, 0, 0));
                (f < findings || n < numbers).then(|| {
                    format!("{place:?} {kind:?}: {f} findings and {n} numbers agree, {findings} and {numbers} have to")
                })
            })
            .chain(nothing)
            .collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, kind, findings, numbers) in &self.found {
            writeln!(f, "{place:?} {kind:?}: {findings} findings agree, {numbers} numbers compared")?;
        }
        Ok(())
    }
}

#[test]
fn finding_nothing_is_a_fault() {
    let mut tally = Tally::default();
    assert!(tally.missing().is_empty(), "a place that is not there is not asked for");
    tally.begin(Place::Shipped);
    let shipped = LEAST.iter().filter(|least| least.0 == Place::Shipped).count();
    assert_eq!(tally.missing().len(), shipped);
    let agrees = |numbers| vec![("x".to_owned(), Verdict::Agrees(numbers, String::new())); 1000];
    tally.count(Place::Shipped, Kind::Data, &agrees(1_000_000));
    assert_eq!(tally.missing().len(), shipped - 1);
    tally.count(Place::Shipped, Kind::Model, &agrees(0));
    assert_eq!(tally.missing().len(), shipped - 1, "a finding without numbers is none");
    tally.begin(Place::Own);
    assert_eq!(tally.missing().len(), shipped);
    tally.count(Place::Own, Kind::Model, &agrees(1));
    assert_eq!(tally.missing().len(), shipped - 1);
}
