//! In which order named layers follow on each other, where a file keeps names and shapes and nothing else.

use super::reading::Target;

/// A layer's name and shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Name without `.weight`.
    pub name: String,
    /// Columns in.
    pub inputs: usize,
    /// Columns out.
    pub outputs: usize,
}

/// What a layer beside others at the end of a network predicts, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// The observation, and whether its change where the name says so.
    State(Option<Target>),
    /// The reward.
    Reward,
    /// The end of the episode.
    End,
}

/// Layers one after the other, and then side by side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// Indices of the layers that follow on each other.
    pub trunk: Vec<usize>,
    /// Indices of the layers that all take what the trunk gives: the state's, and then the reward's if there is one.
    pub heads: Vec<(usize, Head)>,
    /// Names of heads that are left out.
    pub unread: Vec<String>,
}

/// Names of layers that come first, and of those that come last.
const FIRST: [&str; 8] = ["input", "in", "input_layer", "fc_in", "first", "linear_in", "embed", "embedding"];
const LAST: [&str; 16] = [
    "output",
    "out",
    "output_layer",
    "out_layer",
    "fc_out",
    "linear_out",
    "last",
    "last_fc",
    "last_layer",
    "final",
    "head",
    "predict",
    "predictor",
    "pred",
    "mean",
    "fc_mean",
];
/// Most groups of names whose orders are tried.
const MAX_GROUPS: usize = 5;

/// The order of `layers`.
///
/// # Errors
/// A sentence where names and shapes allow none, or more than one.
pub fn order(layers: &[Shape]) -> Result<Order, String> {
    let heads: Vec<(usize, Head)> = (0..layers.len()).filter_map(|i| Some((i, head(&layers[i].name)?))).collect();
    let states = heads.iter().filter(|(_, h)| matches!(h, Head::State(_))).count();
    if heads.len() < 2 || states != 1 {
        return Ok(Order { trunk: chain(layers, &(0..layers.len()).collect::<Vec<_>>())?, ..Order::default() });
    }
    let trunk: Vec<usize> = (0..layers.len()).filter(|i| !heads.iter().any(|(h, _)| h == i)).collect();
    let trunk = if trunk.is_empty() { trunk } else { chain(layers, &trunk)? };
    let width = trunk.last().map_or(layers[heads[0].0].inputs, |&i| layers[i].outputs);
    if let Some((i, _)) = heads.iter().find(|(i, _)| layers[*i].inputs != width) {
        return Err(format!(
            "'{}' takes {} inputs, the layers before it give {width}",
            layers[*i].name, layers[*i].inputs
        ));
    }
    let pick = |wanted: fn(&Head) -> bool| heads.iter().filter(move |(_, h)| wanted(h)).copied();
    let mut kept: Vec<(usize, Head)> = pick(|h| matches!(h, Head::State(_))).collect();
    let rewards: Vec<(usize, Head)> = pick(|h| *h == Head::Reward).collect();
    if rewards.len() > 1 || rewards.iter().any(|(i, _)| layers[*i].outputs != 1) {
        return Err(format!("'{}' is no head of one reward", layers[rewards[0].0].name));
    }
    kept.extend(rewards);
    let unread = pick(|h| *h == Head::End).map(|(i, _)| layers[i].name.clone()).collect();
    Ok(Order { trunk, heads: kept, unread })
}

/// What the layer `name` predicts, where its last word says so.
fn head(name: &str) -> Option<Head> {
    let last = name.rsplit('.').next().unwrap_or(name).to_lowercase();
    if last.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let has = |words: &[&str]| words.iter().any(|w| last.contains(w));
    if has(&["reward", "rew_", "_rew"]) || last == "rew" {
        Some(Head::Reward)
    } else if has(&["done", "termin", "cont_", "discount"]) {
        Some(Head::End)
    } else if has(&["delta", "diff", "change"]) {
        Some(Head::State(Some(Target::Delta)))
    } else if has(&["next"]) {
        Some(Head::State(Some(Target::Absolute)))
    } else if has(&["state", "obs", "dynamics"]) {
        Some(Head::State(None))
    } else {
        None
    }
}

/// Numbers in a layer's name, and its index.
type Numbered = (Vec<u64>, usize);

