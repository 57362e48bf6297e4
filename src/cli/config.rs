//! Settings of the dashboard that hold for every start: a TOML file in the user's configuration folder.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::headless::{self, Status};
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::picture::inline::Protocol;
use crate::ui::theme::{Scheme, Theme, custom};

/// Themes that the program brings along.
const THEMES: [(&str, &str); 3] = [
    ("contrast", include_str!("../../assets/themes/contrast.toml")),
    ("gruvbox", include_str!("../../assets/themes/gruvbox.toml")),
    ("solarized", include_str!("../../assets/themes/solarized.toml")),
];

/// Maps are made of characters.
const OFF: &str = "off";

/// What the file can say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Colours: auto, dark, light, safe, a theme of the program, one of the folder of themes, or a TOML file.
    pub theme: String,
    /// Bytes that datasets may take ("2GiB"); half of what is free if none are named.
    pub memory: Option<Bytes>,
    /// Follow the files that are open.
    pub watch: bool,
    /// How maps are shown in pixels: off, kitty, iterm2 or sixel.
    pub pixels: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { theme: "auto".into(), memory: None, watch: false, pixels: OFF.into() }
    }
}

/// The folder of the settings: `OODSCOPE_CONFIG`, else `oodscope` in the user's configuration folder.
fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("OODSCOPE_CONFIG")
        .or_else(|| Some(set("XDG_CONFIG_HOME")?.join("oodscope")))
        .or_else(|| Some(set("HOME")?.join(".config/oodscope")))
}

impl Config {
    /// What the user's file says; what holds without one where there is none.
    ///
    /// # Errors
    /// [`Fault`] naming the file and the key that is wrong.
    pub fn read() -> Result<Self, Fault> {
        let Some(path) = folder().map(|folder| folder.join("config.toml")).filter(|path| path.exists()) else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(&path).map_err(|e| Fault::at(&path, format!("cannot be read: {e}")))?;
        toml::from_str(&text).map_err(|e| Fault::at(&path, e.message()))
    }
}

/// The theme called `name`, or in the file `name`; the one that suits the terminal for "auto".
///
/// # Errors
/// A sentence with the names there are, or with what is wrong in the file.
pub fn theme(name: &str) -> Result<Theme, Fault> {
    let scheme = match name {
        "auto" => None,
        name => Some(match Scheme::named(name) {
            Some(scheme) => scheme,
            None => Scheme::Custom(from_file(name)?),
        }),
    };
    Ok(Theme::detect(scheme, &|name| std::env::var(name).ok()))
}

/// How maps are shown in pixels: as an option says, else as the settings do; not at all for "off".
///
/// # Errors
/// A sentence with the names there are, or why what the option asks for is not to be had here.
fn pixels(asked: Option<&str>, config: &Config, is_in_tmux: bool) -> Result<Option<Protocol>, Fault> {
    let name = asked.unwrap_or(&config.pixels);
    if name == OFF {
        return Ok(None);
    }
    let Some(protocol) = Protocol::named(name) else {
        let names: Vec<&str> = std::iter::once(OFF).chain(Protocol::ALL.map(Protocol::name)).collect();
        return Err(Fault::bad(format!("there are no pixels '{name}': choose one of {}", names.join(", "))));
    };
    // What tmux passes on lands anywhere on the screen; it draws sixels itself.
    match (is_in_tmux && protocol != Protocol::Sixel, asked) {
        (true, Some(name)) => Err(Fault::bad(format!(
            "--pixels {name}: tmux passes no such pictures on; start outside of it, or choose sixel, which tmux draws from 3.4 on"
        ))),
        (true, None) => Ok(None),
        (false, _) => Ok(Some(protocol)),
    }
}

/// True inside of tmux.
fn is_in_tmux() -> bool {
    std::env::var_os("TMUX").is_some_and(|v| !v.is_empty())
}

/// What the dashboard is shown with.
#[derive(Debug)]
pub struct Settings {
    /// What the user's file says.
    pub config: Config,
    /// Colours.
    pub theme: Theme,
    /// How maps are shown in pixels, where they are.
    pub pixels: Option<Protocol>,
}

