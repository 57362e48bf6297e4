use super::{line, map, sound};
use crate::export::figure::{self, Content, Look, Panel};
use crate::export::{card, dark, thin};
use crate::metrics::report::{
    Axis, Cell, Colours, HeatMap, Histogram, Level, Mark, PairMaps, Report, Role, Scatter, Series, Table,
};

/// A report of nothing but curves.
pub fn report_of(series: Vec<Series>) -> Report {
    Report { series, ..Report::new("curves", "Curves") }
}

/// A report with something of every shape.
pub fn everything() -> Report {
    let mut r = Report::new("data", "Data & <more>");
    r.stat("loss", "loss θ", 0.421_31, "nats", "What is lost.").of(10, "episodes").between(0.4, 0.45);
    r.stat("share", "share", 0.25, "", "Share of states.");
    r.stat("odd", "odd", f64::NAN, "", "Not to be had.");
    let band = (vec![0.5, 1.0, 1.5], vec![1.5, 2.5, 4.0]);
    let model = Series { band: Some(band), definition: "The model.".into(), ..line("model", &[1.0, 2.0, 3.0]) };
    let limit = Series { role: Role::Threshold, definition: "The limit.".into(), ..line("limit", &[2.5; 3]) };
    r.series.extend([model, limit].map(|s| Series { group: "error".into(), ..s }));
    for (label, unit, role) in [("novelty", "x threshold", Role::Lane), ("reward", "", Role::Reward)] {
        let lane = Series { role, y_axis: Axis::new(label, unit), ..line(label, &[0.5, f64::NAN, 2.0]) };
        r.series.push(Series { group: "4".into(), definition: format!("{label} of a step."), ..lane });
    }
    let heat = Some(vec![0.5, 2.0]);
    let mut density = map(2, &[1.0, f64::NAN, 0.0, 7.0]);
    density.overlays[0].heat = heat;
    density.marks.push(Mark { label: "hole 1".into(), x: (0.2, 0.4), y: (0.5, 0.9) });
    r.maps.push(HeatMap { key: "density".into(), label: "Density".into(), ..density });
    r.maps.push(HeatMap { key: "path".into(), label: "A path".into(), ..map(2, &[1.0, 2.0, 3.0, 4.0]) });
    let pairs = vec![(0, 1), (0, 2), (1, 2)];
    let names = ["x", "θ", "dθ/dt"].map(String::from).to_vec();
    r.pairs = Some(PairMaps { names, bins: 2, pairs, counts: vec![vec![1, 0, 20, 3]; 3], holes: vec![] }.into());
    let axes = (Axis::new("novelty", "std"), Axis { log: true, ..Axis::new("error", "") });
    let mark = Some(("threshold".into(), 1.5));
    let (x, y) = (vec![1.0, 2.0, f64::INFINITY], vec![0.1, 10.0, 1.0]);
    let (x_axis, y_axis, x_mark) = (axes.0.clone(), axes.1, mark);
    let cloud = Scatter { key: "s".into(), label: "Cloud".into(), x_axis, y_axis, x, y, x_mark, places: vec![] };
    r.scatters.push(cloud);
    r.histograms.push(Histogram {
        key: "h".into(),
        label: "Novelty".into(),
        axis: axes.0,
        edges: vec![0.0, 1.0, 2.0, 3.0],
        counts: vec![5000.0, 0.0, 3.0],
        marks: vec![("threshold".into(), 1.5), ("usual".into(), 0.5)],
        alarm: Some(1.5),
    });
    let rows = vec![
        vec![Cell::from("a <b>"), Cell::from(0.123_456_789), Cell::from(3usize)],
        vec![Cell::from("b"), Cell::from(f64::NAN), Cell::from(20usize)],
    ];
    let columns = ["name", "value (std)", "n"].map(String::from).to_vec();
    r.tables.push(Table { key: "t".into(), label: "A table".into(), columns, rows });
    r.note(Level::Info, "a rule & its <reason>");
    r.note(Level::Alarm, "an alarm");
    r
}

#[test]
fn paths_change_their_colour_where_they_leave_the_data_and_holes_are_boxed() {
    let report = everything();
    let svg = figure::heat(&report.maps[0], &Look::default()).unwrap();
    sound(&svg);
    for text in [">path: within the data<", ">path: beyond the threshold<", ">hole 1<"] {
        assert!(svg.contains(text), "{text}");
    }
    let lines = |colour: &str| svg.lines().filter(|l| l.starts_with("<polyline") && l.contains(colour)).count();
    // The only step leads beyond the threshold; both colours have a key.
    assert_eq!((lines("#D55E00"), lines("#009E73")), (2, 1));
}

#[test]
fn a_map_in_even_steps_has_no_decades_and_leaves_out_where_nothing_was() {
    let drawn = |colours, values: &[f64]| {
        let map = HeatMap { colours, overlays: Vec::new(), ..map(2, values) };
        let svg = figure::heat(&map, &Look::default()).unwrap();
        sound(&svg);
        svg
    };
    let values = [0.0, 50.0, 75.0, 100.0];
    let decades = drawn(Colours::Decades, &[0.0, 1.0, 10.0, 1000.0]);
    assert!(decades.contains(">1000<") && decades.contains(">10<"));
    let counts = drawn(Colours::Counts, &values);
    assert!(counts.contains(">60<") && counts.contains(">100<"), "the bar goes from 50 to 100");
    // Nothing has no colour, as what is beyond all numbers; a mean of 0 has one.
    assert_eq!(counts, drawn(Colours::Counts, &[f64::INFINITY, 50.0, 75.0, 100.0]));
    assert_ne!(counts, drawn(Colours::Steps, &values));
}

