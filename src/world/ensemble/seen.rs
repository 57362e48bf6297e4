//! What a network sees of an observation where that is not its columns as they are: PETS and those who follow it leave columns
//! out, and give an angle as its sine and cosine (Chua et al. 2018, `obs_preproc`).

use std::fmt;
use std::str::FromStr;

/// One column of what a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A column of the observation as it is.
    Column(usize),
    /// The sine of a column, which is an angle in radians.
    Sin(usize),
    /// Its cosine.
    Cos(usize),
}

impl Seen {
    /// The column of the observation that it is made of.
    pub fn column(self) -> usize {
        match self {
            Self::Column(c) | Self::Sin(c) | Self::Cos(c) => c,
        }
    }

    /// Its value for an observation.
    pub fn of(self, obs: &[f32]) -> f32 {
        match self {
            Self::Column(c) => obs[c],
            Self::Sin(c) => obs[c].sin(),
            Self::Cos(c) => obs[c].cos(),
        }
    }

    /// Sine and cosine of the angle in column 1, then the others: PETS's cartpole, of 4 columns.
    pub fn pets_cartpole() -> Vec<Self> {
        vec![Self::Sin(1), Self::Cos(1), Self::Column(0), Self::Column(2), Self::Column(3)]
    }

    /// Without the velocity in column 0, and with sine and cosine of the angle in column 2: PETS's halfcheetah, of 18 columns.
    pub fn pets_halfcheetah() -> Vec<Self> {
        let rest = (3..18).map(Self::Column);
        [Self::Column(1), Self::Sin(2), Self::Cos(2)].into_iter().chain(rest).collect()
    }
}

/// What a network sees of the observation `obs`: `seen`, or all of it where that is empty.
pub fn look<'a>(seen: &'a [Seen], obs: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
    let whole = if seen.is_empty() { obs } else { &[] };
    whole.iter().copied().chain(seen.iter().map(|s| s.of(obs)))
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(c) => write!(f, "{c}"),
            Self::Sin(c) => write!(f, "sin {c}"),
            Self::Cos(c) => write!(f, "cos {c}"),
        }
    }
}

impl FromStr for Seen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no column of an observation: write 3, sin 3 or cos 3");
        let (function, column) = text.trim().split_once(' ').unwrap_or(("", text));
        let column = column.trim().parse().map_err(|_| wrong())?;
        match function {
            "" => Ok(Self::Column(column)),
            "sin" => Ok(Self::Sin(column)),
            "cos" => Ok(Self::Cos(column)),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_written_and_read() {
        for seen in Seen::pets_cartpole().into_iter().chain(Seen::pets_halfcheetah()) {
            assert_eq!(seen.to_string().parse(), Ok(seen));
        }
        for wrong in ["", "tan 1", "-1", "sin", "1.5", "sin 1 2"] {
            assert!(wrong.parse::<Seen>().unwrap_err().contains("sin 3"), "{wrong}");
        }
    }

    #[test]
    fn an_angle_is_seen_as_its_sine_and_cosine() {
        let obs = [2.0, std::f32::consts::FRAC_PI_2, 3.0, 4.0];
        let seen: Vec<f32> = look(&Seen::pets_cartpole(), &obs).collect();
        assert!((seen[0] - 1.0).abs() < 1e-6 && seen[1].abs() < 1e-6);
        assert_eq!(seen[2..], [2.0, 3.0, 4.0]);
        assert_eq!(look(&[], &obs).collect::<Vec<_>>(), obs);
        let obs: Vec<f32> = (0..18u8).map(f32::from).collect();
        let seen: Vec<f32> = look(&Seen::pets_halfcheetah(), &obs).collect();
        assert_eq!((seen.len(), seen[0], seen[3], seen[17]), (18, 1.0, 3.0, 17.0));
    }
}
