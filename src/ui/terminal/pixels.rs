//! Pictures over the cells of the screen: written after a frame where what they show has changed, and taken away where they
//! would be in the way.

use std::io::{self, Write};

use ratatui::backend::Backend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{MoveTo, RestorePosition, SavePosition};
use ratatui::crossterm::{queue, terminal};
use ratatui::layout::Rect;

use crate::picture::inline::Protocol;
use crate::ui::app::App;
use crate::ui::pictures;
use crate::ui::view;

/// The number of the first picture: what other programs have shown keeps its own.
const FIRST: u32 = 0x006f_6f64;
/// Pixels of a cell where the terminal does not say.
const CELL: (u16, u16) = (8, 16);

/// A picture: its place, and what it shows as a number.
type Shown = (Rect, u64);

/// The pictures of the screen.
pub struct Pixels {
    protocol: Protocol,
    /// Columns and rows of the screen that they were made for, and pixels of a cell.
    screen: Option<((u16, u16), (u16, u16))>,
    shown: Vec<Shown>,
}

impl Pixels {
    /// None yet.
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, screen: None, shown: Vec::new() }
    }

    /// They are gone: the screen was cleared.
    pub fn forget(&mut self) {
        self.shown.clear();
    }

    /// Brings the pictures up to the frame that was just drawn.
    ///
    /// # Errors
    /// What the terminal could not do.
    pub fn show<B>(&mut self, app: &App, size: (u16, u16), out: &mut B) -> io::Result<()>
    where
        B: Backend<Error = io::Error> + Write,
    {
        let cell = match self.screen {
            Some((before, cell)) if before == size => cell,
            before => {
                // The screen was cleared; pictures over it are not part of it everywhere.
                if before.is_some() {
                    out.write_all(&self.all_gone())?;
                }
                let cell = cell();
                self.screen = Some((size, cell));
                cell
            }
        };
        let mut wanted: Vec<Shown> = Vec::new();
        // The app hears of a new size a moment after the terminal.
        if app.size == size {
            pictures::each(app, |plot, map| wanted.push((plot, map.picture_key(plot, app.theme))));
        }
        if wanted == self.shown {
            return Ok(());
        }
        queue!(out, SavePosition)?;
        self.remove(app, &wanted, out)?;
        let mut number = 0;
        let mut done = Ok(());
        pictures::each(app, |plot, map| {
            let is_there = self.shown.get(number) == wanted.get(number) || wanted.get(number).is_none();
            if !is_there && done.is_ok() {
                let cells = (plot.width, plot.height);
                let picture = map.picture(plot, self.protocol.pixels(cells, cell), app.theme);
                let id = FIRST + number as u32;
                let bytes = picture.and_then(|picture| self.protocol.show(&picture, cells, id).ok());
                done = bytes.map_or(Ok(()), |bytes| {
                    queue!(out, MoveTo(plot.x, plot.y))?;
                    out.write_all(&bytes)
                });
            }
            number += 1;
        });
        done?;
        self.shown = wanted;
        queue!(out, RestorePosition)?;
        Write::flush(out)
    }

    /// Takes away what is no longer wanted where it is.
    fn remove<B>(&self, app: &App, wanted: &[Shown], out: &mut B) -> io::Result<()>
    where
        B: Backend<Error = io::Error> + Write,
    {
        let mut frame: Option<Buffer> = None;
        for (i, old) in self.shown.iter().enumerate() {
            let place = wanted.get(i).map(|(place, _)| *place);
            // A new one of the same number, or over the same cells, replaces it.
            if self.protocol.is_layered() {
                if place.is_none() {
                    out.write_all(&self.protocol.delete(FIRST + i as u32))?;
                }
            } else if place != Some(old.0) {
                let buf = &*frame.get_or_insert_with(|| {
                    let mut buf = Buffer::empty(Rect::new(0, 0, app.size.0, app.size.1));
                    view::draw(app, &mut buf);
                    buf
                });
                let places = old.0.intersection(buf.area).positions();
                out.draw(places.map(|at| (at.x, at.y, &buf[at])))?;
            }
        }
        Ok(())
    }

    /// What deletes all of them where the cells do not.
    fn all_gone(&mut self) -> Vec<u8> {
        let all = 0..self.shown.len() as u32;
        self.shown.clear();
        all.flat_map(|i| self.protocol.delete(FIRST + i)).collect()
    }
}

/// Pixels of a cell, as the system knows the terminal's size: nothing is asked of the terminal.
fn cell() -> (u16, u16) {
    let Ok(size) = terminal::window_size() else { return CELL };
    let each = |pixels: u16, cells: u16| pixels.checked_div(cells).filter(|n| *n > 0);
    each(size.width, size.columns).zip(each(size.height, size.rows)).unwrap_or(CELL)
}

#[cfg(test)]
mod tests;
