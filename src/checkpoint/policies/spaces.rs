//! Pickled spaces of Gymnasium and of gym before it: what they state, without their code.

use crate::checkpoint::pickle::{Id, Pickle, Value, load_objects};
use crate::data::space::{Space, SpaceKind};

/// The space that `bytes` are the pickle of.
///
/// # Errors
/// A sentence naming a class that is not read.
pub fn space(bytes: &[u8]) -> Result<Space, String> {
    let (pickle, _) = load_objects(bytes)?;
    let (class, _) = pickle.object(pickle.root).ok_or("the pickle is no space")?;
    let numbers = |key: &str| pickle.entry(pickle.root, key).and_then(|id| floats(&pickle, id));
    match class.rsplit('.').next().unwrap_or(class) {
        "Box" => match (numbers("low"), numbers("high")) {
            (Some(low), Some(high)) if low.len() == high.len() && !low.is_empty() => {
                let dim = low.len();
                Ok(Space { kind: SpaceKind::Box { low, high }, ..Space::unnamed("action", dim) })
            }
            _ => Err("a Box without its bounds".into()),
        },
        "Discrete" => {
            let n =
                pickle.entry(pickle.root, "n").and_then(|id| pickle.number(id)).ok_or("a Discrete without its n")?;
            let start = pickle.entry(pickle.root, "start").and_then(|id| pickle.number(id)).unwrap_or(0.0);
            if !(1.0..1e6).contains(&n) || !begins(start) {
                return Err(format!("a Discrete of {n} choices from {start}"));
            }
            let kind = SpaceKind::Discrete { n: n as usize, start: start as i64 };
            Ok(Space { kind, ..Space::unnamed("action", 1) })
        }
        "MultiDiscrete" => {
            let n = numbers("nvec").ok_or("a MultiDiscrete without its nvec")?;
            if n.is_empty() || n.iter().any(|n| !(1.0..1e6).contains(n)) {
                return Err(format!("a MultiDiscrete of {n:?} choices"));
            }
            let start = numbers("start").filter(|s| s.len() == n.len()).unwrap_or_else(|| vec![0.0; n.len()]);
            if !start.iter().all(|s| begins(f64::from(*s))) {
                return Err(format!("a MultiDiscrete of {n:?} choices from {start:?}"));
            }
            let dim = n.len();
            let kind = SpaceKind::MultiDiscrete {
                n: n.into_iter().map(|n| n as usize).collect(),
                start: start.into_iter().map(|s| s as i64).collect(),
            };
            Ok(Space { kind, ..Space::unnamed("action", dim) })
        }
        other => Err(format!("a space of the kind {other}, which no policy is read of")),
    }
}

/// True of a number that choices can be counted from.
fn begins(start: f64) -> bool {
    start.abs() <= 1e9
}

fn floats(pickle: &Pickle, id: Id) -> Option<Vec<f32>> {
    match pickle.value(id) {
        Value::Array(a) => Some(a.values.iter().map(|v| *v as f32).collect()),
        list => pickle.numbers(list).map(|list| list.iter().map(|v| *v as f32).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Discrete of three as gymnasium pickles it, in the words of protocol 2.
    #[test]
    fn choices_and_what_is_none() {
        let discrete = b"\x80\x02cgymnasium.spaces.discrete\nDiscrete\n)\x81}(X\x01\0\0\0nK\x03X\x05\0\0\0startK\x01X\x05\0\0\0dtype\
                         cnumpy\nint64\nub.";
        let found = space(discrete).unwrap();
        assert_eq!(found.kind, SpaceKind::Discrete { n: 3, start: 1 });
        let far = b"\x80\x02cgymnasium.spaces.multi_discrete\nMultiDiscrete\n)\x81}(X\x04\0\0\0nvec]K\x03aX\x05\0\0\0start]G\x7e\x37\xe4\x3c\x88\x00\x75\x9caub.";
        assert!(space(far).unwrap_err().contains("from"), "a start that no integer holds");
        assert!(space(b"\x80\x02cmy.spaces\nSphere\n)\x81}b.").unwrap_err().contains("Sphere"));
        assert!(space(b"\x80\x02K\x01.").unwrap_err().contains("no space"));
        let system = b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R}b.";
        assert!(space(system).unwrap_err().contains("kind system"), "a name is only ever a name");
    }
}
