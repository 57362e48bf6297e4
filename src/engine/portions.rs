//! What jobs tell of themselves, in portions: a few a second, however often they tell something.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ground::task::Told;

/// Time between two portions.
const PERIOD: Duration = Duration::from_millis(500);
/// Most numbers, and most episodes, of a portion; the latest stay.
const NUMBERS: usize = 2000;
const EPISODES: usize = 3;

/// What was told and not handed on yet.
#[derive(Debug, Default)]
pub struct Portions(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    told: Vec<Told>,
    last: Option<Instant>,
}

impl Portions {
    /// Takes in what was told at `now`; answers a portion where one is due. A sentence waits for nothing.
    pub fn take_in(&self, told: Told, now: Instant) -> Option<Vec<Told>> {
        let mut waiting = self.lock();
        let said = matches!(told, Told::Said(_) | Told::Decided(_));
        waiting.told.push(told);
        bound(&mut waiting.told);
        let due = said || waiting.last.is_none_or(|last| now.saturating_duration_since(last) >= PERIOD);
        due.then(|| {
            waiting.last = Some(now);
            std::mem::take(&mut waiting.told)
        })
    }

    /// There was no room for a portion: it goes before what was told since.
    pub fn give_back(&self, mut portion: Vec<Told>) {
        let mut waiting = self.lock();
        portion.append(&mut waiting.told);
        bound(&mut portion);
        waiting.told = portion;
    }

    /// What was not handed on.
    pub fn rest(&self) -> Vec<Told> {
        std::mem::take(&mut self.lock().told)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets go of what is too much, the earliest first. Sentences stay: there are few.
fn bound(told: &mut Vec<Told>) {
    let mut left = |is_one: fn(&Told) -> bool, most: usize| {
        let mut over = told.iter().filter(|told| is_one(told)).count().saturating_sub(most);
        told.retain(|told| {
            let goes = over > 0 && is_one(told);
            over -= usize::from(goes);
            !goes
        });
    };
    left(|told| matches!(told, Told::Episode { .. }), EPISODES);
    left(|told| matches!(told, Told::Number { .. }), NUMBERS);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn numbers_wait_for_their_time_and_sentences_do_not() {
        let (portions, start) = (Portions::default(), Instant::now());
        let number = |step| Told::Number { name: "a", step, value: 0.5 };
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(portions.take_in(number(1), at(0)), Some(vec![number(1)]));
        assert_eq!(portions.take_in(number(2), at(100)), None);
        let said = Told::Said("b".into());
        assert_eq!(portions.take_in(said.clone(), at(200)), Some(vec![number(2), said]));
        assert_eq!(portions.take_in(number(3), at(690)), None);
        assert_eq!(portions.take_in(number(4), at(710)), Some(vec![number(3), number(4)]));
        portions.give_back(vec![number(3)]);
        assert_eq!(portions.take_in(number(5), at(720)), None);
        assert_eq!((portions.rest(), portions.rest()), (vec![number(3), number(5)], vec![]));
    }

    #[test]
    fn of_episodes_the_latest_stay() {
        let (portions, now) = (Portions::default(), Instant::now());
        let episode = |i: u8| Told::Episode { dim: 1, obs: Arc::new(vec![f32::from(i)]) };
        portions.take_in(episode(0), now);
        (1..9).for_each(|i| _ = portions.take_in(episode(i), now));
        assert_eq!(portions.rest(), [episode(6), episode(7), episode(8)]);
    }
}
