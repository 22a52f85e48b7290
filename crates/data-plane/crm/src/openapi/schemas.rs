//! The schemas of a resource: its object, what creates and changes one, and a page of them.

use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, SchemaType, Type};
use utoipa::openapi::{Object, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat};

use crate::list::MAX_LIMIT;
use crate::spec::{Column, Kind, ResourceSpec};

/// The longest e-mail address, and the longest URL.
const LONGEST_EMAIL: usize = 254;
const LONGEST_URL: usize = 2048;

/// The object as the API answers it: every member is there.
pub(super) fn object(spec: &ResourceSpec) -> Object {
    let start = ObjectBuilder::new().schema_type(Type::Object).description(Some(spec.description));
    spec.columns
        .iter()
        .fold(start, |object, column| object.property(column.name, answer(column)).required(column.name))
        .build()
}

/// The body that creates one.
pub(super) fn create(spec: &ResourceSpec) -> Object {
    spec.writable()
        .fold(body(), |object, column| {
            let object = object.property(column.name, request(column));
            if column.required { object.required(column.name) } else { object }
        })
        .build()
}

/// The merge patch that changes one.
pub(super) fn patch(spec: &ResourceSpec) -> Object {
    spec.writable().fold(body(), |object, column| object.property(column.name, request(column))).build()
}

/// A page of the list.
pub(super) fn list(spec: &ResourceSpec) -> Object {
    let data = ArrayBuilder::new()
        .items(RefOr::<Schema>::from(Ref::from_schema_name(spec.schema)))
        .max_items(usize::try_from(MAX_LIMIT).ok());
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("data", data)
        .required("data")
        .property(
            "next_cursor",
            text(true).description(Some("Leads to the next page; null on the last one.")),
        )
        .required("next_cursor")
        .build()
}

/// An error of one field.
pub(super) fn field_error() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property(
            "field",
            text(false)
                .description(Some("A JSON pointer into the body, or the name of a parameter or header.")),
        )
        .required("field")
        .property("message", text(false).description(Some("What is wrong with it.")))
        .required("message")
        .build()
}

/// A problem document, RFC 9457.
pub(super) fn problem() -> Object {
    let errors = ArrayBuilder::new().items(RefOr::<Schema>::from(Ref::from_schema_name("FieldError")));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("What went wrong, as in RFC 9457."))
        .property(
            "type",
            text(false).description(Some("The kind of problem, a stable path under /problems/.")),
        )
        .required("type")
        .property("title", text(false))
        .required("title")
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .required("status")
        .property("detail", text(false).description(Some("A sentence for people, with the fix.")))
        .required("detail")
        .property("instance", text(false).description(Some("The request's id.")))
        .property("errors", errors)
        .property("module", text(false).description(Some("The feature module that is needed.")))
        .property("permission", text(false).description(Some("The permission that is needed.")))
        .build()
}

/// A column as a parameter of a list.
pub(super) fn parameter(column: &Column) -> Schema {
    Schema::Object(value(column, false).build())
}

fn body() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(utoipa::openapi::schema::AdditionalProperties::<Schema>::FreeForm(false)))
}

fn text(nullable: bool) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(schema_type(&[Type::String], nullable))
}

/// The column in an answer.
fn answer(column: &Column) -> Schema {
    Schema::Object(
        value(column, column.nullable)
            .description(Some(column.description))
            .read_only(column.read_only)
            .build(),
    )
}

/// The column in a request: an amount of money may be a number too.
fn request(column: &Column) -> Schema {
    let value = value(column, column.nullable);
    if !matches!(column.kind, Kind::Money(_)) {
        return Schema::Object(value.description(Some(column.description)).build());
    }
    let number = ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0.0)).multiple_of(Some(0.01));
    Schema::AnyOf(AnyOfBuilder::new().item(value).item(number).description(Some(column.description)).build())
}

fn value(column: &Column, nullable: bool) -> ObjectBuilder {
    let text = || text(nullable);
    let format = |name: &str| text().format(Some(SchemaFormat::Custom(name.to_owned())));
    let of = |types: &[Type]| ObjectBuilder::new().schema_type(schema_type(types, nullable));
    match column.kind {
        Kind::Text(longest) => text()
            .max_length(Some(longest))
            .min_length(column.required.then_some(1))
            .pattern(column.required.then_some("\\S")),
        Kind::Email => format("email").max_length(Some(LONGEST_EMAIL)),
        Kind::Url => format("uri").pattern(Some("^[hH][tT][tT][pP][sS]?://")).max_length(Some(LONGEST_URL)),
        Kind::TimeZone => text().examples(["Europe/Vienna"]),
        Kind::Currency => text().pattern(Some("^[A-Z]{3}$")).examples(["EUR"]),
        Kind::Enum(allowed) => text().enum_values(Some(allowed.iter().copied())),
        Kind::Id | Kind::Reference(_) => format("uuid"),
        Kind::Money(digits) => {
            text().pattern(Some(format!("^[0-9]{{1,{digits}}}(\\.[0-9]{{1,2}})?$"))).examples(["29.99"])
        }
        #[expect(clippy::cast_precision_loss, reason = "the schema's bounds are floating-point numbers")]
        Kind::Integer(least, most) => {
            of(&[Type::Integer]).minimum(Some(least as f64)).maximum((most < i64::MAX).then_some(most as f64))
        }
        Kind::Bool => of(&[Type::Boolean]),
        Kind::Timestamp => format("date-time"),
        Kind::Date => format("date"),
        Kind::Object => of(&[Type::Object]),
        Kind::Array => of(&[Type::Array]),
        Kind::ObjectOrArray => of(&[Type::Object, Type::Array]),
    }
}

fn schema_type(types: &[Type], nullable: bool) -> SchemaType {
    match (types, nullable) {
        ([only], false) => SchemaType::Type(only.clone()),
        (types, nullable) => types.iter().cloned().chain(nullable.then_some(Type::Null)).collect(),
    }
}
