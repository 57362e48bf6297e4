//! Reports as one HTML file that needs nothing else: figures as SVG within it, tables, every sentence; light and dark, on paper
//! and on a telephone. A small script of our own shows values at the cursor and sorts tables; without it everything is
//! there all the same. The markup is XML as well. The same reports written at the same moment give the same bytes.

mod blocks;
mod colours;
mod figures;
mod hover;
#[cfg(test)]
mod tests;
mod write;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::card::{self, Body, Card};
use crate::ground::base64::base64;
use crate::ground::date;
use crate::metrics::report::{Level, Report};
use write::Ids;
pub use write::escape;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// What a page says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Page<'a> {
    /// What was done ("report").
    pub kind: &'a str,
    /// The reports in their order.
    pub reports: &'a [&'a Report],
    /// How it ended, in lines: what was written, what went wrong.
    pub ended: &'a [String],
    /// Version of the program.
    pub version: &'a str,
    /// What was run, as JSON.
    pub spec: &'a str,
    /// When it is written, in seconds since 1970.
    pub written: f64,
}

/// One report with the names that its parts have within the page.
struct Chapter<'a> {
    report: &'a Report,
    id: String,
    /// Cards with their names: sentences, figures, numbers, tables.
    cards: Vec<(Card<'a>, String)>,
}

/// The whole file.
///
/// # Errors
/// Where a figure cannot be drawn.
pub fn page(page: &Page) -> Result<String, String> {
    let chapters = chapters(page.reports);
    let title = page.reports.first().map_or("Nothing to report", |r| titled(r));
    let mut out = head(title);
    let kind = escape(page.kind);
    let _ = writeln!(
        out,
        "<header>\n<p class=\"kind\">oodscope {kind}</p>\n<h1>{}</h1>\n\
         <button id=\"theme\" type=\"button\" hidden=\"hidden\" aria-label=\"light or dark\" title=\"light or dark\">\u{25d0}</button>",
        escape(title)
    );
    alarms(&mut out, &chapters);
    out += "</header>\n<div class=\"sides\">\n";
    contents(&mut out, &chapters);
    out += "<main>\n";
    if chapters.is_empty() {
        out += "<p>No report was made.</p>\n";
    }
    for chapter in &chapters {
        write_chapter(&mut out, chapter)?;
    }
    made(&mut out, page);
    out += "</main>\n</div>\n<div id=\"tip\" role=\"status\" hidden=\"hidden\"></div>\n";
    let _ = writeln!(out, "<script>{}</script>\n</body>\n</html>", script());
    Ok(out)
}

/// What a report is called.
fn titled(report: &Report) -> &str {
    [&report.title, &report.name].into_iter().find(|name| !name.trim().is_empty()).map_or("Report", String::as_str)
}

fn chapters<'a>(reports: &[&'a Report]) -> Vec<Chapter<'a>> {
    // Names of the page's own.
    let mut ids = Ids::taken(&["made", "theme", "tip", "contents"]);
    let chapter = |report: &&'a Report| {
        let id = ids.unique(&report.name);
        let mut cards = card::cards(report);
        cards.sort_by_key(|c| match c.body {
            Body::Notes(_) => 0,
            Body::Stats(_) => 2,
            Body::Table(_) => 3,
            _ => 1,
        });
        let cards = cards.into_iter().map(|c| (ids.unique(&format!("{}-{}", report.name, c.id)), c));
        let cards = cards.map(|(id, c)| (c, id)).collect();
        Chapter { report, id, cards }
    };
    reports.iter().map(chapter).collect()
}

/// The script as an XML reader takes it as well.
fn script() -> String {
    format!("//<![CDATA[\n{SCRIPT}//]]>")
}

/// All up to the body's begin. Nothing but the page's own script may run, whatever a dataset's names say, and nothing is loaded.
fn head(title: &str) -> String {
    let hash = base64(&Sha256::digest(script().as_bytes()));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\"/>\n\
         <meta name=\"generator\" content=\"oodscope\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>{}</title>\n<style>\n{}{STYLE}</style>\n</head>\n<body>\n",
        escape(title),
        colours::style(),
    )
}

/// What calls for action in any report, first of all.
fn alarms(out: &mut String, chapters: &[Chapter]) {
    let all: Vec<(&str, &str)> =
        chapters.iter().flat_map(|c| c.report.alarms().map(|n| (c.id.as_str(), n.text.as_str()))).collect();
    if all.is_empty() {
        return;
    }
    *out += "<ul class=\"notes first\">\n";
    for (id, text) in all {
        let sign = blocks::sign(Level::Alarm);
        let _ = writeln!(out, "<li class=\"alarm\">{sign}<a href=\"#{id}\">{}</a></li>", escape(text));
    }
    *out += "</ul>\n";
}

fn contents(out: &mut String, chapters: &[Chapter]) {
    *out += "<nav id=\"contents\" aria-label=\"Contents\">\n<ul>\n";
    for chapter in chapters {
        let _ = writeln!(out, "<li><a href=\"#{}\">{}</a>\n<ul>", chapter.id, escape(titled(chapter.report)));
        for (card, id) in chapter.cards.iter().filter(|c| !matches!(c.0.body, Body::Notes(_))) {
            let title = match card.body {
                Body::Stats(_) => "Numbers",
                _ => &card.title,
            };
            let _ = writeln!(out, "<li><a href=\"#{id}\">{}</a></li>", escape(title));
        }
        *out += "</ul></li>\n";
    }
    *out += "<li><a href=\"#made\">What made it</a></li>\n</ul>\n</nav>\n";
}

fn write_chapter(out: &mut String, chapter: &Chapter) -> Result<(), String> {
    let _ = writeln!(out, "<section id=\"{}\">\n<h2>{}</h2>", chapter.id, escape(titled(chapter.report)));
    let drawn = |c: &Card| !matches!(c.body, Body::Notes(_) | Body::Stats(_) | Body::Table(_));
    let mut told = figures::Told::default();
    let mut open = false;
    for (card, id) in &chapter.cards {
        if drawn(card) != open {
            open = !open;
            *out += if open { "<div class=\"figures\">\n" } else { "</div>\n" };
        }
        match &card.body {
            Body::Notes(notes) => blocks::notes(out, notes, id),
            Body::Stats(stats) => blocks::stats(out, stats, id),
            Body::Table(table) => blocks::table(out, table, (&card.title, id)),
            _ => figures::figure(out, card, id, &mut told)?,
        }
    }
    *out += if open { "</div>\n</section>\n" } else { "</section>\n" };
    Ok(())
}

/// Where all of it comes from.
fn made(out: &mut String, page: &Page) {
    *out += "<section id=\"made\">\n<h2>What made it</h2>\n";
    for line in page.ended.iter().filter(|l| !l.trim().is_empty()) {
        let _ = writeln!(out, "<p class=\"ended\">{}</p>", escape(line));
    }
    let version = escape(page.version);
    let written = date::utc(page.written);
    let _ = writeln!(out, "<p>oodscope {version}, written {written} UTC. What was run, as JSON:</p>");
    let _ = writeln!(out, "<pre tabindex=\"0\">{}</pre>\n</section>", escape(page.spec));
}
