//! Several copies of an environment, side by side: [`VectorEnv`].

use super::spec::EnvSpec;
use crate::data::space::Actions;
use crate::ground::fault::Fault;

/// What one step of some copies answers; all of one length, the copies that stepped.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepBatch {
    /// [N, D] observations after the step; of an episode that ended, its own last one.
    pub obs: Vec<f32>,
    /// [N].
    pub reward: Vec<f64>,
    /// [N] the environment ended the episode.
    pub terminated: Vec<bool>,
    /// [N] a limit outside the environment ended it.
    pub truncated: Vec<bool>,
}

/// Copies of one environment. Every copy is reset and stepped by its number, so that those whose episode has ended can rest
/// or begin anew while the others go on.
pub trait VectorEnv: Send {
    /// What they are.
    fn spec(&self) -> &EnvSpec;

    /// Number of copies.
    fn copies(&self) -> usize;

    /// Begins an episode in each of `copies`, with its own seed: the same seed gives the same start, in whichever copy.
    /// Answers the first observations [N, D].
    ///
    /// # Errors
    /// Where the environment fails.
    fn reset(&mut self, copies: &[usize], seeds: &[u64]) -> Result<Vec<f32>, Fault>;

    /// Tells the seeds of the episodes that will probably begin after the next step, the first one first. An environment that
    /// is asked from afar may begin them in the copies whose episodes end with that step, which spares a message; whoever acts
    /// resets those copies all the same.
    fn announce(&mut self, _seeds: &[u64]) {}

    /// One step of each of `copies` with its row of `actions`, in the environment's units.
    ///
    /// # Errors
    /// Where the environment fails.
    fn step(&mut self, copies: &[usize], actions: &Actions<'_>) -> Result<StepBatch, Fault>;

    /// The episodes of `copies` are over although the environment did not end them: who acted in them had enough.
    ///
    /// # Errors
    /// Where what takes them down fails.
    fn rest(&mut self, _copies: &[usize]) -> Result<(), Fault> {
        Ok(())
    }

    /// Makes the environment fit for new episodes after `fault`; the copies keep nothing of those that they were in.
    ///
    /// # Errors
    /// `fault`, where it cannot, or what keeps it from it.
    fn recover(&mut self, fault: Fault) -> Result<(), Fault> {
        Err(fault)
    }

    /// The way to set states, where the environment has one.
    fn restorable(&mut self) -> Option<&mut dyn Restorable> {
        None
    }
}

/// Environments that can be put into a state.
pub trait Restorable {
    /// Numbers of a state S.
    fn state_dim(&self) -> usize;

    /// Puts each of `copies` into its row of `states` [N, S] and answers the observations [N, D]; episodes begin anew.
    ///
    /// # Errors
    /// Where the environment fails.
    fn set_state(&mut self, copies: &[usize], states: &[f64]) -> Result<Vec<f32>, Fault>;

    /// The state of one copy.
    ///
    /// # Errors
    /// Where the environment fails.
    fn state(&mut self, copy: usize) -> Result<Vec<f64>, Fault>;
}
