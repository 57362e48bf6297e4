//! The pages of the coverage panel.

use super::super::compared;
use crate::ui::layout::{
    Len::{Need, Part},
    Node::{Card as C, Column, Row},
    Page,
};

/// Its pages on a small screen.
pub const SMALL: &[Page] = &[
    Page(
        "map",
        Row(&[(Part(3), C("map:density")), (Part(2), Column(&[(Part(1), C("stats")), (Part(1), C("hist:novelty"))]))]),
    ),
    Page("holes", Column(&[(Part(1), C("table:holes")), (Part(1), C("notes"))])),
    Page("dimensions", Column(&[(Part(1), C("table:dimensions")), (Part(1), C("plot:spectrum"))])),
    Page(
        "actions",
        Column(&[
            (Part(1), C("table:actions")),
            (Part(1), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
        ]),
    ),
    Page("pairs", C("pairs")),
    Page("rollouts", compared::SMALL[0]),
    Page("shift", compared::SMALL[1]),
];
/// Its pages on a screen of middle size.
pub const MIDDLE: &[Page] = &[
    Page(
        "map",
        Column(&[
            (
                Part(3),
                Row(&[
                    (Part(3), C("map:density")),
                    (Part(2), Column(&[(Part(1), C("stats")), (Part(1), C("hist:novelty"))])),
                ]),
            ),
            (Need(13), Row(&[(Part(3), C("table:holes")), (Part(2), C("notes"))])),
        ]),
    ),
    Page(
        "dimensions",
        Column(&[
            (Part(1), C("table:dimensions")),
            (Part(1), Row(&[(Part(1), C("plot:spectrum")), (Part(1), C("hist:returns"))])),
        ]),
    ),
    Page(
        "actions",
        Column(&[
            (Part(1), C("table:actions")),
            (Part(1), Row(&[(Part(3), C("table:returns")), (Part(2), C("hist:lengths"))])),
        ]),
    ),
    Page("pairs", C("pairs")),
    Page("rollouts", compared::MIDDLE[0]),
    Page("shift", compared::MIDDLE[1]),
];
/// Its pages on a large screen.
pub const LARGE: &[Page] = &[
    Page(
        "map",
        Row(&[
            (Part(3), C("map:density")),
            (
                Part(2),
                Column(&[
                    (Need(24), C("stats")),
                    (Part(3), C("hist:novelty")),
                    (Part(3), C("table:holes")),
                    (Part(2), C("notes")),
                ]),
            ),
        ]),
    ),
    Page(
        "dimensions",
        Row(&[
            (Part(3), Column(&[(Part(1), C("table:dimensions")), (Part(1), C("table:actions"))])),
            (
                Part(2),
                Column(&[
                    (Part(1), C("plot:spectrum")),
                    (Part(1), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
                    (Part(1), C("table:returns")),
                ]),
            ),
        ]),
    ),
    Page("pairs", C("pairs")),
    Page("rollouts", compared::LARGE),
];
