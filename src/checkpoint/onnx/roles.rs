//! Which input of a graph is which, and what its outputs are: by their names where these leave one answer, else by `inputs` and
//! `outputs` in oodscope.toml.

use crate::checkpoint::reading::{InputOrder, Target};

/// Which inputs are the observation and the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inputs {
    /// Two, by their place.
    Apart {
        /// That of the observation.
        obs: usize,
        /// That of the action.
        action: usize,
    },
    /// One that takes both, in the order that its name says, if it says one.
    Together(Option<InputOrder>),
}

/// What the outputs are, by their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs {
    /// That of the observation.
    pub obs: usize,
    /// What it is, where its name says.
    pub target: Option<Target>,
    /// That of the reward, where it is one of its own.
    pub reward: Option<usize>,
    /// Those that are not read.
    pub unread: Vec<usize>,
}

/// The words of a name.
fn words(name: &str) -> Vec<String> {
    name.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn is_action(word: &str) -> bool {
    ["act", "acts", "action", "actions", "a", "u"].contains(&word)
}

fn is_obs(word: &str) -> bool {
    ["obs", "observation", "observations", "state", "states", "s"].contains(&word)
}

fn is_reward(word: &str) -> bool {
    ["reward", "rewards", "rew", "r"].contains(&word)
}

fn is_change(word: &str) -> bool {
    ["delta", "deltas", "diff", "difference", "change"].contains(&word)
}

/// "'obs' and 'state'".
fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(" and ")
}

/// The roles of inputs of these `names`; `stated` has one a place.
///
/// # Errors
/// A sentence saying what is open and which key states it.
pub fn inputs(names: &[&str], stated: Option<&[String]>) -> Result<Inputs, String> {
    let ask =
        "state what they are, in this order, with inputs = [\"obs\", \"action\"] in oodscope.toml beside the file";
    if names.is_empty() || names.len() > 2 {
        return Err(format!(
            "the graph takes {} inputs ({}); one step of a world model takes an observation and an action",
            names.len(),
            listed(names)
        ));
    }
    if let [name] = names {
        let words = words(name);
        let first = |is: fn(&str) -> bool| words.iter().position(|word| is(word));
        return Ok(Inputs::Together(match (first(is_obs), first(is_action)) {
            (Some(obs), Some(action)) if obs < action => Some(InputOrder::ObsAction),
            (Some(_), Some(_)) => Some(InputOrder::ActionObs),
            _ => None,
        }));
    }
    if let Some(stated) = stated {
        let place = |role: &str| stated.iter().position(|said| said == role);
        return match (stated.len(), place("obs"), place("action")) {
            (2, Some(obs), Some(action)) => Ok(Inputs::Apart { obs, action }),
            _ => Err(format!(
                "inputs is {stated:?}, \"obs\" and \"action\" are needed, one for each of {}",
                listed(names)
            )),
        };
    }
    let those = |is: fn(&str) -> bool| -> Vec<usize> {
        (0..names.len()).filter(|&i| words(names[i]).iter().any(|word| is(word))).collect()
    };
    match (&those(is_obs)[..], &those(is_action)[..]) {
        ([obs], [action]) if obs != action => Ok(Inputs::Apart { obs: *obs, action: *action }),
        ([_, _], _) => Err(format!("the inputs {} could both be the observation; {ask}", listed(names))),
        (_, [_, _]) => Err(format!("the inputs {} could both be the action; {ask}", listed(names))),
        _ => Err(format!("the names of the inputs {} do not say which is the observation; {ask}", listed(names))),
    }
}

