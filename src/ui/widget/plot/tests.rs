use super::*;
use crate::metrics::report::Role;
use crate::ui::theme::Scheme;

fn series(y: Vec<f64>) -> Series {
    Series {
        label: "model".into(),
        x: (0..y.len()).map(|i| i as f64).collect(),
        y,
        x_axis: Axis { label: "horizon".into(), unit: "steps".into(), log: false },
        y_axis: Axis { label: "nRMSE".into(), ..Axis::default() },
        ..Series::default()
    }
}

fn draw(s: &Series, scale: Scale, cursor: Option<f64>, size: (u16, u16)) -> (Buffer, String) {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buf = Buffer::empty(area);
    let plot = Plot {
        lines: vec![Line { data: Cow::Borrowed(s), whole: None, color: Color::Red, pinned: false, ghost: false }],
        marks: vec![Mark::Level("threshold".into(), 2.0)],
        scale,
        window: None,
        cursor,
    };
    plot.draw(area, &mut buf, Theme::new(Scheme::Dark));
    let text = buf
        .content
        .chunks(usize::from(size.0))
        .map(|r| r.iter().map(ratatui::buffer::Cell::symbol).collect::<String>())
        .collect::<Vec<_>>()
        .join("\n");
    (buf, text)
}

fn braille(text: &str) -> usize {
    text.chars().filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count()
}

