use serde::{Deserialize, Serialize};

/// What a row of features is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Base {
    /// The observation `s_t`.
    #[default]
    #[serde(rename = "observation")]
    Observation,
    /// The observation and the action `(s_t, a_t)`; a discrete action is one column a choice, 1 where it was taken.
    #[serde(rename = "observation+action")]
    ObservationAction,
    /// The last hidden layer of the checkpoint's world model (its first elite member) at `(s_t, a_t)`.
    #[serde(rename = "latent")]
    Latent,
}

/// The feature space that distances are measured in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeatureSpec {
    /// What a row is made of.
    pub base: Base,
    /// Names or numbers (from 0) of the dimensions that are looked at; all where none is named.
    pub dims: Vec<String>,
    /// Share of the variance of the standardised training part that the leading principal axes are to carry; nothing
    /// keeps the dimensions as they are.
    pub pca: Option<f64>,
    /// Dimensions that are another one over again count as well, as do all that are named.
    pub keep_duplicates: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_written_as_the_command_line_says_it() {
        let spec = FeatureSpec {
            base: Base::ObservationAction,
            dims: vec!["ẋ".into()],
            pca: Some(0.95),
            ..FeatureSpec::default()
        };
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(json, r#"{"base":"observation+action","dims":["ẋ"],"pca":0.95,"keep_duplicates":false}"#);
        assert_eq!(serde_json::from_str::<FeatureSpec>(&json).unwrap(), spec);
        assert_eq!(serde_json::from_str::<FeatureSpec>("{}").unwrap(), FeatureSpec::default());
    }
}
