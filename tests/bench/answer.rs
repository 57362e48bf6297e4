//! How long a key waits for its picture, idle and while a top-up trains: `cargo bench --bench answer`.
//!
//! The program runs in a pty on the shipped demo; a key changes the panel, and the time is taken until the new panel's
//! text has arrived. Prints milliseconds; asserts nothing, because machines are shared and noisy.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const ROUNDS: usize = 200;
const ROWS: NonZeroU16 = NonZeroU16::new(60).expect("not zero");
const COLUMNS: NonZeroU16 = NonZeroU16::new(200).expect("not zero");
const SIZE: PtySize = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };

struct Screen {
    parser: vt100::Parser,
    bytes: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
}

impl Screen {
    /// Waits until `text` shows; answers how long that took, or nothing after `limit`.
    fn until(&mut self, text: &str, limit: Duration) -> Option<Duration> {
        let began = Instant::now();
        while !self.parser.screen().contents().contains(text) {
            let left = limit.checked_sub(began.elapsed())?;
            self.parser.process(&self.bytes.recv_timeout(left).ok()?);
        }
        Some(began.elapsed())
    }

    fn press(&mut self, key: &str) {
        let written = self.keys.write_all(key.as_bytes()).and_then(|()| self.keys.flush());
        assert!(written.is_ok(), "the program takes keys");
    }

    /// Milliseconds from key to picture, sorted.
    fn times(&mut self) -> Vec<f64> {
        let panels = [("1", "Return of an episode"), ("2", "Novelty of held-out")];
        let mut times = Vec::new();
        for i in 0..ROUNDS {
            let (key, text) = panels[i % 2];
            // What is left of earlier pictures must not pass for the answer.
            while let Ok(bytes) = self.bytes.try_recv() {
                self.parser.process(&bytes);
            }
            if self.parser.screen().contents().contains(text) {
                continue;
            }
            self.press(key);
            match self.until(text, Duration::from_secs(2)) {
                Some(took) => times.push(took.as_secs_f64() * 1e3),
                None => println!("panel {key} did not show within 2 s"),
            }
            std::thread::sleep(Duration::from_millis(40));
        }
        times.sort_by(f64::total_cmp);
        times
    }
}

fn main() {
    let root = env!("CARGO_MANIFEST_DIR");
    let runs = tempfile::tempdir().expect("a scratch folder");
    let pty = native_pty_system().openpty(SIZE).expect("a pty");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_oodscope"));
    command.args([
        format!("{root}/datasets/pendulum/narrow-v0"),
        "--checkpoint".into(),
        format!("{root}/assets/pendulum-narrow"),
    ]);
    command.cwd(runs.path());
    command.env("TERM", "xterm-256color");
    let mut child = pty.slave.spawn_command(command).expect("the program starts");
    let mut reader = pty.master.try_clone_reader().expect("the pty is read");
    let (sender, bytes) = channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        while let Ok(n) = reader.read(&mut buffer) {
            if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                break;
            }
        }
    });
    let keys = pty.master.take_writer().expect("the pty is written to");
    let mut screen = Screen { parser: vt100::Parser::new(ROWS, COLUMNS, 0), bytes, keys };
    screen.until("Return of an episode", Duration::from_secs(20)).expect("the data panel shows");
    std::thread::sleep(Duration::from_secs(4));
    report("idle", &screen.times());
    screen.press("5");
    screen.until("adaptive", Duration::from_secs(2)).expect("the top-up panel shows");
    screen.press("t");
    screen.until("fine-tuning", Duration::from_secs(30)).expect("the top-up trains");
    report("while a top-up trains", &screen.times());
    screen.press("q");
    std::thread::sleep(Duration::from_millis(300));
    drop(child.kill());
}

fn report(when: &str, times: &[f64]) {
    let at = |q: f64| times.get(((times.len() as f64 - 1.0) * q) as usize).copied().unwrap_or(f64::NAN);
    println!(
        "key to picture, {when}: median {:.1} ms, 95 % {:.1} ms, longest {:.1} ms ({} keys, 200 x 60)",
        at(0.5),
        at(0.95),
        at(1.0),
        times.len()
    );
}
