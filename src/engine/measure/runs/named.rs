//! Short names of runs, told apart by what they differ in; and what other tools' folders say of theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::run::Run;

/// Most settings in a short name, and most letters of one.
const SETTINGS: usize = 2;
const LETTERS: usize = 12;

/// The runs with short names that are unique.
pub fn named(mut runs: Vec<Run>) -> Vec<Run> {
    let tasks: BTreeSet<&str> = runs.iter().map(|run| run.task.as_str()).filter(|task| !task.is_empty()).collect();
    let several = tasks.len() > 1;
    let differing = differing(&runs);
    let labels: Vec<String> = runs.iter().map(|run| label(run, several, &differing)).collect();
    for (i, run) in runs.iter_mut().enumerate() {
        // The newest comes first and keeps its name.
        let before = labels[..i].iter().filter(|other| **other == labels[i]).count();
        run.label = if before == 0 { labels[i].clone() } else { format!("{} #{}", labels[i], before + 1) };
    }
    runs
}

/// The settings in which runs of one agent on one task differ.
type Differing = BTreeMap<(String, String), Vec<String>>;

fn differing(runs: &[Run]) -> Differing {
    let mut all: BTreeMap<(String, String), Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for run in runs.iter().filter(|run| !run.agent.is_empty()) {
        if let Some(asked) = &run.asked {
            all.entry((run.task.clone(), run.agent.clone())).or_default().push(asked);
        }
    }
    let keys = |own: &[&BTreeMap<String, String>]| {
        let all: BTreeSet<&String> = own.iter().flat_map(|asked| asked.keys()).collect();
        let differs = |key: &&String| own.iter().any(|asked| asked.get(*key) != own[0].get(*key));
        // Nobody knows a run by these.
        let known = |key: &&String| !key.ends_with("hash") && *key != "version";
        all.into_iter().filter(differs).filter(known).cloned().collect()
    };
    all.into_iter().map(|(of, own)| (of, keys(&own))).collect()
}

/// A name of a run: agent, what its settings differ in, seed; of another tool's log the end of its path.
fn label(run: &Run, several: bool, differing: &Differing) -> String {
    if run.agent.is_empty() || run.kind.is_empty() || run.asked.as_ref().is_none_or(|asked| asked.contains_key("run")) {
        let parts: Vec<&str> = run.name.split('/').collect();
        return parts[parts.len().saturating_sub(2)..].join("/");
    }
    let mut words = of_group(run, several, differing);
    words.extend(run.seed.map(|seed| format!("s{seed}")));
    words.join(" ")
}

/// The words of a label without the seed.
fn of_group(run: &Run, several: bool, differing: &Differing) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    words.extend(Some(run.task.clone()).filter(|_| several));
    words.push(run.agent.clone());
    let keys = differing.get(&(run.task.clone(), run.agent.clone())).map_or(&[][..], Vec::as_slice);
    if let Some(asked) = &run.asked {
        let said = keys.iter().filter_map(|key| asked.get(key).map(|value| (key, value)));
        words.extend(said.take(SETTINGS).map(|(key, value)| {
            let last = |text: &str, at: char| text.rsplit(at).next().unwrap_or(text).to_owned();
            let value: String = last(value, '/').chars().take(LETTERS).collect();
            format!("{}={value}", last(key, '.'))
        }));
    }
    words
}

/// The name of the group that `run` is of.
pub fn group(run: &Run, runs: &[Run]) -> String {
    let tasks: BTreeSet<&str> = runs.iter().map(|run| run.task.as_str()).filter(|task| !task.is_empty()).collect();
    match run.asked.as_ref().and_then(|asked| asked.get("run")) {
        Some(twin) => twin.clone(),
        None => of_group(run, tasks.len() > 1, &differing(runs)).join(" "),
    }
}

/// The seed in a path, and the path without it: `ppo/hopper-seed3` and `ppo/hopper_s3` name one.
pub fn seed_in(path: &str) -> Option<(u64, String)> {
    let low = path.to_ascii_lowercase();
    let digits = |from: usize| low[from..].bytes().take_while(u8::is_ascii_digit).count();
    let begins = |at: usize| at == 0 || !low.as_bytes()[at - 1].is_ascii_alphanumeric();
    let mut found = None;
    for (at, _) in low.match_indices("seed") {
        let from = at + 4 + low[at + 4..].bytes().take_while(|b| b"_-=: /".contains(b)).count();
        found = found.or(Some((from, digits(from))).filter(|(_, n)| *n > 0));
    }
    for (at, _) in low.match_indices('s').filter(|(at, _)| begins(*at)) {
        let n = digits(at + 1);
        let ends = low.as_bytes().get(at + 1 + n).is_none_or(|b| !b.is_ascii_alphanumeric());
        found = found.or(Some((at + 1, n)).filter(|_| n > 0 && ends));
    }
    let (from, n) = found?;
    Some((low[from..from + n].parse().ok()?, format!("{}*{}", &path[..from], &path[from + n..])))
}

/// What a run's settings say, where a file of them lies beside its log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Its seed.
    pub seed: Option<u64>,
    /// Environment; empty where it is not said.
    pub task: String,
    /// Algorithm; empty where it is not said.
    pub agent: String,
}

/// Names of files of settings.
const FILES: [&str; 6] = ["config.json", "args.json", "params.json", "variant.json", "flags.json", "hparams.json"];

/// The settings in `folder`.
pub fn settings(folder: &Path) -> Settings {
    let read =
        |name: &&str| serde_json::from_str::<serde_json::Value>(&fs::read_to_string(folder.join(name)).ok()?).ok();
    let Some(told) = FILES.iter().find_map(read) else { return Settings::default() };
    let text = |keys: &[&str]| {
        let named = keys.iter().find_map(|key| told.get(key)?.as_str());
        named.unwrap_or_default().to_owned()
    };
    Settings {
        seed: told.get("seed").and_then(serde_json::Value::as_u64),
        task: text(&["env_id", "env", "env_name", "task", "environment"]),
        agent: text(&["algo", "algorithm", "agent", "algo_name", "exp_name"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_found_in_paths() {
        for (path, want) in [
            ("ppo/hopper-seed3", Some((3, "ppo/hopper-seed*"))),
            ("a/Seed_12/b", Some((12, "a/Seed_*/b"))),
            ("seed=7", Some((7, "seed=*"))),
            ("td3_s42", Some((42, "td3_s*"))),
            ("hopper.active.s0", Some((0, "hopper.active.s*"))),
            ("hopper-v4", None),
            ("runs3", None),
            ("s3d/x", None),
            ("seed/99999999999999999999999", None),
        ] {
            let got = seed_in(path);
            assert_eq!(got.as_ref().map(|(seed, twin)| (*seed, twin.as_str())), want, "{path}");
        }
    }
}
