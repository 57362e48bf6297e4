//! The colours of figures as variables of the page: white paper, dark paper, and always white on paper that is printed.

use std::fmt::Write as _;

use super::super::dark;

/// Colours of the page itself that no figure has: name, on white, on dark.
const PAGE: [(&str, &str, &str); 10] = [
    ("back", "#f4f5f7", "#0d1014"),
    ("card", "#ffffff", "#161a20"),
    ("text", "#1d2127", "#e3e7ec"),
    ("dim", "#59616c", "#9aa4b0"),
    ("line", "#dfe2e7", "#2b3139"),
    ("link", "#005e94", "#6cbaf0"),
    ("alarm", "#b3261e", "#ff8a7a"),
    ("warn", "#8a5300", "#f2b632"),
    ("good", "#00704f", "#2fc99a"),
    ("wash", "#fdecea", "#2b1917"),
];

/// The rules.
pub fn style() -> String {
    let colours = dark::colours();
    let set = |is_dark: bool| {
        let mut out = String::from(if is_dark { "color-scheme:dark;" } else { "color-scheme:light;" });
        for (name, light, dark) in PAGE {
            let _ = write!(out, "--{name}:{};", if is_dark { dark } else { light });
        }
        for (i, (light, dark)) in colours.iter().enumerate() {
            let _ = write!(out, "--k{i}:{};", if is_dark { dark } else { light });
        }
        out
    };
    let mut out = format!(
        ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{}}}}}\n:root[data-theme=dark]{{{}}}\n\
         @media print{{:root,:root:not([data-theme=light]),:root[data-theme=dark]{{{}}}}}\n",
        set(false),
        set(true),
        set(true),
        set(false)
    );
    for (i, (light, _)) in colours.iter().enumerate() {
        let _ =
            writeln!(out, "svg [fill=\"{light}\"]{{fill:var(--k{i})}}svg [stroke=\"{light}\"]{{stroke:var(--k{i})}}");
    }
    out
}
