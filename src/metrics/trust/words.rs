//! Which alarm to trust, in words: by what it does at its threshold, and by how its score ranks.

use super::contest::{Contest, Entry};
use super::draws::{PAIRED, RESAMPLES, THINNED};
use super::truth::{Estimate, Kind, Truth};
use super::use_at_threshold::AtThreshold;
use crate::metrics::report::{Level, Report};
use crate::metrics::threshold::percent;

/// A score that ranks at least so well and gains less than [`NO_USE`] at its threshold is named.
const RANKS_WELL: f64 = 0.7;
/// Gain of an alarm that is of no use.
const NO_USE: f64 = 0.05;
/// An alarm that fires on a smaller share of what is bad misses most of it.
const HALF: f64 = 0.5;
/// What the sentence that says which alarm to trust begins with.
pub const TRUST: &str = "Trust ";

/// Adds the sentences: of use at the threshold, by rank, and what the numbers are.
pub fn notes(report: &mut Report, contest: &Contest, truth: &Truth) {
    if let Some((level, text)) = at_threshold(contest, truth) {
        report.note(level, text);
    }
    let (level, text) = by_rank(contest, truth);
    report.note(level, text);
    report.note(Level::Info, basis(contest, truth));
    if let Some(l) = contest.length {
        report.note(
            Level::Info,
            format!(
                "AUROC and AUPRC hold a failed and a sound episode against each other over the steps that both have, since the \
                 largest score of a longer episode is larger by chance; the length of an episode alone has AUROC {:.2} {}.",
                l.auroc.value,
                interval(l.auroc)
            ),
        );
    }
}

fn basis(contest: &Contest, truth: &Truth) -> String {
    let (unit, most) = (unit(truth), if truth.kind == Kind::LowReturn { PAIRED } else { THINNED });
    format!(
        "How alarms are compared: Spearman's rho of a score with {}, AUROC and AUPRC (average precision; chance is {:.2}) for positive = {}; \
         {} {unit} of {} episodes, {} of them positive; intervals: 95 %, {RESAMPLES} draws of whole episodes, not \
         stratified{}{}.",
        severity(truth),
        contest.positive as f64 / contest.rows as f64,
        truth.definition,
        contest.rows,
        contest.episodes,
        contest.positive,
        if contest.rows > most { format!(", over {most} evenly thinned {unit}") } else { String::new() },
        match contest.one_class {
            0 => String::new(),
            n => format!(" ({n} draws without both classes are left out of AUROC and AUPRC)"),
        }
    )
}

/// Which alarm tells bad from good at its threshold, and which score that ranks well does not; nothing where no signal has a
/// threshold or a class is missing.
fn at_threshold(contest: &Contest, truth: &Truth) -> Option<(Level, String)> {
    let mut used: Vec<(&Entry, AtThreshold, Estimate)> = contest
        .entries
        .iter()
        .filter_map(|e| e.at.map(|(at, gain)| (e, at, gain)))
        .filter(|(_, at, _)| !at.gain.is_nan())
        .collect();
    used.sort_by(|a, b| b.1.gain.total_cmp(&a.1.gain));
    let &(best, at, gain) = used.first()?;
    let unit = unit(truth);
    let fires = |at: &AtThreshold| format!("{} of bad and {} of good {unit}", percent(at.bad), percent(at.good));
    let lead = |at: &AtThreshold| match at.lead {
        Some(l) if l.alarmed > 0 => {
            format!(", in {} of {} failed ones, {:.0} steps before the end", l.alarmed, l.failed, l.median)
        }
        _ => String::new(),
    };
    let idle: Vec<String> = used
        .iter()
        .filter(|(e, at, _)| e.auroc.value >= RANKS_WELL && at.gain < NO_USE)
        .map(|(e, at, _)| format!("{} (AUROC {:.2}) fires on {}", e.score.label, e.auroc.value, fires(at)))
        .collect();
    let idle = match idle.len() {
        0 => String::new(),
        1 => format!(" Of no use as an alarm at its threshold is one that ranks well: {}.", idle[0]),
        n => format!(" Of no use as alarms at their thresholds are {n} that rank well: {}.", idle.join("; ")),
    };
    if at.gain <= 0.0 || gain.interval.is_some_and(|(low, _)| low <= 0.0) {
        let text = format!(
            "{TRUST}none of the alarms: at its threshold none tells bad from good {unit} better than chance; {} is the best and fires on {} (gain {:.2} {}).{idle}",
            best.score.label,
            fires(&at),
            at.gain,
            interval(gain)
        );
        return Some((Level::Warn, text));
    }
    let others: Vec<String> = used
        .iter()
        .skip(1)
        .filter(|(_, at, _)| at.gain >= NO_USE)
        .take(2)
        .map(|(e, at, _)| format!("{} on {}", e.score.label, fires(at)))
        .collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join("; ")) };
    // An alarm that sleeps through most of what is bad is the best of what is there, and not to be relied on.
    let sleeps = at.bad < HALF;
    let but = if sleeps { ", though it misses most that is bad" } else { "" };
    let level = match gain.interval {
        _ if sleeps => Level::Warn,
        Some(_) => Level::Good,
        None => Level::Info,
    };
    let text = format!(
        "{TRUST}{} most{but}: at its threshold it fires on {}{}{others}.{idle}",
        best.score.label,
        fires(&at),
        lead(&at)
    );
    Some((level, text))
}

