//! Colours by meaning: dark, light and a palette safe for colour-blind eyes. Widgets draw in true colour; one pass at
//! the end ([`Theme::finish`]) brings the picture down to what the terminal can show.

mod cells;
pub mod custom;
mod degrade;
mod palette;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::ground::ascii;

use custom::Custom;
pub use palette::Palette;

/// A family of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Light ink on dark ground.
    Dark,
    /// Dark ink on light ground.
    Light,
    /// Okabe and Ito's colours and cividis maps on dark ground: told apart by colour-blind eyes.
    Safe,
    /// Colours from a file.
    Custom(&'static Custom),
}

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: shapes and bold only (`NO_COLOR`).
    Mono,
    /// The terminal's own sixteen.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// 24 bits.
    True,
}

/// Scheme, depth and character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Colours.
    pub scheme: Scheme,
    /// What the terminal can show of them.
    pub depth: Depth,
    /// Only ASCII characters.
    pub ascii: bool,
}

impl Scheme {
    /// The scheme called `name`.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Dark, Self::Light, Self::Safe].into_iter().find(|s| s.name() == name)
    }

    /// Its name for `--theme` and the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Safe => "safe",
            Self::Custom(custom) => &custom.name,
        }
    }

    /// What was written to have it.
    pub fn named_as(self) -> &'static str {
        match self {
            Self::Custom(custom) => &custom.asked,
            other => other.name(),
        }
    }
}

impl Theme {
    /// The scheme asked for in 24 bits and Unicode.
    pub fn new(scheme: Scheme) -> Self {
        Self { scheme, depth: Depth::True, ascii: false }
    }

    /// What suits the terminal that `var` (the environment) tells of; `asked` overrides the choice of scheme.
    ///
    /// `COLORFGBG` ends with the background's number: 7 and 9 to 15 are light. `NO_COLOR`, `COLORTERM` and `TERM` say
    /// how many colours there are, the locale whether there is more than ASCII.
    pub fn detect(asked: Option<Scheme>, var: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).unwrap_or_default();
        let light = set("COLORFGBG")
            .rsplit(';')
            .next()
            .and_then(|b| b.parse::<u8>().ok())
            .is_some_and(|b| b == 7 || (9..=15).contains(&b));
        let (term, colorterm) = (set("TERM"), set("COLORTERM"));
        let depth = if !set("NO_COLOR").is_empty() || term == "dumb" {
            Depth::Mono
        } else if colorterm.contains("truecolor") || colorterm.contains("24bit") || term.contains("direct") {
            Depth::True
        } else if term.contains("256") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        };
        let ascii = ascii::only(var);
        Self { scheme: asked.unwrap_or(if light { Scheme::Light } else { Scheme::Dark }), depth, ascii }
    }

    /// The same terminal with the next scheme.
    pub fn next(self) -> Self {
        let scheme = match self.scheme {
            Scheme::Dark => Scheme::Light,
            Scheme::Light => Scheme::Safe,
            Scheme::Safe => custom::read_before().map_or(Scheme::Dark, Scheme::Custom),
            Scheme::Custom(_) => Scheme::Dark,
        };
        Self { scheme, ..self }
    }

    /// The scheme's colours.
    pub fn colors(self) -> &'static Palette {
        match self.scheme {
            Scheme::Dark => &palette::DARK,
            Scheme::Light => &palette::LIGHT,
            Scheme::Safe => &palette::SAFE,
            Scheme::Custom(custom) => &custom.palette,
        }
    }

    /// Colour of the `i`-th curve of a plot.
    pub fn series(self, i: usize) -> Color {
        let all = &self.colors().series;
        all[i % all.len()]
    }

    /// Colour of a map at `t` between 0 and 1.
    pub fn ramp(self, t: f64) -> Color {
        palette::along(self.colors().ramp, t)
    }

    /// Colour of a number in units of its alarm threshold: calm below 1, then warning, then alarm from 2 on.
    pub fn heat(self, v: f64) -> Color {
        let c = self.colors();
        if v.is_nan() {
            c.dim
        } else if v < 1.0 {
            palette::mix(c.calm, c.warn, ((v - 0.6) / 0.4).clamp(0.0, 1.0) * 0.6)
        } else {
            palette::mix(c.warn, c.alarm, (v - 1.0).clamp(0.0, 1.0))
        }
    }

    /// `color` over the ground with the given opacity: bands and shades.
    pub fn tint(self, color: Color, opacity: f64) -> Color {
        palette::mix(self.colors().ground, color, opacity)
    }

    /// Plain words.
    pub fn text(self) -> Style {
        Style::new().fg(self.colors().text)
    }

    /// Words that stand back.
    pub fn dim(self) -> Style {
        Style::new().fg(self.colors().dim)
    }

    /// Lines that hardly show.
    pub fn faint(self) -> Style {
        Style::new().fg(self.colors().faint)
    }

    /// Numbers and headings.
    pub fn strong(self) -> Style {
        Style::new().fg(self.colors().bright).add_modifier(Modifier::BOLD)
    }

    /// What has the focus.
    pub fn accent(self) -> Style {
        Style::new().fg(self.colors().accent).add_modifier(Modifier::BOLD)
    }

    /// The selected row.
    pub fn selected(self) -> Style {
        Style::new().fg(self.colors().bright).bg(self.colors().select)
    }

    /// True where maps need characters because colours cannot carry them.
    pub fn shades_only(self) -> bool {
        self.ascii || self.depth <= Depth::Sixteen
    }

    /// A character for a number between 0 and 1 where colours cannot carry it, from light to dark.
    pub fn shade(self, t: f64) -> &'static str {
        const BLOCKS: &[&str] = &["░", "▒", "▓", "█"];
        const LETTERS: &[&str] = &[".", ":", "-", "=", "+", "*", "#", "%", "@"];
        let shades = if self.ascii { LETTERS } else { BLOCKS };
        shades[((t * shades.len() as f64).max(0.0) as usize).min(shades.len() - 1)]
    }

    /// Brings a finished picture down to the terminal's colours and characters.
    pub fn finish(self, buf: &mut Buffer) {
        if self.ascii {
            cells::rewrite(buf);
        }
        if self.depth < Depth::True {
            degrade::colors(buf, self.depth, self.colors());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vars: &[(&str, &str)]) -> Theme {
        let vars: Vec<(String, String)> = vars.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        Theme::detect(None, &move |name| vars.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()))
    }

    #[test]
    fn the_environment_chooses() {
        let good = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "en_US.UTF-8")];
        assert_eq!(with(&good), Theme::new(Scheme::Dark));
        assert_eq!(with(&[("TERM", "xterm-256color"), ("COLORFGBG", "0;default;15")]).scheme, Scheme::Light);
        assert_eq!(with(&[("TERM", "xterm"), ("COLORFGBG", "15;0")]).scheme, Scheme::Dark);
        assert_eq!(with(&[("TERM", "screen-256color")]).depth, Depth::Indexed);
        assert_eq!(with(&[("TERM", "xterm")]).depth, Depth::Sixteen);
        assert_eq!(with(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]).depth, Depth::Mono);
        assert!(with(&[("TERM", "linux")]).ascii && with(&[("LC_ALL", "C")]).ascii);
    }

    #[test]
    fn an_option_beats_the_environment_and_names_round_trip() {
        assert_eq!(Theme::detect(Some(Scheme::Safe), &|_| None).scheme, Scheme::Safe);
        for scheme in [Scheme::Dark, Scheme::Light, Scheme::Safe] {
            assert_eq!(Scheme::named(scheme.name()), Some(scheme));
        }
        assert_eq!(Scheme::named("neon"), None);
    }
}
