mod kinds;

use proptest::prelude::*;

pub use kinds::{everything, report_of};

use super::figure::{self, Content, Group, Look, Panel, Row};
use crate::metrics::report::{Axis, HeatMap, Overlay, Role, Series};

fn series(label: &str, role: Role, x: &[f64], y: &[f64]) -> Series {
    let axes = (Axis::new("steps", ""), Axis::new("loss", "nats"));
    Series {
        label: label.into(),
        role,
        x_axis: axes.0,
        y_axis: axes.1,
        x: x.to_vec(),
        y: y.to_vec(),
        ..Series::default()
    }
}

/// A curve over its points' numbers.
pub fn line(label: &str, y: &[f64]) -> Series {
    let x: Vec<f64> = (0..y.len()).map(|i| i as f64).collect();
    series(label, Role::Value, &x, y)
}

fn group(title: &str, rows: &[(&str, f64)]) -> Group {
    let row = |(label, value): &(&str, f64)| Row {
        label: (*label).into(),
        value: *value,
        error: Some((value - 1.0, value + 1.0)),
        emphasis: false,
    };
    let axis = Axis::new("score", "");
    Group { title: title.into(), axis, rows: rows.iter().map(row).collect(), reference: Some(("random".into(), 2.0)) }
}

fn map(width: usize, values: &[f64]) -> HeatMap {
    let path = Overlay { label: "path".into(), joined: true, x: vec![0.1, 0.9], y: vec![0.1, 0.9], heat: None };
    HeatMap {
        x_range: (0.0, 1.0),
        y_range: (0.0, 1.0),
        width,
        height: values.len() / width.max(1),
        values: values.to_vec(),
        unit: "states in the cell".into(),
        overlays: vec![path],
        ..HeatMap::default()
    }
}

fn draw(series: &[&Series]) -> String {
    figure::curves(series, &Look::default()).unwrap()
}

/// Every text with the box that it takes, in hundredths of a point, at 0.55 em a character.
fn boxes(svg: &str) -> Vec<(String, [f64; 4])> {
    let doc = roxmltree::Document::parse(svg).unwrap();
    let one = |n: roxmltree::Node| {
        let get = |name: &str| n.attribute(name).unwrap().parse::<f64>().unwrap();
        let text = n.text().unwrap().to_string();
        let (w, h) = (text.chars().count() as f64 * 0.55 * get("font-size"), get("font-size") * 0.8);
        // Labels below an axis hang from their point.
        let hangs = if n.attribute("dy") == Some("0.76em") { h / 2.0 } else { 0.0 };
        let (x, y) = (get("x"), get("y") + hangs);
        let left = match n.attribute("text-anchor").unwrap() {
            "start" => 0.0,
            "middle" => w / 2.0,
            _ => w,
        };
        let all = if n.has_attribute("transform") {
            [x - h / 2.0, y - w / 2.0, x + h / 2.0, y + w / 2.0]
        } else {
            [x - left, y - h / 2.0, x - left + w, y + h / 2.0]
        };
        (text, all)
    };
    doc.descendants().filter(|n| n.has_tag_name("text")).map(one).collect()
}

/// A figure that any reader opens, with nothing off the paper and no text over another.
fn sound(svg: &str) {
    let doc = roxmltree::Document::parse(svg).unwrap();
    let view = doc.root_element().attribute("viewBox").unwrap().split(' ').map(|v| v.parse::<f64>().unwrap() * 100.0);
    let view: Vec<f64> = view.collect();
    let numbers = ["x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height", "points", "stroke-width"];
    for node in doc.descendants().skip(3) {
        for a in node.attributes().filter(|a| numbers.contains(&a.name())) {
            for v in a.value().split([',', ' ']).filter(|v| !v.is_empty()) {
                let v: f64 = v.parse().unwrap();
                assert!(v.is_finite() && (-1.0..=view[2].max(view[3]) + 1.0).contains(&v), "{} {v}", a.name());
            }
        }
    }
    let boxes = boxes(svg);
    for (i, (text, a)) in boxes.iter().enumerate() {
        for (other, b) in &boxes[..i] {
            let apart = a[0] >= b[2] || b[0] >= a[2] || a[1] >= b[3] || b[1] >= a[3];
            assert!(apart, "{text} over {other}");
        }
    }
}

#[test]
fn names_are_escaped_and_stand_in_the_legend_once() {
    let (a, b) = (line("a < b & \"c\" \u{1}", &[1.0, 2.0, 3.0]), line("other", &[2.0, f64::NAN, 1.0]));
    let svg = draw(&[&a, &b, &a]);
    sound(&svg);
    let names: Vec<String> = boxes(&svg).into_iter().map(|b| b.0).collect();
    assert_eq!(names.iter().filter(|n| n.trim() == "a < b & \"c\"").count(), 1, "{names:?}");
    assert_eq!(names.iter().filter(|n| *n == "other").count(), 1);
    assert!(names.contains(&"loss (nats)".to_string()));
}

