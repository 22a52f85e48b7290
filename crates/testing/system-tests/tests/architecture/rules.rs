//! Who may depend on whom among our own crates. Every rule answers with the sentences that say what is wrong.

use crate::graph::{Graph, Kind, Room};

/// `sixty -> api -> control-plane, data-plane -> foundation`, and the two planes never meet, not even in a test of
/// their own. A dev-dependency on a testing crate is welcome everywhere.
pub(crate) fn direction(graph: &Graph) -> Vec<String> {
    let mut violations = Vec::new();
    for one in &graph.ours {
        let Some(room) = Room::of(&one.folder) else {
            violations
                .push(format!("{} is in {}, which is no room of ARCHITECTURE.md", one.name, one.folder));
            continue;
        };
        for dependency in &one.dependencies {
            let Some(other) = graph.room(&dependency.name) else { continue };
            let in_a_test = dependency.kind == Kind::Development && other.is_for_tests();
            // Taking a testing crate into what is shipped is `testing_is_never_shipped`'s to report.
            if !in_a_test && !other.is_for_tests() && !room.may_use(other) {
                violations.push(format!(
                    "{} ({room:?}) depends on {} ({other:?}); the direction is sixty -> api -> control-plane, data-plane -> foundation",
                    one.name, dependency.name
                ));
            }
        }
    }
    violations
}

/// Only the binary chooses a backend. Everybody else knows the trait. What is never shipped may choose one too.
pub(crate) fn concrete_provisioners(graph: &Graph) -> Vec<String> {
    let mut violations = Vec::new();
    for one in &graph.ours {
        let room = Room::of(&one.folder);
        if room == Some(Room::Binary) || room.is_some_and(Room::is_for_tests) {
            continue;
        }
        for dependency in
            one.dependencies.iter().filter(|dependency| dependency.name.starts_with("provisioner-"))
        {
            violations.push(format!(
                "{} depends on {}; only sixty names a concrete provisioner (use the trait in provisioning)",
                one.name, dependency.name
            ));
        }
    }
    violations
}

/// A testing crate is a dev-dependency or nothing.
pub(crate) fn testing_is_never_shipped(graph: &Graph) -> Vec<String> {
    let mut violations = Vec::new();
    for one in &graph.ours {
        if Room::of(&one.folder).is_some_and(Room::is_for_tests) {
            continue;
        }
        for dependency in one.dependencies.iter().filter(|dependency| dependency.kind == Kind::Shipped) {
            if graph.room(&dependency.name).is_some_and(Room::is_for_tests) {
                violations.push(format!("{} ships {}; make it a dev-dependency", one.name, dependency.name));
            }
        }
    }
    violations
}

/// A crate that forgets `lints.workspace = true` is linted by nobody.
pub(crate) fn inherited_lints(graph: &Graph) -> Vec<String> {
    let forgetful = graph.ours.iter().filter(|one| !one.inherits_lints);
    forgetful.map(|one| format!("{}/Cargo.toml lacks `[lints] workspace = true`", one.folder)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Crate, Dependency};

    /// A house with one dependency in it: `from` depends on `to`.
    fn house(from: &str, to: &str, kind: Kind) -> Graph {
        let name = |folder: &str| folder.rsplit('/').next().unwrap_or_default().to_owned();
        let lone = |folder: &str| Crate {
            name: name(folder),
            folder: folder.to_owned(),
            dependencies: Vec::new(),
            inherits_lints: true,
        };
        let mut first = lone(from);
        first.dependencies.push(Dependency { name: name(to), kind });
        Graph { ours: vec![first, lone(to)], others: Vec::new() }
    }

    #[test]
    fn the_direction_is_held() {
        let allowed = [
            ("crates/sixty", "crates/api"),
            ("crates/sixty", "crates/control-plane/catalog"),
            ("crates/api", "crates/data-plane/crm"),
            ("crates/control-plane/customers", "crates/control-plane/catalog"),
            ("crates/data-plane/crm", "crates/foundation/domain"),
            ("crates/foundation/secrets", "crates/foundation/domain"),
            ("crates/testing/testkit", "crates/control-plane/catalog"),
            ("bench/provisioning", "crates/sixty"),
        ];
        for (from, to) in allowed {
            assert_eq!(direction(&house(from, to, Kind::Shipped)), Vec::<String>::new(), "{from} -> {to}");
        }
        let refused = [
            ("crates/api", "crates/sixty"),
            ("crates/control-plane/catalog", "crates/api"),
            ("crates/control-plane/catalog", "crates/data-plane/crm"),
            ("crates/data-plane/gateway", "crates/control-plane/catalog"),
            ("crates/foundation/domain", "crates/control-plane/catalog"),
            ("crates/foundation/domain", "crates/data-plane/crm"),
            ("crates/somewhere", "crates/foundation/domain"),
        ];
        for (from, to) in refused {
            for kind in [Kind::Shipped, Kind::Development] {
                assert_eq!(direction(&house(from, to, kind)).len(), 1, "{from} -> {to}");
            }
        }
    }

    #[test]
    fn a_concrete_provisioner_is_the_binarys_alone() {
        let local = "crates/control-plane/provisioner-local";
        for (from, violations) in [
            ("crates/sixty", 0),
            ("crates/testing/system-tests", 0),
            ("crates/control-plane/customers", 1),
            ("crates/api", 1),
        ] {
            assert_eq!(concrete_provisioners(&house(from, local, Kind::Shipped)).len(), violations, "{from}");
        }
    }

    #[test]
    fn a_testing_crate_is_a_dev_dependency() {
        let testkit = "crates/testing/testkit";
        assert_eq!(testing_is_never_shipped(&house("crates/api", testkit, Kind::Shipped)).len(), 1);
        assert_eq!(testing_is_never_shipped(&house("crates/api", testkit, Kind::Development)).len(), 0);
        assert_eq!(direction(&house("crates/api", testkit, Kind::Development)).len(), 0);
    }

    #[test]
    fn a_crate_without_lints_is_found() {
        let mut graph = house("crates/api", "crates/foundation/domain", Kind::Shipped);
        assert_eq!(inherited_lints(&graph).len(), 0);
        graph.ours[0].inherits_lints = false;
        assert_eq!(inherited_lints(&graph), ["crates/api/Cargo.toml lacks `[lints] workspace = true`"]);
    }
}
