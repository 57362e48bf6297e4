//! Reports as the jobs would send them, made of formulas: for screen tests and the gallery.
#![allow(missing_docs, dead_code)]

use std::sync::Arc;

use oodscope::engine::job::{Body, Event, JobId, Outcome, Slot, Source};
use oodscope::metrics::density::near::Place;
use oodscope::metrics::density::zoom::Zoom;
use oodscope::metrics::report::{
    Axis, Cell, Detail, HeatMap, Histogram, Level, Mark, Note, Overlay, PairMaps, Report, Role, Scatter, Series, Table,
};
use oodscope::ui::app::{App, OpenSpec};
use oodscope::ui::theme::{Scheme, Theme};
use oodscope::ui::update::{Msg, begin, update};

/// A repeatable number between 0 and 1.
pub fn noise(i: usize) -> f64 {
    let x = (i as f64 * 12.9898).sin() * 43_758.545;
    x - x.floor()
}

fn axis(label: &str, unit: &str) -> Axis {
    Axis { label: label.into(), unit: unit.into(), log: false }
}

fn curve(key: &str, label: &str, group: &str, axes: (Axis, Axis), n: usize, y: impl Fn(f64) -> f64) -> Series {
    let x: Vec<f64> = (0..n).map(|i| i as f64).collect();
    Series {
        key: key.into(),
        label: label.into(),
        group: group.into(),
        x_axis: axes.0,
        y_axis: axes.1,
        y: x.iter().map(|v| y(*v)).collect(),
        x,
        ..Series::default()
    }
}

fn banded(mut s: Series, lo: impl Fn(f64) -> f64, hi: impl Fn(f64) -> f64) -> Series {
    s.band = Some((s.y.iter().map(|v| lo(*v)).collect(), s.y.iter().map(|v| hi(*v)).collect()));
    s
}

fn bell(key: &str, label: &str, ax: Axis, bins: usize, (lo, hi): (f64, f64), at: f64, wide: f64) -> Histogram {
    let edges: Vec<f64> = (0..=bins).map(|i| lo + (hi - lo) * i as f64 / bins as f64).collect();
    let counts = edges.windows(2).enumerate().map(|(i, e)| {
        let z = (f64::midpoint(e[0], e[1]) - at) / wide;
        (400.0 * (-z * z / 2.0).exp() * (0.8 + 0.4 * noise(i))).floor()
    });
    Histogram {
        key: key.into(),
        label: label.into(),
        axis: ax,
        counts: counts.collect(),
        edges,
        ..Histogram::default()
    }
}

pub fn data() -> Report {
    let mut r = Report::new("data", "Dataset");
    r.stat("episodes", "episodes", 100.0, "", "Number of episodes in the file.");
    r.stat("steps", "steps", 20_000.0, "", "Number of steps over all episodes.");
    r.stat("obs_dim", "observation", 3.0, "dims", "Columns of an observation.");
    r.stat("action_dim", "action", 1.0, "dims", "Columns of an action.");
    r.stat("return_mean", "return", -143.62, "", "Mean undiscounted return.")
        .between(-158.1, -129.4)
        .of(100, "episodes");
    r.stat("return_std", "return std", 86.3, "", "Standard deviation of returns.").of(100, "episodes");
    r.stat("length_mean", "length", 200.0, "steps", "Mean episode length.").of(100, "episodes");
    r.stat("terminated", "terminated", 0.0, "", "Episodes ended by the environment.");
    r.stat("truncated", "truncated", 100.0, "", "Episodes ended by a limit.");
    let mut returns = bell("returns", "Returns", axis("return", ""), 40, (-420.0, 0.0), -140.0, 70.0);
    returns.marks.push(("mean".into(), -143.62));
    r.histograms.push(returns);
    r.histograms.push(bell("lengths", "Episode lengths", axis("length", "steps"), 20, (150.0, 201.0), 200.0, 4.0));
    let rows =
        [("cos θ", 0.912, 0.121, -0.31, 1.0), ("sin θ", 0.004, 0.389, -0.99, 0.99), ("θ̇", -0.021, 1.207, -6.3, 6.41)];
    r.tables.push(Table {
        key: "dimensions".into(),
        label: "Dimensions".into(),
        columns: ["dimension", "mean", "std", "min", "max"].map(String::from).to_vec(),
        rows: rows
            .iter()
            .map(|(n, a, b, c, d)| vec![Cell::from(*n), Cell::from(*a), Cell::from(*b), Cell::from(*c), Cell::from(*d)])
            .collect(),
    });
    let episode = |i: usize| {
        let part = ["training", "held-out", "training", "calibration", "training"][i % 5];
        let ret = -40.0 - 300.0 * noise(i).powi(2);
        vec![
            Cell::from(i),
            Cell::from(i + 1000),
            Cell::from(200usize),
            Cell::from(ret),
            Cell::from("truncated"),
            Cell::from(part),
        ]
    };
    r.tables.push(Table {
        key: "episodes".into(),
        label: "Episodes".into(),
        columns: ["index", "id", "steps", "return", "ended", "part"].map(String::from).to_vec(),
        rows: (0..100).map(episode).collect(),
    });
    r.note(Level::Info, "Minari layout: 201 observations for 200 actions; the last observation is kept.");
    r.note(Level::Info, "Split by episode with seed 0: 80 training, 10 held-out, 10 calibration.");
    r.note(Level::Warn, "3 rows with NaN in observations are skipped (episodes 17, 42).");
    r
}

