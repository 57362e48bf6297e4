//! Whole pictures at 200 x 60, drawn into memory.

use std::sync::Arc;
use std::time::Instant;

use oodscope::metrics::density::zoom::Zoom;
use oodscope::metrics::report::{Axis, Report, Series};
use oodscope::ui::app::App;
use oodscope::ui::panel::{PANELS, coverage, imagination};
use oodscope::ui::theme::Scheme;
use oodscope::ui::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{fixture, told};

const SIZE: (u16, u16) = (200, 60);
const TIMES: usize = 100;
const MILLION: usize = 1_000_000;

/// Every panel as it comes, then a map and a curve of a million points.
pub fn all() {
    for panel in PANELS {
        let mut app = fixture::app_with(Scheme::Dark, SIZE, fixture::all());
        app.show(panel.id);
        told(&format!("drawn: panel {}", panel.title), draw(&app));
    }
    let mut app = fixture::app_with(Scheme::Dark, SIZE, fixture::all());
    app.show(coverage::ID);
    let mut report = fixture::coverage_to_explore();
    let map = &mut report.maps[0];
    let (x, y): (Vec<f32>, Vec<f32>) = (0..MILLION).map(|i| (at(i, 1.0), at(i + MILLION, 8.0))).unzip();
    map.fine = Some(Arc::new(Zoom::new(&x, &y, (map.x_range, map.y_range))));
    app.reports.insert("coverage".into(), Arc::new(report));
    told("drawn: coverage, a map of a million states", draw(&app));

    let mut app = fixture::app_with(Scheme::Dark, SIZE, Vec::new());
    app.show(imagination::ID);
    let mut report = Report::new("imagination", "Imagination");
    report.series.push(Series {
        key: "loss".into(),
        label: "loss".into(),
        group: "loss".into(),
        x_axis: Axis::new("step", ""),
        x: (0..MILLION).map(|i| i as f64).collect(),
        y: (0..MILLION).map(|i| f64::from(at(i, 1.0))).collect(),
        ..Series::default()
    });
    app.reports.insert("imagination".into(), Arc::new(report));
    app.looks.zoom = true;
    told("drawn: a curve of a million points, zoomed", draw(&app));
    app.selection.at.insert("step".into(), 123_456.0);
    told("the same with the cursor on it", draw(&app));
}

/// A number in ±`most`, spread as a hash spreads it.
fn at(i: usize, most: f32) -> f32 {
    let mut h = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    h ^= h >> 31;
    h = h.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((h >> 40) as f32 / (1u64 << 24) as f32).mul_add(2.0, -1.0) * most
}

fn draw(app: &App) -> Vec<f64> {
    let mut buf = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    (0..TIMES)
        .map(|_| {
            let began = Instant::now();
            buf.reset();
            view::draw(app, &mut buf);
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect()
}
