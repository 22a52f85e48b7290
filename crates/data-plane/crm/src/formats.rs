//! How the kinds of values are written, and what is wrong with those that aren't.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::value::{Value, Wrong};

pub(crate) fn limited(text: &str, longest: usize) -> Result<String, Wrong> {
    if text.chars().count() > longest {
        return Err(Wrong::new(format!("must be at most {longest} characters long")));
    }
    Ok(text.to_owned())
}

pub(crate) fn email(text: &str) -> Result<Value, Wrong> {
    let wrong = || Wrong::new("must be an e-mail address, such as ann@example.com");
    let (local, host) = text.split_once('@').ok_or_else(wrong)?;
    let is_clean = !text.chars().any(|character| character.is_whitespace() || character.is_control());
    if local.is_empty() || host.is_empty() || host.contains('@') || !is_clean {
        return Err(wrong());
    }
    limited(text, 254).map(Value::Text)
}

pub(crate) fn web_address(text: &str) -> Result<Value, Wrong> {
    let wrong = || Wrong::new("must be a URL that begins with https:// or http://");
    let address = url::Url::parse(text).map_err(|_| wrong())?;
    if !matches!(address.scheme(), "http" | "https") || text.chars().any(char::is_whitespace) {
        return Err(wrong());
    }
    limited(text, 2048).map(Value::Text)
}

/// JSON knows only one kind of number: 3.0 is the whole number 3.
pub(crate) fn whole_number(json: &Json) -> Option<i64> {
    json.as_i64().or_else(|| {
        let number = json.as_f64().filter(|number| number.fract() == 0.0)?;
        format!("{number:.0}").parse().ok()
    })
}

pub(crate) fn integer(number: i64, least: i64, most: i64) -> Result<Value, Wrong> {
    if (least..=most).contains(&number) {
        Ok(Value::Integer(number))
    } else {
        Err(Wrong::new(format!("must be a whole number from {least} to {most}")))
    }
}

pub(crate) fn money(text: &str, digits: u32) -> Result<Value, Wrong> {
    let wrong = || Wrong::new("must be a decimal string such as \"29.99\"");
    // Decimal's own reader takes more than we do: a plus sign, underscores.
    if text.len() > 40 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-')) {
        return Err(wrong());
    }
    let amount = Decimal::from_str_exact(text).map_err(|_| wrong())?.normalize();
    if amount.is_sign_negative() && !amount.is_zero() {
        return Err(Wrong::new("must not be negative"));
    }
    if amount.scale() > 2 {
        return Err(Wrong::new("must have at most two decimal places"));
    }
    if amount >= Decimal::from(10_i64.pow(digits)) {
        return Err(Wrong::new(format!("must have at most {digits} digits before the point")));
    }
    Ok(Value::Decimal(amount.abs()))
}

pub(crate) fn timestamp(text: &str) -> Result<Value, Wrong> {
    let moment = DateTime::parse_from_rfc3339(text)
        .map_err(|_| Wrong::new("must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z"))?
        .with_timezone(&Utc);
    if !(1..=9999).contains(&moment.year()) {
        return Err(Wrong::new("must lie in the years 1 to 9999, in UTC"));
    }
    Ok(Value::Timestamp(moment))
}

pub(crate) fn date(text: &str) -> Result<Value, Wrong> {
    let wrong = || Wrong::new("must be a date such as 2026-01-31");
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| is_plain).ok_or_else(wrong)?;
    if day.year() < 1 {
        return Err(Wrong::new("must lie in the years 1 to 9999"));
    }
    Ok(Value::Date(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Kind;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn money_is_exact() {
        let kind = Kind::Money(13);
        assert_eq!(Value::from_json(kind, &json!("29.99")), Ok(Value::Decimal(Decimal::new(2999, 2))));
        assert_eq!(Value::from_json(kind, &json!(29.99)), Ok(Value::Decimal(Decimal::new(2999, 2))));
        assert_eq!(Value::from_json(kind, &json!("-0")), Ok(Value::Decimal(Decimal::ZERO)));
        assert!(Value::from_json(kind, &json!("9999999999999.99")).is_ok());
        for wrong in [json!("-0.01"), json!("1.001"), json!("10000000000000"), json!("1e3"), json!("1_000")] {
            assert!(Value::from_json(kind, &wrong).is_err(), "{wrong}");
        }
        for wrong in
            [json!(""), json!("."), json!("NaN"), json!(1e300), json!(true), json!("+1"), json!("--1")]
        {
            assert!(Value::from_json(kind, &wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_whole_number_is_whole_however_it_is_written() {
        let kind = Kind::Integer(-5, 10);
        for right in [json!(3), json!(3.0), json!(-5), json!(1e1), json!(-0.0)] {
            assert!(Value::from_json(kind, &right).is_ok(), "{right}");
        }
        for wrong in
            [json!(3.5), json!(11), json!(-6.0), json!(1e300), json!("3"), json!(u64::MAX), json!(null)]
        {
            assert!(Value::from_json(kind, &wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_and_dates_are_within_reach() {
        for right in
            ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456+02:00", "9999-12-31T23:59:59.999999Z"]
        {
            assert!(Value::from_text(Kind::Timestamp, right).is_ok(), "{right}");
        }
        for wrong in
            ["", "2026-01-31", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "+12026-01-31T12:00:00Z"]
        {
            assert!(Value::from_text(Kind::Timestamp, wrong).is_err(), "{wrong}");
        }
        assert!(Value::from_text(Kind::Date, "2024-02-29").is_ok());
        for wrong in
            ["2026-02-29", "2026-1-1", "0000-01-01", "+2026-1-01", "26-01-01", "2026-01-31T00:00:00Z"]
        {
            assert!(Value::from_text(Kind::Date, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_addresses() {
        assert!(Value::from_text(Kind::Email, "ann@example.com").is_ok());
        for wrong in ["", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "a\u{a0}@b"] {
            assert!(Value::from_text(Kind::Email, wrong).is_err(), "{wrong:?}");
        }
        assert!(Value::from_text(Kind::Url, "https://example.com/a?b#c").is_ok());
        for wrong in
            ["", "example.com", "ftp://example.com", "javascript:alert(1)", "https://", "https://a b"]
        {
            assert!(Value::from_text(Kind::Url, wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_client_sends_panics(text in "\\PC{0,60}|[0-9T:+.Z-]{0,40}", number in any::<f64>()) {
            for kind in [
                Kind::Text(10), Kind::Email, Kind::Url, Kind::TimeZone, Kind::Currency, Kind::Enum(&["a"]), Kind::Id,
                Kind::Money(13), Kind::Integer(0, 10), Kind::Bool, Kind::Timestamp, Kind::Date, Kind::Object,
            ] {
                let _ = Value::from_text(kind, &text);
                let _ = Value::from_json(kind, &json!(text));
                let _ = Value::from_json(kind, &json!(number));
                let _ = Value::from_json(kind, &json!([number]));
            }
        }

        #[test]
        fn every_amount_of_cents_is_read_exactly(cents in 0_i64..1_000_000_000_000_000) {
            let amount = Decimal::new(cents, 2);
            prop_assert_eq!(Value::from_text(Kind::Money(13), &amount.to_string()), Ok(Value::Decimal(amount.normalize())));
        }
    }
}
