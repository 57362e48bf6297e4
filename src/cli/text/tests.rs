use super::*;

fn example() -> Report {
    let mut r = Report::new("data", "Data: a\u{1b}[31m trap");
    r.stat("episodes", "episodes", 100.0, "", "how many");
    r.stat("return_mean", "mean return", -152.345, "", "mean").of(100, "episodes").between(-170.0, -134.5);
    r.stat("odd", "θ\u{307}", f64::NAN, "rad/s", "none");
    let rows = (0..25).map(|i: usize| vec![Cell::from(i), Cell::from("truncated"), Cell::from(-0.5)]).collect();
    let columns = ["index", "ended", "return"].map(String::from).to_vec();
    r.tables.push(Table { key: "episodes".into(), label: "Episodes".into(), columns, rows });
    r.note(Level::Warn, "3 rows with NaN are skipped");
    r
}

#[test]
fn numbers_line_up_and_carry_n_unit_and_interval() {
    let text = report(&example());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[2], "  episodes        100");
    assert_eq!(lines[3], "  mean return  -152.3        [-170, -134.5]  n = 100 episodes");
    assert_eq!(lines[4], format!("  θ\u{307}{}– rad/s", " ".repeat(17)));
    assert!(text.contains("  index  ended      return\n      0  truncated    -0.5\n"), "{text}");
    assert!(text.contains("… and 5 more rows"));
    assert!(text.contains("! 3 rows with NaN are skipped"));
    let list = Report { stats: Vec::new(), ..example() };
    assert!(report(&list).contains("24  truncated") && !report(&list).contains("more rows"), "a list is whole");
}

#[test]
fn shares_are_percent_and_one_is_singular() {
    let mut r = Report::new("diagnosis", "Diagnosis");
    r.stat("novel_episodes", "episodes that leave the data", 0.9, "", "Share of episodes.").of(1, "episodes");
    r.stat("horizon", "horizon", 1.0, "steps", "Steps.");
    let text = report(&r);
    assert!(text.contains("90 %") && text.contains("n = 1 episode\n") && text.contains("1 step\n"), "{text}");
    // In JSON 1 is the whole, as it was.
    assert_eq!(serde_json::to_value(&r).unwrap()["stats"][0]["value"], 0.9);
}

#[test]
fn control_characters_of_a_file_never_reach_the_terminal() {
    let text = report(&example());
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn what_was_written_is_named() {
    let o = Outcome { summary: "fitted".into(), written: vec!["checkpoint".into()] };
    assert_eq!(outcome(&o), "fitted\nwrote checkpoint\n");
}
