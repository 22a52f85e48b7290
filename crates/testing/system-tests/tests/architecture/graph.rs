//! The workspace and what it depends on, as far as the rules care.

/// Every package: ours and everybody else's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub(crate) ours: Vec<Crate>,
    pub(crate) others: Vec<Package>,
}

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Its folder, relative to the repository: `crates/foundation/domain`.
    pub(crate) folder: String,
    /// What it depends on among our own crates.
    pub(crate) dependencies: Vec<Dependency>,
    /// Whether its manifest says `lints.workspace = true`.
    pub(crate) inherits_lints: bool,
}

/// One crate of ours that depends on another.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// For what a dependency is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Part of what is shipped, at run time or at build time.
    Shipped,
    /// For tests, examples and benchmarks.
    Development,
}

/// Somebody else's package.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Its licence as an SPDX expression.
    pub(crate) licence: Option<String>,
    /// Where it comes from, as in `Cargo.lock`. A path outside the workspace has none.
    pub(crate) source: Option<String>,
}

/// The rooms of the house. The folder alone tells in which one a crate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Binary,
    Api,
    ControlPlane,
    DataPlane,
    Foundation,
    Testing,
    Bench,
}

impl Room {
    /// The room of a folder, if it is in any.
    pub(crate) fn of(folder: &str) -> Option<Self> {
        match folder.split('/').collect::<Vec<_>>().as_slice() {
            ["crates", "sixty"] => Some(Self::Binary),
            ["crates", "api"] => Some(Self::Api),
            ["crates", "control-plane", _] => Some(Self::ControlPlane),
            ["crates", "data-plane", _] => Some(Self::DataPlane),
            ["crates", "foundation", _] => Some(Self::Foundation),
            ["crates", "testing", _] => Some(Self::Testing),
            ["bench", ..] => Some(Self::Bench),
            _ => None,
        }
    }

    /// Whether a crate of this room may depend on one of that room in what it ships.
    pub(crate) fn may_use(self, other: Self) -> bool {
        match self {
            Self::Binary => {
                matches!(other, Self::Api | Self::ControlPlane | Self::DataPlane | Self::Foundation)
            }
            Self::Api => matches!(other, Self::ControlPlane | Self::DataPlane | Self::Foundation),
            Self::ControlPlane => matches!(other, Self::ControlPlane | Self::Foundation),
            Self::DataPlane => matches!(other, Self::DataPlane | Self::Foundation),
            Self::Foundation => other == Self::Foundation,
            Self::Testing | Self::Bench => true,
        }
    }

    /// Whether nothing of this room is ever shipped.
    pub(crate) fn is_for_tests(self) -> bool {
        matches!(self, Self::Testing | Self::Bench)
    }
}

impl Graph {
    /// The room of one of our crates.
    pub(crate) fn room(&self, name: &str) -> Option<Room> {
        self.ours.iter().find(|one| one.name == name).and_then(|one| Room::of(&one.folder))
    }
}
