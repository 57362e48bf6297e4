//! The agents of the paper by their names: `passive+adaptive`, `tandem_sameWM`, `passive@narrow`.
//!
//! ```text
//! active                    learns from what it acts, from random data on
//! active+explore:W          the same, paid for the members' disagreement by the share W: its data explores
//! passive  passive-same     given the active agent's whole data from the start; other seed, or the same
//! passive_sameWM            the same in the active agent's final world model, which stays as it is
//! tandem  tandem-same       given the active agent's batches, row for row, in their order
//! tandem_sameWM             the same with the active agent's world model at every step
//! …+fixed:P                 adds P percent of the data evenly
//! …+adaptive                adds a chunk where R is above its threshold
//! …+yoked                   adds the adaptive agent's chunks at random checks
//! …+explore:W               of the data of active+explore:W
//! …-expert -suboptimal -mixed   of the second, the first, a random half of the active agent's data
//! …@DATA                    of other data: narrow, mixed, random (scripts), or a dataset that the plan names
//! ```

use crate::ground::number::number;

/// Which data an agent is given.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Everything that the active agent of the same task and seed acted.
    Active,
    /// The first half of its steps, in whole episodes.
    FirstHalf,
    /// The second half.
    SecondHalf,
    /// A random half of its episodes.
    UniformHalf,
    /// Everything that the active agent acted that was paid for disagreement by this share.
    Explore(f64),
    /// What a script of the environment acts ("narrow"), or "random".
    Script(String),
    /// A dataset that the plan names.
    Named(String),
}

/// What an agent is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// It acts; the share of its reward that is for disagreement.
    Active(f64),
    /// It is given data. With the active agent's seed, or in its final world model.
    Passive {
        /// The weights begin as the active agent's.
        same: bool,
        /// The world model is the active agent's and stays as it is.
        frozen: bool,
    },
    /// It is given the active agent's batches. With its seed, or with its world model at every step.
    Tandem {
        /// The weights begin as the active agent's.
        same: bool,
        /// The world model learns as the active agent's did, from the same weights.
        same_model: bool,
    },
}

/// When an agent that is given data collects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Collects {
    /// Never.
    Never,
    /// This share of the data, evenly.
    Fixed(f64),
    /// Where R is above its threshold.
    Adaptive,
    /// The adaptive agent's chunks at random checks.
    Yoked,
}

/// An agent of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// Its name, as the plan has it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// When it collects.
    pub collects: Collects,
    /// What it is given.
    pub data: Data,
}

/// Scripts that data can be made by, where the environment has them.
const SCRIPTS: [&str; 3] = ["narrow", "mixed", "random"];

impl Agent {
    /// The agent called `name`; `named` are the datasets that the plan names.
    ///
    /// # Errors
    /// A sentence with the part that is not known, and what there is.
    pub fn parse(name: &str, named: &[String]) -> Result<Self, String> {
        let (agent, data) = name.split_once('@').map_or((name, None), |(agent, data)| (agent, Some(data)));
        let mut parts = agent.split('+');
        let base = parts.next().unwrap_or_default();
        let (kind, mut given) = kind(base).ok_or_else(|| unknown(name, base))?;
        let mut agent = Self { name: name.into(), kind, collects: Collects::Never, data: Data::Active };
        for part in parts {
            match part.split_once(':') {
                None if part == "adaptive" => agent.collects = Collects::Adaptive,
                None if part == "yoked" => agent.collects = Collects::Yoked,
                Some(("fixed", percent)) => agent.collects = Collects::Fixed(share(name, percent, 100.0)?),
                Some(("explore", weight)) => {
                    let weight = share(name, weight, 1.0)?;
                    match &mut agent.kind {
                        Kind::Active(explore) => *explore = weight,
                        _ => given.push(Data::Explore(weight)),
                    }
                }
                _ => return Err(unknown(name, part)),
            }
        }
        given.extend(data.map(|data| self::data(name, data, named)).transpose()?);
        if given.len() > 1 {
            return Err(format!("agent '{name}' is given two sets of data; name one"));
        }
        agent.data = given.pop().unwrap_or(Data::Active);
        agent.checked()
    }

    /// Refuses what makes no sense together.
    fn checked(self) -> Result<Self, String> {
        let name = &self.name;
        let plain = self.data == Data::Active && self.collects == Collects::Never;
        match self.kind {
            Kind::Active(_) if !plain => {
                Err(format!("agent '{name}': an active agent makes its own data and collects as it learns"))
            }
            Kind::Tandem { .. } if !plain => {
                Err(format!("agent '{name}': a tandem is given the active agent's batches and nothing else"))
            }
            Kind::Passive { frozen: true, .. } if self.data != Data::Active => {
                Err(format!("agent '{name}': the world model is the active agent's, and so must the data be"))
            }
            _ => Ok(self),
        }
    }

    /// True where it acts from the start.
    pub fn is_active(&self) -> bool {
        matches!(self.kind, Kind::Active(_))
    }

    /// The same agent given `data`, under the name that says so.
    #[must_use]
    pub fn given(&self, data: &str, named: &[String]) -> Option<Self> {
        let plain = matches!(self.kind, Kind::Passive { frozen: false, .. }) && self.data == Data::Active;
        Self::parse(&format!("{}@{data}", self.name), named).ok().filter(|_| plain)
    }
}

