//! Reads the model from the workspace as it is.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand};

use crate::graph::{Crate, Dependency, Graph, Kind, Package};

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").components().collect()
}

/// What cargo knows of the workspace, with every feature on, for every platform.
pub(crate) fn workspace() -> Result<Graph, String> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned()])
        .exec()
        .map_err(|error| format!("cargo metadata failed: {error}"))?;
    graph(&metadata, &built()?)
}

/// What is built, as `name v1.2.3`: with every feature on, for every platform. The metadata also lists packages that
/// only a weak feature (`ring?/alloc`) mentions and that nothing turns on; `cargo tree` knows better.
fn built() -> Result<HashSet<String>, String> {
    let listed = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--locked", "--all-features", "--target=all", "--prefix=none"])
        .args(["--edges=normal,build,dev", "--format={p}"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("cargo tree can't be run: {error}"))?;
    if !listed.status.success() {
        return Err(format!("cargo tree failed: {}", String::from_utf8_lossy(&listed.stderr)));
    }
    let text = String::from_utf8_lossy(&listed.stdout);
    let name_and_version = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(text.lines().map(name_and_version).collect())
}

fn graph(metadata: &Metadata, built: &HashSet<String>) -> Result<Graph, String> {
    let mut graph = Graph::default();
    for package in &metadata.packages {
        if metadata.workspace_members.contains(&package.id) {
            let manifest = &package.manifest_path;
            let folder =
                manifest.parent().and_then(|folder| folder.strip_prefix(&metadata.workspace_root).ok());
            let folder = folder.ok_or_else(|| format!("{manifest} is outside of the workspace"))?;
            graph.ours.push(Crate {
                name: package.name.to_string(),
                folder: folder.as_str().replace('\\', "/"),
                dependencies: package
                    .dependencies
                    .iter()
                    .filter(|one| one.path.is_some())
                    .map(dependency)
                    .collect(),
                inherits_lints: inherits_lints(manifest.as_std_path())?,
            });
        } else if built.contains(&format!("{} v{}", package.name, package.version)) {
            graph.others.push(Package {
                name: package.name.to_string(),
                version: package.version.to_string(),
                licence: package.license.clone(),
                source: package.source.as_ref().map(|source| source.repr.clone()),
            });
        }
    }
    Ok(graph)
}

fn dependency(dependency: &cargo_metadata::Dependency) -> Dependency {
    let kind = if dependency.kind == DependencyKind::Development { Kind::Development } else { Kind::Shipped };
    Dependency { name: dependency.name.clone(), kind }
}

fn inherits_lints(manifest: &Path) -> Result<bool, String> {
    let text =
        std::fs::read_to_string(manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let manifest: toml::Table = text.parse().map_err(|error| format!("{}: {error}", manifest.display()))?;
    Ok(manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool)
        == Some(true))
}
