//! Results as one JSON object. NaN and infinities are null.

use std::sync::Arc;

use serde_json::{Value, json};

use super::gate::Verdict;
use crate::engine::job::{JobSpec, Outcome};
use crate::metrics::report::Report;

/// `{version, spec, reports, outcome}` with a line end: the specs in the order in which they ran, every report, and
/// how it ended, with what became of the gates.
pub fn render(
    specs: &[JobSpec],
    reports: &[Arc<Report>],
    outcomes: &[Outcome],
    gates: &[Verdict],
    problem: Option<&str>,
) -> String {
    let reports: Vec<&Report> = reports.iter().map(AsRef::as_ref).collect();
    let summaries: Vec<&str> = outcomes.iter().map(|o| o.summary.as_str()).filter(|s| !s.is_empty()).collect();
    let written: Vec<String> = outcomes.iter().flat_map(|o| &o.written).map(|p| p.display().to_string()).collect();
    let whole: Value = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "spec": specs,
        "reports": reports,
        "outcome": {
            "good": problem.is_none(),
            "summary": summaries.join("\n"),
            "written": written,
            "gates": gates,
            "problem": problem,
        },
    });
    format!("{whole:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_json_has_not_are_null() {
        let mut report = Report::new("data", "Data");
        report.stat("a", "a", f64::NAN, "", "").between(f64::NEG_INFINITY, 1.0);
        let text = render(&[JobSpec::Load(crate::engine::job::Source::default())], &[Arc::new(report)], &[], &[], None);
        let value: Value = serde_json::from_str(&text).expect("is JSON");
        let stat = &value["reports"][0]["stats"][0];
        assert!(stat["value"].is_null() && stat["interval"][0].is_null());
        assert_eq!(stat["interval"][1], 1.0);
        assert_eq!(value["spec"][0]["job"], "load");
        assert_eq!(value["outcome"]["good"], true);
    }
}
