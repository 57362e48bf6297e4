//! The runs of this sitting: what each came to, and the curves of those before the last as ghosts beside the last's.

use std::path::{Path, PathBuf};

use crate::metrics::report::{Cell, Report, Role, Series, Table};

/// Runs whose curves stay.
const RUNS: usize = 4;

/// The runs that were started since the dashboard was opened.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sitting {
    /// How many were started.
    pub started: usize,
    /// Their curves, those of the last run left out.
    pub past: Vec<Series>,
    /// Of each curve the run that it is of.
    of: Vec<usize>,
    /// What those came to that ended.
    pub table: Table,
    /// Where the last one's networks lie, else its folder.
    pub result: Option<PathBuf>,
}

const COLUMNS: [&str; 12] = [
    "run",
    "schedule",
    "seed",
    "checks",
    "added",
    "total",
    "R before",
    "R after",
    "return before",
    "return after",
    "change",
    "result",
];

impl Sitting {
    /// Another run begins: the curves of the one before, in its `report` and in what it told, stand back.
    pub fn begin(&mut self, report: Option<&Report>, told: &[Series]) {
        let run = self.started;
        self.started += 1;
        self.result = None;
        let reported = report.map(|report| report.series.as_slice()).unwrap_or_default();
        let measured = |s: &&Series| s.role == Role::Value && s.y.iter().any(|v| v.is_finite());
        for series in reported.iter().chain(told).filter(measured) {
            let label = format!("run {run}: {}", series.label);
            self.past.push(Series { label, role: Role::Past, band: None, ..series.clone() });
            self.of.push(run);
        }
        let keep: Vec<bool> = self.of.iter().map(|of| of + RUNS > run).collect();
        let mut kept = keep.iter();
        self.past.retain(|_| kept.next() == Some(&true));
        let mut kept = keep.iter();
        self.of.retain(|_| kept.next() == Some(&true));
    }

    /// The run ended: what it came to is a row.
    pub fn end(&mut self, (schedule, seed): (&str, u64), report: Option<&Report>, written: &[PathBuf]) {
        let value = |key: &str| report.and_then(|report| report.value(key)).unwrap_or(f64::NAN);
        let checks = report.and_then(|r| r.tables.iter().find(|t| t.key == "checks")).map_or(0, |t| t.rows.len());
        self.result = written.iter().find(|path| is_checkpoint(path)).or(written.first()).cloned();
        let result = self.result.as_ref().map_or("–".into(), |path| path.display().to_string());
        let (before, after) = (value("return_before"), value("return_after"));
        let seed = Cell::Text(seed.to_string());
        if self.table.columns.is_empty() {
            self.table.key = "sitting".into();
            self.table.label = "Runs of this sitting".into();
            self.table.columns = COLUMNS.map(String::from).to_vec();
        }
        self.table.rows.push(vec![
            Cell::Text(format!("run {}", self.started.max(1))),
            Cell::Text(schedule.into()),
            seed,
            checks.into(),
            value("added").into(),
            value("total_real").into(),
            value("loss_ratio_before").into(),
            value("loss_ratio_after").into(),
            before.into(),
            after.into(),
            (after - before).into(),
            Cell::Text(result),
        ]);
    }
}

fn is_checkpoint(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with("checkpoints"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curves_of_runs_before_stand_back_and_only_the_latest_stay() {
        let mut report = Report::new("topup", "Top-up");
        let series = |key: &str, role| Series {
            key: key.into(),
            label: key.into(),
            role,
            x: vec![1.0],
            y: vec![2.0],
            ..Series::default()
        };
        report.series = vec![series("R", Role::Value), series("threshold", Role::Threshold)];
        let mut sitting = Sitting::default();
        sitting.begin(None, &[]);
        assert!(sitting.past.is_empty());
        sitting.begin(Some(&report), &[series("policy loss", Role::Value)]);
        let labels = |s: &Sitting| s.past.iter().map(|s| s.label.clone()).collect::<Vec<_>>();
        assert_eq!(labels(&sitting), ["run 1: R", "run 1: policy loss"]);
        assert!(sitting.past.iter().all(|s| s.role == Role::Past));
        for _ in 0..5 {
            sitting.begin(Some(&report), &[]);
        }
        assert_eq!(labels(&sitting), ["run 3: R", "run 4: R", "run 5: R", "run 6: R"]);
    }

    #[test]
    fn a_run_that_ended_is_a_row_with_its_result() {
        let (mut sitting, mut report) = (Sitting::default(), Report::new("topup", "Top-up"));
        report.stat("return_before", "", -9.0, "", "");
        report.stat("return_after", "", -4.0, "", "");
        sitting.begin(None, &[]);
        sitting.end(("adaptive", 3), Some(&report), &["runs/a".into(), "runs/a/checkpoints/0002".into()]);
        sitting.begin(Some(&report), &[]);
        assert_eq!(sitting.result, None);
        sitting.end(("fixed", 4), None, &["runs/b".into()]);
        assert_eq!(sitting.result, Some("runs/b".into()));
        let rows = &sitting.table.rows;
        assert_eq!((&rows[0][0], &rows[1][0]), (&Cell::Text("run 1".into()), &Cell::Text("run 2".into())));
        assert_eq!((&rows[0][10], &rows[0][11]), (&Cell::Number(5.0), &Cell::Text("runs/a/checkpoints/0002".into())));
        assert!(rows.iter().all(|row| row.len() == COLUMNS.len()));
    }
}
