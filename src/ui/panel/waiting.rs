//! What an empty panel says: what is happening, or what brings it to life.

use super::generic::capital;
use super::{Panel, data};
use crate::ui::app::{App, Ended};
use crate::ui::card::{Body, Card};

/// The card of a panel that has no report yet.
pub fn card(app: &App, panel: &Panel) -> Card<'static> {
    let (lines, share) = words(app, panel);
    Card::new("waiting", panel.title, Body::Waiting(lines, share))
}

/// Why `job` cannot be done with the data that is open, where that is known beforehand.
pub fn refused(app: &App, job: &str) -> Option<String> {
    let report = app.report(data::ID)?;
    report.refused.iter().find(|(name, _)| *name == job).map(|(_, why)| why.clone())
}

fn words(app: &App, panel: &Panel) -> (Vec<String>, Option<f64>) {
    let (about, job) = (panel.about.to_string(), panel.job_in(&app.open));
    if let Some((_, running)) = app.jobs.named(job) {
        let phase = running.progress.as_ref().map_or("starting", |p| p.phase.as_str());
        let phase = if phase.is_empty() { job } else { phase };
        let share = running.progress.as_ref().filter(|p| p.total > 0).map(|p| p.done as f64 / p.total as f64);
        let state = if running.paused { "paused: " } else { "" };
        return (vec![format!("{state}{} …", capital(phase)), about], share.or(Some(0.0)));
    }
    let lines = match (app.jobs.ended.get(job), panel.by_hand) {
        (Some(Ended::Failed(why)), _) => {
            vec![format!("{} failed", capital(job)), why.clone(), "Press r to try again.".into()]
        }
        (Some(Ended::Cancelled), _) => {
            vec![format!("{} was stopped", capital(job)), "Press r to run it again.".into()]
        }
        (Some(Ended::Done(_)), _) => {
            vec![format!("{} ended without a report", capital(job)), "Press r to run it again.".into()]
        }
        (None, _) if app.jobs.queue.iter().any(|s| s.name() == job) => {
            let before = app.jobs.running.values().next().map_or("the jobs before it", |r| r.name);
            vec![format!("Waiting for {before}"), about]
        }
        (None, _) if (panel.spec)(&app.open).is_none() && app.open.no_model().is_some() => vec![
            format!("{} needs a world model, and the one that was named cannot be used", panel.title),
            app.open.no_model().unwrap_or_default().into(),
            "Name another with --checkpoint, or press r once it is mended.".into(),
        ],
        (None, _) if refused(app, job).is_some() => {
            vec![format!("{} cannot be done here", panel.title), refused(app, job).unwrap_or_default(), about]
        }
        (None, _) if (panel.spec)(&app.open).is_none() => vec![
            format!("{} needs a world model", panel.title),
            about,
            "Name one when you open the data: oodscope DATASET --checkpoint PATH".into(),
            "No checkpoint yet? oodscope fit DATASET trains one.".into(),
        ],
        (None, Some(by_hand)) => vec!["Ready".into(), about, by_hand.into()],
        (None, None) => vec![format!("No {job} yet"), about, "Press r to compute it.".into()],
    };
    (lines, None)
}
