use std::sync::Arc;

use proptest::prelude::*;
use roxmltree::{Document, ParsingOptions};
use sha2::{Digest, Sha256};

use super::{Page, page};
use crate::export::tests::{everything, line, report_of};
use crate::metrics::report::{Cell, HeatMap, Histogram, Level, Report, Scatter, Series, Table};

fn html(reports: &[&Report]) -> String {
    let ended = ["wrote a<b".to_string()];
    page(&Page {
        kind: "report",
        reports,
        ended: &ended,
        version: "1.2.3",
        spec: "{\"job\": \"</pre>\"}",
        written: 1_795_853_910.7,
    })
    .unwrap()
}

/// The page as a strict reader sees it.
fn read(html: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(html, options).unwrap_or_else(|e| panic!("{e}"))
}

/// All text below a node.
fn words(node: roxmltree::Node) -> String {
    node.descendants().filter(roxmltree::Node::is_text).filter_map(|n| n.text()).collect()
}

/// Everything that a reader sees: no style, no script, no data.
fn seen(doc: &Document) -> String {
    let hidden = |n: &roxmltree::Node| n.ancestors().any(|a| a.has_tag_name("script") || a.has_tag_name("style"));
    doc.descendants().filter(|n| n.is_text() && !hidden(n)).filter_map(|n| n.text()).collect()
}

/// The data behind every figure.
fn data(doc: &Document) -> Vec<serde_json::Value> {
    let figures = doc.descendants().filter(|n| n.has_tag_name("figure"));
    let scripts = figures.flat_map(|f| f.descendants().filter(|n| n.has_tag_name("script")).collect::<Vec<_>>());
    // A number beyond all numbers is how infinity is written; this reader has no infinity.
    scripts
        .map(|s| serde_json::from_str(&words(s).replace("1e999", "null").replace("-null", "null")).unwrap())
        .collect()
}

#[test]
fn everything_of_a_report_is_on_the_page() {
    let report = everything();
    let text = html(&[&report]);
    let doc = read(&text);
    let all = seen(&doc);
    for s in &report.stats {
        for part in [&s.label, &s.definition, &s.unit] {
            assert!(all.contains(part.as_str()), "{part}");
        }
    }
    for part in ["0.4213", "0.4 to 0.45", "10 episodes", "25", "\u{2013}"] {
        assert!(all.contains(part), "{part}");
    }
    for note in &report.notes {
        assert!(all.contains(&note.text), "{}", note.text);
    }
    for s in &report.series {
        assert!(all.contains(&s.definition), "{}", s.definition);
    }
    for table in &report.tables {
        assert!(all.contains(&table.label));
        let of = doc.descendants().filter(|n| n.attribute("class") == Some("scroll"));
        let found = of.filter(|t| t.parent().is_some_and(|card| words(card).contains(&table.label)));
        let cells: Vec<String> = found
            .flat_map(|t| t.descendants().collect::<Vec<_>>())
            .filter(|n| n.has_tag_name("td"))
            .map(words)
            .collect();
        assert_eq!(cells.len(), table.rows.len() * table.columns.len());
        for (cell, wanted) in cells.iter().zip(table.rows.iter().flatten()) {
            match wanted {
                Cell::Text(t) => assert_eq!(cell, t),
                Cell::Number(v) => assert_eq!(*cell, crate::ground::number::number(*v)),
                Cell::Count(n) => assert_eq!(*cell, n.to_string()),
            }
        }
    }
    assert!(all.contains("1.2.3") && all.contains("\"job\": \"</pre>\"") && all.contains("wrote a<b"));
    // A figure for each map, cloud, distribution and group of curves, and the triangle: each with its picture and its data.
    let figures: Vec<_> = doc.descendants().filter(|n| n.has_tag_name("figure")).collect();
    assert_eq!(figures.len(), 2 + 1 + 2 + 1 + 1);
    assert!(figures.iter().all(|f| f.descendants().any(|n| n.has_tag_name("svg"))));
    let kinds: Vec<String> = data(&doc).iter().map(|d| d["kind"].as_str().unwrap().to_string()).collect();
    assert_eq!(kinds, ["map", "map", "pairs", "curves", "curves", "cloud", "bins"]);
}

#[test]
fn whatever_leads_to_a_place_leads_to_one() {
    let (first, second) = (everything(), everything());
    let text = html(&[&first, &second]);
    let doc = read(&text);
    let ids: Vec<&str> = doc.descendants().filter_map(|n| n.attribute("id")).collect();
    let links: Vec<&str> = doc.descendants().filter_map(|n| n.attribute("href")).collect();
    assert!(
        links.len() > 20 && links.iter().all(|l| ids.iter().filter(|id| l.strip_prefix('#') == Some(id)).count() == 1)
    );
    assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)), "{ids:?}");
}

