//! The dashboard: a plain [`app::App`], a pure [`update::update`], a pure [`view::view`] and one terminal loop.
//!
//! Data reach the screen only as [`Event`](crate::engine::job::Event)s of jobs, and work starts only through the
//! [`update::Effect`]s that `update` answers. Panels turn reports into cards by shape, so a metric that nobody knew of
//! when the panel was written still gets its plot, table or number.

pub mod app;
pub mod bindings;
pub mod door;
pub mod kept;
pub mod keymap;
pub mod offscreen;
pub mod panel;
pub mod panel_id;
pub mod session;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod view;

mod banner;
mod card;
mod choosing;
mod following;
mod jobs;
mod layout;
pub mod live;
mod look;
mod msg;
pub mod pair;
mod palette;
mod pictures;
mod prompt;
mod shown;
pub mod sitting;
mod spell;
mod tabs;
mod toast;
mod widget;
