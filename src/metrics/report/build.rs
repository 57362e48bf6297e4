//! Filling a report, and asking it.

use super::{CONFIDENCE, Cell, Level, Note, Report, Series, Stat};

impl Report {
    /// An empty report.
    pub fn new(name: &str, title: &str) -> Self {
        Self { name: name.into(), title: title.into(), ..Self::default() }
    }

    /// An empty report whose tables are what is asked for.
    pub fn listed(name: &str, title: &str) -> Self {
        Self { listed: true, ..Self::new(name, title) }
    }

    /// Adds a number and returns it for refinement with [`Stat::of`] and [`Stat::between`].
    pub fn stat(&mut self, key: &str, label: &str, value: f64, unit: &str, definition: &str) -> &mut Stat {
        self.stats.push(Stat {
            key: key.into(),
            label: label.into(),
            value,
            unit: unit.into(),
            interval: None,
            interval_is: "",
            n: None,
            definition: definition.into(),
            share: unit.is_empty() && definition.starts_with("Share of "),
        });
        let last = self.stats.len() - 1;
        &mut self.stats[last]
    }

    /// Adds a sentence.
    pub fn note(&mut self, level: Level, text: impl Into<String>) {
        self.notes.push(Note { level, text: text.into() });
    }

    /// Adds everything that `other` holds.
    pub fn extend(&mut self, other: Self) {
        self.stats.extend(other.stats);
        self.series.extend(other.series);
        self.histograms.extend(other.histograms);
        self.maps.extend(other.maps);
        self.scatters.extend(other.scatters);
        self.tables.extend(other.tables);
        self.notes.extend(other.notes);
    }

    /// The sentences that call for action, the first first.
    pub fn alarms(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|n| n.level == Level::Alarm)
    }

    /// Value of the stat called `key`.
    pub fn value(&self, key: &str) -> Option<f64> {
        self.stats.iter().find(|s| s.key == key).map(|s| s.value)
    }
}

/// Curves by group, in the order in which the groups appear.
pub fn groups(series: &[Series]) -> Vec<(&str, Vec<&Series>)> {
    let mut out: Vec<(&str, Vec<&Series>)> = Vec::new();
    for s in series {
        match out.iter_mut().find(|(g, _)| *g == s.group) {
            Some((_, lines)) => lines.push(s),
            None => out.push((&s.group, vec![s])),
        }
    }
    out
}

impl Stat {
    /// Says what the value rests on: `n` of `what`.
    pub fn of(&mut self, n: usize, what: &str) -> &mut Self {
        self.n = Some((n as u64, what.into()));
        self
    }

    /// Adds a confidence interval of 95 %.
    pub fn between(&mut self, lo: f64, hi: f64) -> &mut Self {
        self.spans((lo, hi), CONFIDENCE)
    }

    /// Adds the interval that `interval_is` names.
    pub fn spans(&mut self, ends: (f64, f64), interval_is: &'static str) -> &mut Self {
        (self.interval, self.interval_is) = (Some(ends), interval_is);
        self
    }

    /// Adds a confidence interval of 95 % where there is one.
    pub fn within(&mut self, interval: Option<(f64, f64)>) -> &mut Self {
        if let Some((lo, hi)) = interval {
            self.between(lo, hi);
        }
        self
    }
}

impl From<&str> for Cell {
    fn from(s: &str) -> Self {
        Self::Text(s.into())
    }
}

impl From<String> for Cell {
    fn from(s: String) -> Self {
        Self::Text(s)
    }
}

impl From<f64> for Cell {
    fn from(v: f64) -> Self {
        Self::Number(v)
    }
}

impl From<usize> for Cell {
    fn from(v: usize) -> Self {
        Self::Count(i64::try_from(v).unwrap_or(i64::MAX))
    }
}
