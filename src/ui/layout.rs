//! Where things go: the screen's regions, and a panel's cards on as many pages as they need.

use ratatui::layout::{Constraint, Layout, Rect};

use super::card::Card;

/// Least columns and rows.
pub const LEAST: (u16, u16) = (60, 16);

/// The parts of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Regions {
    /// Program, dataset, checkpoint.
    pub header: Rect,
    /// Panels.
    pub tabs: Rect,
    /// The panel.
    pub body: Rect,
    /// Jobs.
    pub status: Rect,
    /// Keys.
    pub footer: Rect,
}

/// The parts of a screen of the given size.
pub fn regions((width, height): (u16, u16)) -> Regions {
    let row = |y: u16| Rect { x: 0, y, width, height: 1 };
    Regions {
        header: row(0),
        tabs: row(1),
        body: Rect { x: 0, y: 2, width, height: height.saturating_sub(4) },
        status: row(height.saturating_sub(2)),
        footer: row(height.saturating_sub(1)),
    }
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Less than that: one card a page.
    Tiny,
    /// As on 80 × 24.
    Small,
    /// As on 120 × 40.
    Middle,
    /// As on 200 × 60.
    Large,
}

/// The room of a panel's body.
pub fn room(body: Rect) -> Room {
    if body.width < 72 || body.height < 17 {
        Room::Tiny
    } else if body.width < 100 || body.height < 26 {
        Room::Small
    } else if body.width < 160 || body.height < 44 {
        Room::Middle
    } else {
        Room::Large
    }
}

/// Share of a row or column.
#[derive(Debug, Clone, Copy)]
pub enum Len {
    /// So many cells.
    Fix(u16),
    /// So many parts of what is left.
    Part(u16),
}

/// A plan of a page: cards by id in rows and columns. An id that ends with `*` takes the next card that begins so; a
/// card that is not there leaves its place to its neighbours.
#[derive(Debug, Clone, Copy)]
pub enum Node {
    /// A card.
    Card(&'static str),
    /// Side by side.
    Row(&'static [(Len, Node)]),
    /// One over the other.
    Column(&'static [(Len, Node)]),
}

/// The plans of a panel's pages, by the room there is.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    /// With least room.
    pub tiny: &'static [Node],
    /// With little.
    pub small: &'static [Node],
    /// With some more.
    pub middle: &'static [Node],
    /// With much.
    pub large: &'static [Node],
}

impl Pages {
    /// The plan for `room`.
    pub fn plan(&self, room: Room) -> &'static [Node] {
        match room {
            Room::Tiny => self.tiny,
            Room::Small => self.small,
            Room::Middle => self.middle,
            Room::Large => self.large,
        }
    }
}

/// A card's number and its place.
pub type Placed = (usize, Rect);

/// Places `cards` on the planned pages; what no plan names follows on pages of its own.
pub fn pages(cards: &[Card], plans: &[Node], body: Rect) -> Vec<Vec<Placed>> {
    let mut free: Vec<usize> = (0..cards.len()).collect();
    let mut pages = Vec::new();
    for plan in plans {
        if let Some(tree) = resolve(plan, cards, &mut free) {
            let mut page = Vec::new();
            place(&tree, body, &mut page);
            pages.push(page);
        }
    }
    let (columns, rows) = match room(body) {
        Room::Tiny => (1, 1),
        Room::Small => (1, 2),
        Room::Middle => (2, 2),
        Room::Large => (3, 3),
    };
    for rest in free.chunks(columns * rows) {
        pages.push(grid(rest, columns, body));
    }
    pages
}

enum Tree {
    Card(usize),
    Split(bool, Vec<(Len, Tree)>),
}

fn resolve(node: &Node, cards: &[Card], free: &mut Vec<usize>) -> Option<Tree> {
    let many = |parts: &'static [(Len, Node)], across: bool, free: &mut Vec<usize>| {
        let found: Vec<_> = parts.iter().filter_map(|(len, n)| Some((*len, resolve(n, cards, free)?))).collect();
        (!found.is_empty()).then_some(Tree::Split(across, found))
    };
    match node {
        Node::Card(id) => {
            let fits = |i: &usize| match id.strip_suffix('*') {
                Some(start) => cards[*i].id.starts_with(start),
                None => cards[*i].id == *id,
            };
            let at = free.iter().position(fits)?;
            Some(Tree::Card(free.remove(at)))
        }
        Node::Row(parts) => many(parts, true, free),
        Node::Column(parts) => many(parts, false, free),
    }
}

fn place(tree: &Tree, area: Rect, out: &mut Vec<Placed>) {
    match tree {
        Tree::Card(i) => out.push((*i, area)),
        Tree::Split(across, parts) => {
            let all_fixed = parts.iter().all(|(len, _)| matches!(len, Len::Fix(_)));
            let size = |len: &Len| match len {
                Len::Fix(n) if all_fixed => Constraint::Fill(*n),
                Len::Fix(n) => Constraint::Length(*n),
                Len::Part(n) => Constraint::Fill(*n),
            };
            let sizes = parts.iter().map(|(len, _)| size(len));
            let split = if *across { Layout::horizontal(sizes) } else { Layout::vertical(sizes) };
            for ((_, tree), area) in parts.iter().zip(split.split(area).iter()) {
                place(tree, *area, out);
            }
        }
    }
}

fn grid(cards: &[usize], columns: usize, body: Rect) -> Vec<Placed> {
    let rows = cards.chunks(columns).collect::<Vec<_>>();
    let bands = Layout::vertical(rows.iter().map(|_| Constraint::Fill(1))).split(body);
    let mut out = Vec::new();
    for (row, band) in rows.iter().zip(bands.iter()) {
        let places = Layout::horizontal(row.iter().map(|_| Constraint::Fill(1))).split(*band);
        out.extend(row.iter().copied().zip(places.iter().copied()));
    }
    out
}
