//! What is open, as a file that opens it again: which data and networks, which panel, and how everything is looked at.

mod keys;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::app::{Alarm, App, OpenSpec};
use super::look::{CardLook, ScaleChoice, Sizes};
use super::panel::{PANELS, named, panel};
use super::panel_id::PanelId;
use crate::engine::job::{Propagation, Source, TopUpOptions, is_on_disk};
use crate::ground::fault::Fault;
use crate::metrics::gate::Gate;
use crate::metrics::report::Along;

/// Name of the file that a session is saved to, in the current folder.
pub const FILE: &str = "oodscope-session.toml";
/// The version that this program writes and reads.
const VERSION: u32 = 1;

/// What was open.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Of this form of file.
    version: u32,
    /// Seed of everything random.
    #[serde(default)]
    pub seed: u64,
    /// What every imagined step goes on from.
    #[serde(default)]
    propagation: Propagation,
    /// The panel by the name on its tab.
    #[serde(default)]
    panel: Option<String>,
    /// The focused card fills the panel.
    #[serde(default)]
    zoom: bool,
    /// Colours by name, or a TOML file.
    #[serde(default)]
    pub theme: Option<String>,
    /// The files are followed.
    #[serde(default)]
    pub watch: bool,
    /// Conditions that ring.
    #[serde(default)]
    pub alarms: Vec<String>,
    /// The folder of runs.
    #[serde(default)]
    pub runs: Option<PathBuf>,
    /// Dataset, checkpoint, rollouts, policy and the choice of episodes.
    source: Source,
    /// The plan of the next top-up.
    #[serde(default)]
    topup: TopUpOptions,
    /// The run that a yoked one is the control of.
    #[serde(default)]
    yoked: Option<PathBuf>,
    /// Cursors that panels share.
    #[serde(default)]
    selection: Picked,
    /// Focused card of each panel.
    #[serde(default)]
    focus: BTreeMap<String, String>,
    /// Sizes that the user gave to rows and columns of the panels' pages.
    #[serde(default)]
    sizes: BTreeMap<String, Sizes>,
    /// How cards are looked at.
    #[serde(default, rename = "card")]
    cards: Vec<Looked>,
}

/// What is selected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Picked {
    axes: Option<(Along, Along)>,
    episode: Option<usize>,
    metric: Option<String>,
    runs: BTreeSet<String>,
    at: BTreeMap<String, f64>,
    window: BTreeMap<String, (f64, f64)>,
}

/// How a card is looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Looked {
    panel: String,
    id: String,
    scale: Option<ScaleChoice>,
    row: Option<usize>,
    cell: Option<(usize, usize)>,
    solo: Option<usize>,
    layer: usize,
    smooth: usize,
    scroll: usize,
    sort: Option<(usize, bool)>,
}

impl Looked {
    fn of(panel: PanelId, id: &str, look: &CardLook) -> Self {
        let CardLook { scale, row, cell, solo, layer, smooth, scroll, sort, .. } = look.clone();
        // The cursor of a part of a map means nothing on the whole of it.
        let cell = cell.filter(|_| look.part.is_none());
        Self { panel: panel.0.into(), id: id.into(), scale, row, cell, solo, layer, smooth, scroll, sort }
    }

    fn look(&self) -> CardLook {
        let Self { scale, row, cell, solo, layer, smooth, scroll, sort, .. } = *self;
        CardLook { scale, row, cell, part: None, solo, layer, smooth, scroll, sort }
    }
}

/// The panel with this id; nothing where another version had it.
fn panel_of(id: &str) -> Option<PanelId> {
    PANELS.iter().map(|panel| panel.id).find(|panel| panel.0 == id)
}

impl Session {
    /// What is open in `app`.
    pub fn of(app: &App) -> Self {
        let named = app.open.refused.as_ref().map_or(&app.open.source, |refused| &refused.named);
        // Of a run that writes one checkpoint after the other the run is named.
        let followed = app.follow.watched.as_ref().and_then(|watched| watched.checkpoint.clone());
        let source = Source {
            checkpoint: followed.or_else(|| named.checkpoint.clone()),
            only: app.open.source.only.clone(),
            ..named.clone()
        };
        let (looks, picked) = (&app.looks, &app.selection);
        let cards = looks.cards.iter().map(|((panel, id), look)| Looked::of(*panel, id, look));
        let looked = |card: &Looked| card.look() != CardLook::default();
        Self {
            version: VERSION,
            seed: app.open.seed,
            propagation: app.open.propagation,
            panel: Some(panel(app.panel).title.into()),
            zoom: looks.zoom,
            theme: Some(app.theme.scheme.named_as().into()),
            watch: app.follow.watched.is_some(),
            alarms: app.follow.alarms.iter().map(|alarm| alarm.gate.to_string()).collect(),
            runs: Some(app.open.runs.folder.clone()),
            source,
            topup: app.open.topup.options.clone(),
            yoked: app.open.topup.yoked.clone(),
            selection: Picked {
                axes: picked.axes,
                episode: picked.episode,
                metric: picked.metric.clone(),
                runs: picked.runs.clone(),
                at: picked.at.clone(),
                window: picked.window.clone(),
            },
            focus: looks.focus.iter().map(|(panel, id)| (panel.0.into(), id.clone())).collect(),
            sizes: looks.sizes.iter().map(|(panel, sizes)| (panel.0.into(), sizes.clone())).collect(),
            cards: cards.filter(looked).collect(),
        }
    }

