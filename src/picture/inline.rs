//! Pictures within a terminal's screen, in the three ways that terminals know. Each is written where the cursor stands, and the
//! cursor stays there.

mod iterm2;
mod kitty;
mod sixel;

use super::canvas::Canvas;

/// How the terminal is told of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Kitty's graphics protocol: also Ghostty, Konsole, `WezTerm`.
    Kitty,
    /// iTerm2's inline images: also `WezTerm`, Konsole, mintty, VS Code.
    Iterm2,
    /// DEC's sixels: also foot, xterm, Windows Terminal, `WezTerm`, mlterm, tmux from 3.4 on.
    Sixel,
}

/// Most pixels that are sent where the terminal makes a picture as large as its cells: beyond it n × n pixels are one.
const MOST: usize = 1_500_000;

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kitty, Self::Iterm2, Self::Sixel];

    /// Its name for options and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kitty => "kitty",
            Self::Iterm2 => "iterm2",
            Self::Sixel => "sixel",
        }
    }

    /// The one called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// True where pictures lie over the cells until they are deleted; else they go where something else is written.
    pub fn is_layered(self) -> bool {
        self == Self::Kitty
    }

    /// Pixels across and down of a picture over so many columns and rows of cells of this size.
    pub fn pixels(self, (columns, rows): (u16, u16), (width, height): (u16, u16)) -> (usize, usize) {
        let all = (usize::from(columns) * usize::from(width), usize::from(rows) * usize::from(height));
        // A sixel is as large as the terminal's pixels.
        let by =
            if self == Self::Sixel { 1 } else { (1..=all.0).find(|n| (all.0 / n) * (all.1 / n) <= MOST).unwrap_or(1) };
        (all.0 / by, all.1 / by)
    }

    /// What shows a picture over so many columns and rows, known as number `id`.
    ///
    /// # Errors
    /// A sentence where it cannot be packed.
    pub fn show(self, picture: &Canvas, cells: (u16, u16), id: u32) -> Result<Vec<u8>, String> {
        match self {
            Self::Kitty => kitty::show(picture, cells, id),
            Self::Iterm2 => iterm2::show(picture, cells),
            Self::Sixel => Ok(sixel::show(picture)),
        }
    }

    /// What deletes picture number `id`, where that is to be said.
    pub fn delete(self, id: u32) -> Vec<u8> {
        if self == Self::Kitty { kitty::delete(id) } else { Vec::new() }
    }

    /// What leaves no picture on the screen when it is given back.
    pub fn clear(self) -> &'static [u8] {
        if self == Self::Kitty { kitty::CLEAR } else { b"\x1b[2J" }
    }
}

#[cfg(test)]
mod tests;
