//! The comparison as files: figures (SVG) as the paper has them, and their numbers (Parquet).

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::experiment::report::claims::Claim;
use crate::experiment::report::summary::{Mean, Reached, TaskSummary};
use crate::export::figure::{self, Content, Group, Look, Panel, Row};
use crate::format::write::columns::{self, Column};
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::metrics::report::{Axis, Report, Series};

/// Agents whose curves are drawn where there are more than fit a plot.
const SHOWN: [&str; 6] = ["active", "passive", "tandem", "passive+fixed:10", "passive+adaptive", "threshold"];
/// Most curves of a plot.
const MOST: usize = 7;
/// Width of a panel and its height, in points.
const WIDE: f64 = 230.0;
const HIGH: f64 = 210.0;

/// Groups of curves, by the end of their names, and the files that they become.
const CURVES: [(&str, &str); 4] = [
    ("score", "learning"),
    ("loss on own trajectories", "loss"),
    ("loss ratio R", "ratio"),
    ("R around a top-up", "top-ups"),
];

/// Writes all figures and numbers to `folder`; answers their files.
///
/// # Errors
/// [`Fault`] where a file cannot be written.
pub(super) fn write(
    folder: &Path,
    report: &Report,
    (tasks, claims): (&[TaskSummary], &[Claim]),
) -> Result<Vec<PathBuf>, Fault> {
    std::fs::create_dir_all(folder).map_err(|e| Fault::io(folder, "making the folder of figures", &e))?;
    let mut written = Vec::new();
    let mut svg = |name: &str, drawn: Result<String, String>| {
        let file = folder.join(format!("{name}.svg"));
        let text = drawn.map_err(|why| Fault::at(&file, why))?;
        save::file(&file, |f| f.write_all(text.as_bytes()).map_err(|e| e.to_string()))?;
        written.push(file);
        Ok::<(), Fault>(())
    };
    let groups: Vec<Group> = tasks.iter().map(dots).collect();
    let rows = groups.iter().map(|g| g.rows.len()).max().unwrap_or(0);
    let wide = 110.0 + WIDE * tasks.len().max(1) as f64;
    let look = |height: f64| Look { width_pt: wide, height_pt: height, ..Look::default() };
    svg("scores", figure::bars(&groups, &look(60.0 + 16.0 * rows as f64)))?;
    for (group, name) in CURVES {
        let panels: Vec<Panel<'_>> = tasks.iter().filter_map(|task| curves(report, &task.name, group)).collect();
        if !panels.is_empty() {
            svg(
                name,
                figure::panels(
                    &panels,
                    panels.len(),
                    &Look { width_pt: WIDE * panels.len() as f64, height_pt: HIGH, ..Look::default() },
                ),
            )?;
        }
    }
    for map in &report.maps {
        svg(
            &map.key.replace('_', "-"),
            figure::heat(map, &Look { title: Some(map.label.clone()), ..Look::default() }),
        )?;
    }
    let numbers = folder.join("agents.parquet");
    agents(&numbers, tasks)?;
    let listed = folder.join("claims.parquet");
    self::claims(&listed, claims)?;
    written.extend([numbers, listed]);
    Ok(written)
}

/// A dot for each agent of a task, with the active agent's score as the line that they are held against.
fn dots(task: &TaskSummary) -> Group {
    let row = |agent: &crate::experiment::report::summary::AgentSummary| {
        let score = agent.mean(|r| r.score);
        Row {
            label: agent.name.clone(),
            value: score.mean,
            error: (score.n > 1).then_some((score.mean - score.se, score.mean + score.se)),
            emphasis: agent.name == "passive+adaptive",
        }
    };
    let active = task.agent("active").map(|a| ("active".to_string(), a.mean(|r| r.score).mean));
    Group {
        title: task.name.clone(),
        axis: Axis::new("return", ""),
        rows: task.agents.iter().map(row).collect(),
        reference: active,
    }
}

fn curves<'r>(report: &'r Report, task: &str, group: &str) -> Option<Panel<'r>> {
    let all: Vec<&Series> = report.series.iter().filter(|s| s.group == format!("{task}: {group}")).collect();
    let some = if all.len() <= MOST {
        all
    } else {
        let shown: Vec<&Series> = all.iter().filter(|s| SHOWN.contains(&s.label.as_str())).copied().collect();
        if shown.is_empty() { all.into_iter().take(MOST).collect() } else { shown }
    };
    (!some.is_empty()).then(|| Panel { title: task.into(), content: Content::Curves(some) })
}

/// A number of an agent with its name.
type Kind = (&'static str, fn(&Reached) -> f64);

/// Every agent of every task, mean and standard error over seeds.
fn agents(path: &Path, tasks: &[TaskSummary]) -> Result<(), Fault> {
    let all: Vec<_> = tasks.iter().flat_map(|task| task.agents.iter().map(move |agent| (task, agent))).collect();
    let text = |of: &dyn Fn(&TaskSummary, &str) -> String| {
        Column::Text(all.iter().map(|(task, agent)| of(task, &agent.name)).collect())
    };
    let mut columns = vec![
        ("task".to_string(), text(&|task, _| task.name.clone())),
        ("agent".to_string(), text(&|_, agent| agent.into())),
        ("seeds".to_string(), Column::Count(all.iter().map(|(_, agent)| agent.seeds.len() as u64).collect())),
    ];
    let kinds: [Kind; 7] = [
        ("score", |r| r.score),
        ("loss", |r| r.loss),
        ("value_error", |r| r.value_error),
        ("acted", |r| r.acted),
        ("share_added", |r| r.share),
        ("total", |r| r.total),
        ("visits", |r| r.visits.unwrap_or(f64::NAN)),
    ];
    for (name, of) in kinds {
        let means: Vec<Mean> = all.iter().map(|(_, agent)| agent.mean(of)).collect();
        columns.push((name.into(), Column::Number(means.iter().map(|m| m.mean).collect())));
        columns.push((format!("{name}_se"), Column::Number(means.iter().map(|m| m.se).collect())));
    }
    columns::save(path, columns, &[]).map(drop)
}

fn claims(path: &Path, claims: &[Claim]) -> Result<(), Fault> {
    let text = |of: &dyn Fn(&Claim) -> String| Column::Text(claims.iter().map(of).collect());
    let columns = vec![
        ("claim".to_string(), text(&|c| c.text.into())),
        ("task".to_string(), text(&|c| c.task.clone().unwrap_or_else(|| "all".into()))),
        ("verdict".to_string(), text(&|c| c.verdict.word().into())),
        ("measured".to_string(), text(&|c| c.measured.clone())),
        ("beside".to_string(), text(&|c| c.why.clone())),
    ];
    columns::save(path, columns, &[]).map(drop)
}
