//! What an episode's evidence says: is it the data, the model, or the policy?
//!
//! | novelty | model error | return | verdict |
//! | --- | --- | --- | --- |
//! | high | high | any | coverage: top up |
//! | high | low | any | generalises: do not top up on novelty alone |
//! | low | high | any | aleatoric noise or an underfit model |
//! | low | low | low | policy, critic or reward, not coverage |
//! | low | low | fine or unknown | within competence |
//!
//! High means that some step is beyond a trajectory-level conformal threshold, so each column raises a false alarm in at
//! most a share alpha of episodes like the calibration ones.

use super::report::Level;
use super::threshold::is_alarm;
use crate::ground::number::number;

/// What the evidence points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Outside the data and the model is wrong there: data is missing.
    Coverage,
    /// Inside the data and the model is wrong all the same.
    AleatoricOrUnderfit,
    /// Inside the data, the model is right, and the return is low.
    PolicyOrReward,
    /// Outside the data, and no model is there to ask.
    OutsideUnknown,
    /// Outside the data, and the model is right all the same.
    Generalises,
    /// Nothing is wrong.
    WithinCompetence,
}

/// Numbers of one episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Steps of the episode.
    pub steps: usize,
    /// Largest novelty in units of its threshold.
    pub peak_novelty: f64,
    /// Steps beyond the novelty threshold.
    pub novel_steps: usize,
    /// Largest one-step model error in units of its threshold, where there is a model.
    pub peak_error: Option<f64>,
    /// Steps beyond the error threshold.
    pub wrong_steps: usize,
    /// Steps beyond both.
    pub together: usize,
    /// Novelty or error stays beyond its threshold for some steps in a row, or to the end.
    pub lasting: bool,
    /// Undiscounted return.
    pub ret: f64,
    /// Return below which a return is low, where one is known.
    pub low_return: Option<f64>,
}

impl Evidence {
    /// The verdict of the table above.
    pub fn verdict(&self) -> Verdict {
        let novel = is_alarm(self.peak_novelty);
        match self.peak_error.map(is_alarm) {
            Some(true) if novel => Verdict::Coverage,
            Some(false) if novel => Verdict::Generalises,
            None if novel => Verdict::OutsideUnknown,
            Some(true) => Verdict::AleatoricOrUnderfit,
            Some(false) | None if self.low_return.is_some_and(|low| self.ret < low) => Verdict::PolicyOrReward,
            Some(false) | None => Verdict::WithinCompetence,
        }
    }

    /// Short name for tables.
    pub fn name(&self) -> &'static str {
        match self.verdict() {
            Verdict::Coverage if !self.lasting => "edge of the data",
            verdict => verdict.name(),
        }
    }

    /// How loud it is said: alarms of single steps are none, of which some are promised to every set of episodes.
    pub fn level(&self) -> Level {
        match self.verdict().level() {
            Level::Alarm if !self.lasting => Level::Warn,
            level => level,
        }
    }

    /// What the verdict means and what to do. Where no world model was asked, nothing is said of one.
    pub fn advice(&self) -> &'static str {
        match (self.verdict(), self.peak_error) {
            (Verdict::Coverage, _) if !self.lasting => {
                "At the edge of the data: novelty and model error pass their thresholds for single steps only; no reason to top up by itself"
            }
            (Verdict::Coverage, _) if self.together == 0 => {
                "Coverage problem: the episode leaves the data, and at other steps of it the world model is wrong; top up"
            }
            (Verdict::PolicyOrReward, None) => {
                "Not a coverage problem: the states are known and the return is low; look at the policy, its critic or the reward"
            }
            (Verdict::WithinCompetence, None) => "No alarm: the states are known",
            (verdict, _) => verdict.advice(),
        }
    }

    /// The verdict in words with the numbers it rests on.
    pub fn sentence(&self) -> String {
        let of = |n: usize| format!("{n} of {} steps", self.steps);
        let novelty =
            format!("novelty peaks at {:.2} x its threshold ({} beyond it)", self.peak_novelty, of(self.novel_steps));
        let error = self.peak_error.map_or_else(String::new, |e| {
            format!(", one-step model error at {e:.2} x its threshold ({} beyond it)", of(self.wrong_steps))
        });
        let ret = self.low_return.map_or_else(
            || format!("return {}", number(self.ret)),
            |low| {
                let than = if self.ret < low { "lower than" } else { "not lower than" };
                format!("return {} ({than} {})", number(self.ret), number(low))
            },
        );
        format!("{}: {novelty}{error}, {ret}.", self.advice())
    }
}