#[test]
fn the_same_results_give_the_same_bytes_and_text_in_points() {
    let a = line("a", &[1.0, 2.0, 3.0]);
    let svg = draw(&[&a]);
    assert_eq!(svg, draw(&[&a]));
    assert!(svg.contains("width=\"420pt\" height=\"280pt\" viewBox=\"0 0 420 280\""));
    assert!(svg.contains("font-family=\"sans-serif\" font-size=\"900\"") && svg.contains("scale(0.01)"));
}

#[test]
fn ten_long_names_stand_apart_and_the_data_keep_their_room() {
    let name = |i| format!("an agent with a name that says all of its settings and more than that, number {i}");
    let all: Vec<Series> = (0..10).map(|i| line(&name(i), &[1.0, f64::from(i), 3.0])).collect();
    let svg = draw(&all.iter().collect::<Vec<_>>());
    sound(&svg);
    let names = boxes(&svg);
    for i in 0..10 {
        assert!(names.iter().any(|(n, _)| n.ends_with(&i.to_string())), "{i}");
    }
    // Every style is another: colour, dashes and marker.
    let styles: Vec<_> = (0..16).map(|i| super::palette::Style::nth(i, 16)).collect();
    assert!((0..16).all(|i| (0..i).all(|j| styles[i] != styles[j])));
}

#[test]
fn thresholds_are_named_at_their_ends_apart_from_one_another() {
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|x| x.sin() + 2.0).collect();
    let limit = |name: &str, v: f64| series(name, Role::Threshold, &x, &[v; 20]);
    let limits = [limit("upper bound of it", 2.5), limit("lower bound", 2.49), limit("alarm", 2.48), limit("far", 1e9)];
    let value = series("ratio", Role::Value, &x, &y);
    let svg = draw(&[&value, &limits[0], &limits[1], &limits[2], &limits[3]]);
    sound(&svg);
    assert!(svg.contains("↑ far") && svg.contains("stroke-dasharray=\"260 200\""));
}

#[test]
fn moments_are_marked_where_they_happened() {
    let x = [0.0, 1.0, 2.0, 3.0];
    let value = series("ratio", Role::Value, &x, &[1.0, 2.0, 3.0, 2.0]);
    let added = series("added", Role::Trigger, &x, &[0.0, 1.0, f64::NAN, 1.0]);
    let svg = draw(&[&value, &added]);
    sound(&svg);
    // Two moments and the key.
    assert_eq!(svg.matches("<polygon").count(), 3);
}

#[test]
fn nothing_to_show_is_said() {
    let odd = [
        vec![],
        vec![line("", &[])],
        vec![line("a", &[f64::NAN; 5])],
        vec![Series { y_axis: Axis { log: true, ..Axis::new("loss", "") }, ..line("a", &[0.0, -1.0]) }],
    ];
    for all in &odd {
        let svg = draw(&all.iter().collect::<Vec<_>>());
        sound(&svg);
        assert!(svg.contains("nothing to show"));
    }
    for svg in [figure::bars(&[], &Look::default()), figure::heat(&map(3, &[0.0; 9]), &Look::default())] {
        assert!(svg.unwrap().contains("nothing to show"));
    }
    sound(&figure::panels(&[], 3, &Look::default()).unwrap());
}

#[test]
fn rows_of_one_name_stand_on_one_line() {
    let groups = [
        group("walker2d-medium-replay", &[("SAC", 5.0), ("a long name with settings", f64::NAN)]),
        group("ant", &[("a long name with settings", 7.0), ("SAC", 3.0)]),
    ];
    let svg = figure::bars(&groups, &Look { title: Some("Scores".into()), ..Look::default() }).unwrap();
    sound(&svg);
    let texts = boxes(&svg);
    for name in ["SAC", "a long name with settings", "n/a", "random", "walker2d-medium-replay", "Scores"] {
        assert_eq!(texts.iter().filter(|t| t.0 == name).count(), 1, "{name}");
    }
    // 12 rows do not fit in 60 points: the figure becomes higher.
    let many: Vec<String> = (0..12).map(|i| format!("agent {i}")).collect();
    let rows: Vec<(&str, f64)> = many.iter().map(|n| (n.as_str(), 3.0)).collect();
    let svg = figure::bars(&[group("", &rows)], &Look { height_pt: 60.0, ..Look::default() }).unwrap();
    sound(&svg);
}

