//! `--html`: what was printed as one file, read by a strict reader and by a real browser.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use oodscope::export::html::{Page, page};
use oodscope::ground::number::number;
use oodscope::metrics::report::{Cell, Level, Report, Table};
use roxmltree::{Document, ParsingOptions};
use serde_json::Value;

use crate::support::browser::{self, Browser};
use crate::support::program::{Said, at, checkpoint, lonely, oodscope, pendulum, run, scratch, text};

/// The whole report of a small dataset with its checkpoint, and the same numbers as JSON.
fn whole() -> &'static (PathBuf, Value) {
    static MADE: OnceLock<(PathBuf, Value)> = OnceLock::new();
    MADE.get_or_init(|| {
        let file = at("whole.html");
        let args = ["report", text(pendulum()), "--checkpoint", text(checkpoint()), "--json", "--html", text(&file)];
        let json = run(&args).json();
        (file, json)
    })
}

fn read(html: &str) -> Document<'_> {
    Document::parse_with_options(html, ParsingOptions { allow_dtd: true, ..ParsingOptions::default() }).unwrap()
}

fn seen(doc: &Document) -> String {
    doc.descendants().filter(roxmltree::Node::is_text).filter_map(|n| n.text()).collect()
}

#[test]
fn the_file_has_what_the_json_has() {
    let (file, json) = whole();
    let html = fs::read_to_string(file).unwrap();
    assert!(html.len() < 5_000_000, "{}", html.len());
    let doc = read(&html);
    let seen = seen(&doc);
    for report in json["reports"].as_array().unwrap() {
        assert!(seen.contains(report["title"].as_str().unwrap()));
        for s in report["stats"].as_array().unwrap() {
            assert!(
                seen.contains(s["label"].as_str().unwrap()) && seen.contains(s["definition"].as_str().unwrap()),
                "{s}"
            );
        }
        for note in report["notes"].as_array().unwrap() {
            assert!(seen.contains(note["text"].as_str().unwrap()), "{note}");
        }
        for cell in report["tables"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|t| t["rows"].as_array().unwrap())
            .flat_map(|r| r.as_array().unwrap())
        {
            let wanted = cell.as_str().map_or_else(|| number(cell.as_f64().unwrap_or(f64::NAN)), String::from);
            assert!(seen.contains(&wanted), "{cell}");
        }
    }
    assert!(seen.contains("\"job\": \"diagnose\"") && seen.contains(env!("CARGO_PKG_VERSION")));
    let groups: std::collections::BTreeSet<&str> = json["reports"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|r| r["series"].as_array().unwrap())
        .map(|s| s["group"].as_str().unwrap())
        .collect();
    let drawn = doc.descendants().filter(|n| n.has_tag_name("figure")).count();
    assert!(drawn > groups.len(), "{drawn} figures, {} groups of curves", groups.len());
    // What the screen alone has is there too.
    assert!(seen.contains("Every pair of dimensions"));
}

#[test]
fn the_same_run_writes_the_same_bytes_and_says_so() {
    let write = |name: &str| {
        let mut command = oodscope(&["coverage", text(pendulum()), "--html", name]);
        let said = Said::from(command.env("SOURCE_DATE_EPOCH", "1795853910").output().unwrap());
        assert!(said.good().ends_with(&format!("wrote {name}\n")), "{}", said.out);
        fs::read_to_string(at(name)).unwrap()
    };
    assert_eq!(write("one.html"), write("two.html"));
    assert!(write("one.html").contains("written 2026-11-28 08:18 UTC"));
    let audit = run(&["audit", text(pendulum()), "--html", "audit.html"]);
    assert!(audit.good().contains("wrote audit.html"));
    assert!(fs::read_to_string(at("audit.html")).unwrap().contains("oodscope audit"));
}

#[test]
fn a_place_that_cannot_be_written_is_known_before_the_work() {
    let said = run(&["report", text(pendulum()), "--html", "no/such/folder.html"]);
    said.refuses(&["no/such/folder.html", "cannot be written"]);
    assert_eq!(said.out, "");
    assert!(!at("no").exists());
    fs::create_dir_all(at("a_folder")).unwrap();
    run(&["report", text(pendulum()), "--html", "a_folder"]).refuses(&["a_folder", "name a file"]);
    assert_eq!(fs::read_dir(at("a_folder")).unwrap().count(), 0);
    run(&["report", text(pendulum()), "--html", "s3://bucket/x.html"]).refuses(&["URLs"]);
    // Bad input leaves what was there.
    fs::write(at("kept.html"), "as it was").unwrap();
    run(&["report", "no_such_dataset", "--html", "kept.html"]).refuses(&["no_such_dataset"]);
    assert_eq!(fs::read_to_string(at("kept.html")).unwrap(), "as it was");
}

