//! Conditions on the numbers of reports: gates of CI, and alarms of the dashboard.
//!
//! `ood_fraction<0.05` names a stat by its key, or by `report.key` where several reports have one of that name; `.lower`
//! and `.upper` behind the key mean the ends of its interval. A number that is missing or is none never passes.

use std::fmt;

use serde::Serialize;

use super::report::{Report, Stat};

/// How a number is held against a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Op {
    /// The longer signs first: `<=` begins with `<`.
    const ALL: [(&str, Self); 4] = [("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Less), (">", Self::More)];

    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::AtMost => value <= bound,
            Self::More => value > bound,
            Self::AtLeast => value >= bound,
        }
    }

    fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, op)| *op == self).map_or("", |(sign, _)| sign)
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    key: String,
    op: Op,
    bound: f64,
}

/// What became of a condition; `--json` shows it under `outcome.gates`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The condition as it was understood ("`ood_fraction < 0.05`").
    pub gate: String,
    /// The number that was held against the bound; NaN (JSON null) where there is none.
    pub value: f64,
    /// It holds.
    pub passed: bool,
    /// One sentence for people where it does not.
    pub problem: Option<String>,
}

/// As it is read.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.key, self.op.sign(), self.bound)
    }
}

impl Gate {
    /// Reads `KEY OP NUMBER`.
    ///
    /// # Errors
    /// One sentence with the form that is needed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            let shown: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
            format!("the gate '{shown}' cannot be read: write KEY < NUMBER (or <=, >, >=), such as ood_fraction<0.05")
        };
        let at = text.find(['<', '>']).ok_or_else(wrong)?;
        let (key, rest) = (text[..at].trim(), &text[at..]);
        let (sign, op) = Op::ALL.into_iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(wrong)?;
        let bound = rest[sign.len()..].trim().parse::<f64>().ok().filter(|b| b.is_finite()).ok_or_else(wrong)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if key.is_empty() || !key.chars().all(plain) {
            return Err(wrong());
        }
        Ok(Self { key: key.into(), op, bound })
    }

    /// Holds the number that is meant against the bound. `whole` says that every job ended well: then an unknown key is a
    /// slip of the pen, else the number is merely missing.
    ///
    /// # Errors
    /// One sentence for a key that no report or more than one report has.
    pub fn judge(&self, reports: &[impl AsRef<Report>], whole: bool) -> Result<Verdict, String> {
        let found: Vec<(&Report, f64)> = reports
            .iter()
            .map(AsRef::as_ref)
            .flat_map(|r| r.stats.iter().filter_map(move |s| self.picks(r, s).map(|value| (r, value))))
            .collect();
        match found[..] {
            [(_, value)] => Ok(self.verdict(Some(value))),
            [] if !whole => Ok(self.verdict(None)),
            [] => Err(self.unknown(reports)),
            _ => {
                let all: Vec<String> = found.iter().map(|(r, _)| format!("{}.{}", r.name, self.key)).collect();
                Err(format!("several reports have a '{}': say which of {} the gate means", self.key, all.join(", ")))
            }
        }
    }

    /// The number of `stat` that the key means, if it means this stat.
    fn picks(&self, report: &Report, stat: &Stat) -> Option<f64> {
        let key = self.key.strip_prefix(&report.name).and_then(|k| k.strip_prefix('.')).unwrap_or(&self.key);
        let end = |at: fn((f64, f64)) -> f64| stat.interval.map_or(f64::NAN, at);
        match key.strip_prefix(&stat.key)? {
            "" => Some(stat.value),
            ".lower" => Some(end(|i| i.0)),
            ".upper" => Some(end(|i| i.1)),
            _ => None,
        }
    }

    fn verdict(&self, value: Option<f64>) -> Verdict {
        let (key, sign, bound) = (&self.key, self.op.sign(), self.bound);
        let passed = value.is_some_and(|v| self.op.holds(v, bound));
        let problem = match value {
            _ if passed => None,
            None => Some(format!("gate failed: {key} is missing, since a job failed ({key} {sign} {bound})")),
            Some(v) if v.is_nan() => {
                Some(format!("gate failed: {key} has no value here, which never passes ({key} {sign} {bound})"))
            }
            Some(v) => Some(format!("gate failed: {key} = {v} is not {sign} {bound}")),
        };
        Verdict { gate: format!("{key} {sign} {bound}"), value: value.unwrap_or(f64::NAN), passed, problem }
    }

    /// One sentence with the keys that look most like the one that nobody knows.
    fn unknown(&self, reports: &[impl AsRef<Report>]) -> String {
        let mut keys: Vec<&str> =
            reports.iter().flat_map(|r| r.as_ref().stats.iter().map(|s| s.key.as_str())).collect();
        keys.sort_unstable();
        keys.dedup();
        // Within `report.key.upper` the key itself is what is spelt wrong.
        let parts: Vec<&str> = self.key.split('.').filter(|part| !["lower", "upper"].contains(part)).collect();
        let asked = parts.last().copied().unwrap_or(&self.key);
        keys.sort_by_key(|key| (!(key.contains(asked) || asked.contains(key)), edits(asked, key)));
        keys.truncate(4);
        match keys[..] {
            [] => format!("no number is called '{}': nothing was reported", self.key),
            _ => format!("no number is called '{}': do you mean {}?", self.key, keys.join(", ")),
        }
    }
}

