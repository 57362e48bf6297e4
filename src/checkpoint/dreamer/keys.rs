//! A dictionary of observations as columns side by side.

use super::Place;
use crate::checkpoint::{About, Given};
use crate::ground::fault::Fault;
use crate::world::dreamer::Dreamer;

/// Keys in the order in which the encoder takes them, with their columns. Empty where a library keeps no keys.
pub struct Keys(pub Vec<(String, usize)>);

impl Keys {
    /// `model` for the columns of a dataset: in the order that `obs_keys` beside the file says, else that the names of the
    /// dataset's columns tell, else in its own.
    ///
    /// # Errors
    /// [`Fault`] where that names other keys.
    pub fn arrange(
        &self,
        model: Dreamer,
        place: &Place,
        given: &Given<'_>,
        about: &mut About,
    ) -> Result<Dreamer, Fault> {
        let told =
            || given.data.and_then(|data| keys_of(&data.obs_space.names)).filter(|keys| self.columns(keys).is_ok());
        let wanted = match &place.sidecar.obs_keys {
            Some(keys) => Some(keys.clone()),
            None => told(),
        };
        if let Some(wanted) = wanted {
            let order = self.columns(&wanted).map_err(|e| Fault::at(&place.file, e))?;
            return Ok(Dreamer {
                encoder: model.encoder.clone().reordered(&order, false),
                decoder: model.decoder.clone().reordered(&order, true),
                ..model
            });
        }
        if self.0.len() > 1 {
            let quoted: Vec<String> = self.0.iter().map(|(key, _)| format!("\"{key}\"")).collect();
            about.notes.push(format!(
                "its observation is {} side by side, and so the dataset's columns have to be; where they are in another order, \
                 write that order of obs_keys = [{}] into oodscope.toml beside the file",
                self.in_words(),
                quoted.join(", ")
            ));
        }
        Ok(model)
    }

    /// For every column of keys in the order `wanted` the column of the encoder.
    pub fn columns(&self, wanted: &[String]) -> Result<Vec<usize>, String> {
        let mut out = Vec::new();
        for key in wanted {
            let at = self.0.iter().position(|(own, _)| own == key);
            let Some(at) = at.filter(|_| wanted.iter().filter(|other| *other == key).count() == 1) else { break };
            let first: usize = self.0[..at].iter().map(|(_, width)| width).sum();
            out.extend(first..first + self.0[at].1);
        }
        if out.len() == self.0.iter().map(|(_, width)| width).sum::<usize>() && wanted.len() == self.0.len() {
            return Ok(out);
        }
        if self.0.is_empty() {
            return Err(
                "obs_keys is said beside the file, which keeps no keys of its observation; leave it away".into()
            );
        }
        Err(format!("obs_keys beside the file is {wanted:?}; its keys are {}, each once", self.in_words()))
    }

    /// The keys alone.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(key, _)| key.as_str()).collect()
    }

    fn in_words(&self) -> String {
        let one = |(key, width): &(String, usize)| format!("{key} ({width})");
        self.0.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// The keys that columns called `key.0`, `key.1`, … belong to, in their order; nothing where a name is of another kind.
fn keys_of(names: &[String]) -> Option<Vec<String>> {
    let mut keys: Vec<String> = Vec::new();
    for name in names {
        let (key, number) = name.rsplit_once('.')?;
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if keys.last().is_none_or(|last| last != key) {
            keys.push(key.to_owned());
        }
    }
    Some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_follow_their_keys() {
        let keys = Keys(vec![("position".into(), 2), ("velocity".into(), 1)]);
        let wanted = |list: &[&str]| keys.columns(&list.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>());
        assert_eq!(wanted(&["velocity", "position"]), Ok(vec![2, 0, 1]));
        assert_eq!(wanted(&["position", "velocity"]), Ok(vec![0, 1, 2]));
        for wrong in [&["velocity"][..], &["position", "position"], &["position", "speed"], &[]] {
            assert!(wanted(wrong).unwrap_err().contains("position (2), velocity (1)"), "{wrong:?}");
        }
        assert!(Keys(Vec::new()).columns(&["x".into()]).unwrap_err().contains("leave it away"));
        let names = |list: &[&str]| keys_of(&list.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["b.0", "a.b.0", "a.b.1"]), Some(vec!["b".into(), "a.b".into()]));
        assert_eq!((names(&["x", "y"]), names(&["a.x"])), (None, None));
    }
}
