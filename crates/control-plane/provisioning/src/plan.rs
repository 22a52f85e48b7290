//! What to do: a pure function of what should be true and what is observed.

use crate::backend::{InstanceState, Observed};

/// What should be true in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// The customer is there, with a database.
    Present {
        /// The database is to be filled from a backup before the customer may use it.
        from_backup: bool,
    },
    /// Neither the customer nor anything of the database is there.
    Absent,
}

/// One step. Each may run twice, and each is safe to repeat from its beginning after a crash in its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Reserve a port and make the roles' passwords, in the catalog.
    Place,
    /// Copy the template.
    CreateInstance,
    /// Start it.
    StartInstance,
    /// Name the database and the roles, set passwords, migrate, prove the isolation.
    ConfigureDatabase,
    /// Fill the database from a backup.
    RestoreBackup,
    /// Show the customer: one transaction in the catalog.
    ActivateCustomer,
    /// Stop the instance and delete everything of it.
    DestroyInstance,
    /// Remove the customer from the catalog: one transaction.
    RemoveCustomer,
}

impl Step {
    /// The steps whose effects are there when a customer is.
    pub(crate) const PRESENT: &[Self] = &[
        Self::Place,
        Self::CreateInstance,
        Self::StartInstance,
        Self::ConfigureDatabase,
        Self::RestoreBackup,
        Self::ActivateCustomer,
    ];
    /// The steps whose effects are there when a customer is gone.
    pub(crate) const ABSENT: &[Self] = &[Self::DestroyInstance, Self::RemoveCustomer];

    /// The step's name, as operators see it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::CreateInstance => "create_instance",
            Self::StartInstance => "start_instance",
            Self::ConfigureDatabase => "configure_database",
            Self::RestoreBackup => "restore_backup",
            Self::ActivateCustomer => "activate_customer",
            Self::DestroyInstance => "destroy_instance",
            Self::RemoveCustomer => "remove_customer",
        }
    }
}

/// What the plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Do these, in this order.
    Steps(Vec<Step>),
    /// The backend can't tell what is there, and it should stay: doing anything could destroy data. Look again later.
    Wait,
}

