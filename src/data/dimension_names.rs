//! What the dimensions of well-known environments are called, where the file does not say it: "torso height" instead of
//! `obs[0]`. One data file, `dimension_names.toml`; the file's own names are never replaced.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::dataset::Origin;
use super::space::Space;

/// Names written in the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    environment: Vec<Environment>,
    part: Vec<Part>,
}

/// Names of the dimensions of some environments, of one width.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    ids: Vec<String>,
    #[serde(default)]
    observation: Vec<String>,
    #[serde(default)]
    action: Vec<String>,
    #[serde(default)]
    parts: BTreeMap<String, Vec<String>>,
}

/// Names of the numbers of a part of the observation, whatever the environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    keys: Vec<String>,
    names: Vec<String>,
}

/// The table, with its braces spread out; empty if it could not be read, which a test rules out.
fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: Table = toml::from_str(include_str!("dimension_names.toml"))
            .unwrap_or(Table { environment: Vec::new(), part: Vec::new() });
        for e in &mut table.environment {
            e.observation = spread(&e.observation);
            e.action = spread(&e.action);
            e.parts.values_mut().for_each(|names| *names = spread(names));
        }
        table.part.iter_mut().for_each(|part| part.names = spread(&part.names));
        table
    })
}

/// "{a,b} {x,y}" as "a x", "a y", "b x", "b y".
fn spread(names: &[String]) -> Vec<String> {
    names.iter().flat_map(|name| alternatives(name)).collect()
}

fn alternatives(name: &str) -> Vec<String> {
    let cut =
        name.split_once('{').and_then(|(head, rest)| rest.split_once('}').map(|(inner, tail)| (head, inner, tail)));
    let Some((head, inner, tail)) = cut else { return vec![name.to_owned()] };
    let tails = alternatives(tail);
    inner.split(',').flat_map(|word| tails.iter().map(move |tail| format!("{head}{word}{tail}"))).collect()
}

/// Names the dimensions of the observation and the action that have no names of their own, if the environment that the data
/// came from is known and has as many.
pub fn name(observation: &mut Space, action: &mut Space, origin: &Origin) {
    let ids = ids(origin);
    let known = || table().environment.iter().filter(|e| ids.iter().any(|id| e.ids.iter().any(|own| is_of(id, own))));
    let whole = |space: &mut Space, names: &dyn Fn(&Environment) -> &Vec<String>| {
        if is_numbered(space)
            && let Some(e) = known().find(|e| names(e).len() == space.dim())
        {
            space.names.clone_from(names(e));
        }
    };
    whole(observation, &|e| &e.observation);
    whole(action, &|e| &e.action);
    let mut first = 0;
    while first < observation.dim() {
        let Some((key, n)) = part_at(&observation.names, first) else {
            first += 1;
            continue;
        };
        let of_environment = known().filter_map(|e| e.parts.get(&key)).find(|names| names.len() == n).cloned();
        let of_part = || {
            let part = table().part.iter().find(|part| part.names.len() == n && part.keys.contains(&key))?;
            Some(part.names.iter().map(|name| format!("{key} {name}")).collect())
        };
        if let Some(names) = of_environment.or_else(of_part) {
            observation.names.splice(first..first + n, names);
        }
        first += n;
    }
}

/// What the data may be known by: the environment's id, or the name of the file where it is one of D4RL's.
fn ids(origin: &Origin) -> Vec<String> {
    let stem = origin.path.file_stem().map(|s| s.to_string_lossy().into_owned());
    let versioned = |name: &String| {
        name.rsplit_once("-v").is_some_and(|(_, v)| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit()))
    };
    origin.env_id.clone().into_iter().chain(stem.filter(versioned)).collect()
}