fn density() -> HeatMap {
    let (w, h) = (40, 40);
    let cell = |i: usize| {
        let (x, y) = ((i % w) as f64 / 39.0 * 2.0 - 1.0, (i / w) as f64 / 39.0 * 16.0 - 8.0);
        let z = ((x - 0.9) / 0.25).powi(2) + (y / 1.7).powi(2);
        let ring = ((x * x + (y / 6.0).powi(2)).sqrt() - 1.0) / 0.1;
        (900.0 * (-z / 2.0).exp() + 6.0 * (-ring * ring).exp() * noise(i)).floor()
    };
    HeatMap {
        key: "density".into(),
        label: "Training states".into(),
        x_axis: axis("cos θ", ""),
        y_axis: axis("θ̇", "rad/s"),
        x_range: (-1.0, 1.0),
        y_range: (-8.0, 8.0),
        width: w,
        height: h,
        values: (0..w * h).map(cell).collect(),
        unit: "states in the cell".into(),
        variance_share: Some(0.873),
        overlays: vec![],
        marks: vec![Mark { label: "1".into(), x: (0.25, 0.75), y: (2.0, 6.0) }],
        ..HeatMap::default()
    }
}

/// [`coverage`] with states behind its map and maps of all pairs, as the job sends it.
pub fn coverage_to_explore() -> Report {
    let mut r = coverage();
    let n = 3000;
    let x: Vec<f32> = (0..n).map(|i| (2.0 * noise(i) - 1.0) as f32).collect();
    let y: Vec<f32> = (0..n).map(|i| (16.0 * noise(i + n) - 8.0) as f32).collect();
    let map = &mut r.maps[0];
    map.fine = Some(Arc::new(Zoom::new(&x, &y, (map.x_range, map.y_range))));
    let counts = |k: usize| (0..1024).map(|i| (40.0 * noise(i + 7 * k) - 20.0).max(0.0) as u32).collect();
    r.pairs = Some(Arc::new(PairMaps {
        names: ["cos θ", "sin θ", "θ̇"].map(String::from).to_vec(),
        bins: 32,
        pairs: vec![(0, 1), (0, 2), (1, 2)],
        counts: (0..3).map(counts).collect(),
        holes: Vec::new(),
    }));
    r
}

fn swing(label: &str, n: usize) -> Overlay {
    let t = |i: usize| i as f64 * 0.05;
    let a = |i: usize| (0.35 * t(i)).min(3.0) * (2.2 * t(i)).sin();
    Overlay {
        label: label.into(),
        joined: true,
        x: (0..n).map(|i| a(i).cos()).collect(),
        y: (0..n).map(|i| (0.35 * t(i)).min(3.0) * 2.2 * (2.2 * t(i)).cos()).collect(),
        heat: Some((0..n).map(|i| 0.3 + a(i).abs() * 0.9).collect()),
    }
}

