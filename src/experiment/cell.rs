//! The cells of a plan: one for each task, agent and seed, and for what they need from one another.

use super::agent::{Agent, Collects, Data, Kind};
use super::plan::{Plan, Task};

/// What a cell does.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// An agent learns.
    Agent(Agent),
    /// A dataset is made.
    Data(Data),
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Task, work and seed, unique in its plan: "pendulum-v1/passive+fixed:10/s0".
    pub name: String,
    /// Number of its task.
    pub task: usize,
    /// Its seed.
    pub seed: u64,
    /// What it does.
    pub work: Work,
    /// Cells that must be finished before, by their numbers, which are smaller than its own.
    pub needs: Vec<usize>,
    /// The plan names it; it is needed by others otherwise.
    pub asked: bool,
}

/// Every cell of `plan`, each after those that it needs.
///
/// # Errors
/// A sentence where an agent is not known.
pub fn cells(plan: &Plan) -> Result<Vec<Cell>, String> {
    let named: Vec<String> = plan.dataset.keys().cloned().collect();
    let mut all = Cells { all: Vec::new() };
    // Seed by seed, so that a run that is stopped early has whole comparisons.
    for &seed in &plan.seeds {
        for (t, task) in plan.tasks.iter().enumerate() {
            for name in &task.agents {
                let agent = Agent::parse(name, &named)?;
                let number = all.agent(agent, (t, task), seed);
                all.all[number].asked = true;
            }
        }
    }
    for (i, cell) in all.all.iter().enumerate() {
        if let Some(other) = all.all[..i].iter().find(|other| other.folder() == cell.folder()) {
            return Err(format!("{} and {} are the same; leave one out", other.name, cell.name));
        }
    }
    Ok(all.all)
}

struct Cells {
    all: Vec<Cell>,
}

impl Cells {
    /// The number of the cell of `agent`, which is made where there is none.
    fn agent(&mut self, agent: Agent, at: (usize, &Task), seed: u64) -> usize {
        let name = format!("{}/{}/s{seed}", at.1.name, agent.name);
        if let Some(known) = self.named(&name) {
            return known;
        }
        let mut needs = Vec::new();
        match agent.kind {
            Kind::Active(_) => {}
            Kind::Tandem { .. } | Kind::Passive { frozen: true, .. } => needs.push(self.active(0.0, at, seed)),
            Kind::Passive { .. } => needs.extend(self.data(&agent.data, at, seed)),
        }
        if agent.collects == Collects::Yoked {
            let name = agent.name.replacen("+yoked", "+adaptive", 1);
            needs.push(self.agent(Agent { name, collects: Collects::Adaptive, ..agent.clone() }, at, seed));
        }
        self.add(Cell { name, task: at.0, seed, work: Work::Agent(agent), needs, asked: false })
    }

    /// The cell that makes `data`; nothing where it is there already.
    fn data(&mut self, data: &Data, at: (usize, &Task), seed: u64) -> Option<usize> {
        let needs = match data {
            Data::Active => return Some(self.active(0.0, at, seed)),
            Data::Explore(weight) => return Some(self.active(*weight, at, seed)),
            Data::Named(_) => return None,
            Data::Script(_) => Vec::new(),
            Data::FirstHalf | Data::SecondHalf | Data::UniformHalf => vec![self.active(0.0, at, seed)],
        };
        let name = format!("{}/data:{}/s{seed}", at.1.name, data.name());
        if let Some(known) = self.named(&name) {
            return Some(known);
        }
        Some(self.add(Cell { name, task: at.0, seed, work: Work::Data(data.clone()), needs, asked: false }))
    }

    fn active(&mut self, explore: f64, at: (usize, &Task), seed: u64) -> usize {
        let name = if explore > 0.0 { format!("active+explore:{explore}") } else { "active".into() };
        self.agent(Agent { name, kind: Kind::Active(explore), collects: Collects::Never, data: Data::Active }, at, seed)
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|cell| cell.name == name)
    }

    fn add(&mut self, cell: Cell) -> usize {
        self.all.push(cell);
        self.all.len() - 1
    }
}