/// True if `id` is `own`, of whatever version, size or quality.
fn is_of(id: &str, own: &str) -> bool {
    id.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

/// True if the dimensions are called `obs[0]`, `obs[1]`, …
fn is_numbered(space: &Space) -> bool {
    let numbered = |(d, name): (usize, &String)| name.ends_with(&format!("[{d}]"));
    space.dim() > 0 && space.names.iter().enumerate().all(numbered)
}

/// The part `key.0`, `key.1`, … that begins with dimension `first`, and its width.
fn part_at(names: &[String], first: usize) -> Option<(String, usize)> {
    let key = names[first].strip_suffix(".0")?;
    let n = names[first..].iter().enumerate().take_while(|(i, name)| **name == format!("{key}.{i}")).count();
    Some((key.to_owned(), n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(env: Option<&str>, path: &str, names: Vec<String>) -> Vec<String> {
        let origin = Origin { env_id: env.map(str::to_owned), path: path.into(), ..Origin::default() };
        let mut obs = Space { names, ..Space::default() };
        name(&mut obs, &mut Space::default(), &origin);
        obs.names
    }

    fn numbered(n: usize) -> Vec<String> {
        Space::unnamed("obs", n).names
    }

    #[test]
    fn the_table_is_whole_and_every_list_has_names_of_its_own() {
        let table = table();
        assert!(table.environment.len() > 20 && table.part.len() > 3);
        let lists = table.environment.iter().flat_map(|e| e.parts.values().chain([&e.observation, &e.action]));
        for list in lists.chain(table.part.iter().map(|p| &p.names)) {
            let once: std::collections::BTreeSet<_> = list.iter().collect();
            assert_eq!(once.len(), list.len(), "{list:?}");
            assert!(list.iter().all(|n| !n.contains(['{', '}', ',']) && n.len() < 60), "{list:?}");
        }
    }

    #[test]
    fn names_are_chosen_by_environment_and_width() {
        for env in ["Hopper-v5", "Hopper-v2"] {
            let names = named(Some(env), "x", numbered(11));
            assert_eq!((names[0].as_str(), names[4].as_str()), ("torso height", "foot angle"));
            assert_eq!(names[10], "foot angular velocity");
        }
        assert_eq!(named(None, "d/hopper_medium-v2.hdf5", numbered(11))[1], "torso angle");
        assert_eq!(named(Some("Hopper-v5"), "x", numbered(12)), numbered(12), "another width");
        assert_eq!(named(Some("HopperJump-v1"), "x", numbered(11)), numbered(11), "another environment");
        assert_eq!(named(None, "hopper.csv", numbered(11)), numbered(11), "a file of no version");
        let widths =
            [("Ant-v4", 27), ("Ant-v5", 105), ("ant-medium-v2", 111), ("Humanoid-v5", 348), ("pen-human-v1", 45)];
        let more =
            [("hammer-expert-v1", 46), ("door-human-v1", 39), ("relocate-human-v1", 39), ("kitchen-mixed-v0", 60)];
        for (env, n) in widths.into_iter().chain(more).chain([("antmaze-umaze-v2", 29), ("maze2d-umaze-v1", 4)]) {
            assert!(!named(Some(env), "x", numbered(n))[0].contains('['), "{env}");
        }
    }

    #[test]
    fn names_of_the_file_stay_and_parts_are_named_one_by_one() {
        let own: Vec<String> = (0..11).map(|d| format!("q{d}")).collect();
        assert_eq!(named(Some("Hopper-v5"), "x", own.clone()), own);
        let of = |keys: &[(&str, usize)]| -> Vec<String> {
            keys.iter().flat_map(|(key, n)| (0..*n).map(move |i| format!("{key}.{i}"))).collect()
        };
        let names =
            named(Some("PointMaze_UMaze-v3"), "x", of(&[("achieved_goal", 2), ("observation", 4), ("other", 2)]));
        assert_eq!(names[..3], ["achieved goal x", "achieved goal y", "x"]);
        assert_eq!(names[6..], ["other.0", "other.1"]);
        let names = named(Some("Lift"), "x", of(&[("object", 10), ("robot0_eef_pos", 3), ("robot0_joint_pos", 7)]));
        assert_eq!((names[0].as_str(), names[10].as_str()), ("object.0", "robot0_eef_pos x"));
        assert_eq!(names[19], "robot0_joint_pos joint 7");
    }
}