pub fn coverage() -> Report {
    let mut r = Report::new("coverage", "Coverage");
    r.stat("threshold", "novelty threshold", 0.4137, "std", "Conformal threshold of the k-NN novelty.")
        .of(10, "episodes");
    r.stat("ood_fraction_heldout", "OOD held-out", 0.8, "%", "Share of held-out states beyond it.")
        .between(0.1, 1.9)
        .of(2000, "states");
    r.stat("ood_fraction_rollouts", "OOD rollouts", 37.4, "%", "Share of rollout states beyond it.")
        .between(31.0, 44.2)
        .of(4000, "states");
    r.stat("occupied_cells", "occupied cells", 412.0, "", "Cells with at least one state.");
    r.stat("cells", "cells", 1600.0, "", "Cells of the map.");
    r.stat("effective_cells", "effective cells", 121.7, "", "exp of the entropy of the cell distribution.");
    r.stat("missing_mass", "missing mass", 0.31, "%", "Good–Turing estimate of unseen mass.");
    r.stat("entropy_kl", "entropy", f64::NAN, "nat", "Kozachenko–Leonenko.");
    let mut map = density();
    map.overlays.push(swing("rollouts", 240));
    r.maps.push(map);
    let mut novelty = bell(
        "novelty",
        "Novelty of held-out states",
        axis("distance to 5th neighbour", "std"),
        48,
        (0.0, 0.6),
        0.14,
        0.08,
    );
    novelty.marks.push(("threshold".into(), 0.4137));
    novelty.alarm = Some(0.4137);
    r.histograms.push(novelty);
    let hole = |i: usize| {
        let words =
            format!("cos θ ∈ [−{:.1}, −{:.1}], θ̇ ∈ [{}, {}]", 1.0 - i as f64 * 0.1, 0.8 - i as f64 * 0.1, i, i + 2);
        vec![Cell::from(words), Cell::from(0.02 * i as f64), Cell::from(31.0 / (i + 1) as f64)]
    };
    r.tables.push(Table {
        key: "holes".into(),
        label: "Holes".into(),
        columns: ["region", "data (%)", "rollouts (%)"].map(String::from).to_vec(),
        rows: (0..9).map(hole).collect(),
    });
    r.note(Level::Alarm, "37 % of the rollout states lie beyond the threshold: the policy goes where the data do not.");
    r.note(
        Level::Info,
        "A new episode of the data's own kind exceeds the threshold anywhere with probability at most 10 %.",
    );
    r.note(Level::Info, "Features: 3 of 3 dimensions, standardised by the training part.");
    r
}

pub fn imagination() -> Report {
    let mut r = Report::new("imagination", "Imagination");
    r.stat("one_step_nrmse", "one-step nRMSE", 0.0113, "std", "Median error after one step.").of(256, "starts");
    r.stat("nrmse_h10", "nRMSE at 10", 0.104, "std", "Median error after 10 steps.").between(0.09, 0.12);
    r.stat("useful_horizon", "useful horizon", 38.0, "steps", "Last horizon below copy-last.");
    r.stat("spearman_novelty_error", "ρ novelty, error", 0.71, "", "Spearman.").between(0.62, 0.79).of(256, "starts");
    r.stat("spearman_disagreement_error", "ρ disagreement, error", 0.64, "", "Spearman.").between(0.55, 0.72);
    let axes = || (axis("horizon", "steps"), axis("nRMSE", "std"));
    let g = "error by horizon";
    let model = curve("model_rms", "model", g, axes(), 51, |h| 0.011 + 0.0004 * h * h + 0.01 * noise(h as usize));
    r.series.push(banded(model, |v| v * 0.8, |v| v * 1.2 + 0.02));
    let floor = curve("copy_last_rms", "copy last", g, axes(), 51, |h| 0.9 * (1.0 - (-h / 14.0).exp()));
    r.series.push(Series { role: Role::Floor, ..floor });
    let place = curve("useful_horizon", "useful horizon", g, axes(), 1, |_| 1.0);
    let band = Some((vec![33.0], vec![41.0]));
    r.series.push(Series { role: Role::Place, x: vec![38.0], band, ..place });
    let d = (axis("horizon", "steps"), axis("disagreement", "std"));
    r.series.push(curve("disagreement", "ensemble disagreement", "disagreement by horizon", d, 51, |h| {
        0.004 + 0.00021 * h * h
    }));
    for (i, dim) in ["θ̇", "sin θ", "cos θ"].iter().enumerate() {
        let ax = || (axis("horizon", "steps"), axis(dim, ""));
        let group = format!("trace {dim}");
        let real = move |h: f64| (h / (6.0 + i as f64)).sin() * (1.0 + i as f64);
        let happened = curve(&format!("real:{dim}"), "real", &group, ax(), 51, real);
        r.series.push(Series { role: Role::Real, ..happened });
        let mut s = curve(&format!("imagined:{dim}"), "imagined", &group, ax(), 51, move |h| real(h) + 0.0004 * h * h);
        let spread = |v: (usize, &f64)| 0.02 + 0.00025 * (v.0 * v.0) as f64;
        let lo = s.y.iter().enumerate().map(|v| v.1 - spread(v)).collect();
        let hi = s.y.iter().enumerate().map(|v| v.1 + spread(v)).collect();
        s.band = Some((lo, hi));
        r.series.push(s);
    }
    let x: Vec<f64> = (0..1500).map(|i| 0.1 + 2.4 * noise(i) * noise(i * 7 + 3)).collect();
    r.scatters.push(Scatter {
        key: "error_vs_novelty".into(),
        label: "Error against distance to data".into(),
        x_axis: axis("novelty", "x threshold"),
        y_axis: Axis { log: true, ..axis("nRMSE at 10", "std") },
        y: x.iter().enumerate().map(|(i, x)| 0.01 + 0.09 * x * x * (0.4 + 1.6 * noise(i + 99))).collect(),
        places: (0..x.len()).map(|i| Place { episode: i % 40, step: i % 150 }).collect(),
        x,
        x_mark: Some(("threshold".into(), 1.0)),
    });
    let dims = [("θ̇", 0.02, 0.31, 1.9), ("sin θ", 0.009, 0.12, 0.83), ("cos θ", 0.006, 0.08, 0.61)];
    r.tables.push(Table {
        key: "dimensions".into(),
        label: "Error by dimension, worst first".into(),
        columns: ["dimension", "h = 1", "h = 10", "h = 50"].map(String::from).to_vec(),
        rows: dims
            .iter()
            .map(|(n, a, b, c)| vec![Cell::from(*n), Cell::from(*a), Cell::from(*b), Cell::from(*c)])
            .collect(),
    });
    r.note(Level::Good, "Novelty predicts the error: ρ = 0.71 (0.62 … 0.79) over 256 starts.");
    r.note(Level::Warn, "Beyond 38 steps the model is no better than repeating the start state.");
    r
}

