//! Panels: which job fills them, which cards a report becomes, the plan of their pages, the keys of their own. A new panel
//! is one file here and one line in [`PANELS`].

mod compared;
pub mod coverage;
pub mod data;
pub mod diagnosis;
mod dimensions;
mod generic;
pub mod imagination;
pub mod runs;
pub mod topup;
mod waiting;

use std::collections::VecDeque;
use std::fmt::Write as _;

pub use generic::capital;

use super::app::{App, OpenSpec};
use super::card::{Body, Card};
use super::keymap::Binding;
use super::layout::Pages;
use super::msg::Effect;
use super::panel_id::PanelId;
use super::widget::{notes::loudest_first, number};
use crate::engine::job::{JobSpec, Outcome};
use crate::metrics::report::{Axis, Level, Note, Report, Series};

/// Every panel, in the order of the tabs. The first is the dataset's own: its job reads the data, and all others wait for it.
pub const PANELS: &[Panel] =
    &[data::PANEL, coverage::PANEL, imagination::PANEL, diagnosis::PANEL, topup::PANEL, runs::PANEL];

/// One panel.
#[derive(Debug, Clone, Copy)]
pub struct Panel {
    /// Its name, which is the name of the report that it shows.
    pub id: PanelId,
    /// Name on its tab.
    pub title: &'static str,
    /// What it is about: a sentence for the empty panel.
    pub about: &'static str,
    /// The key that shows it.
    pub shown_by: Binding,
    /// Keys that hold on it alone.
    pub keys: &'static [Binding],
    /// Name of the job that fills it ([`JobSpec::name`]).
    pub job: &'static str,
    /// The job that fills it instead, with what is open.
    pub instead: fn(&OpenSpec) -> Option<&'static str>,
    /// That job, as it would be started now; nothing where a checkpoint is needed and not named.
    pub spec: fn(&OpenSpec) -> Option<JobSpec>,
    /// The job that adds to it, once all panels are filled.
    pub beside: fn(&OpenSpec) -> Option<JobSpec>,
    /// What starts the job, in a sentence, where the opening does not.
    pub by_hand: Option<&'static str>,
    /// The job that the opening starts where it does not start the panel's own.
    pub opened: fn(&OpenSpec) -> Option<JobSpec>,
    /// Runs the job again.
    pub again: fn(&mut App, &'static Self) -> Vec<Effect>,
    /// The report's cards; none where there is no report.
    pub cards: fn(&App) -> Vec<Card<'_>>,
    /// The plan of its pages; what no plan names follows on pages of its own.
    pub pages: Pages,
    /// A report came, of whatever name.
    pub heard: fn(&mut App, &Report) -> Vec<Effect>,
    /// Its job ended well and left something behind.
    pub filled: fn(&mut App, &Outcome),
    /// What its reports say that calls for action: its tab is marked, and the first stands over its cards.
    pub alarms: fn(&App, PanelId) -> Vec<&Note>,
    /// What it answers, in a sentence or two, and how loud: it stands over the cards where nothing calls for action.
    pub answer: fn(&App) -> Option<(Level, String)>,
    /// What the card of a name answers, while it has the focus, in place of that.
    pub answer_of: fn(&App, &str) -> Option<(Level, String)>,
    /// What Enter does with the focused card in place of zooming it, where it does anything.
    pub enter: fn(&mut App) -> Option<Vec<Effect>>,
}

impl Panel {
    /// A panel that shows its report card by card and has nothing of its own.
    pub const fn new(id: PanelId, title: &'static str, about: &'static str, shown_by: Binding) -> Self {
        Self {
            id,
            title,
            about,
            shown_by,
            keys: &[],
            job: id.0,
            instead: |_| None,
            spec: |_| None,
            beside: |_| None,
            by_hand: None,
            opened: |_| None,
            again: restart,
            cards: |app| app.report(app.panel).map(generic::cards).unwrap_or_default(),
            pages: Pages { tiny: &[], small: &[], middle: &[], large: &[] },
            heard: |_, _| Vec::new(),
            filled: |_, _| {},
            alarms: |app, id| app.report(id).into_iter().flat_map(Report::alarms).collect(),
            answer: |app| loudest(app, app.panel),
            answer_of: |_, _| None,
            enter: |_| None,
        }
    }