impl Cell {
    /// The name of its folder, unique in its plan.
    pub fn folder(&self) -> String {
        let plain = |c: char| match c {
            '/' => '.',
            '+' | ':' | '@' => '-',
            other => other,
        };
        self.name.chars().map(plain).collect()
    }

    /// The agent, where it is one's.
    pub fn agent(&self) -> Option<&Agent> {
        match &self.work {
            Work::Agent(agent) => Some(agent),
            Work::Data(_) => None,
        }
    }

    /// Environment steps that it is foreseen to take, evaluations and probes apart.
    pub fn steps(&self, plan: &Plan) -> usize {
        let steps = plan.tasks[self.task].options.steps as f64;
        let share = match &self.work {
            Work::Data(Data::Script(_)) => 1.0,
            Work::Data(_) => 0.0,
            Work::Agent(agent) => match (&agent.kind, agent.collects) {
                (Kind::Active(_), _) => 1.0,
                (_, Collects::Never) => 0.0,
                (_, Collects::Fixed(share)) => share,
                (_, Collects::Adaptive | Collects::Yoked) => plan.schedule.budget,
            },
        };
        (steps * share).round() as usize
    }

    /// Gradient steps that it takes: of the world model and of the policy.
    pub fn gradient_steps(&self, plan: &Plan) -> (usize, usize) {
        let Work::Agent(agent) = &self.work else { return (0, 0) };
        let options = &plan.tasks[self.task].options;
        let of = |ratio: f64| (options.steps as f64 * ratio) as usize;
        let first = (options.random_steps as f64 * options.model_ratio) as usize;
        let model = of(options.model_ratio) + options.first_model_steps.saturating_sub(first);
        let frozen = matches!(agent.kind, Kind::Passive { frozen: true, .. });
        (if frozen { 0 } else { model }, of(options.policy_ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(agents: &str) -> Vec<String> {
        let text = format!("seeds = [3]\nagents = [{agents}]\n[[task]]\nenv = \"Pendulum-v1\"\nname = \"p\"");
        cells(&Plan::parse(&text, "try").unwrap()).unwrap().into_iter().map(|cell| cell.name).collect()
    }

    #[test]
    fn what_is_needed_comes_before_and_once() {
        let got =
            names("\"passive-expert\", \"passive\", \"passive+yoked\", \"passive+explore:0.5\", \"passive@narrow\"");
        let want = [
            "p/active/s3",
            "p/data:second-half/s3",
            "p/passive-expert/s3",
            "p/passive/s3",
            "p/passive+adaptive/s3",
            "p/passive+yoked/s3",
            "p/active+explore:0.5/s3",
            "p/passive+explore:0.5/s3",
            "p/data:narrow/s3",
            "p/passive@narrow/s3",
        ];
        assert_eq!(got, want);
        assert_eq!(names("\"passive+yoked@narrow\"")[1], "p/passive+adaptive@narrow/s3");
    }

    #[test]
    fn folders_are_unique_and_plain() {
        let text = "agents = [\"active\", \"passive+fixed:10\", \"passive+fixed:1\", \"passive@narrow\"]\n[[task]]\nenv = \"Pendulum-v1\"";
        let all = cells(&Plan::parse(text, "try").unwrap()).unwrap();
        let mut folders: Vec<String> = all.iter().map(Cell::folder).collect();
        assert!(folders.contains(&"pendulum-v1.passive-fixed-10.s0".into()), "{folders:?}");
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), all.len());
        assert!(all.iter().enumerate().all(|(i, cell)| cell.needs.iter().all(|n| *n < i)));
    }

    #[test]
    fn every_agent_takes_as_many_gradient_steps_as_the_active_one() {
        let text = "agents = [\"active\", \"passive+fixed:10\", \"passive_sameWM\"]\n[options]\nsteps = 4000\n[[task]]\nenv = \"Pendulum-v1\"";
        let plan = Plan::parse(text, "try").unwrap();
        let all = cells(&plan).unwrap();
        let steps: Vec<_> = all.iter().map(|cell| (cell.steps(&plan), cell.gradient_steps(&plan))).collect();
        assert_eq!(steps, [(4000, (5000, 16_000)), (400, (5000, 16_000)), (0, (0, 16_000))]);
    }
}