pub fn diagnosis() -> Report {
    let mut r = Report::new("diagnosis", "Diagnosis");
    r.stat("episodes", "episodes", 10.0, "", "Real episodes judged.");
    r.stat("left", "left the data", 7.0, "", "Episodes with an alarm.").of(10, "episodes");
    let row = |i: usize| {
        let first = if i < 7 { Cell::from(12 + i * 9) } else { Cell::from("–") };
        let verdict = if i < 5 {
            "coverage"
        } else if i < 7 {
            "model"
        } else {
            "fine"
        };
        let dims = if i < 7 { "θ̇, cos θ" } else { "–" };
        let cells = [Cell::from((i * 3) % 10), Cell::from(200usize), Cell::from(-900.0 + 80.0 * i as f64), first];
        let more =
            [Cell::from(5.2 - 0.5 * i as f64), Cell::from(8.1 - 0.8 * i as f64), Cell::from(dims), Cell::from(verdict)];
        cells.into_iter().chain(more).collect::<Vec<_>>()
    };
    let columns =
        ["episode", "steps", "return", "first OOD step", "peak novelty (×)", "peak error (×)", "dimensions", "verdict"];
    r.tables.push(Table {
        key: "episodes".into(),
        label: "Episodes, worst first".into(),
        columns: columns.map(String::from).to_vec(),
        rows: (0..10).map(row).collect(),
    });
    for i in 0..6 {
        let e = (i * 3) % 10;
        let ax = |unit: &str| (axis("step", ""), axis("", unit));
        let bump = move |t: f64, at: f64| (-((t - at) / 22.0).powi(2)).exp();
        let at = 60.0 + 12.0 * f64::from(i);
        let name = |what: &str| format!("{e}/{what}");
        let group = e.to_string();
        r.series.push(curve(&name("novelty"), "novelty", &group, ax("x threshold"), 200, |t| {
            0.3 + 0.2 * noise(t as usize) + 2.6 * bump(t, at)
        }));
        r.series.push(curve(&name("model_error"), "model error", &group, ax("x threshold"), 200, |t| {
            0.2 + 0.3 * noise(t as usize + 7) + 3.8 * bump(t, at + 9.0)
        }));
        r.series.push(curve(&name("disagreement"), "disagreement", &group, ax("x threshold"), 200, |t| {
            0.25 + 0.1 * noise(t as usize + 70) + 1.4 * bump(t, at + 4.0)
        }));
        let reward = curve(&name("reward"), "reward", &group, ax(""), 200, |t| {
            -1.0 - 7.0 * bump(t, at + 20.0) - 0.3 * noise(t as usize)
        });
        r.series.iter_mut().filter(|s| s.group == group).for_each(|s| s.role = Role::Lane);
        r.series.push(Series { role: Role::Reward, ..reward });
    }
    trust(&mut r);
    let detail = |i: usize| {
        let label = ((i * 3) % 10).to_string();
        let level = if i < 5 { Level::Alarm } else { Level::Good };
        Detail {
            verdict: Note {
                level,
                text: format!("The verdict on {label}: it leaves the data at step {}.", 12 + 9 * i),
            },
            series: r.series.iter().filter(|s| s.group == label).cloned().collect(),
            path: vec![swing(&format!("episode {label}"), 200 - 10 * i)],
            index: 3 * i,
            of_data: true,
            responsible: vec!["θ̇".into(), "cos θ".into()],
            label,
        }
    };
    r.details = Arc::new((0..10).map(detail).collect());
    let mut path = density();
    path.key = "path".into();
    path.label = "Worst episode over the training states".into();
    path.overlays.push(swing("episode 0", 200));
    r.maps.push(path);
    r.note(Level::Alarm, "Episode 0 leaves the data at step 12 (θ̇, cos θ) and the model errs 9 steps later: coverage. New data near θ̇ ∈ [4, 6] is what it needs.");
    r.note(Level::Info, "Thresholds are conformal over 10 calibration episodes at α = 0.1.");
    r
}

