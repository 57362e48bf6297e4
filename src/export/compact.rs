//! The library's SVG as readers want it: in points, with dashes, each text on a line of its own, and many small marks of one
//! colour as one path.

use std::fmt::Write as _;

use super::palette::DASHES;

/// The library draws at whole numbers: hundredths of a point.
pub const FINE: f64 = 100.0;
/// The library's pens have a width and no dashes: the number of the dashes counts these.
pub const DASH: u32 = 10_000;
/// So many small marks one after the other become paths.
const MANY: usize = 8;

/// A length in the library's numbers; what is no number is 0, and what is far off is beyond the paper.
pub fn fine(v: f64) -> i32 {
    (v * FINE).round().clamp(-1e7, 1e7) as i32
}

/// The library's `svg` of `width` and `height` points, finished.
pub fn finish(svg: &str, width: f64, height: f64) -> String {
    let (width, height) = (f64::from(fine(width)) / FINE, f64::from(fine(height)) / FINE);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\">\n<g transform=\"scale({})\" stroke-linejoin=\"round\">\n",
        1.0 / FINE
    );
    let body: Vec<&str> = svg.lines().skip(1).filter(|l| *l != "</svg>").collect();
    for run in body.chunk_by(|a, b| is_small(a) == is_small(b)) {
        if run.len() >= MANY && is_small(run[0]) {
            paths(&mut out, run);
        } else {
            for line in run {
                plain(&mut out, line);
            }
        }
    }
    out + "</g>\n</svg>\n"
}

fn plain(out: &mut String, line: &str) {
    if !line.starts_with('<') || line == "</text>" {
        out.truncate(out.trim_end().len());
    }
    let line = attribute(line, " stroke-width=\"", |n| stroke(n as u32));
    let line = attribute(&line, " font-size=\"", |n| format!("{}\"", n.round()));
    // The middle of capitals and digits, not of small letters.
    *out += &line.replace(" dy=\"0.5ex\"", " dy=\"0.36em\"").replace(" opacity=\"1\"", "");
    out.push('\n');
}

/// True for a full rectangle or disc. Labels are escaped, so that none looks like one.
fn is_small(line: &str) -> bool {
    (line.starts_with("<rect ") || line.starts_with("<circle ")) && line.contains(" stroke=\"none\"")
}

/// Rectangles and discs as one path for each colour, in the order in which the colours come first.
fn paths(out: &mut String, lines: &[&str]) {
    let mut all: Vec<(String, String)> = Vec::new();
    for line in lines {
        let get = |name: &str| value(line, name).unwrap_or("0");
        let opacity = match get("opacity") {
            "1" => String::new(),
            o => format!(" opacity=\"{o}\""),
        };
        let (fill, mut d) = (get("fill"), String::new());
        let paint = if line.starts_with("<rect ") {
            let (x, y, w, h) = (get("x"), get("y"), get("width"), get("height"));
            let _ = write!(d, "M{x} {y}h{w}v{h}h-{w}z");
            format!("{opacity} fill=\"{fill}\"")
        } else {
            let wide = get("r").parse::<u32>().unwrap_or(0) * 2;
            // A line that is too short to be seen: its ends are the disc.
            let _ = write!(d, "M{} {}h1", get("cx"), get("cy"));
            format!("{opacity} fill=\"none\" stroke=\"{fill}\" stroke-width=\"{wide}\" stroke-linecap=\"round\"")
        };
        match all.iter_mut().find(|p| p.0 == paint) {
            Some(path) => path.1 += &d,
            None => all.push((paint, d)),
        }
    }
    for (paint, d) in all {
        let _ = writeln!(out, "<path{paint} d=\"{d}\"/>");
    }
}

/// What an attribute says.
pub fn value<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let start = line.find(&format!(" {name}=\""))? + name.len() + 3;
    line[start..].split('"').next()
}

fn stroke(coded: u32) -> String {
    let width = coded % DASH;
    match DASHES.get((coded / DASH) as usize) {
        Some(dashes) if !dashes.is_empty() => {
            let lengths: Vec<String> = dashes.iter().map(|d| fine(*d).to_string()).collect();
            format!("{width}\" stroke-dasharray=\"{}\"", lengths.join(" "))
        }
        _ => format!("{width}\""),
    }
}

/// The line with the number of an attribute rewritten; quotes of labels are escaped, so that no label looks like one.
fn attribute(line: &str, name: &str, write: impl Fn(f64) -> String) -> String {
    let parts = line.split_once(name).and_then(|(a, rest)| rest.split_once('"').map(|(n, b)| (a, n, b)));
    match parts {
        Some((before, number, after)) => match number.parse() {
            Ok(n) => format!("{before}{name}{}{after}", write(n)),
            Err(_) => line.to_string(),
        },
        None => line.to_string(),
    }
}
