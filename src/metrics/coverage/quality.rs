//! A dataset against others of its environment (Schweighofer et al. 2022; Swazinna et al. 2021).
//!
//! SACo = u(D) / u(R), u the number of different state-actions, R the reference. TQ = (g(D) - g(random)) / (g(expert) -
//! g(random)), g the mean undiscounted return. ERI = (best return - g(D)) / g(D).

use super::cells::Cells;
use super::grid::Grid;
use super::published;
use super::ranges::{self, Column};
use super::recorded::{Peers, Recorded};
use crate::ground::bootstrap::{self, Bootstrap, Interval};
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::report::{Level, Report};

/// With more than this share of cells that hold one step only, SACo compares little but sizes.
const TOO_FINE: f64 = 0.9;

/// Adds SACo, TQ and ERI as far as they can be had, and says what is missing.
pub(super) fn tell(
    report: &mut Report,
    data: &Recorded<'_>,
    peers: &Peers<'_>,
    b: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    if data.episodes.is_empty() {
        return Ok(());
    }
    for (what, peer) in [("reference", &peers.reference), ("random dataset", &peers.random)] {
        let Some(peer) = peer else { continue };
        let widths = |r: &Recorded<'_>| (r.observation.len(), r.action.len());
        if widths(peer) != widths(data) || peer.episodes.is_empty() {
            let ((d, a), (d2, a2)) = (widths(data), widths(peer));
            return Err(Fault::failed(format!(
                "the {what} has {} episodes of {d2} observation and {a2} action dimensions, the dataset \
                    has {d} and {a}: name a dataset of the same environment",
                peer.episodes.len()
            )));
        }
    }
    if let Some(reference) = &peers.reference {
        saco(report, data, reference, b, cx)?;
    }
    trajectory_quality(report, data, peers, b, cx)?;
    improvement(report, data, b, cx)
}

fn saco<'a>(
    report: &mut Report,
    data: &Recorded<'a>,
    reference: &Recorded<'a>,
    b: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    let a = if data.action.choices.is_some() { 0 } else { data.action.len() };
    let bins = bins(data.observation.len() + a);
    // Bounds that both share: what both together span.
    let ends = |ours: &[Column], theirs: &[Column]| -> Vec<(f64, f64)> {
        ours.iter().zip(theirs).map(|(o, t)| (o.seen.min.min(t.seen.min), o.seen.max.max(t.seen.max))).collect()
    };
    let states = |r: &Recorded<'a>| ranges::columns(r, &r.observation, |e| e.states, None, cx);
    let actions = |r: &Recorded<'a>| ranges::columns(r, &r.action, |e| e.actions, None, cx);
    let mut sides: Vec<((f64, f64), u32)> =
        ends(&states(data)?, &states(reference)?).into_iter().map(|e| (e, bins)).collect();
    let action_ends = ends(&actions(data)?, &actions(reference)?);
    sides.extend(action_ends.into_iter().map(|(lo, hi)| match data.action.choices {
        // Every choice is a bin of its own.
        Some(_) => ((lo - 0.5, hi + 0.5), (hi - lo) as u32 + 1),
        None => ((lo, hi), bins),
    }));
    let grid = Grid::new(sides);
    let count = |r: &Recorded<'a>| -> Result<Cells, Fault> {
        let (d, a) = (r.observation.len(), r.action.len());
        let keys = super::actions::keys(r, cx, |e, t| {
            grid.key(e.states.get(t * d..(t + 1) * d)?.iter().chain(e.actions.get(t * a..(t + 1) * a)?).copied())
        })?;
        Ok(Cells::count(keys, r.episodes.len()))
    };
    let (ours, theirs) = (count(data)?, count(reference)?);
    let [u, u_ref] = [&ours, &theirs].map(|c| c.occupied() as f64);
    let definition = format!(
        "SACo: different state-actions of all episodes ({u}) over those of the reference ({u_ref}), in \
            cells of {bins} bins a dimension over the range that both span together; interval: 95 %, \
            jackknife over the episodes of both."
    );
    report
        .stat("saco", "SACo", u / u_ref, "", &definition)
        .of(ours.states() as usize, "steps")
        .within(ratio_interval(&ours, &theirs, b));
    let alone = ours.alone().min(theirs.alone());
    if alone > TOO_FINE {
        report.note(
            Level::Warn,
            format!(
                "SACo: {:.0} % of the cells hold a single step, so it compares little but the numbers of steps \
            ({} and {}).",
                100.0 * alone,
                ours.states(),
                theirs.states()
            ),
        );
    }
    Ok(())
}

/// Bins a dimension that leave more than one step to a cell of a usual dataset.
fn bins(dims: usize) -> u32 {
    match dims {
        0..=4 => 10,
        5..=10 => 5,
        _ => 3,
    }
}