impl Verdict {
    /// Short name for tables.
    fn name(self) -> &'static str {
        match self {
            Self::Coverage => "coverage",
            Self::AleatoricOrUnderfit => "aleatoric or underfit",
            Self::PolicyOrReward => "policy or reward",
            Self::OutsideUnknown => "outside the data",
            Self::Generalises => "generalises",
            Self::WithinCompetence => "within competence",
        }
    }

    /// What it means and what to do, where a world model was asked.
    fn advice(self) -> &'static str {
        match self {
            Self::Coverage => {
                "Coverage problem: the episode leaves the data and the world model is wrong there; top up"
            }
            Self::AleatoricOrUnderfit => {
                "Not a coverage problem: the data has such states and the world model is still wrong; noise, or fit it longer"
            }
            Self::PolicyOrReward => {
                "Not a coverage problem: known states, and one step ahead the world model errs no more than usual; look at the policy, its critic or the reward"
            }
            Self::OutsideUnknown => "The episode leaves the data; whether a world model copes there is not known",
            Self::Generalises => {
                "The episode leaves the data, but the world model errs no more there than usual: do not top up on novelty alone"
            }
            Self::WithinCompetence => {
                "No alarm: known states, and one step ahead the world model errs no more than usual"
            }
        }
    }

    /// How loud it is said.
    fn level(self) -> Level {
        match self {
            Self::Coverage => Level::Alarm,
            Self::AleatoricOrUnderfit | Self::PolicyOrReward | Self::OutsideUnknown => Level::Warn,
            Self::Generalises | Self::WithinCompetence => Level::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(novelty: f64, error: Option<f64>, ret: f64) -> Evidence {
        Evidence {
            steps: 200,
            peak_novelty: novelty,
            novel_steps: 7,
            peak_error: error,
            wrong_steps: 3,
            together: 2,
            lasting: true,
            ret,
            low_return: Some(-300.0),
        }
    }

    #[test]
    fn the_table_of_verdicts() {
        for (novelty, error, ret, want) in [
            (2.0, Some(2.0), 0.0, Verdict::Coverage),
            (2.0, Some(0.9), -900.0, Verdict::Generalises),
            (2.0, None, 0.0, Verdict::OutsideUnknown),
            (0.9, Some(2.0), 0.0, Verdict::AleatoricOrUnderfit),
            (0.9, Some(0.9), -900.0, Verdict::PolicyOrReward),
            (0.9, Some(0.9), -100.0, Verdict::WithinCompetence),
            (1.0, Some(1.0), -100.0, Verdict::WithinCompetence),
            (0.9, None, -900.0, Verdict::PolicyOrReward),
            (f64::INFINITY, Some(f64::NAN), 0.0, Verdict::Coverage),
        ] {
            assert_eq!(evidence(novelty, error, ret).verdict(), want, "{novelty} {error:?} {ret}");
        }
    }

    #[test]
    fn alarms_of_single_steps_and_at_different_places_are_told_as_such() {
        let lasting = evidence(2.0, Some(2.0), 0.0);
        let brief = Evidence { lasting: false, ..lasting };
        assert_eq!((lasting.level(), lasting.name()), (Level::Alarm, "coverage"));
        assert_eq!((brief.level(), brief.name()), (Level::Warn, "edge of the data"));
        assert!(brief.advice().contains("single steps only"), "{}", brief.advice());
        assert!(lasting.advice().contains("wrong there"));
        assert!(Evidence { together: 0, ..lasting }.advice().contains("at other steps"));
    }

    #[test]
    fn sentences_carry_their_evidence() {
        let text = evidence(2.5, Some(3.25), -900.0).sentence();
        for part in ["top up", "2.50 x", "7 of 200 steps", "3.25 x", "3 of 200 steps", "-900 (lower than -300)"] {
            assert!(text.contains(part), "'{part}' in: {text}");
        }
        assert!(!evidence(0.5, None, 1.0).sentence().contains("model"), "none was asked");
    }
}
