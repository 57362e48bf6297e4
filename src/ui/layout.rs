//! Where things go: the screen's regions, and a panel's cards on as many pages as they need.

use ratatui::layout::{Constraint, Layout, Rect};

use super::card::Card;
use super::look::Sizes;

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
    /// As on 80 × 50: pages for little room, one over the other.
    Tall,
    /// As on 120 × 40.
    Middle,
    /// As on 200 × 60.
    Large,
}

impl Room {
    /// True where frames are rules over the cards: a box around each would take too much.
    pub fn is_narrow(self) -> bool {
        matches!(self, Self::Tiny | Self::Small | Self::Tall)
    }
}

/// The room of a panel's body.
pub fn room(body: Rect) -> Room {
    if body.width < 72 || body.height < 17 {
        Room::Tiny
    } else if body.width < 100 && body.height >= 2 * PAGE {
        Room::Tall
    } else if body.width < 100 || body.height < 26 {
        Room::Small
    } else if body.width < 160 || body.height < 44 {
        Room::Middle
    } else {
        Room::Large
    }
}

/// Rows of a page that is planned for little room.
const PAGE: u16 = 20;

/// Share of a row or column.
#[derive(Debug, Clone, Copy)]
pub enum Len {
    /// So many parts of what is left; less where the cards hold less.
    Part(u16),
    /// As many rows as the cards need, and no more than that.
    Need(u16),
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

/// A page: its name on the screen, and its plan.
#[derive(Debug, Clone, Copy)]
pub struct Page(pub &'static str, pub Node);

/// The plans of a panel's pages, by the room there is.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    /// With least room.
    pub tiny: &'static [Page],
    /// With little.
    pub small: &'static [Page],
    /// With some more.
    pub middle: &'static [Page],
    /// With much.
    pub large: &'static [Page],
}

impl Pages {
    /// The plan for `room`.
    pub fn plan(&self, room: Room) -> &'static [Page] {
        match room {
            Room::Tiny => self.tiny,
            Room::Small | Room::Tall => self.small,
            Room::Middle => self.middle,
            Room::Large => self.large,
        }
    }
}

/// A card's number and its place.
pub type Placed = (usize, Rect);

/// A row or column of a page as it lies on the screen: what can be made wider or narrower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Which one: the page, and the way to it.
    pub name: String,
    /// Side by side, not one over the other.
    pub across: bool,
    /// Places of its parts.
    pub parts: Vec<Rect>,
    /// The cards of each part.
    pub cards: Vec<Vec<usize>>,
}

/// A page with its cards in their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Laid {
    /// Its name.
    pub name: String,
    /// Cards and places, in reading order.
    pub placed: Vec<Placed>,
    /// Its rows and columns, the outermost first.
    pub splits: Vec<Split>,
}

/// Places `cards` on the planned pages; what no plan names follows on pages of its own.
pub fn pages(cards: &[Card], plans: &[Page], body: Rect, sizes: &Sizes) -> Vec<Laid> {
    let mut free: Vec<usize> = (0..cards.len()).collect();
    let room = room(body);
    let mut planned: Vec<(String, Tree)> =
        plans.iter().filter_map(|Page(name, plan)| Some(((*name).into(), resolve(plan, cards, &mut free)?))).collect();
    let (columns, rows) = match room {
        Room::Tiny => (1, 1),
        Room::Small | Room::Tall => (1, 2),
        Room::Middle => (2, 2),
        Room::Large => (3, 3),
    };
    let mut named: Vec<String> = Vec::new();
    for rest in free.chunks(columns * rows) {
        let word = rest_name(cards, rest);
        let before = named.iter().filter(|name| **name == word).count();
        let name = if before == 0 { word.clone() } else { format!("{word} {}", before + 1) };
        named.push(word);
        planned.push((name, grid(rest, columns)));
    }
    if room == Room::Tall {
        planned = stacked(planned, usize::from(body.height / PAGE));
    }
    let lay = |(name, tree): (String, Tree)| {
        let mut page = Laid { name: name.clone(), ..Laid::default() };
        Placing { cards, narrow: room.is_narrow(), sizes }.place(&tree, body, &name, &mut page);
        page
    };
    planned.into_iter().map(lay).collect()
}

/// Name of a page that no plan names: the title of its only card, the word that all titles begin with, or none of them.
fn rest_name(cards: &[Card], rest: &[usize]) -> String {
    let title = |i: &usize| cards[*i].title.split(" · ").next().unwrap_or_default().to_lowercase();
    let first = |i: &usize| title(i).split(' ').next().unwrap_or_default().to_owned();
    match rest {
        [only] => title(only),
        [head, others @ ..] if others.iter().all(|i| first(i) == first(head)) => first(head),
        _ => "more".into(),
    }
}