#[test]
fn nothing_that_a_dataset_is_called_is_markup_or_runs() {
    let evil = "</script><img src=x onerror=alert(1)>]]>\"'&\u{1}\u{202e}🙂";
    let mut report = everything();
    report.title = evil.into();
    report.name = evil.into();
    report.stats[0].label = evil.into();
    report.stats[0].unit = evil.into();
    report.series.iter_mut().for_each(|s| (s.label, s.definition) = (evil.into(), evil.into()));
    report.maps[0].overlays[0].label = evil.into();
    report.maps[0].x_axis.label = evil.into();
    report.histograms[0].marks[0].0 = evil.into();
    report.tables[0].columns[0] = evil.into();
    report.tables[0].rows[0][0] = evil.into();
    report.note(Level::Alarm, evil);
    let text = html(&[&report]);
    let doc = read(&text);
    assert!(!doc.descendants().any(|n| n.has_tag_name("img")));
    assert!(doc.descendants().all(|n| !n.attributes().any(|a| a.name().starts_with("on"))));
    assert!(seen(&doc).contains("</script><img src=x onerror=alert(1)>]]>\"'& \u{fffd}🙂"));
    // A reader of HTML ends a script at the first thing that looks so: there are as many ends as scripts.
    let scripts = doc.descendants().filter(|n| n.has_tag_name("script")).count();
    assert_eq!((text.matches("</script").count(), text.matches("<script").count()), (scripts, scripts));
    data(&doc);
    // Only the page's own script may run, by its hash; and nothing is loaded from anywhere.
    let own = text.rsplit("<script>").next().unwrap().split("</script>").next().unwrap();
    let hash = crate::ground::base64::base64(&Sha256::digest(own.as_bytes()));
    assert!(text.contains(&format!("script-src 'sha256-{hash}'")) && text.contains("default-src 'none'"));
    assert!(!text.replace("http://www.w3.org/2000/svg", "").contains("://"));
}

#[test]
fn the_same_reports_give_the_same_bytes() {
    assert_eq!(html(&[&everything()]), html(&[&everything()]));
}

#[test]
fn a_million_points_are_few_bytes_and_no_spike_is_lost() {
    let mut y: Vec<f64> = (0..1_000_000).map(|i| f64::from(i % 7)).collect();
    y[654_321] = 4321.5;
    let long = line("long", &y);
    let mut report = report_of(vec![Series { band: Some((y.clone(), y.iter().map(|v| v + 1.0).collect())), ..long }]);
    let many = (0..1_000_000u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 8));
    let (x, mut z): (Vec<f64>, Vec<f64>) = (many.clone().collect(), many.map(f64::sin).collect());
    z[77] = 99.25;
    report.scatters.push(Scatter { key: "s".into(), x, y: z, ..Scatter::default() });
    let text = html(&[&report]);
    assert!(text.len() < 700_000, "{}", text.len());
    let doc = read(&text);
    let all = data(&doc);
    let has = |v: &serde_json::Value, wanted: f64| {
        v.as_array().unwrap().iter().filter_map(serde_json::Value::as_f64).any(|v| (v - wanted).abs() < 1e-9)
    };
    assert!(has(&all[0]["parts"][0]["lines"][0]["y"], 4321.5) && has(&all[1]["py"], 99.25));
}

#[test]
fn reports_with_nothing_in_them_are_said_to_be_so() {
    read(&html(&[]));
    assert!(html(&[]).contains("No report was made"));
    let mut empty = Report::new("", "");
    empty.tables.push(Table { key: "none".into(), columns: vec!["a".into()], ..Table::default() });
    empty.series.push(Series { group: "g".into(), ..Series::default() });
    empty.histograms.push(Histogram::default());
    empty.maps.push(HeatMap::default());
    empty.scatters.push(Scatter::default());
    empty.pairs = Some(Arc::default());
    let text = html(&[&empty]);
    let doc = read(&text);
    assert!(seen(&doc).matches("nothing to show").count() >= 4 && seen(&doc).contains("It has no rows"));
}

fn odd() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => -10.0f64..10.0,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, 1e300, f64::MAX, f64::MIN, 5e-324]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_numbers_and_names_are_a_page(v in prop::collection::vec(odd(), 0..8), name in any::<String>(), log: bool) {
        let mut r = everything();
        let odd = Series { group: name.clone(), band: Some((v.clone(), v.clone())), ..line(&name, &v) };
        r.series.push(odd);
        r.series.iter_mut().for_each(|s| (s.x_axis.log, s.y_axis.log) = (log, log));
        r.histograms[0].edges.clone_from(&v);
        r.histograms[0].counts.clone_from(&v);
        r.histograms[0].label.clone_from(&name);
        r.histograms[0].alarm = v.first().copied();
        r.scatters[0].x.clone_from(&v);
        r.scatters[0].x_axis.log = log;
        r.maps[0].values.clone_from(&v);
        r.maps[0].x_range = (v.first().copied().unwrap_or(0.0), v.last().copied().unwrap_or(0.0));
        r.tables[0].rows.push(v.iter().map(|v| Cell::Number(*v)).collect());
        r.stat(&name, &name, v.first().copied().unwrap_or(f64::NAN), &name, &name).between(f64::NAN, f64::INFINITY);
        r.note(Level::Warn, name);
        let text = html(&[&r]);
        let doc = read(&text);
        data(&doc);
    }
}
