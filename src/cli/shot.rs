//! `oodscope shot`: a panel of the dashboard as a picture, without a terminal.

use std::ffi::OsStr;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use clap::Args;

use super::args::{JudgedArgs, SourceArgs};
use super::headless::{self, Status};
use super::{config, dashboard, interrupt};
use crate::engine::Engine;
use crate::engine::job::Body;
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::picture::cells::Cells;
use crate::picture::scene::Scene;
use crate::picture::{raster, svg};
use crate::ui::app::OpenSpec;
use crate::ui::offscreen::{self, LEAST, Stage, keys};
use crate::ui::panel::{self, PANELS};
use crate::ui::theme::{Scheme, Theme};
use crate::ui::update;

/// Most columns and rows.
const MOST: (u16, u16) = (500, 200);

/// Options of `oodscope shot`.
#[derive(Debug, Args)]
pub struct ShotArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    acting: JudgedArgs,
    /// Seed of everything random in the jobs
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Panel to begin with, by the name on its tab or its number: data, coverage, imagination, diagnosis, top-up
    #[arg(long, value_name = "NAME", default_value = "data")]
    panel: String,
    /// Columns and rows of the screen
    #[arg(long, value_name = "COLUMNSxROWS", default_value = "160x45")]
    size: String,
    /// Colours: dark, light, safe, contrast, gruvbox, solarized, or a TOML file
    #[arg(long, value_name = "NAME", default_value = "dark")]
    theme: String,
    /// Keys that are pressed one after the other, each once all jobs have ended. Characters stand for themselves, names for the
    /// rest: <Tab> <S-Tab> <Enter> <Esc> <Up> <Down> <Left> <Right> <S-Left> <S-Right> <PgUp> <PgDn> <Home> <End> <Space>
    /// <Backspace> <F1> <C-c>, and <lt> for "<"
    #[arg(long, value_name = "KEYS", default_value = "")]
    keys: String,
    /// File to write; its ending says what: .svg, .png, or .txt (the characters alone)
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Svg,
    Png,
    Text,
}

impl ShotArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.shoot() {
            Ok(()) => Status::Good,
            Err(ended) => headless::complain(&ended),
        }
    }

    fn shoot(&self) -> Result<(), Fault> {
        let kind = kind(&self.out)?;
        let size = size(&self.size)?;
        let theme = theme(&self.theme)?;
        let panel = panel::named(&self.panel).ok_or_else(|| no_panel(&self.panel))?;
        let keys = keys::parse(&self.keys).map_err(|why| Fault::bad(format!("--keys: {why}")))?;
        // Known before the jobs have run for minutes.
        let folder = self.out.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(save::unwritable(&self.out, &"there is no such folder"));
        }
        let source = self.acting.of(self.source.source()?);
        let (mut app, effects) = update::begin(OpenSpec::new(source, self.seed), theme);
        (app.panel, app.size) = (panel, size);
        let (sender, events) = sync_channel(dashboard::NEWS);
        let mut engine = Engine::new(sender);
        let cancel = interrupt::install();
        let line = headless::progress_line();
        let mut heard = |event: &crate::engine::job::Event| {
            if let Body::Progress(progress) = &event.body {
                line(progress.clone());
            }
        };
        let mut stage = Stage { engine: &mut engine, events: &events, cancel: &cancel, heard: &mut heard };
        let played = stage.play((app, effects), &keys);
        headless::clear_progress();
        write(&self.out, kind, &offscreen::screen(&played?))
    }
}

/// Writes the picture whole or not at all.
fn write(path: &Path, kind: Kind, cells: &Cells) -> Result<(), Fault> {
    let mut missing = Vec::new();
    let bytes = match kind {
        Kind::Text => cells.text().into_bytes(),
        Kind::Svg => svg::write(&Scene::of(cells)).into_bytes(),
        Kind::Png => {
            let (bytes, unknown) = raster::png(&Scene::of(cells)).map_err(|why| Fault::at(path, why))?;
            missing = unknown;
            bytes
        }
    };
    save::file(path, |file| file.write_all(&bytes).map_err(|e| e.to_string()))?;
    if !missing.is_empty() {
        let signs: Vec<String> = missing.iter().map(char::to_string).collect();
        let (path, signs) = (path.display(), signs.join(" "));
        let _ = writeln!(stderr(), "oodscope: {path}: a box stands for each of {signs}; an SVG shows them");
    }
    Ok(())
}

fn kind(path: &Path) -> Result<Kind, Fault> {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "svg" => Ok(Kind::Svg),
        "png" => Ok(Kind::Png),
        "txt" => Ok(Kind::Text),
        _ => Err(Fault::at(path, "the name has to end with .svg, .png or .txt, which says what is written")),
    }
}

fn size(text: &str) -> Result<(u16, u16), Fault> {
    let sides = text.split_once(['x', '×']).and_then(|(w, h)| Some((w.parse::<u16>().ok()?, h.parse::<u16>().ok()?)));
    let fits = |(w, h): &(u16, u16)| (LEAST.0..=MOST.0).contains(w) && (LEAST.1..=MOST.1).contains(h);
    sides.filter(fits).ok_or_else(|| {
        let ((w, h), (most_w, most_h)) = (LEAST, MOST);
        Fault::bad(format!("--size {text}: COLUMNSxROWS from {w}x{h} to {most_w}x{most_h} is needed, as 160x45"))
    })
}

/// The scheme in full colours and characters: a picture is the same wherever it is made.
fn theme(name: &str) -> Result<Theme, Fault> {
    match name {
        "auto" => Ok(Theme::new(Scheme::Dark)),
        name => Ok(Theme::new(config::theme(name)?.scheme)),
    }
}

fn no_panel(name: &str) -> Fault {
    let all: Vec<String> = PANELS.iter().enumerate().map(|(i, p)| format!("{} ({})", p.title, i + 1)).collect();
    Fault::bad(format!("--panel {name}: there are {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_numbers_within_bounds() {
        assert_eq!((size("160x45"), size("60×16")), (Ok((160, 45)), Ok((60, 16))));
        for bad in ["160", "59x45", "160x15", "501x45", "160x201", "-1x5", "ax45", "160x45x2", "99999x45"] {
            let said = size(bad).expect_err(bad).to_string();
            assert!(said.contains(bad) && said.contains("60x16 to 500x200"), "{said}");
        }
    }

    #[test]
    fn the_ending_says_what_is_written() {
        let of = |name: &str| kind(Path::new(name)).ok();
        assert_eq!((of("a.svg"), of("b/a.PNG"), of("a.b.txt")), (Some(Kind::Svg), Some(Kind::Png), Some(Kind::Text)));
        assert_eq!((of("a.gif"), of("svg"), of("a.")), (None, None, None));
    }
}