/// Errors of both counts on the scale of logarithms.
fn ratio_interval(ours: &Cells, theirs: &Cells, b: &Bootstrap) -> Option<Interval> {
    let log = |c: &Cells| {
        let here = (c.occupied() as f64).ln();
        let left_out = c.left_out();
        let (lo, hi) =
            bootstrap::jackknife(left_out.iter().map(|t| t.occupied.ln()), here, (f64::NEG_INFINITY, f64::INFINITY))?;
        Some((here, (hi - lo) / 2.0))
    };
    let ((x, dx), (y, dy)) = if b.draws > 0 { (log(ours)?, log(theirs)?) } else { return None };
    let half = dx.hypot(dy);
    Some(((x - y - half).exp(), (x - y + half).exp()))
}

fn trajectory_quality(
    report: &mut Report,
    data: &Recorded<'_>,
    peers: &Peers<'_>,
    b: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    let published = peers.ids.iter().find_map(|id| published::d4rl(id));
    let best = peers.reference.as_ref().map(|r| r.returns().into_iter().fold(f64::NEG_INFINITY, f64::max));
    let random_returns = peers.random.as_ref().map(Recorded::returns);
    let expert = best.map(|g| (g, "the reference's best return")).or(published.map(|p| (p.1, "D4RL's expert")));
    let random = random_returns
        .as_ref()
        .map(|g| (stats::mean(g), "the random dataset's mean return"))
        .or(published.map(|p| (p.0, "D4RL's random policy")));
    let (Some((top, of_top)), Some((bottom, of_bottom))) = (expert, random) else {
        let mut missing = vec![];
        if random.is_none() {
            missing.push("a random policy's return (--random DATASET)");
        }
        if expert.is_none() {
            missing.push("an expert's return (--reference DATASET)");
        }
        report
            .note(Level::Info, format!("TQ (trajectory quality) is not given: missing is {}.", missing.join(" and ")));
        return Ok(());
    };
    let returns: Vec<(f64, f64)> = data.returns().into_iter().map(|g| (g, 1.0)).collect();
    let m = returns.len();
    let value = (bootstrap::ratio(&returns, &vec![1; m]) - bottom) / (top - bottom);
    if top <= bottom {
        report
            .note(Level::Warn, format!("TQ is undefined: {of_top} ({top:.3}) is not above {of_bottom} ({bottom:.3})."));
        return Ok(());
    }
    let means = b.draws(m, "tq", cx, |w| bootstrap::ratio(&returns, w))?;
    let bottoms = match &random_returns {
        Some(g) => {
            let pairs: Vec<(f64, f64)> = g.iter().map(|&g| (g, 1.0)).collect();
            b.draws(pairs.len(), "tq random", cx, |w| bootstrap::ratio(&pairs, w))?
        }
        None => vec![],
    };
    let drawn = means.iter().enumerate().map(|(i, g)| {
        let bottom = bottoms.get(i).copied().unwrap_or(bottom);
        (g - bottom) / (top - bottom)
    });
    let definition = format!(
        "TQ: (mean return - random) / (expert - random) with random = {bottom:.3} ({of_bottom}) and \
            expert = {top:.3} ({of_top}); interval: 95 % over episodes drawn anew, the expert's return held."
    );
    report
        .stat("tq", "trajectory quality (TQ)", value, "", &definition)
        .of(m, "episodes")
        .within(bootstrap::percentile(drawn));
    Ok(())
}

fn improvement(report: &mut Report, data: &Recorded<'_>, b: &Bootstrap, cx: &Ctx) -> Result<(), Fault> {
    let returns = data.returns();
    let (mean, best) = (stats::mean(&returns), returns.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    if mean <= 0.0 {
        report.note(
            Level::Info,
            format!(
                "ERI (estimated relative return improvement) is undefined: it divides by the mean return, which \
            is {mean:.3} and not above 0."
            ),
        );
        return Ok(());
    }
    let pairs: Vec<(f64, f64)> = returns.iter().map(|&g| (g, 1.0)).collect();
    let draws = b.draws(pairs.len(), "eri", cx, |w| {
        let mean = bootstrap::ratio(&pairs, w);
        if mean > 0.0 { best / mean - 1.0 } else { f64::NAN }
    })?;
    report
        .stat(
            "eri",
            "return improvement (ERI)",
            best / mean - 1.0,
            "",
            "Estimated relative return improvement: (best return - mean return) / mean return over all episodes; \
        interval: 95 % over episodes drawn anew, the best return held.",
        )
        .of(returns.len(), "episodes")
        .within(bootstrap::percentile(draws));
    Ok(())
}
