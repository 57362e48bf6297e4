//! `view`: the app as a picture. It writes the buffer and nothing else.

mod chrome;
mod help;
mod jobs;
mod palette;
mod plan;
mod words;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::{App, Over};
use super::banner;
use super::card;
use super::layout::{self, LEAST};
use super::shown::shown;
use super::widget::ink;

/// Draws the whole screen of a terminal.
pub fn view(app: &App, frame: &mut Frame) {
    draw(app, frame.buffer_mut());
}

/// Draws the whole screen, as large as the buffer.
pub fn draw(app: &App, buf: &mut Buffer) {
    let theme = app.theme;
    let all = buf.area;
    buf.set_style(all, theme.text().bg(theme.colors().ground));
    if all.width < LEAST.0 || all.height < LEAST.1 {
        too_small(app, all, buf);
    } else {
        let app = &App { size: (all.width, all.height), ..app.clone() };
        let regions = layout::regions(app.size);
        let shown = shown(app);
        chrome::header(app, regions.header, buf);
        chrome::tabs(app, &shown, regions.tabs, buf);
        banner::draw(app, regions.body, buf);
        let small = layout::room(regions.body).is_narrow();
        for (i, area) in &shown.placed {
            card::draw(&shown.cards[*i], app.lens(), *area, *i == shown.focus, small, buf);
        }
        chrome::status(app, regions.status, buf);
        let card = &shown.cards[shown.focus];
        match &app.filter.prompt {
            Some(prompt) => chrome::prompt(app, prompt, regions.footer, buf),
            None => chrome::footer(app, card, regions.footer, buf),
        }
        chrome::message(app, regions.body, buf);
        match &app.over {
            Some(Over::Keys(skip)) => help::draw(app, (card.place(), *skip), regions.body, buf),
            Some(Over::Words(skip)) => words::draw(app, *skip, regions.body, buf),
            Some(Over::Jobs(selected)) => jobs::draw(app, *selected, regions.body, buf),
            Some(Over::Search(what, prompt, selected)) => {
                palette::draw(app, (*what, prompt), *selected, regions.body, buf);
            }
            Some(Over::Plan(selected, typed)) => plan::draw(app, (*selected, typed.as_ref()), regions.body, buf),
            None => {}
        }
    }
    theme.finish(buf);
}

fn too_small(app: &App, all: Rect, buf: &mut Buffer) {
    let words = format!(
        "The dashboard needs {} × {} characters; this terminal has {} × {}. Make it larger, or use oodscope report.",
        LEAST.0, LEAST.1, all.width, all.height
    );
    for (line, y) in ink::wrap(&words, all.width).into_iter().zip(all.y..all.bottom()) {
        ink::put(buf, all, all.x, y, &line, app.theme.text());
    }
}
