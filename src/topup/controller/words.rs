//! Decisions in words.

use std::fmt;

use super::{Decision, Reason, StopReason};

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converged => "R stayed below its threshold and the score holds",
            Self::NoEvidence => {
                "the score holds, and R was above its threshold too seldom, or by too little, to be told from chance"
            }
            Self::BudgetUsed => "the budget is used up and R is still above its threshold",
            Self::Stalled => "five top-ups did not lower the median R by 5 %, but the return rose",
            Self::Futile => "five top-ups did not lower the median R by 5 %: not a coverage problem",
            Self::ChecksUsed => "all checks are made",
            Self::Diverged => {
                "training diverged to NaN or infinite weights; the networks of the last good round are kept"
            }
            Self::User => "stopped by the user",
        })
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collect { steps, reason } => {
                let why = match reason {
                    Reason::AboveThreshold => "R is above its threshold",
                    Reason::Evidence => "R is above its threshold, and not by chance",
                    Reason::StillArmed => "R has not fallen far enough since the last alarm",
                    Reason::Asked => "you asked for it",
                    Reason::Scheduled => "the fixed schedule's turn",
                    Reason::Drawn => "this check was drawn",
                };
                write!(f, "collect {steps} steps: {why}")
            }
            Self::Confirm => f.write_str("done as it seems: the evaluation episodes decide"),
            Self::Train => f.write_str("train on what is there"),
            Self::Stop(reason) => write!(f, "stop: {reason}"),
        }
    }
}
