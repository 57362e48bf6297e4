//! What an empty panel says: what is happening, or what brings it to life.

use super::generic::capital;
use crate::ui::app::{App, Ended, Panel};
use crate::ui::card::{Body, Card};

/// The card of a panel that has no report yet.
pub fn card(app: &App, panel: Panel) -> Card<'static> {
    let (lines, share) = words(app, panel);
    Card { id: "waiting".into(), title: panel.title().into(), body: Body::Waiting(lines, share) }
}

fn words(app: &App, panel: Panel) -> (Vec<String>, Option<f64>) {
    let about = about(panel).to_string();
    if let Some((_, running)) = app.jobs.named(panel.job()) {
        let phase = running.progress.as_ref().map_or("starting", |p| p.phase.as_str());
        let phase = if phase.is_empty() { panel.job() } else { phase };
        let share = running.progress.as_ref().filter(|p| p.total > 0).map(|p| p.done as f64 / p.total as f64);
        let state = if running.paused { "paused: " } else { "" };
        return (vec![format!("{state}{} …", capital(phase)), about], share.or(Some(0.0)));
    }
    let lines = match app.jobs.ended.get(panel.job()) {
        Some(Ended::Failed(why)) => {
            vec![format!("{} failed", capital(panel.job())), why.clone(), "Press r to try again.".into()]
        }
        Some(Ended::Cancelled) => {
            vec![format!("{} was stopped", capital(panel.job())), "Press r to run it again.".into()]
        }
        Some(Ended::Done(_)) => {
            vec![format!("{} ended without a report", capital(panel.job())), "Press r to run it again.".into()]
        }
        None if app.jobs.queue.iter().any(|s| s.name() == panel.job()) => {
            let before = app.jobs.in_order().first().map_or("the jobs before it", |r| r.name);
            vec![format!("Waiting for {before}"), about]
        }
        None if app.job_of(panel).is_none() && needs_checkpoint(panel) => vec![
            format!("{} needs a world model", panel.title()),
            about,
            "Name one when you open the data: oodscope DATASET --checkpoint PATH".into(),
            "No checkpoint yet? oodscope fit DATASET trains one.".into(),
        ],
        None if panel == Panel::TopUp => vec!["Ready".into(), about, "Press t to start the top-up.".into()],
        None => vec![format!("No {} yet", panel.job()), about, "Press r to compute it.".into()],
    };
    (lines, None)
}

fn needs_checkpoint(panel: Panel) -> bool {
    matches!(panel, Panel::Imagination | Panel::Diagnosis | Panel::TopUp)
}

fn about(panel: Panel) -> &'static str {
    match panel {
        Panel::Data => "What is in the file: episodes, returns, dimensions, and the rules by which it was read.",
        Panel::Coverage => {
            "Where the training states lie, where the holes are, and how far a state may be before it counts as new."
        }
        Panel::Imagination => "Open-loop imagination held against held-out episodes, by horizon and by dimension.",
        Panel::Diagnosis => {
            "Real episodes ranked by how far and how early they leave the data and the model's competence."
        }
        Panel::TopUp => {
            "Collects a little new data where the loss ratio asks for it, fine-tunes, and compares before and after."
        }
    }
}
