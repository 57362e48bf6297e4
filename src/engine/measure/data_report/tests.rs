#![expect(clippy::float_cmp, reason = "small whole numbers are exact")]

use std::sync::Arc;

use super::*;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::Space;

fn dataset(lengths: &[usize]) -> Dataset {
    let mut parts = Parts::default();
    for (i, &steps) in lengths.iter().enumerate() {
        parts.spans.push(EpisodeSpan {
            id: 10 + i as u64,
            first_step: parts.rewards.len(),
            steps,
            first_obs: parts.obs.len(),
            obs_rows: steps + 1,
            terminated: i % 2 == 0,
            truncated: i % 3 == 1,
        });
        parts.obs.extend((0..=steps).map(|t| t as f32));
        parts.actions.extend((0..steps).map(|_| 0.5));
        parts.rewards.extend((0..steps).map(|_| 1.0));
    }
    let origin = Origin { rules: vec!["a rule".into()], warnings: vec!["a warning".into()], ..Origin::default() };
    Dataset::from_parts(origin, Space::unnamed("obs", 1), Space::unnamed("action", 1), parts).expect("consistent")
}

fn opened(lengths: &[usize]) -> Opened {
    Opened::new(Source::default(), Arc::new(dataset(lengths)))
}

#[test]
fn the_report_counts_endings_and_parts() {
    let r = report(&opened(&[1, 5, 5, 5, 9]));
    let value = |key| r.value(key).expect("is there");
    assert_eq!((value("episodes"), value("steps"), value("return_mean")), (5.0, 25.0, 5.0));
    assert_eq!((value("terminated"), value("truncated"), value("unfinished")), (3.0, 2.0, 1.0));
    let table = &r.tables[1];
    assert_eq!(table.rows[0][..2], [Cell::Count(0), Cell::Count(10)]);
    assert_eq!(table.rows[4][4], Cell::from("terminated and truncated"));
    let part = |name: &str| table.rows.iter().filter(|row| row[5] == Cell::from(name)).count();
    assert_eq!((part("train"), part("held-out"), part("calibration")), (3, 1, 1));
    assert!(r.notes.iter().any(|n| n.level == Level::Warn && n.text == "a warning"));
    assert!(r.notes.iter().any(|n| n.level == Level::Info && n.text == "a rule"));
}

#[test]
fn one_episode_of_one_step_is_told_apart_from_nothing() {
    let r = report(&opened(&[1]));
    assert_eq!(r.value("length_mean"), Some(1.0));
    assert!(r.notes.iter().any(|n| n.level == Level::Warn && n.text.contains("too few")));
    let lengths = &r.histograms[1];
    assert_eq!(lengths.counts.iter().sum::<f64>(), 1.0);
    assert!(lengths.edges.iter().all(|e| e.is_finite()));
}

#[test]
fn a_histogram_counts_every_finite_value_once() {
    let values: Vec<f64> = (0..100).map(|i| f64::from(i * i)).chain([f64::NAN]).collect();
    let h = Histogram::of_episodes("a", "a", Axis::default(), &values, 0.0);
    assert_eq!(h.counts.iter().sum::<f64>(), 100.0);
    assert_eq!((h.edges[0], h.edges.last()), (0.0, Some(&9801.0)));
    for value in [0.0, 200.0, -1e20] {
        let h = Histogram::of_episodes("a", "a", Axis::default(), &[value; 7], value);
        assert_eq!(h.counts, [0.0, 7.0, 0.0], "one value is a bar in the middle");
    }
}
