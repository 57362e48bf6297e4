//! Where the dashboard keeps what it keeps between two starts. Whatever goes wrong with it is no error of what was asked for.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use crate::ground::{folders, save};
use crate::ui::kept::Kept;

/// `OODSCOPE_STATE`, else `oodscope` in the user's state folder.
fn file() -> Option<PathBuf> {
    let named = std::env::var_os("OODSCOPE_STATE").filter(|named| !named.is_empty()).map(PathBuf::from);
    let folder = named.or_else(|| Some(folders::state()?.join("oodscope")))?;
    Some(folder.join("dashboard.toml"))
}

/// What was kept; nothing where there is nothing to read.
pub fn read() -> Kept {
    let text = file().and_then(|path| fs::read_to_string(path).ok());
    text.map(|text| Kept::read(&text)).unwrap_or_default()
}

/// Keeps `kept`, where it is not what was kept `before`.
pub fn write(kept: &Kept, before: &Kept) {
    let (Some(path), true) = (file(), kept != before) else { return };
    let (Ok(text), Some(folder)) = (toml::to_string(kept), path.parent()) else { return };
    let written = fs::create_dir_all(folder).map_err(|e| e.to_string()).and_then(|()| {
        save::file(&path, |file| file.write_all(text.as_bytes()).map_err(|e| e.to_string())).map_err(|e| e.to_string())
    });
    if let Err(why) = written {
        log::info!("sizes of cards and conditions are not kept: {why}");
    }
}