/// What AUROC is.
pub fn area(truth: &Truth) -> &'static str {
    match truth.kind {
        Kind::ModelError => "Area under the ROC curve",
        Kind::LowReturn => {
            "Prefix-matched concordance (area under the ROC curve over the steps that two episodes share)"
        }
    }
}

/// Names the best and the others with their numbers, or says that none is better than chance.
fn by_rank(contest: &Contest, truth: &Truth) -> (Level, String) {
    let (what, name, chance) = match truth.kind {
        Kind::ModelError => ("the model's error", "rho", 0.0),
        Kind::LowReturn => ("a low return", "AUROC", 0.5),
    };
    let of = |e: &Entry| if truth.kind == Kind::ModelError { e.rho } else { e.auroc };
    let Some(best) = contest.entries.first() else { return (Level::Info, String::new()) };
    let words = |e: &Entry| format!("{} {:.2} {}", e.score.label, of(e).value, interval(of(e)));
    let others: Vec<String> = contest.entries.iter().skip(1).take(3).map(words).collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    let numbers = format!("{name} {:.2} {}{others}", of(best).value, interval(of(best)));
    match of(best).interval {
        _ if of(best).value.is_nan() => (
            Level::Warn,
            format!(
                "Nothing says which alarm predicts {what}: {} of {} {} failed.",
                contest.positive,
                contest.rows,
                unit(truth)
            ),
        ),
        None => (
            Level::Info,
            format!(
                "{} goes best with {what} ({numbers}), but {} episodes with {} failed {} are too few to tell it from chance.",
                best.score.label,
                contest.episodes,
                contest.positive,
                unit(truth)
            ),
        ),
        Some((low, _)) if low <= chance => (
            Level::Warn,
            format!(
                "On this data no alarm predicts {what} better than chance: the best is {} ({numbers}).",
                best.score.label
            ),
        ),
        Some(_) => {
            let second = contest.entries.get(1).filter(|_| contest.lead.is_some_and(|(low, _)| low <= 0.0));
            let tie =
                second.map_or_else(String::new, |s| format!(" The lead over {} is within chance.", s.score.label));
            // Another question than which alarm to trust, and often another answer.
            let text = format!(
                "By rank alone, wherever its threshold is, {} predicts {what} best: {numbers}.{tie}",
                best.score.label
            );
            (Level::Info, text)
        }
    }
}

/// What scores are held against.
pub fn severity(truth: &Truth) -> &'static str {
    match truth.kind {
        Kind::ModelError => "the realised one-step model error",
        Kind::LowReturn => "the lost return (the episode's largest score against its return, which rewards length)",
    }
}

/// What a row is.
pub fn unit(truth: &Truth) -> &'static str {
    match truth.kind {
        Kind::ModelError => "steps",
        Kind::LowReturn => "episodes",
    }
}

/// "[0.66, 0.75]"; a dash where there is none.
pub fn interval(e: Estimate) -> String {
    e.interval.map_or_else(|| "-".into(), |(low, high)| format!("[{low:.2}, {high:.2}]"))
}
