//! The permissions of a version 2 token: `fea` names features, `o.per` names permissions, and `o.fpm`
//! has one bit mask per feature whose lowest bit stands for the first permission.

use std::collections::BTreeSet;

/// The permission claims of a token contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedPermissions {
    /// `o.fpm` holds something that isn't a number.
    #[error("the claim o.fpm has to be a list of whole numbers, separated by commas")]
    NotANumber,
    /// `o.fpm` has neither one number per feature nor one per feature of the organization.
    #[error("the claim o.fpm has to have one number for each feature of the claim fea")]
    FeatureCount,
    /// A bit is set for which `o.per` names no permission.
    #[error("the claim o.fpm sets a bit that the claim o.per has no permission for")]
    UnnamedPermission,
}

/// The keys (`org:feature:permission`) that the three claims grant together.
pub(crate) fn decode(
    features: &str,
    permissions: &str,
    masks: &str,
) -> Result<BTreeSet<String>, MalformedPermissions> {
    let masks = list(masks).map(|mask| mask.parse::<u128>().map_err(|_| MalformedPermissions::NotANumber));
    let masks = masks.collect::<Result<Vec<_>, _>>()?;
    let permissions: Vec<_> = list(permissions).collect();
    let mut granted = BTreeSet::new();
    for (feature, mask) in by_position(features, &masks)? {
        if mask
            .checked_shr(u32::try_from(permissions.len()).unwrap_or(u32::MAX))
            .is_some_and(|rest| rest != 0)
        {
            return Err(MalformedPermissions::UnnamedPermission);
        }
        let named = permissions.iter().take(128).enumerate().filter(|(bit, _)| (mask >> bit) & 1 == 1);
        granted.extend(named.map(|(_, permission)| format!("org:{feature}:{permission}")));
    }
    Ok(granted)
}

/// Each feature of the organization with its mask. Whether features of the user alone take a place in the
/// list of masks shows in its length; where neither reading fits, a shifted mask would grant what nobody
/// gave, so it is refused.
fn by_position<'a>(features: &'a str, masks: &[u128]) -> Result<Vec<(&'a str, u128)>, MalformedPermissions> {
    if masks.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<_> = list(features).map(of_organization).collect();
    let own: Vec<_> = all.iter().copied().flatten().collect();
    if masks.len() == all.len() {
        let pairs = all.into_iter().zip(masks);
        return Ok(pairs.filter_map(|(feature, mask)| Some((feature?, *mask))).collect());
    }
    if masks.len() == own.len() {
        return Ok(own.into_iter().zip(masks.iter().copied()).collect());
    }
    Err(MalformedPermissions::FeatureCount)
}

/// The feature's name, where its scope (`o`, `u`, `uo` or `ou`) includes the organization.
fn of_organization(feature: &str) -> Option<&str> {
    let (scope, name) = feature.split_once(':')?;
    scope.contains('o').then_some(name)
}

fn list(claim: &str) -> impl Iterator<Item = &str> {
    claim.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(features: &str, permissions: &str, masks: &str) -> Vec<String> {
        decode(features, permissions, masks).unwrap().into_iter().collect()
    }

    #[test]
    fn the_lowest_bit_is_the_first_permission() {
        let found = keys("o:dashboard,o:teams", "manage,read", "3,2");
        assert_eq!(found, ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"]);
    }

    #[test]
    fn a_feature_of_the_user_grants_nothing_in_the_organization() {
        let expected = ["org:teams:read"];
        assert_eq!(keys("u:export,o:teams", "manage,read", "3,2"), expected);
        assert_eq!(keys("u:export,o:teams", "manage,read", "2"), expected);
        assert_eq!(keys("uo:teams", "manage,read", "2"), expected);
    }

    #[test]
    fn claims_that_do_not_fit_together_grant_nothing() {
        assert_eq!(decode("o:teams", "read", "1,1"), Err(MalformedPermissions::FeatureCount));
        assert_eq!(decode("o:teams", "read", "2"), Err(MalformedPermissions::UnnamedPermission));
        assert_eq!(decode("o:teams", "read", "-1"), Err(MalformedPermissions::NotANumber));
    }
}
