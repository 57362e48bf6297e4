//! Settings of the dashboard that hold for every start: a TOML file in the user's configuration folder.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::headless::{self, Status};
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ui::theme::{Scheme, Theme, custom};

/// Themes that the program brings along.
const THEMES: [(&str, &str); 3] = [
    ("contrast", include_str!("../../assets/themes/contrast.toml")),
    ("gruvbox", include_str!("../../assets/themes/gruvbox.toml")),
    ("solarized", include_str!("../../assets/themes/solarized.toml")),
];

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
}

impl Default for Config {
    fn default() -> Self {
        Self { theme: "auto".into(), memory: None, watch: false }
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

/// The theme of the settings.
///
/// # Errors
/// As [`Config::read`] and [`theme`].
pub fn settled() -> Result<Theme, Fault> {
    theme(&Config::read()?.theme)
}

fn from_file(name: &str) -> Result<&'static custom::Custom, Fault> {
    let own = folder().map(|folder| folder.join("themes").join(format!("{name}.toml")));
    let path = own.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(name));
    if path.is_file() {
        let text = std::fs::read_to_string(&path).map_err(|e| Fault::at(&path, format!("cannot be read: {e}")))?;
        return custom::read(&path, &text);
    }
    match THEMES.iter().find(|(known, _)| *known == name) {
        Some((name, text)) => custom::read(Path::new(&format!("{name}.toml")), text),
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