#[test]
fn a_plot_names_axes_units_and_curves() {
    let (_, text) = draw(&series((0..100).map(|i| f64::from(i) * 0.05).collect()), Scale::Linear, None, (60, 14));
    for word in ["nRMSE", "horizon (steps)", "model", "threshold 2", "0", "4"] {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
}

#[test]
fn one_spike_among_a_hundred_thousand_reaches_the_top() {
    let mut y = vec![0.0; 100_000];
    y[77_123] = 10.0;
    let (_, text) = draw(&series(y), Scale::Linear, None, (60, 14));
    let top = text.lines().skip(1).take(3).map(braille).sum::<usize>();
    assert!(top >= 1, "{text}");
}

#[test]
fn a_gap_stays_a_gap() {
    let mut y: Vec<f64> = vec![1.0; 200];
    y[80..120].fill(f64::NAN);
    let (_, text) = draw(&series(y), Scale::Linear, None, (60, 14));
    let row = text.lines().find(|l| braille(l) > 10).unwrap();
    let bits: Vec<bool> = row.chars().map(|c| ('\u{2801}'..='\u{28ff}').contains(&c)).collect();
    let (first, last) = (bits.iter().position(|b| *b).unwrap(), bits.iter().rposition(|b| *b).unwrap());
    assert!(bits[first..last].iter().filter(|b| !**b).count() >= 8, "{row}");
}

#[test]
fn the_crosshair_tells_the_values() {
    let mut s = series((0..50).map(f64::from).collect());
    s.band = Some((s.y.iter().map(|v| v - 1.0).collect(), s.y.iter().map(|v| v + 1.0).collect()));
    let (_, text) = draw(&s, Scale::Linear, Some(20.0), (70, 16));
    assert!(text.contains("20 (19 … 21)") && text.contains("20 steps"), "{text}");
}

#[test]
fn a_log_axis_shows_decades_and_leaves_out_what_is_not_positive() {
    let (_, text) = draw(&series(vec![0.0, 0.01, 0.1, 1.0, 10.0, 100.0]), Scale::Log, None, (60, 20));
    for word in ["0.01", "0.1", "10", "100", "log"] {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
}

#[test]
fn nothing_finite_is_said_and_not_drawn() {
    let (_, text) = draw(&series(vec![f64::NAN; 9]), Scale::Linear, Some(3.0), (40, 10));
    assert!(text.contains("no finite values") && braille(&text) == 0);
}

#[test]
fn every_size_is_survived() {
    let s = series((0..30).map(|i| f64::from(i).sin()).collect());
    for w in 0..40 {
        for h in 0..12 {
            for scale in [Scale::Linear, Scale::Log, Scale::Symlog(0.1)] {
                draw(&s, scale, Some(4.0), (w.max(1), h.max(1)));
            }
        }
    }
}

fn picture(lines: Vec<Line>, marks: Vec<Mark>, scale: Scale) -> String {
    let area = Rect::new(0, 0, 70, 14);
    let mut buf = Buffer::empty(area);
    Plot { lines, marks, scale, window: None, cursor: None }.draw(area, &mut buf, Theme::new(Scheme::Dark));
    let row = |r: &[ratatui::buffer::Cell]| r.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    buf.content.chunks(70).map(row).collect::<Vec<_>>().join("\n")
}

fn line(data: &Series) -> Line<'_> {
    Line { data: Cow::Borrowed(data), whole: None, color: Color::Red, pinned: false, ghost: false }
}

/// One member that explodes, or imagination itself, must not flatten what happened.
#[test]
fn the_axis_of_a_trace_follows_what_happened() {
    let real = Series { role: Role::Real, ..series((0..50).map(|i| (f64::from(i) / 5.0).sin()).collect()) };
    let wild: Vec<f64> = (0..50).map(|i| if i < 37 { real.y[i as usize] } else { 1e8 }).collect();
    let imagined = Series { label: "imagined".into(), ..series(wild) };
    let text = picture(vec![line(&real), line(&imagined)], vec![], Scale::Linear);
    assert!(text.contains("leaves at horizon 37") && text.contains('▲') && !text.contains("1e8"), "{text}");
    let mut banded = Series { label: "imagined".into(), ..series(real.y.clone()) };
    banded.band = Some((real.y.clone(), (0..50).map(|i| if i < 12 { 0.0 } else { 1e8 }).collect()));
    let text = picture(vec![line(&real), line(&banded)], vec![], Scale::Linear);
    assert!(text.contains("a member leaves at horizon 12"), "{text}");
    // What stays near is shown whole, and so is everything on the scale that was asked for.
    let near = Series { label: "imagined".into(), ..series(real.y.iter().map(|v| 1.5 * v).collect()) };
    assert!(!picture(vec![line(&real), line(&near)], vec![], Scale::Linear).contains("leaves"));
    assert!(!picture(vec![line(&real), line(&imagined)], vec![], Scale::Symlog(1.0)).contains("leaves"));
    let lost =
        Series { label: "imagined".into(), ..series((0..50).map(|i| if i < 20 { 0.0 } else { f64::NAN }).collect()) };
    assert!(picture(vec![line(&real), line(&lost)], vec![], Scale::Linear).contains("leaves at horizon 20"));
}

#[test]
fn what_a_log_axis_leaves_out_is_counted() {
    let s = series(vec![0.0, -1.0, 1.0, 10.0, f64::NAN, 100.0]);
    let text = picture(vec![line(&s)], vec![], Scale::Log);
    assert!(text.contains("2 points at or below 0 not drawn"), "{text}");
    assert!(!picture(vec![line(&s)], vec![], Scale::Symlog(1.0)).contains("not drawn"));
}

/// The demo's R falls from 6819 to 0.9 around a threshold of 1.9.
#[test]
fn a_ratio_and_its_threshold_can_be_read_where_the_decision_is_made() {
    let r = Series { label: "R".into(), ..series(vec![6819.0, 116.0, 2.3, 2.9, 2.1, 0.66, 0.9]) };
    let tau = Series {
        label: "threshold".into(),
        role: Role::Threshold,
        ..series(vec![1.96, 2.1, 1.9, 1.8, 1.9, 1.96, 1.9])
    };
    let text = picture(vec![line(&r), line(&tau)], vec![], Scale::Log);
    assert!(text.contains("R 6819") && text.contains("R 0.9") && text.contains("threshold 1.9"), "{text}");
    assert!(!text.contains("1000"), "the axis stays near the threshold: {text}");
}

#[test]
fn a_place_stands_on_the_axis_with_its_interval() {
    let s = series((0..50).map(f64::from).collect());
    let place =
        |at: f64, ends| picture(vec![line(&s)], vec![Mark::Place("useful horizon".into(), at, ends)], Scale::Linear);
    let text = place(18.0, Some((14.0, 19.0)));
    assert!(text.contains("useful horizon 18 (14 … 19)") && text.contains('━') && text.contains("▲"), "{text}");
    let text = place(49.0, Some((46.0, 50.0)));
    assert!(text.contains("useful horizon 49 (46 … 50)"), "on the other side where there is no room: {text}");
    assert!(!place(18.0, None).contains('…'));
    // Two of them do not write over one another.
    let two = [("useful horizon", 40.0, Some((30.0, 50.0))), ("trust horizon", 22.0, None)];
    let two = two.map(|(name, at, ends)| Mark::Place(name.into(), at, ends)).into();
    let text = picture(vec![line(&s)], two, Scale::Linear);
    assert!(text.contains("useful horizon 40 (30 … 50)") && text.contains("trust horizon 22"), "{text}");
}