/// Episode `label` imagined from `step`, over 200 steps of which fifty at most are imagined.
pub fn trace(label: &str, step: usize) -> Report {
    let mut r = Report::new("trace", &format!("Episode {label} imagined from step {step}"));
    for (i, dim) in ["θ̇", "sin θ", "cos θ", "θ̈", "torque"].iter().enumerate() {
        let ax = || (axis("step", "steps"), axis(dim, ""));
        let real = move |t: f64| (t / (9.0 + 3.0 * i as f64)).sin() * (1.0 + i as f64);
        let happened = curve(&format!("{label}/real:{dim}"), "real", dim, ax(), 201, real);
        r.series.push(Series { role: Role::Real, ..happened });
        let off = move |h: f64| 0.0009 * (5.0 - i as f64) * h * h;
        let n = 51.min(201 - step);
        let imagined =
            curve(&format!("{label}/imagined:{dim}"), "imagined", dim, ax(), n, |h| real(h + step as f64) + off(h));
        let x = imagined.x.iter().map(|h| h + step as f64).collect();
        let spread =
            |by: f64| imagined.y.iter().enumerate().map(|(h, y)| y + by * 0.012 * h as f64).collect::<Vec<_>>();
        let band = Some((spread(-1.0), spread(1.0)));
        r.series.push(Series { x, band, ..imagined });
        if i < 3 {
            let place = curve(&format!("{label}/leaves:{dim}"), "leaves", dim, ax(), 1, |_| 1.0);
            r.series.push(Series { role: Role::Place, x: vec![(step + 24 + 8 * i) as f64], ..place });
        }
    }
    let text =
        format!("Episode {label} imagined from step {step} over 50 steps: the error passes 1 standard deviation.");
    r.note(Level::Warn, text);
    r
}

/// Which alarm predicts the model's error, and the error by decile of each.
fn trust(r: &mut Report) {
    let scores =
        ["ensemble disagreement", "MOReL discrepancy", "local density", "k-NN novelty", "Mahalanobis distance"];
    let row = |(i, label): (usize, &&str)| {
        let v = 0.71 - 0.12 * i as f64;
        let cell = |v: f64| [Cell::from(v), Cell::from(format!("[{:.2}, {:.2}]", v - 0.06, (v + 0.05).min(1.0)))];
        let numbers = [v, 0.5 + 0.6 * v, 0.4 + 0.5 * v];
        std::iter::once(Cell::from(*label)).chain(numbers.into_iter().flat_map(cell)).collect()
    };
    let columns = ["score", "rho", "rho 95 %", "AUROC", "AUROC 95 %", "AUPRC", "AUPRC 95 %"];
    r.note(
        Level::Good,
        "Trust ensemble disagreement most: at its threshold it fires on 71 % of bad and 4 % of good steps.",
    );
    r.tables.push(Table {
        key: "trust".into(),
        label: "Which alarm predicts the model's error on this data".into(),
        columns: columns.map(String::from).to_vec(),
        rows: scores.iter().enumerate().map(row).collect(),
    });
    for (i, label) in scores.into_iter().enumerate() {
        let axes = (axis("decile of the score", ""), axis("model error", "x threshold"));
        let key = format!("reliability_{i}");
        r.series.push(curve(&key, label, "reliability", axes, 10, |b| 0.2 + 0.04 * (5.0 - i as f64) * (b + 1.0)));
    }
}

