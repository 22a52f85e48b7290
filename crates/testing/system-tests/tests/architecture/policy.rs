//! What we may depend on at all: `deny.toml`, held without cargo-deny, which a bare machine doesn't have.

use std::path::Path;

use serde::Deserialize;

use crate::graph::Graph;

/// The part of `deny.toml` that is about packages.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Policy {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Clone, Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Clone, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

impl Policy {
    /// Reads the policy.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Every package can be used under licences of the list alone.
    pub(crate) fn licences(&self, graph: &Graph) -> Vec<String> {
        let mut violations = Vec::new();
        for package in &graph.others {
            let named = format!("{} {}", package.name, package.version);
            let Some(licence) = &package.licence else {
                violations.push(format!("{named} states no licence"));
                continue;
            };
            // Older packages write MIT/Apache-2.0, which the lax mode reads as a choice.
            match spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX) {
                Ok(expression) if expression.evaluate(|wanted| self.allow_licence(wanted)) => {}
                Ok(_) => {
                    violations.push(format!("{named} is under {licence}, which deny.toml doesn't allow"));
                }
                Err(error) => violations.push(format!("{named} has a licence that can't be read: {error}")),
            }
        }
        violations
    }

    fn allow_licence(&self, wanted: &spdx::LicenseReq) -> bool {
        self.licenses.allow.iter().any(|allowed| *allowed == wanted.to_string())
    }

    /// No package is banned.
    pub(crate) fn bans(&self, graph: &Graph) -> Vec<String> {
        let banned = |name: &str| self.bans.deny.iter().find(|ban| ban.name == name);
        let found = graph.others.iter().filter_map(|package| banned(&package.name));
        found.map(|ban| format!("{} is banned: {}", ban.name, ban.reason)).collect()
    }

    /// Every package comes from a registry of the list: never from a git repository or a folder elsewhere.
    pub(crate) fn sources(&self, graph: &Graph) -> Vec<String> {
        let allowed = |source: &str| {
            let registry = source.strip_prefix("registry+").or_else(|| source.strip_prefix("sparse+"));
            registry.is_some_and(|registry| self.sources.allow_registry.iter().any(|one| one == registry))
        };
        let elsewhere = graph.others.iter().filter(|package| !package.source.as_deref().is_some_and(allowed));
        elsewhere
            .map(|package| {
                let source = package.source.as_deref().unwrap_or("a folder outside of the workspace");
                format!(
                    "{} {} comes from {source}, which deny.toml doesn't allow",
                    package.name, package.version
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Package;

    const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

    fn policy() -> Policy {
        toml::from_str(
            r#"
            [licenses]
            allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
            [bans]
            deny = [{ crate = "openssl", reason = "one provider" }]
            [sources]
            allow-registry = ["https://github.com/rust-lang/crates.io-index"]
            "#,
        )
        .unwrap()
    }

    fn one(name: &str, licence: Option<&str>, source: Option<&str>) -> Graph {
        let package = Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.map(str::to_owned),
            source: source.map(str::to_owned),
        };
        Graph { ours: Vec::new(), others: vec![package] }
    }

    #[test]
    fn licences_are_expressions() {
        for (licence, violations) in [
            (Some("MIT"), 0),
            (Some("MIT/Apache-2.0"), 0),
            (Some("GPL-3.0-only OR MIT"), 0),
            (Some("Apache-2.0 WITH LLVM-exception"), 0),
            (Some("GPL-3.0-only"), 1),
            (Some("MIT AND GPL-3.0-only"), 1),
            (Some("whatever I like"), 1),
            (None, 1),
        ] {
            assert_eq!(policy().licences(&one("some", licence, None)).len(), violations, "{licence:?}");
        }
    }

    #[test]
    fn a_banned_package_is_named_with_the_reason() {
        assert_eq!(policy().bans(&one("openssl", None, None)), ["openssl is banned: one provider"]);
        assert_eq!(policy().bans(&one("rustls", None, None)).len(), 0);
    }

    #[test]
    fn only_the_registry_is_a_source() {
        for (source, violations) in [
            (Some(CRATES_IO), 0),
            (Some("git+https://github.com/somebody/some"), 1),
            (Some("sparse+https://registry.example.com/index/"), 1),
            (None, 1),
        ] {
            assert_eq!(policy().sources(&one("some", None, source)).len(), violations, "{source:?}");
        }
    }
}
