//! What shells and `man` are told, and the demo of a program that lies alone.

use std::process::Command;

use crate::support::program::{Said, at, lonely, run};

#[test]
fn every_shell_completes_every_sub_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]);
        for word in ["topup", "completions", "checkpoint", "oodscope"] {
            assert!(script.good().contains(word), "{shell}: {word}");
        }
    }
    let refused = run(&["completions", "cmd.exe"]);
    assert!(refused.status == Some(2) && refused.err.contains("fish"), "{refused:?}");
}

#[test]
fn the_program_and_its_sub_commands_have_pages() {
    let page = run(&["man"]);
    for words in [".TH oodscope 1", "oodscope\\-topup(1)", "SYNOPSIS", "EXTRA"] {
        assert!(page.good().contains(words), "{words}: {}", page.out);
    }
    let page = run(&["man", "topup"]);
    for words in [".TH oodscope-topup 1", "oodscope topup", "\\-\\-schedule"] {
        assert!(page.good().contains(words), "{words}: {}", page.out);
    }
    run(&["man", "nothing"]).refuses(&["nothing", "--help"]);
}

#[test]
fn the_demo_is_found_wherever_the_program_lies() {
    let program = lonely("alone");
    let report = |cache: &str| {
        let mut command = Command::new(&program);
        command.args(["report", "--json"]).current_dir(at("alone")).env("XDG_CACHE_HOME", at(cache));
        command.env("OODSCOPE_LOG", at("log")).output().map(Said::from).unwrap()
    };
    let whole = report("cache").json();
    let names: Vec<&str> = whole["reports"].as_array().unwrap().iter().filter_map(|r| r["name"].as_str()).collect();
    assert!(names.contains(&"data") && names.contains(&"imagination"), "{names:?}");
    assert!(at("cache").join("oodscope/demo/assets/pendulum-narrow/weights.safetensors").is_file());
}