/// After `checks` checks; before and after at the twelfth.
pub fn topup(checks: usize) -> Report {
    let mut r = Report::new("topup", "Top-up");
    let x = |unit: &str| axis("check", unit);
    let n = checks + 1;
    let score = curve("score", "probe return (mean ± 2 s.e.)", "score", (x(""), axis("return", "")), n, |c| {
        -980.0 + 62.0 * c + 40.0 * noise(c as usize)
    });
    r.series.push(banded(score, |v| v - 120.0, |v| v + 120.0));
    let ratio = |c: f64| 1.05 + 1.3 * (-c / 3.0).exp() + 0.08 * noise(c as usize + 5);
    r.series.push(curve("R", "loss ratio R", "loss ratio", (x(""), axis("R", "")), n, ratio));
    let threshold = curve("tau", "threshold", "loss ratio", (x(""), axis("R", "")), n, |_| 1.35);
    r.series.push(Series { role: Role::Threshold, ..threshold });
    let triggers = curve("triggers", "added", "loss ratio", (x(""), axis("R", "")), n, |c| {
        if ratio(c) > 1.35 { 1.0 } else { f64::NAN }
    });
    r.series.push(Series { role: Role::Trigger, ..triggers });
    let loss = |k: &str, l: &str, f: fn(f64) -> f64| {
        curve(k, l, "world-model loss", (axis("check", ""), axis("loss", "nll")), n, f)
    };
    r.series.push(loss("heldout", "held-out", |c| -2.4 - 0.01 * c));
    r.series.push(loss("fresh", "fresh", |c| -2.3 + 1.9 * (-c / 3.0).exp()));
    let forgotten =
        |k: &str, l: &str, f: fn(f64) -> f64| curve(k, l, "forgetting", (x(""), axis("× before", "")), n, f);
    r.series.push(forgotten("forgotten", "held-out", |c| 1.0 + 0.3 * (c / 4.0).sin()));
    r.series.push(forgotten("fine_tuned", "tuned", |c| 1.0 + 0.5 * (c / 4.0).sin().abs()));
    let bound = forgotten("forgetting_bound", "too much", |_| 1.5);
    r.series.push(Series { role: Role::Threshold, ..bound });
    let steps =
        |k: &str, l: &str, f: fn(f64) -> f64| curve(k, l, "interaction", (axis("check", ""), axis("steps", "")), n, f);
    r.series.push(steps("added", "added to the data", |c| (c * 400.0).min(1600.0)));
    r.series.push(steps("total", "all interaction", |c| 4000.0 + (c * 400.0).min(1600.0) + c * 800.0));
    r.series.push(curve("outside", "OOD fraction", "outside the data", (x(""), axis("OOD fraction", "%")), n, |c| {
        3.0 + 34.0 * (-c / 3.0).exp()
    }));
    let check = |i: usize| {
        let c = i as f64;
        vec![
            Cell::from(i),
            Cell::from(ratio(c)),
            Cell::from(-980.0 + 62.0 * c),
            Cell::from(if ratio(c) > 1.35 { "collect 400" } else { "train" }),
        ]
    };
    r.tables.push(Table {
        key: "checks".into(),
        label: "Checks".into(),
        columns: ["check", "R", "return", "decision"].map(String::from).to_vec(),
        rows: (0..n).rev().map(check).collect(),
    });
    if checks >= 12 {
        let rows = [
            ("return", -981.0, -162.4, 818.6),
            ("nRMSE at 10", 0.61, 0.09, -0.52),
            ("OOD fraction (%)", 37.4, 4.1, -33.3),
        ];
        r.tables.push(Table {
            key: "before_after".into(),
            label: "Before and after".into(),
            columns: ["held-out", "before", "after", "change"].map(String::from).to_vec(),
            rows: rows
                .iter()
                .map(|(n, a, b, c)| vec![Cell::from(*n), Cell::from(*a), Cell::from(*b), Cell::from(*c)])
                .collect(),
        });
        r.note(Level::Good, "Return of 20 evaluation episodes rose from −981 to −162 (2 s.e. = 71).");
    }
    r.note(Level::Info, "R above 1.35 asks for 400 steps; three good checks in a row end the top-up.");
    r
}

