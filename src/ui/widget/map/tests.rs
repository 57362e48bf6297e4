use super::*;
use crate::metrics::report::{Axis, Mark, Overlay};
use crate::ui::theme::{Depth, Scheme};

fn grid() -> HeatMap {
    HeatMap {
        key: "density".into(),
        x_axis: Axis { label: "cos θ".into(), ..Axis::default() },
        y_axis: Axis { label: "speed".into(), unit: "rad/s".into(), log: false },
        x_range: (-1.0, 1.0),
        y_range: (-8.0, 8.0),
        width: 4,
        height: 2,
        values: vec![0.0, 1.0, 10.0, 100.0, f64::NAN, 5.0, 0.0, 7.0],
        unit: "states".into(),
        variance_share: Some(0.873),
        overlays: vec![Overlay {
            label: "worst".into(),
            joined: true,
            x: vec![-0.9, 0.9],
            y: vec![-7.0, 7.0],
            heat: Some(vec![0.5, 3.0]),
        }],
        ..HeatMap::default()
    }
}

/// A map as it is first seen.
fn seen(map: &HeatMap) -> MapView<'_> {
    MapView { map, layer: None, overlays: &map.overlays, log: true, cursor: None, step: None, hole: None }
}

fn text(view: &MapView, w: u16, h: u16, theme: Theme) -> String {
    let area = Rect::new(0, 0, w, h);
    let mut buf = Buffer::empty(area);
    view.draw(area, &mut buf, theme);
    buf.content
        .chunks(usize::from(w))
        .map(|r| r.iter().map(ratatui::buffer::Cell::symbol).collect::<String>())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_map_names_its_axes_its_unit_and_what_it_leaves_out() {
    let map = grid();
    let view = MapView { step: Some(1), ..seen(&map) };
    let got = text(&view, 90, 20, Theme::new(Scheme::Dark));
    for word in ["cos θ", "speed (rad/s)", "states · log", "87.3 % of variance", "worst", "100", "◆"] {
        assert!(got.contains(word), "{word} is missing in\n{got}");
    }
}

#[test]
fn the_mouse_finds_the_cell_that_is_drawn_there() {
    let map = grid();
    let view = MapView { log: false, ..seen(&map) };
    let plot = Rect::new(10, 5, 40, 20);
    assert_eq!(view.cell_at(plot, 10, 24), (0, 0));
    assert_eq!(view.cell_at(plot, 49, 5), (3, 1));
    assert!(view.readout((3, 0)).starts_with("100 states · cos θ 0.5 … 1"), "{}", view.readout((3, 0)));
}

#[test]
fn a_pixel_over_several_cells_is_their_mean_and_one_inside_a_cell_is_that_cell() {
    let map = grid();
    let view = MapView { log: false, ..seen(&map) };
    assert_eq!(view.pixel((0.5, 1.0), (0.0, 0.5)), Some(55.0));
    assert_eq!(view.pixel((0.8, 0.9), (0.1, 0.2)), Some(100.0));
    assert_eq!(view.pixel((0.0, 0.25), (0.0, 1.0)), None);
}

#[test]
fn without_colours_the_map_is_drawn_in_shades_and_a_false_size_is_survived() {
    let mut map = grid();
    let theme = Theme { depth: Depth::Mono, ..Theme::new(Scheme::Dark) };
    let got = text(&MapView { cursor: Some((1, 1)), ..seen(&map) }, 60, 12, theme);
    assert!(got.contains('█') && got.contains('░'), "{got}");
    map.width = usize::MAX;
    assert!(text(&seen(&map), 60, 12, theme).contains("empty"));
    for (w, h) in [(1, 1), (2, 9), (12, 4), (35, 6), (36, 6)] {
        text(&MapView { cursor: Some((3, 1)), step: Some(0), ..seen(&grid()) }, w, h, theme);
    }
}

#[test]
fn a_box_is_drawn_around_its_part_and_open_where_it_goes_on_beyond_the_edge() {
    let mut map = grid();
    map.overlays.clear();
    map.marks = vec![Mark { label: "1".into(), x: (-0.5, 0.5), y: (2.0, 20.0) }];
    map.marks.push(Mark { label: "2".into(), x: (3.0, 4.0), y: (0.0, 1.0) });
    let got = text(&seen(&map), 70, 16, Theme::new(Scheme::Dark));
    assert!(got.contains('1') && !got.contains("1──") && !got.contains("2──"), "above it goes on\n{got}");
    assert_eq!(got.matches('┘').count(), 1, "below and on the right it ends\n{got}");
    let chosen = MapView { hole: Some("1"), ..seen(&map) };
    let stands_out = text(&chosen, 70, 16, Theme::new(Scheme::Dark));
    assert!(stands_out.contains('┛') && stands_out.contains('━') && !got.contains('━'), "{stands_out}");
    assert!(!got.contains('┐'), "{got}");
}