    /// Name of the job that fills it with what is open: what is told on it, and what its keys steer.
    pub fn job_in(&self, open: &OpenSpec) -> &'static str {
        (self.instead)(open).unwrap_or(self.job)
    }
}

/// The loudest sentence of a panel's report.
fn loudest(app: &App, panel: PanelId) -> Option<(Level, String)> {
    let notes = loudest_first(&app.report(panel)?.notes);
    notes.first().map(|note| (note.level, note.text.clone()))
}

/// The panel called `id`.
pub fn panel(id: PanelId) -> &'static Panel {
    PANELS.iter().find(|p| p.id == id).unwrap_or(&PANELS[0])
}

/// The panel by the name on its tab, in whatever case, or by its number, from 1.
pub fn named(text: &str) -> Option<PanelId> {
    let is_it = |(i, panel): &(usize, &Panel)| panel.title.eq_ignore_ascii_case(text) || (i + 1).to_string() == text;
    PANELS.iter().enumerate().find(is_it).map(|(_, panel)| panel.id)
}

/// The jobs that follow a dataset that was read: what does not depend on one another, in the order of the panels, then
/// what is held beside it.
pub fn road(open: &OpenSpec) -> VecDeque<JobSpec> {
    let own = |p: &Panel| if p.by_hand.is_none() { (p.spec)(open) } else { (p.opened)(open) };
    let filled = PANELS[1..].iter().filter_map(own);
    filled.chain(PANELS.iter().filter_map(|p| (p.beside)(open))).collect()
}

/// Starts the next job that waits: what is looked at is measured first.
pub fn start_next(app: &mut App) -> Option<Effect> {
    let shown = (panel(app.panel).spec)(&app.open);
    app.jobs.start_next(shown.as_ref().map(JobSpec::name))
}

/// Runs the job of `panel` again, and what is held beside it.
fn restart(app: &mut App, panel: &'static Panel) -> Vec<Effect> {
    let Some(spec) = (panel.spec)(&app.open) else {
        if app.open.refused.is_some() {
            // Perhaps it was mended.
            return data::again(app, panel);
        }
        app.message = Some("This panel needs a world model: open the data with --checkpoint PATH.".into());
        return Vec::new();
    };
    app.jobs.queue.extend((panel.beside)(&app.open));
    app.message = None;
    vec![app.jobs.start(spec)]
}

/// Lays the curves that were pinned over those of a plot, where they are over the same axes.
fn pinned<'a>(app: &'a App, card: &mut Card<'a>) {
    let Body::Plot(lines) = &mut card.body else { return };
    if app.looks.pins.is_empty() {
        return;
    }
    let pins = app.looks.pins.get(&(app.panel, card.id.clone())).map(Vec::as_slice).unwrap_or_default();
    let Some(first) = lines.first().copied() else { return };
    let same = |a: &Axis, b: &Axis| (&a.label, &a.unit) == (&b.label, &b.unit);
    // The vertical axis of what several curves share bears the name of one of them.
    let y = lines.iter().map(|line| &line.y_axis).collect::<Vec<_>>();
    let fits = |pin: &&Series| same(&pin.x_axis, &first.x_axis) && y.iter().any(|y| same(&pin.y_axis, y));
    lines.extend(pins.iter().filter(fits));
}

/// The cards of the app's panel; never none.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let panel = panel(app.panel);
    let mut cards = (panel.cards)(app);
    if cards.is_empty() {
        cards.push(waiting::card(app, panel));
    }
    for card in &mut cards {
        pinned(app, card);
        let Some(look) = app.looks.cards.get(&(app.panel, card.id.clone())) else { continue };
        card.look = look.clone();
        if let (Body::Map { whole, shown, .. }, Some(part)) = (&mut card.body, look.part.as_deref()) {
            let times = (whole.x_range.1 - whole.x_range.0) / (part.x_range.1 - part.x_range.0);
            let _ = write!(card.title, " · {} x closer", number::number((times * 10.0).round() / 10.0));
            *shown = part;
        }
    }
    cards
}
