//! D4RL's environments: they need mujoco-py, which nobody keeps; the nearest ones that somebody does.

use serde_json::{Map, Value};

use super::{Chosen, options};
use crate::engine::spec::ActingSpec;

/// An environment that stands in for one of D4RL's.
#[derive(Debug, PartialEq)]
pub struct Near {
    /// First word of D4RL's names.
    name: &'static str,
    id: &'static str,
    /// A flag that it is made with.
    flag: Option<&'static str>,
    /// How it differs.
    differs: &'static str,
}

const fn near(name: &'static str, id: &'static str, differs: &'static str) -> Near {
    Near { name, id, flag: None, differs }
}

const BINDING: &str = "its MuJoCo is newer, so steps differ a little";
const NEAREST: [Near; 8] = [
    near("halfcheetah", "HalfCheetah-v5", BINDING),
    near("hopper", "Hopper-v5", BINDING),
    near("walker2d", "Walker2d-v5", "its MuJoCo is newer, and its feet have the same friction, which they had not"),
    Near {
        flag: Some("use_contact_forces"),
        ..near("ant", "Ant-v4", "contact forces, which are 0 in the recorded observations, are not 0 there")
    },
    near("pen", "AdroitHandPen-v1", BINDING),
    near("door", "AdroitHandDoor-v1", BINDING),
    near("hammer", "AdroitHandHammer-v1", BINDING),
    near("relocate", "AdroitHandRelocate-v1", BINDING),
];

/// The environment that stands in for that of a dataset of D4RL ("hopper-medium-v2", `hopper_medium-v2`); nothing for other
/// names. Gymnasium's own ids begin with a capital letter.
pub fn nearest(name: &str) -> Option<&'static Near> {
    let versioned = name.rsplit_once("-v").is_some_and(|(_, v)| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit()));
    let first = name.split(['-', '_']).next().filter(|_| versioned)?;
    NEAREST.iter().find(|near| near.name == first)
}

impl Near {
    /// The environment with what is asked beside it, in the place of the one called `of`.
    pub fn chosen(&self, asked: &ActingSpec, of: &str) -> Chosen {
        let mut options = options(self.id, asked, None);
        let flag = self.flag.map(|flag| (flag.to_owned(), Value::Bool(true)));
        options.kwargs = flag.into_iter().chain(std::mem::take(&mut options.kwargs)).collect::<Map<_, _>>();
        let warning = format!("{} acts in the place of D4RL's {of}: {}", self.id, self.differs);
        Chosen::Worker(Box::new(options), Some(warning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_d4rl_lead_to_what_can_be_made() {
        let of = |name: &str| nearest(name).map(|near| near.id);
        assert_eq!(of("hopper-medium-replay-v2"), Some("Hopper-v5"));
        assert_eq!(of("halfcheetah_random-v0"), Some("HalfCheetah-v5"));
        assert_eq!((of("Hopper-v5"), of("hopper"), of("maze2d-umaze-v1")), (None, None, None));
        let Chosen::Worker(ant, warning) =
            nearest("ant-medium-v2").unwrap().chosen(&ActingSpec::default(), "ant-medium-v2")
        else {
            panic!("a worker")
        };
        assert_eq!((ant.id.as_str(), &ant.kwargs["use_contact_forces"]), ("Ant-v4", &Value::Bool(true)));
        assert!(warning.unwrap().contains("D4RL's ant-medium-v2: contact forces"));
    }
}
