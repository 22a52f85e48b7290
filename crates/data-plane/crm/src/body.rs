//! The bodies of POST and PATCH: every wrong field is found and named.

use domain::principal::Principal;
use problem::{FieldError, Problem};
use serde_json::{Map, Value as Json};

use crate::json_limits::{self, escape};
use crate::spec::{Column, Gate, Kind, ResourceSpec};
use crate::value::{Value, Wrong};

/// The columns that a request sets, in the order of the resource's description.
pub(crate) type Assignments = Vec<(&'static Column, Value)>;

/// Checks the body of a POST.
pub(crate) fn for_create(
    spec: &ResourceSpec,
    principal: &Principal,
    body: &Json,
) -> Result<Assignments, Problem> {
    let members = object(body)?;
    let mut errors = foreign_members(spec, members);
    let mut assignments = Assignments::new();
    for column in spec.writable() {
        match members.get(column.name) {
            Some(json) => match value(column, json) {
                Ok(value) => assignments.push((column, value)),
                Err(wrong) => errors.push(field_error(column, &wrong)),
            },
            None if column.required => errors.push(field_error(column, &Wrong::new("is missing"))),
            None => {}
        }
    }
    finish(errors, principal, assignments)
}

/// Checks the body of a PATCH, a merge patch of `current`.
pub(crate) fn for_patch(
    spec: &ResourceSpec,
    principal: &Principal,
    body: &Json,
    current: &Json,
) -> Result<Assignments, Problem> {
    let members = object(body)?;
    let mut errors = foreign_members(spec, members);
    let mut assignments = Assignments::new();
    for column in spec.writable() {
        let Some(json) = members.get(column.name) else { continue };
        let patched = patched(column, json, current);
        match value(column, &patched) {
            Ok(value) => assignments.push((column, value)),
            Err(wrong) => errors.push(field_error(column, &wrong)),
        }
    }
    finish(errors, principal, assignments)
}

/// What a member of a merge patch makes of the column. Only free JSON has anything inside that can be merged.
fn patched(column: &Column, json: &Json, current: &Json) -> Json {
    if !column.kind.is_json() || !json.is_object() {
        return json.clone();
    }
    let mut merged = current.get(column.name).cloned().unwrap_or_default();
    json_limits::merge(&mut merged, json);
    merged
}

fn object(body: &Json) -> Result<&Map<String, Json>, Problem> {
    body.as_object().ok_or_else(|| Problem::field("/", "must be an object"))
}

fn foreign_members(spec: &ResourceSpec, members: &Map<String, Json>) -> Vec<FieldError> {
    members
        .keys()
        .filter_map(|name| {
            let message = match spec.column(name) {
                None => {
                    let known: Vec<_> = spec.writable().map(|column| column.name).collect();
                    format!("is not a known field; known are {}", known.join(", "))
                }
                Some(column) if column.read_only => "is set by the server and can't be given".to_owned(),
                Some(_) => return None,
            };
            Some(FieldError::new(format!("/{}", escape(name)), message))
        })
        .collect()
}

fn value(column: &Column, json: &Json) -> Result<Value, Wrong> {
    if json.is_null() {
        return if column.nullable { Ok(Value::Null) } else { Err(Wrong::new("must not be null")) };
    }
    let value = Value::from_json(column.kind, json)?;
    match (&value, column.kind) {
        (Value::Text(text), Kind::Text(_)) if column.required && text.trim().is_empty() => {
            Err(Wrong::new("must not be empty"))
        }
        _ => Ok(value),
    }
}

fn field_error(column: &Column, wrong: &Wrong) -> FieldError {
    FieldError::new(format!("/{}{}", column.name, wrong.pointer), wrong.message.clone())
}

fn finish(
    errors: Vec<FieldError>,
    principal: &Principal,
    assignments: Assignments,
) -> Result<Assignments, Problem> {
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    for (column, value) in &assignments {
        if let Some(module) = needed_module(column, value).filter(|module| !principal.has_module(module)) {
            let name = domain::modules::find(module).map_or(module, |found| found.name());
            let detail = format!(
                "This value of {} needs the feature module {name}, which is not enabled. Ask for it to be enabled, \
                 or give another value.",
                column.name
            );
            let pointer = format!("/{}", column.name);
            return Err(Problem::module_disabled(detail)
                .with("module", module)
                .with_errors(vec![FieldError::new(pointer, format!("needs the module {module}"))]));
        }
    }
    Ok(assignments)
}

/// The further module that this value of the column needs.
fn needed_module(column: &Column, value: &Value) -> Option<&'static str> {
    match (column.gate, value) {
        (Gate::Values { module, values }, Value::Text(text)) if values.contains(&text.as_str()) => {
            Some(module)
        }
        (Gate::Open | Gate::Values { .. }, _) | (Gate::Set { .. }, Value::Null | Value::Bool(false)) => None,
        (Gate::Set { module }, _) => Some(module),
    }
}
