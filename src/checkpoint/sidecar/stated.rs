//! What the files beside the weights state of models whose library keeps it elsewhere, or nowhere: a normaliser, how far back
//! the model looks, what it sees of an observation.

use serde_json::Value;

use crate::checkpoint::About;
use crate::checkpoint::layers;
use crate::world::ensemble::Seen;
use crate::world::net::normalizer::Normalizer;

/// The keys.
pub(super) const KEYS: [&str; 10] = [
    "obs_mean",
    "obs_std",
    "action_mean",
    "action_std",
    "scaler",
    "history",
    "preprocess",
    "cost",
    "inputs",
    "outputs",
];

/// What is stated; everything may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stated {
    /// [D] mean of the observations that the model was trained on.
    pub obs_mean: Option<Vec<f64>>,
    /// [D] their deviation.
    pub obs_std: Option<Vec<f64>>,
    /// [A] mean of the actions.
    pub action_mean: Option<Vec<f64>>,
    /// [A] their deviation.
    pub action_std: Option<Vec<f64>>,
    /// The inputs were not scaled.
    pub unscaled: bool,
    /// Observations that the model looks back at, the present one included.
    pub history: Option<usize>,
    /// What the model sees of the observation; an empty list: the observation as it is.
    pub preprocess: Option<Vec<Seen>>,
    /// Whether a cost is the first output.
    pub cost: Option<bool>,
    /// What the inputs of a graph are, one after the other.
    pub inputs: Option<Vec<String>>,
    /// What its outputs are.
    pub outputs: Option<Vec<String>>,
}

impl Stated {
    /// Takes `key`, if it is one of these.
    ///
    /// # Errors
    /// A sentence where its value is not understood.
    pub(super) fn key(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let list = || {
            let all = value.as_array().and_then(|list| list.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>());
            all.map(Some).ok_or_else(|| format!("{key} is {value}, a list of numbers is needed"))
        };
        let none = || match value.as_str() {
            Some("none") => Ok(true),
            _ => Err(format!("{key} is {value}, only \"none\" is understood")),
        };
        let roles = || {
            let all = value.as_array().and_then(|list| list.iter().map(|v| v.as_str().map(str::to_owned)).collect());
            all.map(Some).ok_or_else(|| format!("{key} is {value}, a list of roles is needed"))
        };
        match key {
            "inputs" => self.inputs = roles()?,
            "outputs" => self.outputs = roles()?,
            "obs_mean" => self.obs_mean = list()?,
            "obs_std" => self.obs_std = list()?,
            "action_mean" => self.action_mean = list()?,
            "action_std" => self.action_std = list()?,
            "scaler" => self.unscaled = none()?,
            "preprocess" => self.preprocess = Some(seen(value)?),
            "history" => {
                let count = value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=10_000).contains(n));
                self.history =
                    Some(count.ok_or_else(|| format!("{key} is {value}, a number from 1 to 10000 is needed"))?);
            }
            "cost" => {
                let truth = value.as_bool().ok_or_else(|| format!("{key} is {value}, true or false is needed"))?;
                self.cost = Some(truth);
            }
            _ => {}
        }
        Ok(())
    }

    /// The scale of `[obs, action]` of `columns` in all, if all of it is stated.
    ///
    /// # Errors
    /// A sentence where it does not fit, or where only a part is stated.
    pub fn input(&self, columns: usize, about: &mut About) -> Result<Option<Normalizer>, String> {
        let parts = [&self.obs_mean, &self.obs_std, &self.action_mean, &self.action_std];
        let names = KEYS.iter().zip(parts);
        let missing: Vec<&str> = names.filter(|(_, part)| part.is_none()).map(|(name, _)| *name).collect();
        match parts {
            [Some(obs_mean), Some(obs_std), Some(action_mean), Some(action_std)] => {
                if (obs_mean.len(), action_mean.len()) != (obs_std.len(), action_std.len()) {
                    return Err("obs_mean and obs_std, or action_mean and action_std, are not of one length".into());
                }
                let (mean, std) = ([&obs_mean[..], action_mean].concat(), [&obs_std[..], action_std].concat());
                layers::normalizer(&mean, &std, columns, about).map(Some)
            }
            [None, None, None, None] => Ok(None),
            _ => Err(format!("a part of the scale is stated, {} is missing", missing.join(", "))),
        }
    }
}

/// What a network sees of an observation: "none", or a list of columns.
fn seen(value: &Value) -> Result<Vec<Seen>, String> {
    let wrong = || {
        format!(
            "preprocess is {value}: write \"none\", or what the network sees, such as [\"sin 1\", \"cos 1\", \"0\", \"2\"]"
        )
    };
    if value.as_str() == Some("none") {
        return Ok(Vec::new());
    }
    let list = value.as_array().filter(|list| !list.is_empty()).ok_or_else(wrong)?;
    let column = |entry: &Value| match entry {
        Value::String(text) => text.parse().map_err(|e| format!("preprocess: {e}")),
        other => other.to_string().parse().map_err(|_| wrong()),
    };
    list.iter().map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stated(keys: &Value) -> Result<Stated, String> {
        let mut all = Stated::default();
        keys.as_object().into_iter().flatten().try_for_each(|(key, value)| all.key(key, value))?;
        Ok(all)
    }

    #[test]
    fn a_scale_is_whole_or_refused() {
        let whole = json!({"obs_mean": [1, 2.5], "obs_std": [1, 0.0], "action_mean": [0], "action_std": [2]});
        let scale = stated(&whole).unwrap().input(3, &mut About::default()).unwrap().unwrap();
        assert_eq!((scale.mean, scale.std), (vec![1.0, 2.5, 0.0], vec![1.0, 1.0, 2.0]));
        assert_eq!(Stated::default().input(3, &mut About::default()), Ok(None));
        for (keys, words) in [
            (json!({"obs_mean": [1, 2]}), "obs_std, action_mean, action_std is missing"),
            (json!({"obs_mean": [1], "obs_std": [1, 0], "action_mean": [0], "action_std": [2]}), "one length"),
            (json!({"obs_mean": [1], "obs_std": [1], "action_mean": [0], "action_std": [2]}), "2 columns"),
        ] {
            let e = stated(&keys).unwrap().input(3, &mut About::default()).unwrap_err();
            assert!(e.contains(words), "{keys}: {e}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (keys, words) in [
            (json!({"obs_mean": [1, "x"]}), "list of numbers"),
            (json!({"scaler": "some"}), "only \"none\""),
            (json!({"preprocess": true}), "\"none\", or what"),
            (json!({"preprocess": []}), "\"none\", or what"),
            (json!({"preprocess": ["tan 1"]}), "sin 3 or cos 3"),
            (json!({"preprocess": [1.5]}), "\"none\", or what"),
            (json!({"history": 0}), "1 to 10000"),
            (json!({"history": 1e9}), "1 to 10000"),
            (json!({"cost": "no"}), "true or false"),
            (json!({"inputs": "obs"}), "list of roles"),
        ] {
            assert!(stated(&keys).unwrap_err().contains(words), "{keys}");
        }
        let all = stated(&json!({"scaler": "none", "preprocess": "none", "history": 32, "cost": false})).unwrap();
        assert_eq!((all.unscaled, all.history, all.cost), (true, Some(32), Some(false)));
        assert_eq!(all.preprocess, Some(Vec::new()));
        let columns = stated(&json!({"preprocess": ["sin 1", 0, "2"]})).unwrap().preprocess;
        assert_eq!(columns, Some(vec![Seen::Sin(1), Seen::Column(0), Seen::Column(2)]));
    }
}
