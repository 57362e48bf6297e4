use super::*;
use crate::metrics::density::means::Means;
use crate::metrics::report::{HeatMap, Layer};
use crate::ui::theme::Scheme;

const RANGES: ((f64, f64), (f64, f64)) = ((0.0, 4.0), (0.0, 2.0));
const PLOT: Rect = Rect { x: 3, y: 2, width: 10, height: 5 };
const SIZE: (usize, usize) = (80, 80);

fn theme() -> Theme {
    Theme::new(Scheme::Dark)
}

/// `n` states in each quarter of the first cell's left half, one in the last cell.
fn states(n: usize) -> HeatMap {
    let mut points: Vec<(f32, f32)> = (0..n).map(|i| (0.25 + 0.01 * (i % 3) as f32, 0.5)).collect();
    points.push((3.5, 1.5));
    let (x, y): (Vec<f32>, Vec<f32>) = points.into_iter().unzip();
    let fine = Zoom::new(&x, &y, RANGES);
    let values = fine.view(RANGES, 4, 2).counts.iter().map(|c| *c as f64).collect();
    HeatMap {
        x_range: RANGES.0,
        y_range: RANGES.1,
        width: 4,
        height: 2,
        values,
        fine: Some(Arc::new(fine)),
        ..HeatMap::default()
    }
}

fn view(map: &HeatMap) -> MapView<'_> {
    MapView { map, layer: None, overlays: &map.overlays, log: true, cursor: None, step: None, hole: None }
}

fn painted(view: &MapView) -> Canvas {
    view.picture(PLOT, SIZE, theme()).expect("a picture")
}

fn at(canvas: &Canvas, x: usize, y: usize) -> Rgb {
    canvas.pixels[y * canvas.width + x]
}

#[test]
fn every_pixel_has_the_colour_of_the_states_under_it() {
    let map = states(2);
    let got = painted(&view(&map));
    assert_eq!((got.width, got.height()), SIZE);
    let empty = rgb(theme().tint(theme().colors().faint, 0.28));
    // Too few states for finer cells: each of the screen has 16 × 40 pixels, the lower row below.
    let low = rgb(theme().ramp(1.0));
    for y in 0..80 {
        for x in 0..80 {
            let wanted = match (x / 16, y / 40) {
                (0, 1) => low,
                (4, 0) => rgb(theme().ramp(0.0)),
                _ => empty,
            };
            assert_eq!(at(&got, x, y), wanted, "pixel {x}, {y}");
        }
    }
}

#[test]
fn finer_cells_are_counted_as_if_a_whole_one_were_like_them() {
    let map = states(600);
    let shown = view(&map);
    let fine = shown.finer(PLOT, SIZE);
    let (columns, rows) = (fine.edges.0.len() - 1, fine.edges.1.len() - 1);
    assert!(columns > 8 && rows > 4, "{columns} × {rows}");
    // All numbers together, each for its share of a cell, are the states.
    let area = |i: usize| {
        let (x, y) = (&fine.edges.0, &fine.edges.1);
        (x[i % columns + 1] - x[i % columns]) * (y[i / columns + 1] - y[i / columns])
    };
    let all: f64 = fine.values.iter().enumerate().map(|(i, v)| v * area(i)).sum();
    let cell = (4.0 / shown.bins(PLOT).0 as f64) * (2.0 / shown.bins(PLOT).1 as f64);
    assert!((all / cell - 601.0).abs() < 1e-9, "{}", all / cell);
}

/// Errors of three states.
fn error() -> Layer {
    let means = Means::new(&[0.5, 0.6, 3.5], &[0.5, 0.5, 1.5], &[1.0, 3.0, 9.0], RANGES);
    let cells = Cells::Means(Arc::new(means));
    Layer { key: "error".into(), label: String::new(), short: String::new(), unit: String::new(), sign: "", cells }
}

#[test]
fn means_are_drawn_as_they_are_and_what_is_unknown_is_empty() {
    let map = HeatMap { fine: None, values: vec![1.0; 8], ..states(1) };
    let layer = error();
    let got = painted(&MapView { layer: Some(&layer), log: false, ..view(&map) });
    let empty = rgb(theme().tint(theme().colors().faint, 0.28));
    assert_eq!((at(&got, 5, 75), at(&got, 75, 5)), (rgb(theme().ramp(0.0)), rgb(theme().ramp(1.0))));
    assert_eq!(at(&got, 40, 40), empty);
}

