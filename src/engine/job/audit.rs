use std::fmt::Write as _;

use super::{Emit, Job, Slot};
use crate::data::audit::{Audit as Audited, Finding, RULES, Severity};
use crate::data::dataset::Dataset;
use crate::engine::event::Outcome;
use crate::engine::measure::audit::audited;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;
use crate::metrics::report::{Cell, Level, Report, Table};

/// Reports what the audit of a dataset found.
pub(super) struct Audit;

impl Job for Audit {
    type Spec = Source;
    type Input = Opened;
    const NAME: &'static str = "audit";
    const SLOT: Slot = Slot::Audit;

    fn open(source: &Source, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        workspace.open(source, cx)
    }

    fn run(_: &Source, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let audit = audited(&opened, cx)?;
        emit(report(&opened.data, &audit));
        Ok(Outcome::said(summary(&audit)))
    }
}

fn count(audit: &Audited, severity: Severity) -> usize {
    audit.findings.iter().filter(|f| f.severity == severity).count()
}

/// "2 errors, 1 warning and 3 notes by 14 rules".
fn summary(audit: &Audited) -> String {
    let [errors, warnings, notes] =
        [Severity::Error, Severity::Warning, Severity::Info].map(|severity| count(audit, severity));
    let rules = RULES.len();
    format!(
        "{}, {} and {} by {rules} rules",
        counted(errors, "errors"),
        counted(warnings, "warnings"),
        counted(notes, "notes")
    )
}

fn report(data: &Dataset, audit: &Audited) -> Report {
    let name = data.origin.dataset_id.clone().unwrap_or_else(|| data.origin.path.display().to_string());
    let mut r = Report::new("audit", &format!("Audit: {name}"));
    let stats = [
        ("errors", "errors", Severity::Error, "findings that cannot be right"),
        ("warnings", "warnings", Severity::Warning, "findings that are likely to mislead learning or statistics"),
        ("infos", "notes", Severity::Info, "findings worth knowing"),
    ];
    for (key, label, severity, definition) in stats {
        r.stat(key, label, count(audit, severity) as f64, "", definition).of(RULES.len(), "rules");
    }
    r.stat("episodes", "episodes", data.num_episodes() as f64, "", "episodes in the dataset");
    r.stat("steps", "steps", data.num_steps() as f64, "", "environment steps over all episodes");
    r.tables.push(findings(audit));
    let level = match audit.worst() {
        Some(Severity::Error) => Level::Alarm,
        Some(Severity::Warning) => Level::Warn,
        Some(Severity::Info) | None => Level::Good,
    };
    r.note(level, format!("{}.", summary(audit)));
    for f in &audit.findings {
        let level = match f.severity {
            Severity::Error => Level::Alarm,
            Severity::Warning => Level::Warn,
            Severity::Info => Level::Info,
        };
        let places = match (list(&f.episodes), list(&f.rows)) {
            (e, s) if !e.is_empty() && !s.is_empty() => format!(" (episodes {e}; steps {s})"),
            (e, _) if !e.is_empty() => format!(" (episodes {e})"),
            _ => String::new(),
        };
        r.note(level, format!("{}: {}{places}. {}", f.rule, f.what, capital(&f.remedy)));
    }
    r.note(Level::Info, format!("{} read as {}.", data.origin.path.display(), data.origin.format));
    audit.alignment.iter().for_each(|rule| r.note(Level::Info, capital(rule)));
    r
}

/// As a sentence.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).chain(['.']).collect()
}

fn findings(audit: &Audited) -> Table {
    let columns = ["severity", "rule", "count", "of", "unit", "finding", "what to do", "episodes", "steps"];
    Table {
        key: "findings".into(),
        label: "Findings".into(),
        columns: columns.map(String::from).to_vec(),
        rows: audit.findings.iter().map(row).collect(),
    }
}

fn row(f: &Finding) -> Vec<Cell> {
    vec![
        f.severity.name().into(),
        f.rule.into(),
        (f.count as usize).into(),
        (f.of as usize).into(),
        f.unit.into(),
        f.what.as_str().into(),
        f.remedy.as_ref().into(),
        list(&f.episodes).into(),
        list(&f.rows).into(),
    ]
}

/// "3 17 42".
fn list<T: std::fmt::Display>(numbers: &[T]) -> String {
    let mut out = String::new();
    for n in numbers {
        let _ = write!(out, "{}{n}", if out.is_empty() { "" } else { " " });
    }
    out
}