#[test]
fn what_is_counted_in_whole_numbers_is_labelled_at_them() {
    let ticks = |x: &[f64]| {
        let series = Series { x: x.to_vec(), x_axis: Axis::new("step", "steps"), ..line("a", &[100.0, 200.0, 300.0]) };
        figure::curves(&[&series], &Look::default()).unwrap()
    };
    let whole = ticks(&[1.0, 2.0, 3.0]);
    assert!(!whole.contains(">1.5<") && whole.contains(">2<") && whole.contains(">3<"));
    assert!(ticks(&[1.0, 2.0, 2.9]).contains(".5<"));
    assert!(whole.contains(">step<") && !whole.contains("(steps)"), "a step is counted in steps");
}

#[test]
fn counts_beyond_an_alarm_are_seen() {
    let h = &everything().histograms[0];
    let drawn = |h: &Histogram| {
        let panel = Panel { title: String::new(), content: Content::Bins(h) };
        let svg = figure::panels(&[panel], 1, &Look::default()).unwrap();
        sound(&svg);
        svg
    };
    let svg = drawn(h);
    // 3 of 5000 would be a hair's breadth.
    for text in ["count (logarithmic)", "threshold 1.5", "usual 0.5", "#4B8EC2", "#D55E00"] {
        assert!(svg.contains(text), "{text}");
    }
    let linear = Histogram { counts: vec![5000.0, 0.0, 300.0], ..h.clone() };
    assert!(drawn(&linear).contains(">count<"));
    assert!(drawn(&Histogram { alarm: None, ..h.clone() }).contains(">count<"));
}

#[test]
fn every_card_of_a_report_is_drawn_on_its_own() {
    let report = everything();
    let cards = card::cards(&report);
    let ids: Vec<&str> = cards.iter().map(|c| c.id.as_str()).collect();
    let all = "stats map:density map:path pairs plot:error plot:4 scatter:s hist:h table:t notes";
    assert_eq!(ids.join(" "), all);
    assert_eq!(cards[5].title, "Episode 4");
    for c in &cards {
        let drawn = card::draw(c, 440.0, 11.0, Some(&c.title)).unwrap();
        assert_eq!(drawn.is_some(), !["stats", "table:t", "notes"].contains(&c.id.as_str()), "{}", c.id);
        let Some(drawn) = drawn else { continue };
        sound(&drawn.svg);
        assert!(drawn.svg.contains(&format!(">{}<", c.title)), "{}", c.id);
        let cut = drawn.svg.lines().find(|l| l.contains('…'));
        assert_eq!(cut, None, "{}: nothing is cut", c.id);
        // Where the data lie is on the paper.
        assert_eq!(drawn.placed.len(), if c.id == "plot:4" { 2 } else { 1 });
        assert!(drawn.placed.iter().all(|p| p.plot.x > 0.0 && p.plot.right() <= 440.0 && p.plot.w > 100.0), "{}", c.id);
        let dark = dark::darken(&drawn.svg);
        sound(&dark);
        assert!(!dark.contains("#222222") && !dark.contains("#FFFFFF") && dark.len() == drawn.svg.len());
    }
}

#[test]
fn seventeen_dimensions_are_a_triangle_of_their_names() {
    // Of twenty dimensions three are in no pair.
    let names: Vec<String> = (0..20).map(|i| format!("joint velocity {i}")).collect();
    let pairs: Vec<(usize, usize)> = (3..20).flat_map(|b| (3..b).map(move |a| (a, b))).collect();
    let counts = pairs.iter().map(|(a, b)| (0..1024).map(|i| ((i * (a + 2 * b)) % 97) as u32).collect()).collect();
    let all = PairMaps { names: names.clone(), bins: 32, pairs, counts, holes: vec![] };
    let panel = Panel { title: String::new(), content: Content::Pairs(&all) };
    let svg = figure::panels(&[panel], 1, &Look { height_pt: 420.0, ..Look::default() }).unwrap();
    sound(&svg);
    assert!(svg.len() < 4_000_000, "{}", svg.len());
    assert!(names.iter().enumerate().all(|(i, n)| svg.contains(&format!(">{n}<")) == (i > 2)));
}

#[test]
fn thinned_curves_keep_gaps_and_peaks_by_their_numbers() {
    let mut y = vec![1.0; 10_000];
    y[5000] = 9.0;
    y[7000] = f64::NAN;
    y[7001] = f64::NAN;
    let places: Vec<Option<f64>> = (0..10_000).map(|i| Some(f64::from(i) / 1e4)).collect();
    let kept = thin::kept(&places, &y, 100.0);
    assert!(kept.len() < 500 && [0, 5000, 7000, 9999].iter().all(|i| kept.contains(i)) && !kept.contains(&7001));
    assert!(kept.windows(2).all(|w| w[0] < w[1]));
    let points: Vec<(f64, f64)> = (0..1000).map(|i| (f64::from(i % 10) / 10.0, 0.5)).collect();
    let cloud = thin::cloud(&points, 10.0, 10.0);
    assert_eq!(cloud, (0..10).map(|i| (i, 100)).collect::<Vec<_>>());
}