/// Imagined states held against the data.
pub fn compare() -> Report {
    let mut r = Report::new("compare", "B compared with A");
    for (key, label, value, unit) in [
        ("ood_fraction", "OOD fraction of B", 0.131, ""),
        ("threshold", "novelty threshold of A", 0.5241, "std"),
        ("energy", "energy distance", 1.348, "std"),
        ("energy_p", "energy distance, p", 0.005, ""),
        ("mmd2", "MMD²", 0.14, ""),
        ("auroc", "classifier AUROC", 0.76, ""),
        ("coverage", "coverage", 0.315, ""),
    ] {
        r.stat(key, label, value, unit, "As the field defines it.");
    }
    for (label, at) in [("A", 0.9), ("B", 0.5)] {
        let axes = (axis("cos θ", ""), axis("share of states", ""));
        let bell = |i: f64| 0.3 * (-((i / 40.0 - at) / 0.1).powi(2)).exp();
        r.series.push(curve(label, label, "distribution of cos θ", axes, 41, bell));
    }
    let table = |key: &str, label: &str, columns: &[&str], rows: Vec<Vec<Cell>>| Table {
        key: key.into(),
        label: label.into(),
        columns: columns.iter().map(|c| (*c).into()).collect(),
        rows,
    };
    let dimension =
        |(name, w): (&str, f64)| vec![Cell::from(name), w.into(), 0.005.into(), 0.8495.into(), 0.1076.into()];
    let rows = [("cos θ", 1.639), ("sin θ", 1.143), ("θ̇", 1.109)].map(dimension).to_vec();
    r.tables.push(table(
        "dimensions",
        "Dimensions, most different first",
        &["dimension", "W1 [std]", "p", "mean A", "mean B"],
        rows,
    ));
    let test = |name: &str| vec![Cell::from(name), 1.24.into(), 0.057.into(), 0.005.into()];
    let rows = ["energy distance [std]", "MMD²", "classifier AUROC"].map(test).to_vec();
    r.tables.push(table(
        "tests",
        "Tests: episodes thinned alike and shuffled",
        &["statistic", "found", "95 % below", "p"],
        rows,
    ));
    let rows = vec![vec![Cell::from("more of B"), "cos θ in (-0.778, 0.924]".into(), 9.79.into(), 39.0.into()]];
    r.tables.push(table("regions", "Regions that differ most", &["surplus", "region", "of A [%]", "of B [%]"], rows));
    r.note(Level::Warn, "B is distinguishable from A (AUROC 0.76, energy distance 1.35, p = 0.005); most by cos θ.");
    r
}

/// What the audit found.
pub fn audit() -> Report {
    let mut r = Report::new("audit", "Audit: pendulum/narrow-v0");
    r.stat("errors", "errors", 0.0, "", "findings that cannot be right").of(14, "rules");
    let columns = ["severity", "rule", "count", "of", "unit", "finding", "what to do", "episodes", "steps"];
    let row = |severity: &str, rule: &str, count: usize, of: usize, unit: &str, what: &str| -> Vec<Cell> {
        let text = [what, "cut the episode, never learn from this step", "4 17", "499 3412"];
        let head: Vec<Cell> = vec![severity.into(), rule.into(), count.into(), of.into(), unit.into()];
        head.into_iter().chain(text.map(Cell::from)).collect()
    };
    r.tables.push(Table {
        key: "findings".into(),
        label: "Findings".into(),
        columns: columns.map(String::from).to_vec(),
        rows: vec![
            row("warning", "jumps", 2, 20_000, "steps", "2 jumps that no other step of the data resembles"),
            row("info", "unfinished", 1, 100, "episodes", "the last episode (60 steps) is partial"),
        ],
    });
    r
}

