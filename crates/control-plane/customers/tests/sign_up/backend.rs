//! A backend that keeps instances in memory, and fails as it is told.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::CustomerSlug;
use provisioning::{
    AdminAccess, BackendError, DatabaseRoles, InstanceFacts, InstanceSpec, InstanceState, Observed,
    Provisioner,
};
use tokio::sync::{Notify, oneshot};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Create,
    Start,
    Configure,
    Destroy,
}

#[derive(Debug)]
pub(crate) enum Fault {
    /// Fails without having done anything.
    FailBefore,
    /// Does it, and fails all the same.
    FailAfter,
    /// Fails for good.
    Permanent,
    /// Says that it was reached, and waits until it is let go or dropped.
    Hang(oneshot::Sender<()>),
}

#[derive(Default)]
pub(crate) struct ScriptedBackend {
    instances: Mutex<HashMap<String, InstanceState>>,
    faults: Mutex<HashMap<Step, VecDeque<Fault>>>,
    gate: Notify,
    fog: AtomicBool,
    created: AtomicUsize,
    calls: AtomicUsize,
}

impl ScriptedBackend {
    pub(crate) fn plant(&self, step: Step, fault: Fault) {
        self.faults.lock().unwrap().entry(step).or_default().push_back(fault);
    }

    /// The receiver is told when the step was reached.
    pub(crate) fn plant_hang(&self, step: Step) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.plant(step, Fault::Hang(sender));
        receiver
    }

    pub(crate) fn let_go(&self) {
        self.gate.notify_waiters();
    }

    pub(crate) fn set_fog(&self, fog: bool) {
        self.fog.store(fog, Ordering::SeqCst);
    }

    pub(crate) fn is_there(&self, slug: &CustomerSlug) -> bool {
        self.instances.lock().unwrap().contains_key(&slug.database_name())
    }

    pub(crate) fn created(&self) -> usize {
        self.created.load(Ordering::SeqCst)
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn act(&self, step: Step, effect: impl FnOnce() + Send) -> Result<(), BackendError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let fault = self.faults.lock().unwrap().get_mut(&step).and_then(VecDeque::pop_front);
        match fault {
            None => effect(),
            Some(Fault::FailBefore) => {
                return Err(BackendError::Temporary("planted: nothing was done".to_owned()));
            }
            Some(Fault::FailAfter) => {
                effect();
                return Err(BackendError::Temporary("planted: it was done".to_owned()));
            }
            Some(Fault::Permanent) => return Err(BackendError::Permanent("planted: hopeless".to_owned())),
            Some(Fault::Hang(reached)) => {
                let gate = self.gate.notified();
                reached.send(()).unwrap();
                gate.await;
                effect();
            }
        }
        Ok(())
    }

    fn set(&self, spec: &InstanceSpec, state: InstanceState) {
        self.instances.lock().unwrap().insert(spec.database.clone(), state);
    }
}

#[async_trait]
impl Provisioner for ScriptedBackend {
    fn backend(&self) -> &'static str {
        "scripted"
    }

    async fn observe(&self, spec: &InstanceSpec) -> Observed {
        if self.fog.load(Ordering::SeqCst) {
            return Observed::Unknown;
        }
        self.instances
            .lock()
            .unwrap()
            .get(&spec.database)
            .map_or(Observed::Absent, |state| Observed::Present(*state))
    }

    async fn is_port_free(&self, _port: u16) -> bool {
        true
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<(), BackendError> {
        self.act(Step::Create, || {
            self.created.fetch_add(1, Ordering::SeqCst);
            self.set(spec, InstanceState::Stopped);
        })
        .await
    }

    async fn start(&self, spec: &InstanceSpec) -> Result<(), BackendError> {
        self.act(Step::Start, || self.set(spec, InstanceState::Unconfigured)).await
    }

    async fn configure(
        &self,
        spec: &InstanceSpec,
        _roles: &DatabaseRoles,
    ) -> Result<InstanceFacts, BackendError> {
        self.act(Step::Configure, || self.set(spec, InstanceState::Configured)).await?;
        Ok(InstanceFacts {
            host: "localhost".to_owned(),
            port: spec.port,
            system_identifier: u64::from(spec.port),
            postgres_version: "15.0".to_owned(),
            ca_certificate: "none".to_owned(),
            schema_version: 1,
        })
    }

    async fn stop(&self, spec: &InstanceSpec) -> Result<(), BackendError> {
        self.set(spec, InstanceState::Stopped);
        Ok(())
    }

    async fn destroy(&self, spec: &InstanceSpec) -> Result<(), BackendError> {
        self.act(Step::Destroy, || {
            self.instances.lock().unwrap().remove(&spec.database);
        })
        .await
    }

    async fn admin_access(&self, _spec: &InstanceSpec) -> Result<AdminAccess, BackendError> {
        Err(BackendError::Permanent("there is no server behind this backend".to_owned()))
    }
}
