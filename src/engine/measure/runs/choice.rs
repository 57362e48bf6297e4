//! Which numbers are shown: a few, the most telling first; others by name.

use std::cmp::Reverse;

use super::run::Run;
use crate::engine::spec::RunsSpec;

/// Kinds of numbers, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// How good the agent is.
    Score,
    /// The loss ratio.
    Ratio,
    /// How wrong it is.
    Loss,
    /// Any other.
    Other,
    /// How something else varies, or how long it lasts.
    Spread,
    /// Clocks and settings.
    Clock,
}

/// Most numbers of one kind, as long as there are others.
const EACH: usize = 3;

/// What kind of number `name` is, and its place among those: the score itself, what is of an evaluation, what is of training.
pub fn class(name: &str) -> (Class, u8) {
    let low = name.to_lowercase();
    let last = low.rsplit('/').next().unwrap_or(&low);
    let has = |words: &[&str]| words.iter().any(|word| low.contains(word));
    let ends = |words: &[&str]| words.iter().any(|word| last.split(['_', '-', ' ', '.']).any(|part| part == *word));
    let class = if name == "score" {
        Class::Score
    } else if name == "R" {
        Class::Ratio
    } else if ends(&[
        "time",
        "fps",
        "runtime",
        "timestamp",
        "lr",
        "duration",
        "elapsed",
        "iterations",
        "updates",
        "epoch",
    ]) || has(&["learning_rate", "timesteps", "_per_sec", "usage", "system/"])
    {
        Class::Clock
    } else if ends(&["std", "min", "max", "len", "length", "var"]) {
        Class::Spread
    } else if has(&["loss", "error", "nll", "mse"]) {
        Class::Loss
    } else if has(&["score", "return", "reward", "ep_rew", "success", "win_rate"]) {
        Class::Score
    } else {
        Class::Other
    };
    let place = match name {
        "score" => 0,
        _ if low.contains("eval") || low.contains("test") => 1,
        _ => 2,
    };
    (class, place)
}

/// Sorts names: the most telling first.
pub fn by_worth(names: &mut [String]) {
    names.sort_by_cached_key(|name| (class(name), name.clone()));
}

/// The name of a number, and how many runs have it.
type Counted = (String, usize);

/// The numbers whose curves are shown: those that were asked for, then the most telling one of each run, then the most telling
/// that most runs have.
pub fn chosen(runs: &[Run], spec: &RunsSpec) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for line in runs.iter().flat_map(|run| run.lines.iter()) {
        match counts.iter_mut().find(|(name, _)| *name == line.name) {
            Some((_, n)) => *n += 1,
            None => counts.push((line.name.clone(), 1)),
        }
    }
    let by_worth = |counts: &mut [(String, usize)]| {
        counts.sort_by_cached_key(|(name, n)| (class(name).0, Reverse(*n), class(name).1, name.clone()));
    };
    by_worth(&mut counts);
    let asked: Vec<&String> = spec.metrics.iter().filter(|m| counts.iter().any(|(name, _)| name == *m)).collect();
    let first = |name: &String| runs.iter().any(|run| run.lines.first().is_some_and(|line| line.name == *name));
    let mut out: Vec<(String, usize)> = Vec::new();
    let mut take = |wanted: &dyn Fn(&String, &[Counted]) -> bool| {
        for (name, n) in &counts {
            let known = asked.contains(&name) || out.iter().any(|(other, _)| other == name);
            if !known && out.len() < spec.chosen && wanted(name, &out) {
                out.push((name.clone(), *n));
            }
        }
    };
    take(&|name, _| first(name));
    take(&|name, out| out.iter().filter(|(other, _)| class(other).0 == class(name).0).count() < EACH);
    take(&|_, _| true);
    by_worth(&mut out);
    asked.into_iter().cloned().chain(out.into_iter().map(|(name, _)| name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_come_first_and_clocks_last() {
        let mut names: Vec<String> = [
            "time/fps",
            "train/learning_rate",
            "rollout/ep_len_mean",
            "train/value_loss",
            "loss ratio",
            "rollout/ep_rew_mean",
            "eval/mean_reward",
            "episode/score",
            "R",
            "score",
            "eval/episode_return_std",
            "train/entropy",
            "_runtime",
            "reward_loss",
        ]
        .map(String::from)
        .to_vec();
        by_worth(&mut names);
        let want = [
            "score",
            "eval/mean_reward",
            "episode/score",
            "rollout/ep_rew_mean",
            "R",
            "loss ratio",
            "reward_loss",
            "train/value_loss",
            "train/entropy",
            "eval/episode_return_std",
            "rollout/ep_len_mean",
            "_runtime",
            "time/fps",
            "train/learning_rate",
        ];
        assert_eq!(names, want);
    }
}
