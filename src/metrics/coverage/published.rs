//! Published returns of random and expert policies.

/// Reference returns of D4RL's environments (`d4rl/infos.py`): the words by which a dataset's name is known, all of
/// which it must begin with, then random and expert return. Longer names stand before those that they begin with.
const D4RL: &[(&str, f64, f64)] = &[
    ("halfcheetah", -280.178_953, 12_135.0),
    ("hopper", -20.272_305, 3_234.3),
    ("walker2d", 1.629_008, 4_592.3),
    ("antmaze", 0.0, 1.0),
    ("ant", -325.6, 3_879.7),
    ("maze2d-umaze-dense", 68.537_689, 193.662_856_42),
    ("maze2d-medium-dense", 44.264_742, 297.455_254_78),
    ("maze2d-large-dense", 30.569_041, 303.485_737_38),
    ("maze2d-umaze", 23.85, 161.86),
    ("maze2d-medium", 13.13, 277.39),
    ("maze2d-large", 6.7, 273.99),
    ("kitchen", 0.0, 4.0),
    ("pen", 96.262_799, 3_076.833_1),
    ("hammer", -274.856_578, 12_794.134_8),
    ("relocate", -6.425_911, 4_233.877_8),
    ("door", -56.512_833, 2_880.569_3),
];

/// Kinds of D4RL dataset: the word after the environment's.
const KINDS: &[&str] = &[
    "random", "medium", "expert", "full", "umaze", "large", "complete", "partial", "mixed", "human", "cloned", "ultra",
];

/// Random and expert return of the D4RL dataset called `id` ("hopper-medium-v2", its file's "`hopper_medium-v2`", or
/// Minari's "D4RL/pen/human-v2"). Nothing for others: "mujoco/hopper/medium-v0" is of another version of the
/// environment, and its rewards are not comparable.
pub fn d4rl(id: &str) -> Option<(f64, f64)> {
    let id = id.trim().to_lowercase().replace('_', "-");
    // Minari's own D4RL sets keep the rewards of the Adroit environments only.
    let (name, known) = match id.strip_prefix("d4rl/") {
        Some(rest) => (rest.replace('/', "-"), &["pen", "hammer", "relocate", "door"][..]),
        None if id.contains('/') => return None,
        None => (id, &[][..]),
    };
    let fits = |row: &&(&str, f64, f64)| {
        let rest = name.strip_prefix(row.0)?;
        let maze = row.0.starts_with("maze2d");
        let kind = rest.strip_prefix('-').is_some_and(|k| maze || KINDS.iter().any(|kind| k.starts_with(kind)));
        (kind && (known.is_empty() || known.contains(&row.0))).then_some(())
    };
    D4RL.iter().find(|row| fits(row).is_some()).map(|row| (row.1, row.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_d4rl_are_known_and_others_are_not() {
        for id in ["hopper-medium-v2", "hopper_medium_replay-v2", "Hopper-Random-v0"] {
            assert_eq!(d4rl(id), Some((-20.272_305, 3_234.3)), "{id}");
        }
        assert_eq!(d4rl("maze2d-umaze-dense-v1"), Some((68.537_689, 193.662_856_42)));
        assert_eq!(d4rl("maze2d-umaze-v1"), Some((23.85, 161.86)));
        assert_eq!(d4rl("antmaze-umaze-v2"), Some((0.0, 1.0)));
        assert_eq!(d4rl("ant-expert-v2"), Some((-325.6, 3_879.7)));
        assert_eq!(d4rl("D4RL/pen/human-v2"), Some((96.262_799, 3_076.833_1)));
        for id in [
            "mujoco/hopper/medium-v0",
            "Hopper-v5",
            "Hopper-v2",
            "D4RL/pointmaze/umaze-v2",
            "pendulum/mixed-v0",
            "penguin-medium",
            "",
        ] {
            assert_eq!(d4rl(id), None, "{id}");
        }
    }
}
