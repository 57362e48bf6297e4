//! Colours of one's own, from a TOML file: the colours of a scheme that it is based on, with those that it names instead.
//!
//! ```toml
//! base = "dark"              # or light, safe
//! ground = "#282828"         # every colour of the palette by its name
//! series = ["#83a598", "#fabd2f"]
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use ratatui::style::Color;
use serde::Deserialize;

use super::palette::{self, Palette};
use crate::ground::fault::Fault;

/// A scheme from a file.
#[derive(Debug)]
pub struct Custom {
    /// Its name.
    pub name: String,
    /// What was written to have it: its name, or the path of its file.
    pub asked: String,
    /// Its colours.
    pub palette: Palette,
}

/// Schemes are as equal as their names: one program reads one file.
impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Custom {}

/// The one that was read, for the key that turns through all schemes.
static READ: OnceLock<&'static Custom> = OnceLock::new();

/// The scheme that was read from a file, where one was.
pub fn read_before() -> Option<&'static Custom> {
    READ.get().copied()
}

#[derive(Deserialize)]
struct File {
    #[serde(default = "dark")]
    base: String,
    series: Option<Vec<String>>,
    #[serde(flatten)]
    colors: BTreeMap<String, String>,
}

fn dark() -> String {
    "dark".into()
}

/// Reads the scheme in `text`, which `path` names and `asked` asks for; it is kept for as long as the program runs.
///
/// # Errors
/// [`Fault`] naming the file and the key that is wrong.
pub fn read(path: &Path, asked: &str, text: &str) -> Result<&'static Custom, Fault> {
    let palette = parsed(text).map_err(|why| Fault::at(path, why))?;
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let custom: &'static Custom = Box::leak(Box::new(Custom { name, asked: asked.to_owned(), palette }));
    Ok(READ.get_or_init(|| custom))
}

fn parsed(text: &str) -> Result<Palette, String> {
    let file: File = toml::from_str(text).map_err(|e| format!("no theme: {}", e.message()))?;
    let mut palette = match file.base.as_str() {
        "dark" => palette::DARK,
        "light" => palette::LIGHT,
        "safe" => palette::SAFE,
        other => return Err(format!("base '{other}' is none of dark, light, safe")),
    };
    for (name, value) in &file.colors {
        let color = color(value).ok_or_else(|| format!("{name} = \"{value}\" is no colour: write #rrggbb"))?;
        let slot = match name.as_str() {
            "ground" => &mut palette.ground,
            "raised" => &mut palette.raised,
            "select" => &mut palette.select,
            "bright" => &mut palette.bright,
            "text" => &mut palette.text,
            "dim" => &mut palette.dim,
            "faint" => &mut palette.faint,
            "accent" => &mut palette.accent,
            "good" => &mut palette.good,
            "warn" => &mut palette.warn,
            "alarm" => &mut palette.alarm,
            "calm" => &mut palette.calm,
            _ => {
                return Err(format!(
                    "there is no colour '{name}': there are ground, raised, select, bright, text, dim, faint, accent, good, \
                     warn, alarm, calm, and the list series"
                ));
            }
        };
        *slot = color;
    }
    if let Some(series) = &file.series {
        if series.is_empty() {
            return Err("series has no colour".into());
        }
        for (i, slot) in palette.series.iter_mut().enumerate() {
            let text = &series[i % series.len()];
            *slot = color(text).ok_or_else(|| format!("series: \"{text}\" is no colour: write #rrggbb"))?;
        }
    }
    Ok(palette)
}

/// "#rrggbb".
fn color(text: &str) -> Option<Color> {
    let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6)?;
    let v = u32::from_str_radix(hex, 16).ok()?;
    Some(Color::Rgb((v >> 16) as u8, (v >> 8) as u8, v as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_changes_what_it_names_and_says_what_is_wrong() {
        let theme = parsed("base = \"light\"\nalarm = \"#ff0000\"\nseries = [\"#010203\", \"#040506\"]").unwrap();
        assert_eq!((theme.alarm, theme.ground), (Color::Rgb(255, 0, 0), palette::LIGHT.ground));
        assert_eq!((theme.series[0], theme.series[3]), (Color::Rgb(1, 2, 3), Color::Rgb(4, 5, 6)));
        for (text, word) in [
            ("alarm = \"red\"", "#rrggbb"),
            ("allarm = \"#ff0000\"", "allarm"),
            ("base = \"neon\"", "neon"),
            ("series = []", "series"),
            ("alarm = ", "no theme"),
        ] {
            assert!(parsed(text).unwrap_err().contains(word), "{text}");
        }
    }
}
