//! The cells of an experiment that runs while the dashboard is open.

use super::PANEL;
use crate::engine::job::JobSpec;
use crate::ui::app::App;
use crate::ui::card::{Body, Card};
use crate::ui::msg::Effect;
use crate::ui::panel::{generic, waiting};
use crate::ui::widget::notes::loudest_first;

/// Name of the job, and of its report.
pub const JOB: &str = "experiment";

/// The grid, and what is said of it.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.reports.get(JOB) else { return vec![waiting::card(app, &PANEL)] };
    let mut cards: Vec<Card<'_>> =
        generic::cards(report).into_iter().filter(|card| card.id.starts_with("table:")).collect();
    cards.push(Card::new("said", report.title.clone(), Body::Notes(loudest_first(&report.notes))));
    cards
}

/// True where the experiment is open and does not run.
pub fn can_go_on(app: &App) -> bool {
    app.open.experiment.is_some() && app.jobs.named(JOB).is_none()
}

/// Goes on with it, where it does not run.
pub fn start(app: &mut App) -> Vec<Effect> {
    let Some(spec) = app.open.experiment.clone().filter(|_| can_go_on(app)) else {
        app.message = Some("The experiment is running: x stops it.".into());
        return Vec::new();
    };
    app.message = None;
    vec![app.jobs.start(JobSpec::Experiment(spec))]
}
