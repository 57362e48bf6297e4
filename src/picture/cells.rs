//! [`Cells`]: a screen as plain data.

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// One place of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// A character, perhaps with combining ones; a blank where there is nothing.
    pub symbol: String,
    /// Columns that it takes: 1, or 2 of a wide character, or 0 behind one.
    pub columns: usize,
    /// Colour of the character.
    pub ink: Rgb,
    /// Colour behind it.
    pub ground: Rgb,
    /// In bold.
    pub bold: bool,
    /// With a line under it.
    pub underlined: bool,
}

impl Cell {
    /// True where nothing is written.
    pub fn is_blank(&self) -> bool {
        self.symbol.trim().is_empty()
    }
}

/// A screen: rows of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// Columns.
    pub width: usize,
    /// Row after row, each of [`Cells::width`] cells.
    pub cells: Vec<Cell>,
    /// Colour behind everything.
    pub ground: Rgb,
}

impl Cells {
    /// The rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks(self.width.max(1))
    }

    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.rows().count()
    }

    /// The characters alone: a line for each row, without blanks at its end.
    pub fn text(&self) -> String {
        let line = |row: &[Cell]| {
            let written: String = row.iter().filter(|c| c.columns > 0).map(|c| c.symbol.as_str()).collect();
            format!("{}\n", written.trim_end())
        };
        self.rows().map(line).collect()
    }
}