/// What `base` is, and the data that the name implies.
fn kind(base: &str) -> Option<(Kind, Vec<Data>)> {
    let passive = |same, frozen| Kind::Passive { same, frozen };
    let tandem = |same, same_model| Kind::Tandem { same, same_model };
    Some(match base {
        "active" => (Kind::Active(0.0), Vec::new()),
        "passive" | "passive-diff" => (passive(false, false), Vec::new()),
        "passive-same" => (passive(true, false), Vec::new()),
        "passive_sameWM" => (passive(false, true), Vec::new()),
        "passive-expert" => (passive(false, false), vec![Data::SecondHalf]),
        "passive-suboptimal" => (passive(false, false), vec![Data::FirstHalf]),
        "passive-mixed" => (passive(false, false), vec![Data::UniformHalf]),
        "tandem" => (tandem(false, false), Vec::new()),
        "tandem-same" => (tandem(true, false), Vec::new()),
        "tandem_sameWM" => (tandem(false, true), Vec::new()),
        _ => return None,
    })
}

fn data(agent: &str, name: &str, named: &[String]) -> Result<Data, String> {
    match (name, name.split_once(':')) {
        _ if named.iter().any(|n| n == name) => Ok(Data::Named(name.into())),
        ("active", _) => Ok(Data::Active),
        ("first-half", _) => Ok(Data::FirstHalf),
        ("second-half", _) => Ok(Data::SecondHalf),
        ("uniform-half", _) => Ok(Data::UniformHalf),
        (_, Some(("explore", weight))) => Ok(Data::Explore(share(agent, weight, 1.0)?)),
        _ if SCRIPTS.contains(&name) => Ok(Data::Script(name.into())),
        _ => Err(format!(
            "agent '{agent}': no data is called '{name}'; there are active, first-half, second-half, uniform-half, explore:W, {}, and \
             what [dataset.NAME] names",
            SCRIPTS.join(", ")
        )),
    }
}

/// A number above 0 and at most `whole`, as a share of it.
fn share(agent: &str, text: &str, whole: f64) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|v| *v > 0.0 && *v <= whole);
    value
        .map(|v| v / whole)
        .ok_or_else(|| format!("agent '{agent}': '{text}' is no number above 0 and up to {}", number(whole)))
}

fn unknown(name: &str, part: &str) -> String {
    format!(
        "agent '{name}': '{part}' is not known. Agents are active, passive, passive-same, passive_sameWM, passive-expert, \
         passive-suboptimal, passive-mixed, tandem, tandem-same, tandem_sameWM; a passive one may go on with +fixed:PERCENT, \
         +adaptive, +yoked, +explore:WEIGHT or @DATA"
    )
}

impl Data {
    /// Its name, as after the `@`.
    pub fn name(&self) -> String {
        match self {
            Self::Active => "active".into(),
            Self::FirstHalf => "first-half".into(),
            Self::SecondHalf => "second-half".into(),
            Self::UniformHalf => "uniform-half".into(),
            Self::Explore(weight) => format!("explore:{weight}"),
            Self::Script(name) | Self::Named(name) => name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Result<Agent, String> {
        Agent::parse(name, &["mine".into()])
    }

    #[test]
    fn every_agent_of_the_paper_has_its_name() {
        let passive = Kind::Passive { same: false, frozen: false };
        for (name, kind, collects, data) in [
            ("active", Kind::Active(0.0), Collects::Never, Data::Active),
            ("active+explore:0.5", Kind::Active(0.5), Collects::Never, Data::Active),
            ("passive-same", Kind::Passive { same: true, frozen: false }, Collects::Never, Data::Active),
            ("passive_sameWM", Kind::Passive { same: false, frozen: true }, Collects::Never, Data::Active),
            ("tandem", Kind::Tandem { same: false, same_model: false }, Collects::Never, Data::Active),
            ("tandem_sameWM", Kind::Tandem { same: false, same_model: true }, Collects::Never, Data::Active),
            ("passive+fixed:10", passive.clone(), Collects::Fixed(0.1), Data::Active),
            ("passive+adaptive", passive.clone(), Collects::Adaptive, Data::Active),
            ("passive+yoked@mine", passive.clone(), Collects::Yoked, Data::Named("mine".into())),
            ("passive+explore:0.9", passive.clone(), Collects::Never, Data::Explore(0.9)),
            ("passive-expert", passive.clone(), Collects::Never, Data::SecondHalf),
            ("passive+adaptive@narrow", passive, Collects::Adaptive, Data::Script("narrow".into())),
        ] {
            assert_eq!(parse(name), Ok(Agent { name: name.into(), kind, collects, data }), "{name}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_there_is() {
        for (name, word) in [
            ("passiv", "passive_sameWM"),
            ("passive+sometimes", "+adaptive"),
            ("passive+fixed:0", "up to 100"),
            ("passive+fixed:x", "up to 100"),
            ("passive@nothing", "uniform-half"),
            ("passive-expert@narrow", "two sets"),
            ("tandem+adaptive", "nothing else"),
            ("active@narrow", "its own data"),
            ("passive_sameWM@narrow", "must the data be"),
        ] {
            let refused = parse(name).unwrap_err();
            assert!(refused.contains(word) && refused.contains(name), "{name}: {refused}");
        }
    }

    #[test]
    fn only_those_that_are_given_data_are_given_other_data() {
        assert_eq!(parse("passive").unwrap().given("mine", &["mine".into()]).unwrap().name, "passive@mine");
        for name in ["active", "tandem", "passive_sameWM", "passive-expert"] {
            assert_eq!(parse(name).unwrap().given("mine", &["mine".into()]), None, "{name}");
        }
    }
}