/// The roles of outputs of these `names`; `stated` has one a place.
///
/// # Errors
/// A sentence saying what is open and which key states it.
pub fn outputs(names: &[&str], stated: Option<&[String]>) -> Result<Outputs, String> {
    let ask = "state what they are, in this order, with outputs = [\"delta\", \"reward\"] (next_obs, delta, reward, none) in \
               oodscope.toml beside the file";
    let all = 0..names.len();
    if let Some(stated) = stated {
        let known = |said: &String| ["next_obs", "delta", "reward", "none"].contains(&said.as_str());
        let those = |roles: &[&str]| all.clone().filter(|&i| roles.contains(&stated[i].as_str())).collect::<Vec<_>>();
        if stated.len() != names.len() || !stated.iter().all(known) {
            let n = names.len();
            return Err(format!(
                "outputs is {stated:?}, {n} of next_obs, delta, reward, none are needed: {}",
                listed(names)
            ));
        }
        return match (&those(&["next_obs", "delta"])[..], &those(&["reward"])[..]) {
            (&[obs], rewards @ ([] | [_])) => Ok(Outputs {
                obs,
                target: Some(if stated[obs] == "delta" { Target::Delta } else { Target::Absolute }),
                reward: rewards.first().copied(),
                unread: those(&["none"]),
            }),
            _ => Err(format!("outputs is {stated:?}, one next_obs or delta and at most one reward are needed")),
        };
    }
    let has = |i: usize, is: fn(&str) -> bool| words(names[i]).iter().any(|word| is(word));
    let is_next = |word: &str| word == "next";
    let target = |i: usize| match (has(i, is_change), has(i, is_next)) {
        (true, _) => Some(Target::Delta),
        (false, true) => Some(Target::Absolute),
        (false, false) => None,
    };
    if names.len() == 1 {
        return Ok(Outputs { obs: 0, target: target(0), reward: None, unread: Vec::new() });
    }
    // The deviations that beside the means are given are neither.
    let is_spread = |word: &str| ["std", "var", "logvar", "logstd", "variance", "scale"].contains(&word);
    let reward: Vec<usize> = all.clone().filter(|&i| has(i, is_reward) && !has(i, is_spread)).collect();
    let is_state = |i: usize| target(i).is_some() || has(i, is_obs);
    let obs: Vec<usize> = all.clone().filter(|&i| is_state(i) && !has(i, is_spread) && !reward.contains(&i)).collect();
    match (&obs[..], &reward[..]) {
        (&[obs], rewards @ ([] | [_])) => Ok(Outputs {
            obs,
            target: target(obs),
            reward: rewards.first().copied(),
            unread: all.filter(|i| *i != obs && !rewards.contains(i)).collect(),
        }),
        (&[_, _, ..], _) => {
            let several: Vec<&str> = obs.iter().map(|&i| names[i]).collect();
            Err(format!("the outputs {} could all be the observation; {ask}", listed(&several)))
        }
        ([], _) => {
            Err(format!("the names of the outputs {} do not say which is the observation; {ask}", listed(names)))
        }
        _ => Err(format!("several of the outputs {} could be the reward; {ask}", listed(names))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn names_that_leave_one_answer_are_taken_and_others_asked_for() {
        assert_eq!(inputs(&["obs", "action"], None), Ok(Inputs::Apart { obs: 0, action: 1 }));
        assert_eq!(inputs(&["act.1", "State"], None), Ok(Inputs::Apart { obs: 1, action: 0 }));
        assert_eq!(inputs(&["obs_action"], None), Ok(Inputs::Together(Some(InputOrder::ObsAction))));
        assert_eq!(inputs(&["x"], None), Ok(Inputs::Together(None)));
        let stated = said(&["action", "obs"]);
        assert_eq!(inputs(&["x", "y"], Some(&stated)), Ok(Inputs::Apart { obs: 1, action: 0 }));
        for (names, words) in [
            (&["obs", "state"][..], "'obs' and 'state' could both be the observation"),
            (&["act", "action"], "could both be the action"),
            (&["x", "y"], "do not say which is the observation; state what they are"),
            (&["obs", "action", "hidden"], "takes 3 inputs"),
            (&[], "takes 0 inputs"),
        ] {
            let e = inputs(names, None).unwrap_err();
            assert!(e.contains(words), "{names:?}: {e}");
        }
        assert!(inputs(&["x", "y"], Some(&said(&["obs", "obs"]))).unwrap_err().contains("are needed"));
    }

    #[test]
    fn outputs_are_told_apart_by_name() {
        let of = |obs, target, reward, unread: &[usize]| Ok(Outputs { obs, target, reward, unread: unread.to_vec() });
        assert_eq!(outputs(&["next_obs", "reward"], None), of(0, Some(Target::Absolute), Some(1), &[]));
        assert_eq!(outputs(&["r", "delta"], None), of(1, Some(Target::Delta), Some(0), &[]));
        assert_eq!(outputs(&["y"], None), of(0, None, None, &[]));
        assert_eq!(outputs(&["state", "reward", "done"], None), of(0, None, Some(1), &[2]));
        assert_eq!(outputs(&["delta_obs", "delta_obs_std"], None), of(0, Some(Target::Delta), None, &[1]));
        let stated = said(&["none", "next_obs"]);
        assert_eq!(outputs(&["a", "b"], Some(&stated)), of(1, Some(Target::Absolute), None, &[0]));
        for (names, words) in [
            (&["next_obs", "delta"][..], "could all be the observation"),
            (&["a", "b"], "do not say which is the observation"),
            (&["delta", "r", "reward"], "could be the reward"),
        ] {
            let e = outputs(names, None).unwrap_err();
            assert!(e.contains(words), "{names:?}: {e}");
        }
        assert!(outputs(&["a"], Some(&said(&["what"]))).unwrap_err().contains("1 of next_obs"));
        assert!(outputs(&["a", "b"], Some(&said(&["reward", "none"]))).unwrap_err().contains("one next_obs or delta"));
    }
}
