//! Holds the architecture: who may depend on whom, what we may depend on at all, and a few habits of the house.
//!
//! Each rule is a pure function over a model ([`graph::Graph`], [`policy::Policy`], the text of files), so that it is tested
//! twice: on the workspace as it is, where it must find nothing, and on a made-up one, where it must find something.

#[cfg(test)]
mod advisories;
mod files;
mod graph;
mod metadata;
mod metrics;
mod npm;
mod policy;
mod routes;
mod rules;
mod threats;

#[cfg(test)]
mod workspace {
    use crate::{files, metadata, metrics, npm, policy, routes, rules, threats};

    fn none(violations: Vec<String>) {
        assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
    }

    #[test]
    fn rooms_depend_in_one_direction_only() {
        let graph = metadata::workspace().unwrap();
        assert!(graph.ours.iter().any(|one| one.name == "sixty"), "the graph was not read: {:?}", graph.ours);
        none(rules::direction(&graph));
    }

    #[test]
    fn only_the_binary_names_a_concrete_provisioner() {
        none(rules::concrete_provisioners(&metadata::workspace().unwrap()));
    }

    #[test]
    fn testing_crates_are_never_shipped() {
        none(rules::testing_is_never_shipped(&metadata::workspace().unwrap()));
    }

    #[test]
    fn every_crate_inherits_the_workspace_lints() {
        none(rules::inherited_lints(&metadata::workspace().unwrap()));
    }

    #[test]
    fn dependencies_keep_the_policy_of_deny_toml() {
        let policy = policy::Policy::read(&metadata::root().join("deny.toml")).unwrap();
        let graph = metadata::workspace().unwrap();
        assert!(graph.others.len() > 100, "the graph was not read: it has {} packages", graph.others.len());
        none(policy.licences(&graph));
        none(policy.bans(&graph));
        none(policy.sources(&graph));
    }

    #[test]
    fn packages_of_npm_keep_the_policy_of_npm_policy_toml() {
        let root = metadata::root();
        let (policy, locks) = (npm::NpmPolicy::read(&root).unwrap(), npm::locks(&root).unwrap());
        assert!(locks.iter().any(|(folder, _)| folder == "dashboard"), "the lock files were not read");
        none(locks.iter().flat_map(|(folder, lock)| policy.lock(folder, lock)).collect());
        none(policy.unused(&locks));
        none(npm::folders(&root).unwrap());
    }

    #[test]
    fn every_attack_of_the_threat_model_is_tried_by_a_test() {
        let root = metadata::root();
        let text = threats::read(&root, "SECURITY.md").unwrap();
        assert!(threats::attacks(&text).count() > 30, "the tables were not read");
        none(threats::untested(&text, |path| threats::read(&root, path)));
    }

    #[test]
    fn every_route_of_the_customer_api_is_in_the_guarded_table() {
        none(routes::unguarded(&metadata::root()).unwrap());
    }

    #[test]
    fn every_number_of_metrics_is_described() {
        none(metrics::undescribed(&metadata::root()).unwrap());
    }

    #[test]
    fn no_source_file_is_long() {
        none(files::long_source_files(&metadata::root()).unwrap());
    }

    #[test]
    fn no_tracked_file_names_a_private_registry() {
        none(files::private_registries(&metadata::root()).unwrap());
    }
}
