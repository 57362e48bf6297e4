//! What the words mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::app::App;
use crate::ui::widget::{ink, overlay};

/// Words of the screen, each in a sentence or two.
pub const WORDS: &[(&str, &str)] = &[
    (
        "training, held-out, calibration",
        "Parts of the dataset, divided by episode: what is measured from, what is measured, and what thresholds rest on. No episode is in two of them.",
    ),
    (
        "novelty",
        "Distance of a state to its 5th nearest training state, each dimension in its standard deviations. Far from all data a model guesses.",
    ),
    (
        "threshold, alarm",
        "The novelty (or error, or disagreement) that an episode like the calibration episodes exceeds anywhere with at most the stated probability (split conformal). Beyond it is an alarm.",
    ),
    ("OOD fraction", "Share of states whose novelty is beyond the threshold (out of distribution)."),
    (
        "loss ratio R",
        "World-model loss on fresh trajectories of the policy over its loss on held-out data. 1: as good as on data; the paper tops up above 1.35.",
    ),
    (
        "missing mass",
        "How probable it is that the next episode visits a cell that no episode visited (Chao2; Good-Turing over states): what is not there, estimated from what was seen only once.",
    ),
    (
        "hole",
        "A box over two dimensions where the policy goes and the data do not; without rollouts, an empty box within the data's hull.",
    ),
    (
        "effective cells",
        "Cells that would be visited if all were visited equally often: exp of the entropy of the visits.",
    ),
    (
        "Vendi score",
        "How many different states there are, counted by their similarity: exp of the entropy of the kernel's eigenvalues.",
    ),
    (
        "effective rank",
        "How many directions the states vary in: exp of the entropy of the covariance's eigenvalues. The participation ratio counts them more strictly.",
    ),
    (
        "SACo, TQ, ERI",
        "Coverage of state-action pairs relative to a reference dataset, quality of the trajectories between a random and an expert's return, and the return that is to be gained by imitating the best.",
    ),
    (
        "rollout",
        "A real episode of the policy that is judged: recorded before, or acted in the environment. What the world model makes of its actions is said to be imagined.",
    ),
    (
        "one-step error",
        "Error of the model's next state from a real one. Imagination feeds predictions back: its error at horizon h compounds.",
    ),
    ("useful horizon", "Steps of imagination that are at least 5 % better than copying the start state."),
    ("disagreement", "How far the members of the ensemble are apart: what the model itself does not know."),
    (
        "rho",
        "Spearman's rank correlation of a signal with the error that it is to foretell; 1 is perfect, 0 is chance. Intervals are bootstraps over episodes.",
    ),
    (
        "AUROC, AUPRC",
        "How well a signal tells bad steps from good ones at any threshold: 0.5, and the share of bad steps, are chance.",
    ),
    ("reliability", "How often a step is bad, by how loud the signal is: a signal to trust rises."),
    ("top-up", "A little new data where the model is wrong, and fine-tuning on it and the old data."),
    (
        "added, total real",
        "Environment steps that went into the data, and all that were taken: probes and evaluations count as well.",
    ),
    ("yoked control", "As much new data as an adaptive run took, at random checks: shows whether the timing mattered."),
    (
        "gap recovered G",
        "(score - passive) / (active - passive): 1 where a topped-up agent is as good as one that learned online.",
    ),
    (
        "coverage or model problem",
        "Verdicts of the diagnosis: the state was new (collect there), or it was known and the model is wrong (train, or mistrust the labels).",
    ),
];

/// Draws the words from line `skip` on.
pub fn draw(app: &App, skip: usize, body: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let width = body.width.min(110);
    let inside = overlay::open(body, width, body.height, "What the words mean · ↓ more · ? or Esc closes", buf, theme);
    let names = 24.min(inside.width / 3);
    let mut lines: Vec<(String, String)> = Vec::new();
    for (word, meaning) in WORDS {
        let (left, right) = (ink::wrap(word, names - 1), ink::wrap(meaning, inside.width - names));
        for i in 0..left.len().max(right.len()) {
            let part = |lines: &[String]| lines.get(i).cloned().unwrap_or_default();
            lines.push((part(&left), part(&right)));
        }
    }
    let skip = skip.min(lines.len().saturating_sub(usize::from(inside.height)));
    for ((word, meaning), y) in lines.iter().skip(skip).zip(inside.y..inside.bottom()) {
        ink::put(buf, inside, inside.x, y, word, theme.accent());
        ink::put(buf, inside, inside.x + names, y, meaning, theme.text());
    }
}