/// The settings, with the theme and the pixels that are asked for in place of their own.
///
/// # Errors
/// As [`Config::read`], [`theme`] and [`pixels`].
pub fn settled(asked: Option<&String>, in_pixels: Option<&str>) -> Result<Settings, Fault> {
    let config = Config::read()?;
    let theme = theme(asked.unwrap_or(&config.theme))?;
    let pixels = pixels(in_pixels, &config, is_in_tmux())?;
    Ok(Settings { config, theme, pixels })
}

fn from_file(name: &str) -> Result<&'static custom::Custom, Fault> {
    let own = folder().map(|folder| folder.join("themes").join(format!("{name}.toml")));
    let path = own.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(name));
    if path.is_file() {
        let text = std::fs::read_to_string(&path).map_err(|e| Fault::at(&path, format!("cannot be read: {e}")))?;
        return custom::read(&path, name, &text);
    }
    match THEMES.iter().find(|(known, _)| *known == name) {
        Some((name, text)) => custom::read(Path::new(&format!("{name}.toml")), name, text),
        None => Err(Fault::bad(format!("there is no theme '{name}': choose one of {}", names().join(", ")))),
    }
}

/// Every theme there is, and that a file will do.
fn names() -> Vec<String> {
    let mut out: Vec<String> = ["auto", "dark", "light", "safe"].map(String::from).to_vec();
    out.extend(THEMES.iter().map(|(name, _)| (*name).to_owned()));
    let own = folder().into_iter().flat_map(|folder| std::fs::read_dir(folder.join("themes"))).flatten().flatten();
    out.extend(own.filter_map(|e| Some(e.path().file_stem()?.to_string_lossy().into_owned())));
    out.sort();
    out.dedup();
    out.push("or a TOML file".into());
    out
}

/// Options of `oodscope config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Print what holds, as the file would say it: all that this command does
    #[arg(long)]
    print: bool,
}

impl ConfigArgs {
    /// Prints the settings that hold, where they come from, and the themes there are.
    pub fn run() -> Status {
        let config = match Config::read() {
            Ok(config) => config,
            Err(fault) => return headless::complain(&fault),
        };
        let path = folder().map(|folder| folder.join("config.toml").display().to_string()).unwrap_or_default();
        let there = if Path::new(&path).exists() { "" } else { " (not there: these are the settings without it)" };
        let text = toml::to_string(&config).unwrap_or_default();
        print!("# {path}{there}\n# themes: {}\n{text}", names().join(", "));
        Status::Good
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pixels: &str) -> Config {
        Config { pixels: pixels.into(), ..Config::default() }
    }

    #[test]
    fn an_option_beats_the_settings_and_a_wrong_name_is_one_sentence_with_the_choices() {
        let off = Config::default();
        assert_eq!(pixels(None, &off, false), Ok(None));
        assert_eq!(pixels(Some("kitty"), &off, false), Ok(Some(Protocol::Kitty)));
        assert_eq!(pixels(None, &with("sixel"), false), Ok(Some(Protocol::Sixel)));
        assert_eq!(pixels(Some("off"), &with("iterm2"), false), Ok(None));
        for said in [pixels(Some("vga"), &off, false), pixels(None, &with("vga"), false)] {
            let said = said.expect_err("no such pixels").to_string();
            assert!(said.contains("'vga': choose one of off, kitty, iterm2, sixel"), "{said}");
        }
    }

    #[test]
    fn inside_of_tmux_only_its_own_pictures_are_shown() {
        let off = Config::default();
        assert_eq!(pixels(Some("sixel"), &off, true), Ok(Some(Protocol::Sixel)));
        assert_eq!(pixels(None, &with("kitty"), true), Ok(None), "the settings are for all terminals");
        assert!(pixels(Some("kitty"), &off, true).expect_err("not there").to_string().contains("tmux"));
    }

    #[test]
    fn the_settings_are_printed_as_the_file_says_them() {
        let text = toml::to_string(&Config::default()).expect("written");
        assert!(text.contains("pixels = \"off\"") && text.contains("theme = \"auto\""), "{text}");
        assert_eq!(toml::from_str::<Config>("pixels = \"kitty\"").expect("read"), with("kitty"));
    }
}
