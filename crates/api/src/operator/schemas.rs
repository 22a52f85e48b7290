//! What the document says of texts of which there are only a few: a client that is made from it knows each of them.

use catalog::stored_secrets::SecretKind;
use catalog::timeline::EntryKind;
use domain::news::Topic;
use domain::{Plan, RateLimitPeriod, Right, Role};
use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, Type};

/// One of these texts.
fn one_of(names: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

/// Permissions of operators.
pub(crate) fn permissions() -> Array {
    ArrayBuilder::new().items(one_of(Right::ALL.iter().map(|right| right.as_str()))).build()
}

/// Roles of operators.
pub(crate) fn roles() -> Array {
    ArrayBuilder::new().items(one_of(Role::ALL.iter().map(|role| role.as_str()))).build()
}

/// A role of operators.
pub(crate) fn role() -> Object {
    one_of(Role::ALL.iter().map(|role| role.as_str()))
}

/// What news are about.
pub(crate) fn topic() -> Object {
    one_of(Topic::ALL.iter().map(|topic| topic.as_str()))
}

/// What happened to a customer.
pub(crate) fn entry_kind() -> Object {
    one_of(EntryKind::ALL.map(EntryKind::as_str))
}

/// Kinds of stored secrets.
pub(crate) fn secret_kind() -> Object {
    one_of(SecretKind::ALL.map(SecretKind::as_str))
}

/// The roles of a customer's database.
pub(crate) fn database_role() -> Object {
    one_of(customers::connection::ROLES)
}

/// What a customer's user may do, as the CRM's pages show it.
pub(crate) fn user_role() -> Object {
    one_of(["admin", "user", "viewer"])
}

/// The periods of limits.
pub(crate) fn period() -> Object {
    one_of(RateLimitPeriod::ALL.iter().map(|period| period.as_str()))
}

/// The price plans.
pub(crate) fn plan() -> Object {
    one_of(Plan::ALL.iter().map(|plan| plan.as_str()))
}

/// What limits do while Redis is away.
pub(crate) fn without_redis() -> Object {
    one_of(["local", "open", "closed"])
}
