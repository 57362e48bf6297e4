//! What a card gains: `cargo bench --bench device --features cuda` (or `wgpu`) prints a row for the processor and for every card that
//! is there: training steps a second of MOPO's ensemble and of a recurrent model, imagined states a second, and how far the card's
//! numbers are from the processor's in the same run. Asserts nothing about times; numbers must agree within a thousandth.

#![allow(clippy::expect_used, reason = "a bench may end here")]

use std::time::Instant;

use oodscope::data::episode::TransitionBatch;
use oodscope::data::space::Actions;
use oodscope::ground::seed::stream;
use oodscope::ground::task::Ctx;
use oodscope::world::fit::{FitOptions, ModelKind};
use oodscope::world::imagine::{Rollouts, open_loop};
use oodscope::world::net::device::Device;
use oodscope::world::net::init;
use oodscope::world::world_model::WorldModel;
use oodscope::world::{ensemble, rssm};

/// Columns of observation and action: a cheetah's.
const COLUMNS: (usize, usize) = (17, 6);
/// Episodes and their steps.
const DATA: (usize, usize) = (64, 100);
/// Starts and steps of imagination.
const IMAGINED: (usize, usize) = (10_000, 50);
/// Gradient steps: some to warm up, whose losses are compared, and some that are timed.
const STEPS: (usize, usize) = (5, 20);
/// Largest relative difference that is allowed between devices.
const APART: f64 = 1e-3;

fn main() {
    let data = walks();
    let cards = (0..4).flat_map(|n| [Device::Cuda(n), Device::Vulkan(n)]).filter(|d| match d.resolve() {
        Ok(_) => true,
        Err(reason) => {
            if matches!(d, Device::Cuda(0) | Device::Vulkan(0)) {
                println!("{d}: {reason}");
            }
            false
        }
    });
    let devices: Vec<Device> = std::iter::once(Device::Cpu).chain(cards).collect();
    let wide = FitOptions { members: 7, elites: 5, hidden: 200, layers: 4, ..FitOptions::default() };
    let recurrent = FitOptions { kind: ModelKind::Rssm, members: 1, hidden: 512, layers: 2, ..FitOptions::default() };
    let mopo = ensemble::fresh(&data, &wide, &mut stream(0, "weights", 0));
    training("ensemble 7 x 200^4, 256 rows a member", &mopo, &data, 7 * 256, &devices);
    let model = rssm::fresh(&data, &recurrent, &mut stream(0, "weights", 0));
    training("rssm 512 wide, 16 x 32 steps", &model, &data, rssm::STRETCHES, &devices);
    imagination(&mopo, &devices);
}

/// A row a device: steps a second, and the largest difference of the losses while it warms up.
fn training(what: &str, model: &dyn WorldModel, data: &TransitionBatch, drawn: usize, devices: &[Device]) {
    let rows: Vec<usize> = (0..drawn).map(|i| i * 7919 % data.len()).collect();
    let mut first: Option<(Vec<f64>, f64)> = None;
    for device in devices {
        let mut fit = model.fit(data, data, *device).expect("the device was found");
        let losses: Vec<f64> = (0..STEPS.0).map(|_| fit.step(&rows, 1e-4)).collect();
        let begin = Instant::now();
        (0..STEPS.1).for_each(|_| {
            fit.step(&rows, 1e-4);
        });
        let rate = STEPS.1 as f64 / begin.elapsed().as_secs_f64();
        let (known, base) = first.get_or_insert_with(|| (losses.clone(), rate));
        let apart = losses.iter().zip(known).map(|(a, b)| (a / *b - 1.0).abs()).fold(0.0, f64::max);
        println!("{what}, {device}: {rate:.1} steps a second, {:.2} times cpu; losses {apart:.1e} apart", rate / *base);
        assert!(apart < APART, "losses on {device} are not those on cpu");
    }
}

fn imagination(model: &dyn WorldModel, devices: &[Device]) {
    let mut first: Option<(Rollouts, f64)> = None;
    for device in devices {
        let placed = model.placed_on(*device).expect("the device was found");
        // Once to warm up, once on time.
        let _ = imagined(&*placed);
        let begin = Instant::now();
        let rollouts = imagined(&*placed);
        let rate = (IMAGINED.0 * IMAGINED.1) as f64 / begin.elapsed().as_secs_f64();
        let (known, base) = first.get_or_insert_with(|| (rollouts.clone(), rate));
        let (mut apart, mut size) = (0.0, 0.0);
        for (a, b) in rollouts.obs.iter().zip(&known.obs) {
            apart += (f64::from(*a) - f64::from(*b)).powi(2);
            size += f64::from(*b).powi(2);
        }
        let apart = (apart / size).sqrt();
        println!(
            "imagination of {} x {} steps, {device}: {rate:.0} states a second, {:.2} times cpu; {apart:.1e} apart",
            IMAGINED.0,
            IMAGINED.1,
            rate / *base
        );
        assert!(apart < APART, "imagination on {device} is not that on cpu");
    }
}

fn imagined(model: &dyn WorldModel) -> Rollouts {
    let (data, (k, h)) = (walks(), IMAGINED);
    let rows: Vec<usize> = (0..k).map(|i| i * 31 % data.len()).collect();
    let stored = init::normal(k * h * COLUMNS.1, &mut stream(2, "actions", 0));
    open_loop(model, &data.pasts(&rows, 1), &Actions::new(&data.action_space, stored), h, None, &Ctx::quiet())
        .expect("nobody cancels")
}

/// Random walks.
fn walks() -> TransitionBatch {
    let ((d, a), (episodes, steps)) = (COLUMNS, DATA);
    let (n, rng) = (episodes * steps, &mut stream(1, "rows", 0));
    TransitionBatch {
        obs: init::normal(n * d, rng),
        next_obs: init::normal(n * d, rng),
        action: init::normal(n * a, rng),
        reward: init::normal(n, rng),
        terminated: vec![false; n],
        truncated: vec![false; n],
        episode: (0..n).map(|i| i / steps).collect(),
        step: (0..n).map(|i| i % steps).collect(),
        ..TransitionBatch::empty(d, a)
    }
}