/// Two schedules over three seeds, a log of another tool, and a run that goes on.
pub fn runs() -> Report {
    let mut r = Report::listed("runs", "Runs");
    let table = |key: &str, label: &str, columns: &[&str], rows: Vec<Vec<Cell>>| Table {
        key: key.into(),
        label: label.into(),
        columns: columns.iter().map(|c| (*c).into()).collect(),
        rows,
    };
    r.note(Level::Warn, "1 run ended before its end. Go on with the newest by: oodscope topup --resume runs/a5");
    r.note(Level::Info, "8 runs in runs: 1 running, 5 ended, 1 killed, 1 quiet");
    let columns = [
        "run",
        "state",
        "steps",
        "score",
        "R",
        "seed",
        "agent",
        "task",
        "kind",
        "added",
        "total",
        "gain ± s.e.",
        "group",
        "started",
    ];
    let names = |i: usize| match i {
        6 => ("sb3/hopper".to_owned(), "–", "CSV"),
        7 => ("adaptive s9".to_owned(), "adaptive", "top-up"),
        _ => (format!("{} s{}", ["adaptive", "fixed"][i % 2], i / 2), ["adaptive", "fixed"][i % 2], "top-up"),
    };
    let row = |i: usize| -> Vec<Cell> {
        let (label, agent, kind) = names(i);
        let state = ["ended", "ended", "ended", "ended", "ended", "killed", "quiet", "running"][i];
        vec![
            label.into(),
            state.into(),
            (2400.0 * (i + 1) as f64).into(),
            (-1200.0 + 150.0 * i as f64).into(),
            if kind == "CSV" { f64::NAN } else { 1.1 + 0.2 * i as f64 }.into(),
            Cell::Count((i / 2) as i64),
            agent.into(),
            "Pendulum-v1".into(),
            kind.into(),
            400.0.into(),
            4800.0.into(),
            "812 ± 40".into(),
            if i < 6 { agent } else { "–" }.into(),
            "2026-11-28 08:18".into(),
        ]
    };
    let place = |i: usize| -> Vec<Cell> {
        let result = if i < 5 { format!("runs/a{i}/checkpoints/0012") } else { "–".into() };
        let known = "R stayed below its threshold and the score holds";
        vec![names(i).0.into(), known.into(), result.into(), format!("runs/a{i}").into()]
    };
    r.tables.push(table("runs", "Runs", &columns, (0..8).map(row).collect()));
    let columns = ["run", "known by", "result", "path"];
    r.tables.push(table(
        "places",
        "Where they lie, and how their state is known",
        &columns,
        (0..8).map(place).collect(),
    ));
    for (metric, unit, low) in [("score", "return", -1400.0), ("R", "R", 0.5), ("loss on new data", "σ²", 0.01f64)] {
        for i in (0..8).filter(|i| metric != "R" || *i != 6) {
            let axes = (axis("environment step", ""), axis(unit, ""));
            let rises = move |t: f64| low + (low.abs() / 2.0) * (1.0 - (-t / 8.0).exp()) * (1.0 + 0.2 * noise(i));
            let label = names(i).0;
            r.series.push(curve(&format!("{metric}/{label}"), &label, metric, axes, 25, rises));
        }
        for agent in ["adaptive", "fixed"] {
            let axes = (axis("environment step", ""), axis(unit, ""));
            let group = format!("{metric}, mean over seeds");
            let label = format!("{agent} (n = 3)");
            let worse = if agent == "fixed" { 1.1 } else { 1.0 };
            let mean = curve(&format!("mean/{metric}/{agent}"), &label, &group, axes, 25, move |t| {
                worse * low + (low.abs() / 2.0) * (1.0 - (-t / 8.0).exp())
            });
            r.series.push(banded(mean, move |v| v - 0.05 * low.abs(), move |v| v + 0.05 * low.abs()));
        }
        let columns = ["A", "B", "B − A", "± s.e.", "95 % interval", "seeds", "mean A", "mean B", "up to step"];
        let cells: Vec<Cell> =
            vec!["adaptive".into(), "fixed".into(), (-140.0).into(), 31.0.into(), "–".into(), 3usize.into()];
        let cells = cells.into_iter().chain([(-900.0).into(), (-1040.0).into(), 2400.0.into()]).collect();
        r.tables.push(table(
            &format!("paired:{metric}"),
            &format!("{metric}: groups compared seed by seed"),
            &columns,
            vec![cells],
        ));
    }
    let metrics =
        [("score", 8, "shown"), ("R", 7, "shown"), ("loss on new data", 8, "shown"), ("time/fps", 1, "on request")];
    let rows = metrics.map(|(name, n, shown)| vec![Cell::from(name), Cell::Count(n), shown.into()]).to_vec();
    r.tables.push(table("metrics", "Metrics", &["metric", "runs", "curves"], rows));
    r
}

pub fn all() -> Vec<Report> {
    vec![data(), audit(), coverage(), imagination(), diagnosis(), topup(12), compare(), runs()]
}

pub fn source(checkpoint: bool) -> Source {
    Source {
        dataset: "datasets/pendulum/narrow-v0".into(),
        checkpoint: checkpoint.then(|| "assets/pendulum-narrow".into()),
        ..Source::default()
    }
}

/// An app that has heard `reports`, each as the only and whole work of its job.
pub fn app_with(scheme: Scheme, size: (u16, u16), reports: Vec<Report>) -> App {
    let (mut app, _) = begin(OpenSpec::new(source(true), 0), Theme::new(scheme));
    app.size = size;
    app.jobs.queue.clear();
    update(&mut app, Msg::JobStarted { slot: Slot::Load, id: JobId(1) });
    for report in reports {
        update(&mut app, Msg::Engine(Event { job: JobId(1), body: Body::Report(Arc::new(report)) }));
    }
    let done = Outcome { summary: "20,000 steps in 100 episodes".into(), written: vec![] };
    update(&mut app, Msg::Engine(Event { job: JobId(1), body: Body::Done(done) }));
    // The audit that follows is over too.
    update(&mut app, Msg::JobStarted { slot: Slot::Audit, id: JobId(2) });
    update(&mut app, Msg::Engine(Event { job: JobId(2), body: Body::Done(Outcome::default()) }));
    // Nothing runs any more, the list of runs that a top-up's report asked for included.
    app.jobs.running.clear();
    app.jobs.looked = None;
    app
}

/// The screen as text.
pub fn screen_text(app: &App) -> String {
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| oodscope::ui::view::view(app, frame)).unwrap();
    let buf = terminal.backend().buffer();
    let row = |cells: &[ratatui::buffer::Cell]| cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    buf.content.chunks(usize::from(app.size.0)).map(row).collect::<Vec<_>>().join("\n")
}