/// From intent and observation to steps.
///
/// `placed` says whether the catalog has a place for the instance: without one, nothing can have been made, since
/// the place is reserved before anything is made and given up after everything is gone.
///
/// The race between observing and acting is closed elsewhere: the operation's lease lets one worker at a time act
/// on a customer, and the backend holds a lock per instance, so that a worker that lost its lease without noticing
/// can't interleave with its successor. `ConfigureDatabase` is planned even when the instance seems configured:
/// whether the passwords in it are those of the catalog can't be seen, and setting them again is cheap.
#[must_use]
pub fn plan(intent: Intent, placed: bool, observed: Observed) -> Plan {
    use Step::{
        ActivateCustomer, ConfigureDatabase, CreateInstance, DestroyInstance, Place, RemoveCustomer,
        RestoreBackup, StartInstance,
    };
    let steps = match (intent, placed, observed) {
        (Intent::Absent, false, _) => vec![RemoveCustomer],
        (Intent::Present { .. }, false, _) => vec![Place, CreateInstance, StartInstance, ConfigureDatabase],
        // Destroying needs no answer of the instance, and nothing of it may be left, whatever it looks like.
        (Intent::Absent, true, _) => vec![DestroyInstance, RemoveCustomer],
        (Intent::Present { .. }, true, Observed::Unknown) => return Plan::Wait,
        (Intent::Present { .. }, true, Observed::Absent | Observed::Present(InstanceState::Incomplete)) => {
            // Place again: it keeps the port if it has one, and completes the passwords if a crash cut it short.
            vec![Place, CreateInstance, StartInstance, ConfigureDatabase]
        }
        (Intent::Present { .. }, true, Observed::Present(InstanceState::Stopped)) => {
            vec![StartInstance, ConfigureDatabase]
        }
        (
            Intent::Present { .. },
            true,
            Observed::Present(InstanceState::Unconfigured | InstanceState::Configured),
        ) => vec![ConfigureDatabase],
    };
    Plan::Steps(match intent {
        Intent::Present { from_backup: true } => [steps, vec![RestoreBackup, ActivateCustomer]].concat(),
        Intent::Present { from_backup: false } => [steps, vec![ActivateCustomer]].concat(),
        Intent::Absent => steps,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a world looks like, for playing plans through without a real one.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct World {
        placed: bool,
        instance: Observed,
        customer: bool,
        active: bool,
        restored: bool,
    }

    impl World {
        fn apply(&mut self, step: Step) {
            use InstanceState::{Configured, Stopped, Unconfigured};
            match step {
                Step::Place => self.placed = true,
                Step::CreateInstance => {
                    assert!(self.placed, "nothing is made without a place");
                    self.instance = Observed::Present(Stopped);
                }
                Step::StartInstance => {
                    assert_eq!(self.instance, Observed::Present(Stopped));
                    self.instance = Observed::Present(Unconfigured);
                }
                Step::ConfigureDatabase => {
                    assert!(matches!(self.instance, Observed::Present(Unconfigured | Configured)));
                    self.instance = Observed::Present(Configured);
                }
                Step::RestoreBackup => {
                    assert_eq!(self.instance, Observed::Present(Configured));
                    self.restored = true;
                }
                Step::ActivateCustomer => {
                    assert_eq!(self.instance, Observed::Present(Configured));
                    self.active = true;
                }
                Step::DestroyInstance => self.instance = Observed::Absent,
                Step::RemoveCustomer => {
                    assert_eq!(self.instance, Observed::Absent, "no customer goes before their instance");
                    *self = Self { placed: false, customer: false, active: false, ..*self };
                }
            }
        }
    }

    fn states() -> impl Strategy<Value = Observed> {
        prop_oneof![
            Just(Observed::Absent),
            Just(Observed::Present(InstanceState::Incomplete)),
            Just(Observed::Present(InstanceState::Stopped)),
            Just(Observed::Present(InstanceState::Unconfigured)),
            Just(Observed::Present(InstanceState::Configured)),
        ]
    }

    proptest! {
        /// From any state, interrupted after any number of steps any number of times, with the intent turned round
        /// at any moment, the last uninterrupted run reaches the intent.
        #[test]
        fn every_interruption_ends_in_the_intent(
            start in states(),
            interruptions in prop::collection::vec((0_usize..8, any::<bool>()), 0..6),
            from_backup in any::<bool>(),
            turned in any::<bool>(),
        ) {
            let placed = start != Observed::Absent;
            let mut world = World { placed, instance: start, customer: true, active: false, restored: false };
            let present = Intent::Present { from_backup };
            for (length, crash_breaks_the_copy) in interruptions {
                let Plan::Steps(steps) = plan(present, world.placed, world.instance) else { unreachable!() };
                for step in steps.iter().take(length) {
                    world.apply(*step);
                }
                if crash_breaks_the_copy && steps.get(length) == Some(&Step::CreateInstance) && world.placed {
                    world.instance = Observed::Present(InstanceState::Incomplete);
                }
            }
            if world.active {
                return Ok(());
            }
            let intent = if turned { Intent::Absent } else { present };
            let Plan::Steps(steps) = plan(intent, world.placed, world.instance) else { unreachable!() };
            for step in steps {
                world.apply(step);
            }
            if turned {
                prop_assert_eq!(world.instance, Observed::Absent);
                prop_assert!(!world.customer && !world.placed);
            } else {
                prop_assert_eq!(world.instance, Observed::Present(InstanceState::Configured));
                prop_assert!(world.active);
                prop_assert_eq!(world.restored, from_backup);
            }
        }
    }

    #[test]
    fn what_cannot_be_seen_is_not_touched() {
        assert_eq!(plan(Intent::Present { from_backup: false }, true, Observed::Unknown), Plan::Wait);
    }

    #[test]
    fn what_should_be_gone_is_destroyed_also_when_it_cannot_be_seen() {
        let steps = Plan::Steps(vec![Step::DestroyInstance, Step::RemoveCustomer]);
        for observed in [Observed::Unknown, Observed::Absent, Observed::Present(InstanceState::Stopped)] {
            assert_eq!(plan(Intent::Absent, true, observed), steps);
        }
    }
}