/// Judges all of `gates` in order.
///
/// # Errors
/// As [`Gate::judge`].
pub fn judge(gates: &[Gate], reports: &[impl AsRef<Report>], whole: bool) -> Result<Vec<Verdict>, String> {
    gates.iter().map(|gate| gate.judge(reports, whole)).collect()
}

/// Letters to insert, delete or replace between two words (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let kept = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = kept.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn reports() -> Vec<Arc<Report>> {
        let mut coverage = Report::new("coverage", "");
        coverage.stat("ood_fraction", "", 0.12, "", "").between(0.04, 0.2);
        coverage.stat("threshold", "", f64::NAN, "", "");
        let mut compare = Report::new("compare", "");
        compare.stat("threshold", "", 0.5, "", "");
        compare.stat("auroc", "", 0.97, "", "");
        vec![Arc::new(coverage), Arc::new(compare)]
    }

    fn judged(text: &str) -> Result<Verdict, String> {
        Gate::parse(text).and_then(|g| g.judge(&reports(), true))
    }

    #[test]
    fn every_operator_and_the_ends_of_intervals() {
        let passes = |text: &str| judged(text).map(|v| v.passed);
        for (text, want) in [
            ("ood_fraction<0.05", false),
            ("ood_fraction < 0.12", false),
            ("ood_fraction<=0.12", true),
            (" coverage.ood_fraction >= 0.12 ", true),
            ("ood_fraction>1.2e-1", false),
            ("ood_fraction.lower<0.05", true),
            ("coverage.ood_fraction.upper<0.05", false),
            ("compare.threshold>-1", true),
        ] {
            assert_eq!(passes(text), Ok(want), "{text}");
        }
        let failed = judged("ood_fraction<0.05").unwrap();
        assert_eq!(failed.problem.as_deref(), Some("gate failed: ood_fraction = 0.12 is not < 0.05"));
        assert_eq!(judged("auroc>0.5").unwrap().problem, None);
    }

    #[test]
    fn a_number_that_is_none_or_missing_never_passes() {
        for text in ["coverage.threshold<1", "coverage.threshold>=0", "auroc.upper<1"] {
            let verdict = judged(text).unwrap();
            assert!(!verdict.passed && verdict.problem.is_some_and(|p| p.contains("no value")), "{text}");
        }
        let missing = Gate::parse("nrmse<1").unwrap().judge(&reports(), false).unwrap();
        assert!(!missing.passed && missing.problem.is_some_and(|p| p.contains("missing")));
    }

    #[test]
    fn what_cannot_be_meant_is_one_sentence() {
        for bad in ["", "ood_fraction", "ood_fraction=0.1", "ood_fraction<", "<1", "a b<1", "x<NaN", "x<<1", "x>\u{7}"]
        {
            let problem = Gate::parse(bad).unwrap_err();
            assert!(problem.contains("KEY") && !problem.contains('\u{7}'), "{bad}: {problem}");
        }
        let unknown = judged("ood_fractoin<1").unwrap_err();
        assert!(unknown.contains("do you mean ood_fraction,"), "{unknown}");
        assert!(judged("ood<1").unwrap_err().contains("do you mean ood_fraction,"));
        let twice = judged("threshold<1").unwrap_err();
        assert!(twice.contains("coverage.threshold, compare.threshold"), "{twice}");
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!([edits("kitten", "sitting"), edits("", "abc"), edits("same", "same")], [3, 3, 0]);
    }
}