#[test]
fn no_place_of_the_machine_that_nobody_named_is_in_the_file() {
    let program = lonely("lonely_html");
    let home = at("home_of_somebody");
    fs::create_dir_all(&home).unwrap();
    let mut command = std::process::Command::new(program);
    command.args(["report", "--html", "demo.html"]).current_dir(scratch()).env_remove("OODSCOPE_DEMO");
    command.env("HOME", &home).env_remove("XDG_CACHE_HOME").env("OODSCOPE_LOG", at("log"));
    assert!(command.output().unwrap().status.success());
    let html = fs::read_to_string(at("demo.html")).unwrap();
    assert!(html.contains("datasets/pendulum/narrow-v0") && !html.contains("home_of_somebody"));
}

/// A browser, where there is one.
fn browser() -> Option<Browser> {
    let found = browser::found();
    if found.is_none() {
        eprintln!("left out: no Chromium is on the path, and OODSCOPE_TEST_CHROMIUM names none");
    }
    found.map(|program| Browser::start(&program))
}

/// Moves the mouse to shares of the data's area of the figure `id`, and answers what is shown there.
fn hover(page: &mut Browser, id: &str, (x, y): (f64, f64)) -> String {
    let found = page.value(&format!(
        "(() => {{ const f = document.getElementById('{id}'), s = f.querySelector('svg'); s.scrollIntoView({{block: 'center', behavior: 'instant'}});
            const d = JSON.parse(f.querySelector('script').textContent), [x, y, w, h] = d.at || (d.parts || d.maps)[0].at;
            const p = new DOMPoint(x + {x} * w, y + (1 - {y}) * h).matrixTransform(s.getScreenCTM());
            return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done([p.x, p.y])))); }})()"
    ));
    // A scroll that is still under way takes away what is shown.
    page.mouse(1.0, 1.0);
    page.mouse(found[0].as_f64().unwrap(), found[1].as_f64().unwrap());
    page.value("document.getElementById('tip').hidden ? '' : document.getElementById('tip').innerText")
        .as_str()
        .unwrap()
        .into()
}

fn report<'a>(json: &'a Value, name: &str) -> &'a Value {
    json["reports"].as_array().unwrap().iter().find(|r| r["name"] == name).unwrap()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

#[test]
fn a_browser_shows_all_of_it_and_the_numbers_at_the_cursor() {
    let Some(mut page) = browser() else { return };
    let (file, json) = whole();
    page.open(file, (1280, 900));
    let figures = page.value("[...document.querySelectorAll('figure svg')].map(s => s.getBoundingClientRect()).map(r => [r.width, r.height])");
    let sizes: Vec<Vec<f64>> = figures.as_array().unwrap().iter().map(numbers).collect();
    assert!(sizes.len() > 10 && sizes.iter().all(|s| s[0] > 300.0 && s[1] > 150.0), "{sizes:?}");

    let model = &report(json, "imagination")["series"].as_array().unwrap()[0];
    assert_eq!(model["group"], "error by horizon");
    let (x, y) = (numbers(&model["x"]), numbers(&model["y"]));
    let share = (x[20] - x[0]) / (x[x.len() - 1] - x[0]);
    let said = hover(&mut page, "imagination-plot-error-by-horizon", (share, 0.5));
    // The axis has a little room at both ends: the place may be the neighbour's.
    let near = (18..=22).find(|i| said.contains(&format!("horizon (steps)\n{}\n", number(x[*i]))));
    let at = near.unwrap_or_else(|| panic!("{said}"));
    assert!(said.contains(&format!("model\n{} ", number(y[at]))), "{said} is not {}", number(y[at]));
    assert!(said.contains("copying the start\n"), "every curve is shown: {said}");

    let map = report(json, "coverage")["maps"].as_array().unwrap().iter().find(|m| m["key"] == "density").unwrap();
    let (w, h) = (map["width"].as_u64().unwrap() as usize, map["height"].as_u64().unwrap() as usize);
    let values = numbers(&map["values"]);
    let most = (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap();
    let place = ((most % w) as f64 + 0.5, (most / w) as f64 + 0.5);
    let said = hover(&mut page, "coverage-map-density", (place.0 / w as f64, place.1 / h as f64));
    assert!(said.contains(&format!("states in the cell\n{}", number(values[most]))), "{said}");
    let ends = numbers(&map["x_range"]);
    let edge = |i: usize| number(ends[0] + (ends[1] - ends[0]) * i as f64 / w as f64);
    assert!(said.contains(&format!("{} to {}", edge(most % w), edge(most % w + 1))), "{said}");

    let returns =
        report(json, "data")["histograms"].as_array().unwrap().iter().find(|h| h["key"] == "returns").unwrap();
    let counts = numbers(&returns["counts"]);
    let most = (0..counts.len()).max_by(|a, b| counts[*a].total_cmp(&counts[*b])).unwrap();
    let said = hover(&mut page, "data-hist-returns", ((most as f64 + 0.5) / counts.len() as f64, 0.5));
    assert!(said.contains(&format!("count\n{} (", number(counts[most]))), "{said}");
    assert!(hover(&mut page, "coverage-pairs", (0.1, 0.9)).contains("states in the cell"));
    assert!(!hover(&mut page, "imagination-scatter-error-vs-novelty", (0.5, 0.5)).contains("NaN"));
    assert_eq!(page.errors, [""; 0]);
}

#[test]
fn a_browser_sorts_tables_and_changes_the_light() {
    let Some(mut page) = browser() else { return };
    page.open(&whole().0, (1280, 900));
    let sorted = page.value(
        "(() => { const t = document.querySelector('#data-table-episodes table'), h = [...t.tHead.rows[0].cells];
            const c = h.findIndex(e => e.textContent === 'return'); h[c].click();
            const all = [...t.tBodies[0].rows].map(r => Number(r.cells[c].dataset.v ?? r.cells[c].textContent));
            h[c].click(); return [all, Number([...t.tBodies[0].rows][0].cells[c].textContent), h[c].getAttribute('aria-sort')]; })()",
    );
    let all = numbers(&sorted[0]);
    assert!(all.len() == 15 && all.windows(2).all(|w| w[0] >= w[1]), "{all:?}");
    assert!((sorted[1].as_f64().unwrap() - all[14]).abs() < 1.0 && sorted[2] == "ascending");
    let look = "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.querySelector('figure svg rect, figure svg path')).fill";
    let light = page.value(look);
    page.value("document.getElementById('theme').click()");
    assert_ne!(page.value(look), light);
    page.ask("Emulation.setEmulatedMedia", serde_json::json!({ "media": "print" }));
    assert_eq!(page.value("getComputedStyle(document.querySelector('nav')).display"), "none");
    assert_eq!(page.value(look).as_str().unwrap().split(')').nth(1), light.as_str().unwrap().split(')').nth(1));
    assert_eq!(page.errors, [""; 0]);
}

