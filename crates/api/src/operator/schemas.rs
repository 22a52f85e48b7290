//! What the document says of texts of which there are only a few: a client that is made from it knows each of them.

use domain::news::Topic;
use domain::{Right, Role};
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

/// What news are about.
pub(crate) fn topic() -> Object {
    one_of(Topic::ALL.iter().map(|topic| topic.as_str()))
}
