//! JSON that can be read in one way only.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

/// Any JSON in which no object says a field twice, at no depth. RFC 8259 leaves open which of the two counts: a program that
/// looked at the body before us may have looked at the other one.
#[derive(Debug, Clone, PartialEq)]
pub struct UnambiguousJson(pub Value);

impl<'de> Deserialize<'de> for UnambiguousJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson).map(Self)
    }
}

/// What `serde_json::Value` does, but that its map says whether it had the field.
struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any valid JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(UnambiguousJson(part)) = parts.next_element()? {
            read.push(part);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            match read.entry(name) {
                Entry::Occupied(said) => {
                    return Err(A::Error::custom(format_args!("duplicate field `{}`", said.key())));
                }
                Entry::Vacant(new) => {
                    let UnambiguousJson(value) = fields.next_value()?;
                    new.insert(value);
                }
            }
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_once_is_read_as_by_everybody() {
        for text in [
            r#"{"a":1,"b":[{"a":1},{"a":2}],"c":{"a":{"a":"A"}},"":null}"#,
            r#"[0,-1,18446744073709551615,-9223372036854775808,1e300,-0.5,true,"\u00e9\n",[],{}]"#,
            "18446744073709551616",
            "null",
        ] {
            let UnambiguousJson(read) = serde_json::from_str(text).unwrap();
            assert_eq!(read, serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn a_field_that_is_said_twice_is_refused_wherever_it_is() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"b":2,"\u0061":1}"#, r#"[{"b":{"a":1,"c":2,"a":3}}]"#] {
            let refused = serde_json::from_str::<UnambiguousJson>(text).unwrap_err();
            assert!(refused.to_string().starts_with("duplicate field `a`"), "{refused}");
        }
    }
}
