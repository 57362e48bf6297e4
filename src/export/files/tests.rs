use std::fs;

use super::{Paper, name, write};
use crate::export::tests::everything;
use crate::metrics::report::Report;

fn names(paths: &[std::path::PathBuf]) -> Vec<String> {
    paths.iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_card_becomes_its_figure_and_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let (report, place) = (everything(), folder.path().join("new/figures"));
    let written = write(&place, &report, "plot:error", Paper::Light).unwrap();
    assert_eq!(
        names(&written),
        ["data-plot-error.svg", "data-plot-error.png", "data-plot-error.csv", "data-plot-error.parquet"]
    );
    let svg = fs::read_to_string(&written[0]).unwrap();
    assert!(svg.contains("width=\"420pt\"") && svg.contains(">Error<") && svg.contains("font-size=\"900\""));
    let csv = fs::read_to_string(&written[2]).unwrap();
    assert_eq!(
        csv.lines().take(2).collect::<Vec<_>>(),
        ["curve,x axis,y axis,x,y,from,to", "model,steps,loss (nats),0.0,1.0,0.5,1.5"]
    );
    assert_eq!(csv.lines().count(), 1 + 3 + 3);
    // Again, in other colours: the same names, replaced, and nothing else beside them.
    assert_eq!(write(&place, &report, "plot:error", Paper::Dark).unwrap(), written);
    assert_ne!(fs::read_to_string(&written[0]).unwrap(), svg);
    assert_eq!(fs::read_dir(&place).unwrap().count(), 4);
}

#[test]
fn every_card_is_written_with_what_lies_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let report = everything();
    let of = |id: &str| names(&write(folder.path(), &report, id, Paper::Light).unwrap()).join(" ");
    assert_eq!(of("stats"), "data-stats.csv data-stats.parquet");
    assert_eq!(of("table:t"), "data-table-t.csv data-table-t.parquet");
    assert_eq!(of("notes"), "data-notes.csv data-notes.parquet");
    assert_eq!(of("pairs"), "data-pairs.svg data-pairs.png data-pairs.csv data-pairs.parquet");
    assert_eq!(of("hist:h"), "data-hist-h.svg data-hist-h.png data-hist-h.csv data-hist-h.parquet");
    assert_eq!(of("scatter:s"), "data-scatter-s.svg data-scatter-s.png data-scatter-s.csv data-scatter-s.parquet");
    let map = of("map:density");
    for ending in ["density.svg", "density.png", "density.csv", "density-paths.parquet", "density-boxes.csv"] {
        assert!(map.contains(ending), "{map}");
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("data-stats.csv").contains("loss,loss θ,0.42131,nats,0.4,0.45,95 %,10.0,episodes,What is lost."));
    assert!(read("data-table-t.csv").starts_with("name,value (std),n\na <b>,0.123456789,3\n"));
    assert!(read("data-hist-h.csv").ends_with("2.0,3.0,3.0\n"));
    assert!(read("data-map-density-paths.csv").contains("path,1,0.9,0.9,2.0"));
    assert!(read("data-map-density-boxes.csv").contains("hole 1,0.2,0.4,0.5,0.9"));
}

#[test]
fn a_wrong_card_and_a_wrong_place_are_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let report = everything();
    let said = write(folder.path(), &report, "map:none", Paper::Light).unwrap_err().to_string();
    assert!(said.contains("no card map:none") && said.contains("map:density"), "{said}");
    let blocker = folder.path().join("file");
    fs::write(&blocker, "").unwrap();
    let said = write(&blocker.join("in"), &report, "stats", Paper::Light).unwrap_err().to_string();
    assert!(said.contains("cannot be written") && said.lines().count() == 1, "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn names_of_files_are_plain_and_differ() {
    let report = Report::new("imagination", "");
    let all =
        ["plot:trace cos θ", "plot:trace cos ω", "plot:../../etc/passwd", "plot:NUL", "hist:", "plot:a<b>:c?*|\"\n"];
    let names: Vec<String> = all.iter().map(|id| name(&report, id)).collect();
    for (i, one) in names.iter().enumerate() {
        assert!(one.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{one}");
        assert!(!names[..i].contains(one) && one.starts_with("imagination-"), "{one}");
    }
    assert_eq!(name(&report, "plot:error by horizon"), "imagination-plot-error-by-horizon");
    assert!(name(&report, &format!("plot:{}", "x".repeat(500))).len() < 100);
    assert!(name(&Report::default(), "θ").starts_with("figure-"));
}
