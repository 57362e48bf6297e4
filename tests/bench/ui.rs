//! How long a key waits for its picture, and what the screen costs: `cargo bench --bench ui`.
//!
//! First what is drawn, in this process; then the program itself in a pty with a dataset of a million states on its map, idle
//! and while a top-up trains; last what leaves the screen. Prints milliseconds and bytes; asserts nothing, because machines are
//! shared and noisy.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "ui/drawn.rs"]
mod drawn;
#[path = "../it/ui_fixture.rs"]
mod fixture;
#[path = "ui/program.rs"]
mod program;

fn main() {
    drawn::all();
    program::all();
}

/// Median, 95 %, 99 % and longest of some times, in milliseconds.
fn told(what: &str, mut ms: Vec<f64>) {
    ms.sort_by(f64::total_cmp);
    let at = |q: f64| ms.get(((ms.len() as f64 - 1.0) * q) as usize).copied().unwrap_or(f64::NAN);
    println!(
        "{what:<64} median {:>6.1} ms   95 % {:>6.1}   99 % {:>6.1}   longest {:>6.1}   ({} times)",
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0),
        ms.len()
    );
}