#[test]
fn paths_and_boxes_lie_over_the_states_and_stay_on_the_map() {
    let path = |heat| Overlay {
        label: "rollout".into(),
        joined: true,
        x: vec![0.0, 2.0, 4.0, f64::NAN, 1e12],
        y: vec![1.0, 1.0, 1.0, 1.0, -1e12],
        heat: Some(vec![heat; 5]),
    };
    let mark = |x, label: &str| Mark { label: label.into(), x, y: (0.25, 0.75) };
    let mut map = states(1);
    map.overlays = vec![path(0.1)];
    map.marks = vec![mark((1.0, 3.0), "1"), mark((-9.0, -5.0), "2"), mark((3.5, f64::NAN), "3")];
    let got = painted(&view(&map));
    assert_eq!(at(&got, 20, 40), rgb(theme().heat(0.1)), "along the middle");
    let alarm = rgb(theme().colors().alarm);
    assert_eq!((at(&got, 40, 50), at(&got, 59, 60)), (alarm, alarm), "the upper and the right edge");
    assert_ne!(at(&got, 40, 60), alarm, "nothing in its middle");
    map.overlays = vec![path(3.0)];
    assert_eq!(at(&painted(&view(&map)), 40, 40), rgb(theme().heat(3.0)), "beyond the threshold");
    // Points are dots; half the map apart no line is drawn, as at the seam of an angle.
    map.overlays = vec![Overlay { joined: false, ..path(0.1) }];
    let dots = painted(&view(&map));
    assert_eq!((at(&dots, 40, 40), at(&dots, 20, 40) == at(&got, 20, 40)), (rgb(theme().heat(0.1)), false));
    map.overlays = vec![Overlay { x: vec![0.0, 4.0], y: vec![1.0; 2], ..path(0.1) }];
    assert_ne!(at(&painted(&view(&map)), 20, 40), rgb(theme().heat(0.1)));
}

#[test]
fn the_key_changes_with_what_is_shown_and_with_nothing_else() {
    let map = states(5);
    let layer = error();
    let key = |map: &HeatMap, log| MapView { log, ..view(map) }.picture_key(PLOT, theme());
    assert_eq!(key(&map, true), key(&map.clone(), true));
    let with = |change: &dyn Fn(&mut HeatMap)| {
        let mut other = map.clone();
        change(&mut other);
        key(&other, true)
    };
    let all = [
        key(&map, true),
        key(&map, false),
        with(&|m| m.x_range.1 = 5.0),
        with(&|m| m.values[0] += 1.0),
        with(&|m| m.marks.push(Mark::default())),
        with(&|m| m.overlays.push(Overlay { x: vec![1.0], y: vec![1.0], ..Overlay::default() })),
        with(&|m| m.overlays.push(Overlay { x: vec![1.0], y: vec![1.0], joined: true, ..Overlay::default() })),
        with(&|m| m.overlays.push(Overlay { x: vec![1.0], y: vec![1.0], heat: Some(vec![2.0]), ..Overlay::default() })),
        MapView { layer: Some(&layer), ..view(&map) }.picture_key(PLOT, theme()),
        MapView { step: Some(1), ..view(&map) }.picture_key(PLOT, theme()),
        view(&map).picture_key(PLOT, Theme::new(Scheme::Light)),
        view(&map).picture_key(Rect { x: 4, ..PLOT }, theme()),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(all[..i].iter().all(|b| a != b), "number {i}");
    }
}

#[test]
fn an_empty_map_has_no_picture() {
    let map = HeatMap { values: Vec::new(), ..states(1) };
    assert!(view(&map).picture(PLOT, SIZE, theme()).is_none());
    let map = states(1);
    assert!(view(&map).picture(PLOT, (0, 10), theme()).is_none());
    let nan = HeatMap { values: vec![f64::NAN; 8], fine: None, ..states(1) };
    assert!(view(&nan).picture(PLOT, SIZE, theme()).is_some());
}