    /// As the file has it.
    ///
    /// # Errors
    /// A sentence where a number is larger than TOML can say.
    pub fn text(&self) -> Result<String, String> {
        let text = toml::to_string(self).map_err(|e| format!("the session cannot be written: {e}"))?;
        Ok(format!("# opened by: oodscope open {FILE}\n{text}"))
    }

    /// The session in `text`, which `path` names. Relative paths in it begin at its folder.
    ///
    /// # Errors
    /// [`Fault`] with the key that is unknown, or what else is wrong.
    pub fn read(path: &Path, text: &str) -> Result<Self, Fault> {
        let at = |why: String| Fault::at(path, why);
        let table: toml::Table = toml::from_str(text).map_err(|e| at(format!("no session: {}", e.message())))?;
        match table.get("version").and_then(toml::Value::as_integer) {
            Some(version) if version == i64::from(VERSION) => {}
            Some(version) => {
                return Err(at(format!("is a session of version {version}; this program reads version {VERSION}")));
            }
            None => return Err(at("no session: it has no version".into())),
        }
        if let Some(key) = keys::unknown(&table) {
            return Err(at(format!("there is no key '{key}' in a session; remove it or mend its name")));
        }
        let session: Self = toml::from_str(text).map_err(|e| at(format!("no session: {}", e.message())))?;
        if let Some(name) = session.panel.as_deref().filter(|name| named(name).is_none()) {
            let all: Vec<&str> = PANELS.iter().map(|panel| panel.title).collect();
            return Err(at(format!("there is no panel '{name}': there are {}", all.join(", "))));
        }
        session.alarms().map_err(at)?;
        Ok(session.below(path.parent().unwrap_or(Path::new(""))))
    }

    /// With the relative paths seen from `folder`. What is no path (a URL, an id of Minari) stays.
    fn below(mut self, folder: &Path) -> Self {
        if folder.as_os_str().is_empty() {
            return self;
        }
        let join = |path: &mut PathBuf| {
            if is_on_disk(path) {
                *path = folder.join(&*path);
            }
        };
        let source = &mut self.source;
        let named = [&mut source.map, &mut source.checkpoint, &mut source.policy, &mut source.policy_normalize];
        let more = [&mut source.rollouts, &mut source.acting.keep, &mut self.runs, &mut self.yoked];
        // A Python without a folder is found where the shell finds it.
        let python = source.acting.python.as_mut().filter(|python| python.components().count() > 1);
        named.into_iter().chain(more).flatten().chain(python).for_each(join);
        let dataset = folder.join(&source.dataset);
        // Where there is no such file it may be an id, unless that name means another file here.
        if dataset.exists() || source.dataset.exists() {
            join(&mut source.dataset);
        }
        let is_file = |theme: &&mut String| Path::new(theme.as_str()).extension().is_some_and(|end| end == "toml");
        if let Some(theme) = self.theme.as_mut().filter(is_file) {
            *theme = folder.join(&*theme).to_string_lossy().into_owned();
        }
        self
    }

    /// The conditions that ring.
    ///
    /// # Errors
    /// A sentence about one that is none.
    pub fn alarms(&self) -> Result<Vec<Gate>, String> {
        self.alarms.iter().map(|text| Gate::parse(text)).collect()
    }

    /// What is opened.
    pub fn open(&self) -> OpenSpec {
        let mut open = OpenSpec::new(self.source.clone(), self.seed);
        open.propagation = self.propagation;
        open.topup.options = self.topup.clone();
        open.topup.yoked.clone_from(&self.yoked);
        open
    }

    /// Looks at everything as it was looked at.
    pub fn restore(&self, app: &mut App) {
        app.panel = self.panel.as_deref().and_then(named).unwrap_or(app.panel);
        app.looks.zoom = self.zoom;
        app.follow.alarms = self.alarms().unwrap_or_default().into_iter().map(Alarm::new).collect();
        let picked = self.selection.clone();
        (app.selection.axes, app.selection.episode) = (picked.axes, picked.episode);
        (app.selection.metric, app.selection.runs) = (picked.metric, picked.runs);
        (app.selection.at, app.selection.window) = (picked.at, picked.window);
        let focus = self.focus.iter().filter_map(|(panel, id)| Some((panel_of(panel)?, id.clone())));
        app.looks.focus = focus.collect();
        let sizes = self.sizes.iter().filter_map(|(panel, sizes)| Some((panel_of(panel)?, sizes.clone())));
        app.looks.sizes.extend(sizes);
        for card in &self.cards {
            if let Some(panel) = panel_of(&card.panel) {
                *app.looks.card_mut(panel, &card.id) = card.look();
            }
        }
    }
}
