//! Checks of single fields, shared by the use cases.

use chrono_tz::Tz;

/// A wrong field: its name in snake_case, as the operator API has it, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// The field's path: `email`, `modules/1`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Collects wrong fields, so that a caller learns of all of them at once.
#[derive(Debug, Default)]
pub struct FieldCheck(Vec<InvalidField>);

impl FieldCheck {
    /// Notes what is wrong with a field.
    pub fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(InvalidField { field: field.into(), message: message.into() });
    }

    /// Keeps a parsed value, or notes what is wrong with it.
    pub fn keep<T, E: ToString>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.wrong(field, error.to_string())).ok()
    }

    /// A name for people: trimmed, not empty, no control characters, at most `longest` characters.
    pub fn name(&mut self, field: &str, text: &str, longest: usize) -> Option<String> {
        let trimmed = text.trim();
        let problem = if trimmed.is_empty() {
            "must not be empty".to_owned()
        } else if trimmed.chars().count() > longest {
            format!("must be at most {longest} characters long")
        } else if trimmed.chars().any(char::is_control) {
            "must not contain control characters".to_owned()
        } else {
            return Some(trimmed.to_owned());
        };
        self.wrong(field, problem);
        None
    }

    /// An email address without a name beside it.
    pub fn email(&mut self, field: &str, text: &str) -> Option<String> {
        match text.trim().parse::<email_address::EmailAddress>() {
            Ok(address) if address.display_part().is_empty() => Some(address.to_string()),
            _ => {
                self.wrong(field, "must be an email address such as ada@example.com");
                None
            }
        }
    }

    /// An IANA time zone.
    pub fn timezone(&mut self, field: &str, text: &str) -> Option<String> {
        match text.parse::<Tz>() {
            Ok(timezone) => Some(timezone.name().to_owned()),
            Err(_) => {
                self.wrong(field, "must be an IANA time zone such as UTC or Europe/Berlin");
                None
            }
        }
    }

    /// Ends the check.
    ///
    /// # Errors
    /// The wrong fields, when there are any.
    pub fn finish(self) -> Result<(), Vec<InvalidField>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What is taken and refused; the dashboard's forms are tested with the same.
    fn cases(of: &str) -> Value {
        let cases: Value = serde_json::from_str(include_str!("field/cases.json")).unwrap();
        cases[of].clone()
    }

    fn texts(cases: &Value) -> Vec<&str> {
        cases.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
    }

    #[test]
    fn names_are_taken_and_refused_as_the_forms_do() {
        let names = cases("names");
        let longest = usize::try_from(names["longest"].as_u64().unwrap()).unwrap();
        for name in texts(&names["taken"]) {
            let mut check = FieldCheck::default();
            assert_eq!(check.name("name", name, longest).as_deref(), Some(name.trim()), "{name:?}");
            assert_eq!(check.finish(), Ok(()), "{name:?}");
        }
        for name in texts(&names["refused"]) {
            let mut check = FieldCheck::default();
            assert_eq!(check.name("name", name, longest), None, "{name:?}");
            assert_eq!(check.finish().unwrap_err()[0].field, "name");
        }
    }

    #[test]
    fn emails_are_taken_and_refused_as_the_forms_do() {
        let emails = cases("emails");
        for email in texts(&emails["taken"]) {
            let mut check = FieldCheck::default();
            assert_eq!(check.email("email", email).as_deref(), Some(email.trim()), "{email:?}");
        }
        for email in texts(&emails["refused"]) {
            let mut check = FieldCheck::default();
            assert_eq!(check.email("email", email), None, "{email:?}");
            let wrong = check.finish().unwrap_err();
            assert!(wrong[0].message.contains("ada@example.com"), "{wrong:?}");
        }
    }
}
