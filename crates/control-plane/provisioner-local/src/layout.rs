//! Where things are.

use std::path::{Path, PathBuf};

use domain::InstanceId;

/// The folders of one home.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    home: PathBuf,
}

impl Layout {
    pub(crate) fn of(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    pub(crate) fn tls(&self) -> PathBuf {
        self.home.join("tls")
    }

    pub(crate) fn downloads(&self) -> PathBuf {
        self.home.join("postgresql")
    }

    pub(crate) fn templates(&self) -> PathBuf {
        self.home.join("templates")
    }

    pub(crate) fn instances(&self) -> PathBuf {
        self.home.join("instances")
    }

    pub(crate) fn locks(&self) -> PathBuf {
        self.home.join("locks")
    }

    pub(crate) fn template_lock(&self) -> PathBuf {
        self.locks().join("templates")
    }

    pub(crate) fn instance_lock(&self, instance: InstanceId) -> PathBuf {
        self.locks().join(instance.to_string())
    }

    pub(crate) fn instance(&self, instance: InstanceId) -> InstanceFolder {
        InstanceFolder { parent: self.instances(), name: instance.to_string() }
    }
}

/// The folder of one instance, and the names that it has before and after its life.
#[derive(Debug, Clone)]
pub(crate) struct InstanceFolder {
    parent: PathBuf,
    name: String,
}

impl InstanceFolder {
    /// The instance's own folder, which appears whole.
    pub(crate) fn path(&self) -> PathBuf {
        self.parent.join(&self.name)
    }

    /// Where it is being made.
    pub(crate) fn making(&self) -> PathBuf {
        self.parent.join(format!(".making-{}", self.name))
    }

    /// Where it is being taken away.
    pub(crate) fn trash(&self) -> PathBuf {
        self.parent.join(format!(".trash-{}", self.name))
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }
}