/// The `chosen` layers one after the other: by their numbers within a group of names, and groups as their shapes allow.
fn chain(layers: &[Shape], chosen: &[usize]) -> Result<Vec<usize>, String> {
    let mut groups: Vec<(String, Vec<Numbered>)> = Vec::new();
    for &i in chosen {
        let (text, numbers) = parts(&layers[i].name);
        match groups.iter_mut().find(|(t, _)| *t == text) {
            Some((_, members)) => members.push((numbers, i)),
            None => groups.push((text, vec![(numbers, i)])),
        }
    }
    for (_, members) in &mut groups {
        members.sort();
    }
    let names = || chosen.iter().map(|&i| layers[i].name.as_str()).collect::<Vec<_>>().join(", ");
    if groups.len() > MAX_GROUPS {
        return Err(format!("the order of the layers {} is not clear from their names", names()));
    }
    let mut found: Vec<Vec<usize>> = Vec::new();
    for permutation in permutations(groups.len()) {
        let misplaced = permutation.iter().enumerate().any(|(at, &g)| {
            let word = groups[g].0.rsplit('.').next().unwrap_or_default();
            (FIRST.contains(&word) && at > 0) || (LAST.contains(&word) && at + 1 < groups.len())
        });
        let all: Vec<usize> = permutation.iter().flat_map(|&g| groups[g].1.iter().map(|(_, i)| *i)).collect();
        if !misplaced && all.windows(2).all(|w| layers[w[0]].outputs == layers[w[1]].inputs) {
            found.push(all);
        }
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(format!("the layers {} do not follow on each other", shapes(layers, chosen))),
        _ => Err(format!("the order of the layers {} is not clear from their names", names())),
    }
}

fn shapes(layers: &[Shape], chosen: &[usize]) -> String {
    let one = |&i: &usize| format!("{}.weight ({} → {})", layers[i].name, layers[i].inputs, layers[i].outputs);
    chosen.iter().take(8).map(one).collect::<Vec<_>>().join(", ")
}

/// A name with its numbers taken out, and the numbers.
pub fn parts(name: &str) -> (String, Vec<u64>) {
    let (mut text, mut numbers, mut digits) = (String::new(), Vec::new(), String::new());
    for c in name.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            numbers.push(digits.parse().unwrap_or(u64::MAX));
            digits.clear();
            text.push('#');
        }
        if c != '\0' {
            text.push(c);
        }
    }
    (text, numbers)
}

/// All orders of `0..n`.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for k in 0..n {
        all = all
            .into_iter()
            .flat_map(|p: Vec<usize>| {
                (0..=k).map(move |at| {
                    let mut longer = p.clone();
                    longer.insert(at, k);
                    longer
                })
            })
            .collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(given: &[(&str, usize, usize)]) -> Result<Vec<String>, String> {
        let layers: Vec<Shape> =
            given.iter().map(|&(name, inputs, outputs)| Shape { name: name.into(), inputs, outputs }).collect();
        let o = order(&layers)?;
        Ok(o.trunk.into_iter().chain(o.heads.into_iter().map(|(i, _)| i)).map(|i| layers[i].name.clone()).collect())
    }

    #[test]
    fn names_that_people_give() {
        for names in [
            &["fc1", "fc2", "fc10"][..],
            &["hidden1", "hidden2", "predict"],
            &["input_layer", "hidden_layers.0", "output_layer"],
            &["layers.0.linear", "layers.1.linear", "layers.2.linear"],
            &["0", "2", "10"],
            &["encoder.0", "encoder.2", "out"],
        ] {
            // Square in the middle: only names tell.
            let shapes = [(4, 8), (8, 8), (8, 4)];
            let mut given: Vec<(&str, usize, usize)> = names.iter().zip(shapes).map(|(n, (i, o))| (*n, i, o)).collect();
            given.sort_unstable();
            assert_eq!(ordered(&given).unwrap(), names);
        }
        // Shapes tell which group of names comes first.
        let given = [("body.0", 8, 8), ("front.0", 4, 8), ("front.2", 8, 8), ("zap", 8, 4)];
        assert_eq!(
            ordered(&given).unwrap_err(),
            "the order of the layers body.0, front.0, front.2, zap is not clear from their names"
        );
        let given = [("body.0", 9, 7), ("front.0", 4, 8), ("front.2", 8, 9), ("zap", 7, 5)];
        assert_eq!(ordered(&given).unwrap(), ["front.0", "front.2", "body.0", "zap"]);
        assert!(
            ordered(&[("a.0", 4, 8), ("a.2", 9, 4)]).unwrap_err().contains("a.0.weight (4 → 8), a.2.weight (9 → 4)")
        );
    }

    #[test]
    fn heads_take_what_the_trunk_gives() {
        let given = [("delta_head", 8, 3), ("reward_head", 8, 1), ("trunk.0", 4, 8), ("trunk.2", 8, 8)];
        assert_eq!(ordered(&given).unwrap(), ["trunk.0", "trunk.2", "delta_head", "reward_head"]);
        let shapes = [("done_head", 8, 1), ("fc1", 4, 8), ("next_state", 8, 3), ("reward", 8, 1)];
        let layers = shapes.map(|(name, inputs, outputs)| Shape { name: name.into(), inputs, outputs });
        let o = order(&layers).unwrap();
        assert_eq!(o.heads, [(2, Head::State(Some(Target::Absolute))), (3, Head::Reward)]);
        assert_eq!((o.trunk, o.unread), (vec![1], vec!["done_head".to_owned()]));
        assert!(ordered(&[("t.0", 4, 8), ("delta", 8, 3), ("reward", 7, 1)]).unwrap_err().contains("'reward' takes 7"));
        assert!(
            ordered(&[("t.0", 4, 8), ("delta", 8, 3), ("reward", 8, 2)]).unwrap_err().contains("no head of one reward")
        );
    }
}