#[test]
fn a_map_has_its_colours_paths_and_a_bar() {
    let svg = figure::heat(&map(3, &[0.0, 1.0, 10.0, 1000.0, f64::NAN, 2.0, 2.0, 0.0, 1.0]), &Look::default()).unwrap();
    sound(&svg);
    for text in [">start<", ">end<", ">path<", ">states in the cell<", "#08306B", "#DEEBF7", "#E6E6E6"] {
        assert!(svg.contains(text), "{text}");
    }
}

#[test]
fn panels_of_the_same_names_share_a_legend() {
    let (a, b) = (line("first agent", &[1.0, 2.0]), line("second agent", &[2.0, 1.0]));
    let three = ["one", "two", "three"].map(|t| Panel { title: t.into(), content: Content::Curves(vec![&a, &b]) });
    let svg = figure::panels(&three, 3, &Look::default()).unwrap();
    sound(&svg);
    assert_eq!(svg.matches(">first agent<").count(), 1);
    let groups = [group("ant", &[("SAC", 1.0)])];
    let map = map(2, &[1.0, 2.0, 3.0, 4.0]);
    let mixed = [
        Panel { title: "curves".into(), content: Content::Curves(vec![&a]) },
        Panel { title: "rows".into(), content: Content::Bars(&groups) },
        Panel { title: "map".into(), content: Content::Heat(&map) },
    ];
    let look = Look { width_pt: 500.0, height_pt: 400.0, title: Some("All".into()), ..Look::default() };
    sound(&figure::panels(&mixed, 2, &look).unwrap());
}

#[test]
fn long_curves_keep_their_peaks_and_lose_their_bulk() {
    let mut y: Vec<f64> = (0..200_000).map(|i| f64::from(i % 7)).collect();
    y[123_456] = 1000.0;
    let lower: Vec<f64> = y.iter().map(|v| v - 1.0).collect();
    let long = Series { band: Some((lower, y.clone())), ..line("long", &y) };
    let svg = draw(&[&long]);
    sound(&svg);
    assert!(svg.len() < 100_000, "{}", svg.len());
}

fn odd() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10.0f64..10.0,
        1 => prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e300, -1e300, f64::MAX, f64::MIN, 1e-300,
            f64::MIN_POSITIVE, 5e-324, 1e9, 1e9 + 1e-6, -3.5e5,
        ]),
    ]
}

/// Two panels side by side whose labels at the ends would meet in the middle: found at random.
#[test]
fn labels_of_neighbouring_panels_stand_apart() {
    let mut g = group("task", &[("agent", -1e300)]);
    g.reference = Some(("random".into(), -1e300));
    g.rows.iter_mut().for_each(|r| r.error = Some((-1e300, f64::NAN)));
    for width in (400..1100).step_by(9) {
        sound(&figure::bars(&[g.clone(), g.clone()], &Look { width_pt: f64::from(width), ..Look::default() }).unwrap());
    }
}

/// The axis of a figure that is lower than its labels had room for the first of them alone: found at random.
#[test]
fn a_low_map_has_room_for_the_labels_that_it_grows_to() {
    let map = HeatMap { x_range: (0.0, 1e300), y_range: (1e300, 0.0), ..map(0, &[0.0]) };
    for height in 1..200 {
        sound(&figure::heat(&map, &Look { height_pt: f64::from(height), ..Look::default() }).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn odd_curves_are_sound(
        x in prop::collection::vec(odd(), 0..9), y in prop::collection::vec(odd(), 0..9),
        z in prop::collection::vec(odd(), 0..9), logs in (any::<bool>(), any::<bool>()), role in 0usize..7,
    ) {
        let roles = [Role::Value, Role::Real, Role::Floor, Role::Threshold, Role::Trigger, Role::Lane, Role::Place];
        let role = roles[role];
        let mut a = Series { band: Some((z.clone(), y.clone())), ..series("a", role, &x, &y) };
        (a.x_axis.log, a.y_axis.log) = logs;
        let b = line("b", &z);
        sound(&draw(&[&a, &b]));
        sound(&draw(&[&a]));
    }

    #[test]
    fn odd_rows_and_maps_are_sound(
        v in prop::collection::vec(odd(), 1..9), ends in (odd(), odd()), log: bool, width in 0usize..5,
        size in 0.0f64..900.0,
    ) {
        let mut g = group("task", &v.iter().map(|v| ("agent", *v)).collect::<Vec<_>>());
        g.axis.log = log;
        g.reference = Some(("random".into(), ends.0));
        g.rows.iter_mut().for_each(|r| r.error = Some(ends));
        sound(&figure::bars(&[g.clone(), g], &Look { width_pt: 200.0 + size, ..Look::default() }).unwrap());
        let map = HeatMap { x_range: ends, y_range: (ends.1, ends.0), ..map(width, &v) };
        sound(&figure::heat(&map, &Look { height_pt: size, ..Look::default() }).unwrap());
    }
}