/// `each` pages on one, one over the other.
fn stacked(pages: Vec<(String, Tree)>, each: usize) -> Vec<(String, Tree)> {
    let mut out: Vec<(String, Vec<(Len, Tree)>)> = Vec::new();
    for (name, tree) in pages {
        match out.last_mut().filter(|(_, trees)| trees.len() < each) {
            Some((names, trees)) => {
                names.push_str(", ");
                names.push_str(&name);
                trees.push((Len::Part(1), tree));
            }
            None => out.push((name, vec![(Len::Part(1), tree)])),
        }
    }
    out.into_iter().map(|(name, trees)| (name, Tree::Split(false, trees))).collect()
}

enum Tree {
    Card(usize),
    Split(bool, Vec<(Len, Tree)>),
}

impl Tree {
    fn cards(&self) -> Vec<usize> {
        match self {
            Self::Card(i) => vec![*i],
            Self::Split(_, parts) => parts.iter().flat_map(|(_, tree)| tree.cards()).collect(),
        }
    }
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

/// Cards in rows of `columns`.
fn grid(cards: &[usize], columns: usize) -> Tree {
    let row = |row: &[usize]| Tree::Split(true, row.iter().map(|i| (Len::Part(1), Tree::Card(*i))).collect());
    Tree::Split(false, cards.chunks(columns).map(|cards| (Len::Part(1), row(cards))).collect())
}

/// What placing goes by.
struct Placing<'a> {
    cards: &'a [Card<'a>],
    narrow: bool,
    sizes: &'a Sizes,
}

impl Placing<'_> {
    fn place(&self, tree: &Tree, area: Rect, name: &str, page: &mut Laid) {
        match tree {
            Tree::Card(i) => page.placed.push((*i, area)),
            Tree::Split(across, parts) => {
                let places = self.split(*across, parts, area, name);
                let cards = parts.iter().map(|(_, tree)| tree.cards()).collect();
                page.splits.push(Split { name: name.into(), across: *across, parts: places.clone(), cards });
                for (i, ((_, tree), area)) in parts.iter().zip(places).enumerate() {
                    self.place(tree, area, &format!("{name}/{i}"), page);
                }
            }
        }
    }

    /// Places of the parts of a row or column.
    fn split(&self, across: bool, parts: &[(Len, Tree)], area: Rect, name: &str) -> Vec<Rect> {
        let cut = |sizes: &[Constraint]| {
            let layout = if across { Layout::horizontal(sizes) } else { Layout::vertical(sizes) };
            layout.split(area).to_vec()
        };
        if let Some(sizes) = self.sizes.get(name).filter(|sizes| sizes.len() == parts.len()) {
            return cut(&sizes.iter().map(|n| Constraint::Fill((*n).max(1))).collect::<Vec<_>>());
        }
        let needs: Vec<Option<u16>> = parts
            .iter()
            .map(|(len, tree)| match len {
                _ if across => None,
                Len::Part(_) => self.need(tree, area.width),
                Len::Need(most) => Some(self.need(tree, area.width).map_or(*most, |need| need.min(*most))),
            })
            .collect();
        let mut sizes: Vec<Constraint> = parts
            .iter()
            .zip(&needs)
            .map(|((len, _), need)| match len {
                Len::Part(n) => Constraint::Fill(*n),
                Len::Need(most) => Constraint::Length(need.unwrap_or(*most)),
            })
            .collect();
        let mut places = cut(&sizes);
        // What holds less than its share leaves the rest to the others, as long as there are any.
        for _ in 0..parts.len() {
            let open = sizes.iter().filter(|s| matches!(s, Constraint::Fill(_))).count();
            let shrinks = |i: &usize| {
                matches!(sizes[*i], Constraint::Fill(_)) && needs[*i].is_some_and(|need| need < places[*i].height)
            };
            let Some(i) = (0..parts.len()).find(shrinks).filter(|_| open > 1) else { break };
            sizes[i] = Constraint::Length(needs[i].unwrap_or(0));
            places = cut(&sizes);
        }
        places
    }

    /// Rows that `tree` can fill in so many columns; nothing where it takes what it gets.
    fn need(&self, tree: &Tree, width: u16) -> Option<u16> {
        match tree {
            Tree::Card(i) => self.cards[*i].need(width, self.narrow),
            Tree::Split(false, parts) => parts
                .iter()
                .map(|(_, tree)| self.need(tree, width))
                .try_fold(0u16, |sum, n| Some(sum.saturating_add(n?))),
            Tree::Split(true, parts) => {
                let shares: Vec<u16> =
                    parts.iter().map(|(len, _)| if let Len::Part(n) = len { *n } else { 1 }).collect();
                let all = shares.iter().sum::<u16>().max(1);
                let wide = |n: u16| (u32::from(width) * u32::from(n) / u32::from(all)) as u16;
                parts
                    .iter()
                    .zip(shares)
                    .map(|((_, tree), n)| self.need(tree, wide(n)))
                    .try_fold(0, |most, n| Some(most.max(n?)))
            }
        }
    }
}
