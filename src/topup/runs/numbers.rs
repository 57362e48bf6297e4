//! The numbers of a run directory over its steps: which there are, and where `metrics.jsonl` has them.

use super::RunKind;

/// A number that is followed over the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// Its key in a line, the keys of objects around it before it.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it is.
    pub definition: &'static str,
}

const fn number(key: &'static str, name: &'static str, unit: &'static str, definition: &'static str) -> Number {
    Number { key, name, unit, definition }
}

const LOSS_RATIO: &str = "loss ratio R: world-model loss on fresh trajectories over the loss on held-out ones";
const ADDED: (&str, &str, &str) = ("steps added", "steps", "environment steps added to the data");
/// Of a policy that acts without noise.
const SCORE: Number = number("score", "score", "return", "mean return of the policy's most likely actions");
const VALUE_ERROR: Number =
    number("measured/value_error", "value error", "return", "V(s₀) less the discounted return that followed");

const TOP_UP: &[Number] = &[
    number("check/score", "score", "return", "mean return of the check's episodes"),
    number("check/ratio", "R", "", LOSS_RATIO),
    number("fresh_loss", "loss on new data", "σ²", "world-model loss on the check's episodes"),
    number("heldout_loss", "loss on held-out data", "σ²", "world-model loss on held-out and calibration episodes"),
    number(
        "forgotten",
        "loss on held-out data, times before",
        "",
        "loss on the held-out episodes in units of that before",
    ),
    number("check/spent", ADDED.0, ADDED.1, ADDED.2),
    number("outside", "share outside the data", "", "share of the check's states that lie outside the data"),
];

const ONLINE: &[Number] = &[
    SCORE,
    number("loss", "loss on new data", "σ²", "world-model loss on the newest episodes before it learned from them"),
    VALUE_ERROR,
    number("total", "steps in all", "steps", "every environment step, evaluations included"),
];

const GIVEN: &[Number] =
    &[SCORE, number("checked/ratio", "R", "", LOSS_RATIO), VALUE_ERROR, number("added", ADDED.0, ADDED.1, ADDED.2)];

/// Key of the steps that a run's numbers stand over, and the numbers.
pub fn numbers(kind: RunKind) -> (&'static [&'static str], &'static [Number]) {
    match kind {
        RunKind::TopUp => (&["total"], TOP_UP),
        RunKind::Online => (&["acted"], ONLINE),
        RunKind::Given => (&["clock"], GIVEN),
    }
}
