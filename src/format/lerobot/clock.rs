//! The time stamps of frames, held against the frame rate.

/// A time between two frames that is more than so many usual ones is a gap, if it is beyond the usual one by more than so
/// many times as times usually differ from it.
const GAP: f64 = 1.5;
const JITTER: f64 = 8.0;
/// Usual times that differ by more than this part differ.
const RATE: f64 = 0.05;

/// The times of one episode.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Clock {
    /// Mean time between two frames without the gaps, in seconds; 0 where it does not go on.
    usual: f64,
    /// Times that are longer by far, and the longest, in seconds.
    gaps: usize,
    longest: f64,
    /// Frames that are not later than the one before them.
    back: usize,
}

impl Clock {
    /// Nothing where there are no two frames, or one has no time.
    pub fn of(times: &[f64]) -> Option<Self> {
        let between: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
        if between.is_empty() || between.iter().any(|t| !t.is_finite()) {
            return None;
        }
        let mut sorted = between.clone();
        sorted.sort_by(f64::total_cmp);
        let usual = sorted[sorted.len() / 2].max(0.0);
        let mut jitter: Vec<f64> = between.iter().map(|t| (t - usual).abs()).collect();
        jitter.sort_by(f64::total_cmp);
        let most = (GAP * usual).max(usual + JITTER * jitter[jitter.len() / 2]);
        let is_gap = |t: &&f64| usual > 0.0 && **t > most;
        let (n, sum) = between.iter().filter(|t| !is_gap(t)).fold((0.0, 0.0), |(n, sum), t| (n + 1.0, sum + t));
        Some(Self {
            usual: if usual > 0.0 { sum / n } else { 0.0 },
            gaps: between.iter().filter(is_gap).count(),
            longest: sorted.last().copied().unwrap_or(0.0),
            back: between.iter().filter(|&&t| t <= 0.0).count(),
        })
    }
}

/// What is odd about the times of `episodes`, of which each has its number.
pub(super) fn warnings(episodes: &[(u64, Clock)], fps: Option<f64>) -> Vec<String> {
    let mut warnings = Vec::new();
    let all = episodes.len();
    let with_gaps: Vec<&(u64, Clock)> = episodes.iter().filter(|(_, c)| c.gaps > 0).collect();
    if let Some((id, worst)) = with_gaps.iter().copied().max_by(|a, b| a.1.longest.total_cmp(&b.1.longest)) {
        let gaps: usize = with_gaps.iter().map(|(_, c)| c.gaps).sum();
        warnings.push(format!(
            "timestamp: {gaps} {} in {} of {all} episodes, the longest of {} s in episode {id}, where a frame takes {} s: \
             frames are missing there, or the clock jumped",
            if gaps == 1 { "gap" } else { "gaps" },
            with_gaps.len(),
            seconds(worst.longest),
            seconds(worst.usual)
        ));
    }
    let back: Vec<&(u64, Clock)> = episodes.iter().filter(|(_, c)| c.back > 0).collect();
    if let Some((first, _)) = back.first() {
        let frames: usize = back.iter().map(|(_, c)| c.back).sum();
        warnings.push(format!(
            "timestamp: {frames} frames are not later than the frame before them, in {} of {all} episodes (first: episode \
             {first})",
            back.len()
        ));
    }
    let Some(period) = fps.filter(|&fps| fps > 0.0).map(|fps| 1.0 / fps) else { return warnings };
    let differs = |(_, c): &&(u64, Clock)| c.usual > 0.0 && (c.usual - period).abs() > RATE * period;
    let other: Vec<&(u64, Clock)> = episodes.iter().filter(differs).collect();
    if let Some((first, clock)) = other.first() {
        warnings.push(format!(
            "timestamp: in {} of {all} episodes a frame takes another time than fps in meta/info.json says (first: episode \
             {first}, {} s for {} s)",
            other.len(),
            seconds(clock.usual),
            seconds(period)
        ));
    }
    warnings
}

/// Seconds to a thousandth, without zeros at the end.
fn seconds(t: f64) -> String {
    format!("{t:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_steps_back_and_other_rates_are_told_apart() {
        let even = |n: usize, period: f64| (0..n).map(|i| i as f64 * period).collect::<Vec<f64>>();
        let clock = |times: &[f64]| Clock::of(times).expect("two frames");
        let told = |clocks: &[Clock], fps: Option<f64>| {
            let episodes: Vec<(u64, Clock)> = (0..).zip(clocks.iter().copied()).collect();
            warnings(&episodes, fps)
        };
        let good = clock(&even(50, 0.05));
        assert_eq!(told(&[good, good], Some(20.0)), Vec::<String>::new());
        // A clock of f32 and some jitter are no gaps.
        let jitter: Vec<f64> =
            (0..50).map(|i| f64::from(900.0f32 + i as f32 * 0.05) + 0.004 * f64::from(i % 3)).collect();
        assert_eq!(told(&[clock(&jitter)], Some(20.0)), Vec::<String>::new());
        let mut jump = even(50, 0.05);
        jump[30..].iter_mut().for_each(|t| *t += 9.0);
        let text = told(&[good, clock(&jump)], Some(20.0)).join("; ");
        assert!(text.contains("1 gap in 1 of 2 episodes, the longest of 9.05 s in episode 1"), "{text}");
        let mut back = even(50, 0.05);
        back[10] = 0.0;
        let text = told(&[clock(&back)], Some(20.0)).join("; ");
        assert!(text.contains("1 frames are not later than the frame before them, in 1 of 1"), "{text}");
        let text = told(&[clock(&even(9, 0.1))], Some(20.0)).join("; ");
        assert!(text.contains("(first: episode 0, 0.1 s for 0.05 s)"), "{text}");
        assert_eq!(
            (told(&[clock(&even(9, 0.1))], None).len(), Clock::of(&[1.0]), Clock::of(&[0.0, f64::NAN])),
            (0, None, None)
        );
    }
}
