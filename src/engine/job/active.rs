use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::measure::stage;
use crate::engine::measure::trainable::writable;
use crate::engine::spec::{ActiveBegun, ActiveSpec};
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::topup::active;

/// Learns online from random data, in a run directory, and reports as it goes.
pub(super) struct Active;

impl Job for Active {
    type Spec = ActiveSpec;
    type Input = ();
    const NAME: &'static str = "active";
    const SLOT: Slot = Slot::Train;

    fn open(spec: &ActiveSpec, _: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<(), Fault> {
        if spec.resume.is_none() {
            writable(&spec.out)?;
        }
        Ok(())
    }

    fn run(spec: &ActiveSpec, (): (), cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        // One copy: the policy learns between episodes, and those acted side by side would all be the old one's.
        let acted = stage::named(&spec.acting, 1)?.begin(true, cx)?;
        let (options, env) = (spec.options.clone(), acted.env);
        let mut active = match &spec.resume {
            Some(folder) => active::Active::resume(env, options, folder, &emit)?,
            None => active::Active::new(env, options, (&spec.out, &ActiveBegun::new(spec)), &emit)?,
        };
        acted.place.into_iter().chain(acted.warning).for_each(|text| active.inform(text));
        let finished = active.run(cx)?;
        Ok(Outcome { summary: finished.summary, written: finished.written })
    }
}
