//! The cells of an experiment that runs while the dashboard is open.

use crate::ui::app::{App, Ended};
use crate::ui::card::{Body, Card};
use crate::ui::panel::generic;
use crate::ui::widget::notes::loudest_first;

/// Names of the report and of the job.
const EXPERIMENT: &str = "experiment";

/// The grid, and what is said of it.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.reports.get(EXPERIMENT) else {
        let words = match app.jobs.ended.get(EXPERIMENT) {
            Some(Ended::Failed(why)) => why.clone(),
            Some(Ended::Cancelled) => "The experiment was stopped; run the same command to go on with it.".into(),
            _ => "The cells are looked at.".into(),
        };
        return vec![Card::new("waiting", "Experiment", Body::Waiting(vec![words], None))];
    };
    let mut cards: Vec<Card<'_>> =
        generic::cards(report).into_iter().filter(|card| card.id.starts_with("table:")).collect();
    cards.push(Card::new("said", report.title.clone(), Body::Notes(loudest_first(&report.notes))));
    cards
}