#[test]
fn a_telephone_shows_it_within_its_width() {
    let Some(mut page) = browser() else { return };
    page.open(&whole().0, (400, 800));
    assert_eq!(page.value("document.documentElement.scrollWidth"), 400);
    let beyond = page.value(
        "[...document.querySelectorAll('main *, header *')].filter(e => !e.closest('.scroll, pre, svg') && e.getBoundingClientRect().right > 400.5).map(e => e.outerHTML.slice(0, 99))",
    );
    assert_eq!(beyond, serde_json::json!([]));
    let text = page.value(
        "Math.min(...[...document.querySelectorAll('figure svg text')].map(t => t.getAttribute('font-size') * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b)))",
    );
    assert!(text.as_f64().unwrap() > 9.0, "the smallest text is {text} pixels");
    let tip = hover(&mut page, "imagination-plot-error-by-horizon", (0.95, 0.5));
    let right = page.value("document.getElementById('tip').getBoundingClientRect().right").as_f64().unwrap();
    assert!(tip.contains("model") && right <= 400.0, "{right}: {tip}");
    assert_eq!(page.errors, [""; 0]);
}

#[test]
fn a_browser_runs_nothing_that_a_dataset_is_called() {
    let Some(mut page) = browser() else { return };
    let evil = "</script><script>window.ran=1</script><img src=x onerror=\"window.ran=1\">";
    let mut r = Report::new(evil, evil);
    r.stat(evil, evil, 1.0, evil, evil);
    r.tables.push(Table {
        key: evil.into(),
        label: evil.into(),
        columns: vec![evil.into()],
        rows: vec![vec![Cell::from(evil)]],
    });
    r.series.push(oodscope::metrics::report::Series {
        label: evil.into(),
        group: evil.into(),
        x: vec![1.0, 2.0],
        y: vec![2.0, 1.0],
        ..oodscope::metrics::report::Series::default()
    });
    r.note(Level::Alarm, evil);
    let ended = [evil.to_string()];
    let all = Page { kind: evil, reports: &[&r], ended: &ended, version: evil, spec: evil, written: 0.0 };
    let file = at("evil.html");
    fs::write(&file, self::page(&all).unwrap()).unwrap();
    page.open(&file, (800, 600));
    assert_eq!(
        page.value("[typeof window.ran, document.images.length, document.scripts.length]"),
        serde_json::json!(["undefined", 0, 2])
    );
    assert!(page.value("document.querySelector('td').textContent").as_str().unwrap().contains("window.ran"));
    assert_eq!(page.errors, [""; 0]);
}
