//! A value of a column: read from JSON or from a query string, checked, and ready for PostgreSQL.

use std::error::Error;

use bytes::BytesMut;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::Value as Json;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::formats;
use crate::json_limits;
use crate::spec::Kind;

/// A value that PostgreSQL takes for a column of the kind that it was read for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Text(String),
    Uuid(Uuid),
    Decimal(Decimal),
    Integer(i64),
    Bool(bool),
    Timestamp(DateTime<Utc>),
    Date(NaiveDate),
    Json(Json),
}

/// What is wrong with a value, and where inside it (a JSON pointer; empty for the value itself).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) pointer: String,
    pub(crate) message: String,
}

impl Wrong {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { pointer: String::new(), message: message.into() }
    }
}

impl Value {
    /// Reads a value of this kind from a request's body. Null is the caller's business.
    pub(crate) fn from_json(kind: Kind, json: &Json) -> Result<Self, Wrong> {
        match (kind, json) {
            (Kind::Bool, Json::Bool(flag)) => Ok(Self::Bool(*flag)),
            (Kind::Bool, _) => Err(Wrong::new("must be true or false")),
            (Kind::Integer(least, most), json) => match formats::whole_number(json) {
                Some(number) => formats::integer(number, least, most),
                None => Err(Wrong::new(format!("must be a whole number from {least} to {most}"))),
            },
            (Kind::Money(digits), Json::Number(number)) => formats::money(&number.to_string(), digits),
            (Kind::Object, Json::Object(_)) | (Kind::Array, Json::Array(_)) => json_value(json),
            (Kind::ObjectOrArray, Json::Object(_) | Json::Array(_)) => json_value(json),
            (Kind::Object, _) => Err(Wrong::new("must be an object")),
            (Kind::Array, _) => Err(Wrong::new("must be an array")),
            (Kind::ObjectOrArray, _) => Err(Wrong::new("must be an object or an array")),
            (_, Json::String(text)) => Self::from_text(kind, text),
            (Kind::Money(_), _) => Err(Wrong::new("must be a decimal string such as \"29.99\"")),
            _ => Err(Wrong::new("must be a string")),
        }
    }

    /// Reads a value of this kind from a query string or a cursor.
    pub(crate) fn from_text(kind: Kind, text: &str) -> Result<Self, Wrong> {
        if text.contains('\0') {
            return Err(Wrong::new("must not contain the character U+0000"));
        }
        match kind {
            Kind::Text(longest) => formats::limited(text, longest).map(Self::Text),
            Kind::Email => formats::email(text),
            Kind::Url => formats::web_address(text),
            Kind::TimeZone => match text.parse::<chrono_tz::Tz>() {
                Ok(_) => Ok(Self::Text(text.to_owned())),
                Err(_) => Err(Wrong::new("must be a time zone's name, such as Europe/Vienna")),
            },
            Kind::Currency => {
                let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
                is_code
                    .then(|| Self::Text(text.to_owned()))
                    .ok_or_else(|| Wrong::new("must be three letters, such as EUR"))
            }
            Kind::Enum(allowed) if allowed.contains(&text) => Ok(Self::Text(text.to_owned())),
            Kind::Enum(allowed) => Err(Wrong::new(format!("must be one of {}", allowed.join(", ")))),
            Kind::Id | Kind::Reference(_) => {
                text.parse().map(Self::Uuid).map_err(|_| Wrong::new("must be an id (a UUID)"))
            }
            Kind::Money(digits) => formats::money(text, digits),
            Kind::Integer(least, most) => match text.parse() {
                Ok(number) => formats::integer(number, least, most),
                Err(_) => Err(Wrong::new(format!("must be a whole number from {least} to {most}"))),
            },
            Kind::Bool => text.parse().map(Self::Bool).map_err(|_| Wrong::new("must be true or false")),
            Kind::Timestamp => formats::timestamp(text),
            Kind::Date => formats::date(text),
            Kind::Object | Kind::Array | Kind::ObjectOrArray => Err(Wrong::new("can't be compared")),
        }
    }
}

fn json_value(json: &Json) -> Result<Value, Wrong> {
    json_limits::check(json)?;
    Ok(Value::Json(json.clone()))
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Uuid(uuid) => uuid.to_sql(ty, out),
            Self::Decimal(amount) => amount.to_sql(ty, out),
            Self::Integer(number) if *ty == Type::INT8 => number.to_sql(ty, out),
            Self::Integer(number) => i32::try_from(*number)?.to_sql(ty, out),
            Self::Bool(flag) => flag.to_sql(ty, out),
            Self::Timestamp(moment) => moment.to_sql(ty, out),
            Self::Date(day) => day.to_sql(ty, out),
            Self::Json(json) => json.to_sql(ty, out),
        }
    }

    /// Each value is made for its column's kind, and the statements are made of the same descriptions.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
