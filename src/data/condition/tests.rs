use serde_json::Value;

use super::*;

/// The table that `tests/reference/make_conditions.py` asked `DuckDB` of.
fn oracle() -> (Vec<Column>, usize, Value) {
    let text = include_str!("../../../tests/reference/oracles/conditions.json");
    let all: Value = serde_json::from_str(text).expect("JSON");
    let float = |name: &str| ["return", "score"].contains(&name);
    let entry = |name: &str, value: &Value| match value {
        Value::Bool(yes) => Entry::Truth(*yes),
        Value::Number(n) if !float(name) => Entry::Whole(n.as_i64().expect("whole")),
        Value::Number(n) => Entry::Number(n.as_f64().expect("number")),
        Value::String(text) if float(name) => Entry::Number(text.parse().expect("nan or inf")),
        Value::String(text) => Entry::Text(text.clone()),
        _ => Entry::Missing,
    };
    let columns = all["columns"].as_object().expect("columns").iter().map(|(name, values)| {
        let values = values.as_array().expect("values");
        Column::new(name, values.iter().map(|value| entry(name, value)).collect())
    });
    (columns.collect(), 10, all["rows"].clone())
}

#[test]
fn conditions_are_met_by_the_rows_that_duckdb_finds() {
    let (columns, rows, wanted) = oracle();
    let wanted = wanted.as_object().expect("conditions");
    assert!(wanted.len() > 130, "{} conditions", wanted.len());
    let mut wrong = Vec::new();
    for (condition, ids) in wanted {
        let ids: Vec<u64> = ids.as_array().expect("ids").iter().filter_map(Value::as_u64).collect();
        let met = rows_meeting(&columns, rows, condition);
        let found = met.map(|met| (0..10).zip(met).filter(|(_, met)| *met).map(|(id, _)| id).collect::<Vec<u64>>());
        if found.as_ref() != Ok(&ids) {
            wrong.push(format!("{condition}: {found:?}, DuckDB {ids:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_asked_is_said() {
    let (columns, rows, _) = oracle();
    for (condition, why) in [
        ("steps > ", "ends too early"),
        ("(steps > 3", "ends too early"),
        ("steps > 3)", "should end before ')'"),
        ("steps > 3; DROP TABLE episodes", "should end before ';'"),
        ("steps > 3 ORDER BY id", "should end before 'ORDER'"),
        ("stesp > 3", "asks for stesp, and no column is called so"),
        ("\"Steps\" > 3", "asks for Steps, and no column is called so"),
        ("steps", "it is a number"),
        ("part", "it is a text"),
        ("NULL", "it is nothing"),
        ("steps = '200'", "steps is a number and '200' is a text"),
        ("part = 5", "part is a text and 5 is a number"),
        ("part IN ('train', 5)", "part is a text and 5 is a number"),
        ("part + 1 = 2", "a text, where it takes a number"),
        ("steps AND terminated", "steps is a number, where true or false"),
        ("NOT steps", "steps is a number, where true or false"),
        ("steps LIKE '2%'", "steps is a number, where a text"),
        ("part LIKE flags", "a text in single quotes"),
        ("part ~ '('", "the pattern '('"),
        ("foo(steps) > 3", "asks for the function foo; there are ABS"),
        ("ABS() > 3", "ABS takes 1 and was given 0"),
        ("ABS(id, steps) > 3", "ABS takes 1 and was given 2"),
        ("COALESCE(score, part) = 1", "of texts and of numbers"),
        ("CASE WHEN terminated THEN 1 ELSE 'a' END = 1", "now of one kind"),
        ("AVG(part) > 3", "part is a text, where a number"),
        ("AVG(AVG(steps)) > 3", "within a function of all episodes"),
        ("COUNT(DISTINCT steps) > 3", "asks more of the function"),
        ("QUANTILE_CONT(steps, 2) > 3", "a number from 0 to 1"),
        ("QUANTILE_CONT(steps, id) > 3", "a number from 0 to 1"),
        ("id IN (SELECT id FROM episodes)", "a query of its own"),
        ("id = (SELECT 1)", "a query of its own"),
        ("id & 1 = 1", "& is nothing that a condition can do"),
        ("CASE part WHEN 5 THEN TRUE END", "part is a text and 5 is a number"),
        ("id BETWEEN 1 AND 'a'", "id is a number and 'a' is a text"),
        ("others.id = 1", "nothing that a condition can hold"),
        ("id = $1", "nothing that a condition can hold"),
        ("'open", "Unterminated string"),
        ("", "ends too early"),
    ] {
        let refused = rows_meeting(&columns, rows, condition).expect_err(condition).to_string();
        assert!(refused.contains(why), "{condition}: {refused}");
    }
}

#[test]
fn long_and_deep_conditions_are_answered() {
    let (columns, rows, _) = oracle();
    let long = vec!["id = 3"; 1000].join(" OR ");
    assert_eq!(rows_meeting(&columns, rows, &long).map(|met| met.iter().filter(|met| **met).count()), Ok(1));
    // Nothing is gone through more often than it is written, however it is nested.
    let nested = |front: &str, back: &str| format!("{}id{} = 1", front.repeat(20), back.repeat(20));
    for nested in [nested("(", " BETWEEN 0 AND 1)"), nested("CASE ", " WHEN 0 THEN 0 WHEN 1 THEN 1 ELSE 2 END")] {
        assert!(rows_meeting(&columns, rows, &nested).is_ok(), "{nested}");
    }
    let list: Vec<String> = (3..50_000).map(|id| id.to_string()).collect();
    let listed = rows_meeting(&columns, rows, &format!("id IN ({})", list.join(", ")));
    assert_eq!(listed.map(|met| met.iter().filter(|met| **met).count()), Ok(7));
    for deep in [
        vec!["id = 3"; 20_000].join(" OR "),
        format!("id = {}", vec!["1"; 4000].join(" + ")),
        format!("{}id = 3{}", "(".repeat(5000), ")".repeat(5000)),
        format!("{}id = 3", "NOT ".repeat(3000)),
        format!("{}id = 3", "- ".repeat(3000)),
        format!("id = {}1{}", "CASE WHEN TRUE THEN ".repeat(800), " END".repeat(800)),
        format!("id = {}1{}", "ABS(".repeat(1300), ")".repeat(1300)),
    ] {
        assert!(rows_meeting(&columns, rows, &deep).is_err());
    }
}
