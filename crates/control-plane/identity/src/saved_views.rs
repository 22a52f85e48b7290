//! Lists as operators want to see them again: their own, and those that others share.

use catalog::audit::AuditEntry;
use catalog::saved_views::{self as rows, Content, SavedView};
use catalog::{CatalogError, Transaction, audit};
use customers::{Actor, FieldCheck, Right, UseCaseError, commit};
use domain::audit::AuditAction;
use domain::recognise::{has_secret, is_secret_name};
use serde_json::json;
use url::form_urlencoded;
use uuid::Uuid;

use crate::Identity;

/// How many one operator has at most.
const MOST: i64 = 200;
/// How long the query of a page may be.
const LONGEST_QUERY: usize = 2000;
/// How often what is encoded is decoded again to find a secret in it.
const DEEPEST: u8 = 3;

/// What to change about a view. What isn't given stays.
#[derive(Debug, Clone, Default)]
pub struct SavedViewChanges {
    /// What it is called.
    pub name: Option<String>,
    /// What follows the `?`.
    pub query: Option<String>,
    /// Whether the others see it.
    pub shared: Option<bool>,
}

impl Identity {
    /// What whoever is signed in sees: their own views, and those that others share.
    ///
    /// # Errors
    /// For whoever isn't signed in.
    pub async fn saved_views(
        &self,
        actor: &Actor,
        page: Option<&str>,
    ) -> Result<Vec<SavedView>, UseCaseError> {
        let account = actor.own_account()?;
        let client = self.client_of(&account).await?;
        Ok(rows::seen_by(&client, account.operator_id(), page).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] also for one that another operator keeps to themselves.
    pub async fn saved_view(&self, actor: &Actor, id: Uuid) -> Result<SavedView, UseCaseError> {
        let account = actor.own_account()?;
        let client = self.client_of(&account).await?;
        rows::get(&client, account.operator_id(), id).await?.ok_or_else(no_view)
    }

    /// Keeps a list.
    ///
    /// # Errors
    /// With every wrong field; [`UseCaseError::Taken`] when they have one by this name.
    pub async fn create_saved_view(&self, actor: &Actor, wanted: Content) -> Result<SavedView, UseCaseError> {
        let account = actor.own_account()?;
        let content = checked(wanted)?;
        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let operator = account.operator_id();
        if rows::count_of(&transaction, operator).await? >= MOST {
            return Err(UseCaseError::Conflict(format!(
                "You have {MOST} views. Throw some away that nobody looks at."
            )));
        }
        let id =
            rows::insert(&transaction, operator, &content).await.map_err(|error| taken(error, &content))?;
        write(&transaction, actor, (AuditAction::SavedViewCreated, id), (None, Some(&content))).await?;
        let made = rows::get(&transaction, operator, id).await?.ok_or_else(no_view)?;
        commit(transaction).await?;
        Ok(made)
    }

    /// Changes a view: one's own, or a shared one of somebody else with `operators:write`.
    ///
    /// # Errors
    /// [`UseCaseError::Forbidden`] for somebody else's.
    pub async fn update_saved_view(
        &self,
        actor: &Actor,
        id: Uuid,
        changes: SavedViewChanges,
    ) -> Result<SavedView, UseCaseError> {
        let account = actor.own_account()?;
        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let before = changeable(&transaction, actor, account.operator_id(), id).await?;
        let content = checked(Content {
            page: before.page.clone(),
            name: changes.name.unwrap_or_else(|| before.name.clone()),
            query: changes.query.unwrap_or_else(|| before.query.clone()),
            shared: changes.shared.unwrap_or(before.shared),
        })?;
        if content != before.content() {
            rows::update(&transaction, id, &content).await.map_err(|error| taken(error, &content))?;
            let told = (Some(&before.content()), Some(&content));
            write(&transaction, actor, (AuditAction::SavedViewUpdated, id), told).await?;
        }
        commit(transaction).await?;
        let Content { name, query, shared, .. } = content;
        Ok(SavedView { name, query, shared, ..before })
    }

    /// Throws a view away.
    ///
    /// # Errors
    /// As [`Identity::update_saved_view`].
    pub async fn delete_saved_view(&self, actor: &Actor, id: Uuid) -> Result<(), UseCaseError> {
        let account = actor.own_account()?;
        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let before = changeable(&transaction, actor, account.operator_id(), id).await?;
        rows::delete(&transaction, id).await?;
        let told = (Some(&before.content()), None);
        write(&transaction, actor, (AuditAction::SavedViewDeleted, id), told).await?;
        commit(transaction).await
    }
}

/// The view, for whoever may change it.
async fn changeable(
    transaction: &Transaction<'_>,
    actor: &Actor,
    operator: Uuid,
    id: Uuid,
) -> Result<SavedView, UseCaseError> {
    let found = rows::get(transaction, operator, id).await?.ok_or_else(no_view)?;
    if found.operator_id != operator {
        actor.permit(Right::OperatorsWrite)?;
    }
    Ok(found)
}

fn checked(wanted: Content) -> Result<Content, UseCaseError> {
    let mut check = FieldCheck::default();
    let name = check.name("name", &wanted.name, 100).unwrap_or_default();
    let mut letters = wanted.page.bytes();
    let is_page = letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|letter| letter.is_ascii_lowercase() || letter == b'-')
        && wanted.page.len() <= 40;
    if !is_page {
        check.wrong("page", "must be a page's name such as customers: lower-case letters and -, at most 40");
    }
    let query = wanted.query.strip_prefix('?').unwrap_or(&wanted.query);
    if query.chars().count() > LONGEST_QUERY {
        check.wrong("query", format!("must be at most {LONGEST_QUERY} characters long"));
    } else if query.chars().any(char::is_control) {
        check.wrong("query", "must not contain control characters");
    } else if holds_secret(query, DEEPEST) {
        check.wrong(
            "query",
            "holds what looks like a key, a token or a password. A view is kept and may be shared: take it out, and replace \
             it if others could have seen it",
        );
    }
    let query = query.to_owned();
    check.finish()?;
    Ok(Content { page: wanted.page, name, query, shared: wanted.shared })
}

/// Whether a secret is in the query of an address, also one that is encoded, or in an address that is itself a value.
fn holds_secret(query: &str, deeper: u8) -> bool {
    let is_between = |letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '-';
    let is_named_so = |name: &str| name.split(is_between).any(is_secret_name);
    has_secret(query)
        || form_urlencoded::parse(query.as_bytes()).any(|(name, value)| {
            (is_named_so(&name) && !value.is_empty())
                || has_secret(&name)
                || has_secret(&value)
                || (deeper > 0 && value.contains(['=', '%']) && holds_secret(&value, deeper - 1))
        })
}

fn taken(error: CatalogError, content: &Content) -> UseCaseError {
    if error.conflicts_with("admin_saved_views_name_key") {
        let detail = format!("There is a view {:?} of this page already.", content.name);
        return UseCaseError::Taken { field: Some("name"), detail };
    }
    error.into()
}

fn no_view() -> UseCaseError {
    UseCaseError::NotFound("There is no such view, or another operator keeps it to themselves.".to_owned())
}

async fn write(
    transaction: &Transaction<'_>,
    actor: &Actor,
    (action, id): (AuditAction, Uuid),
    (old, new): (Option<&Content>, Option<&Content>),
) -> Result<(), CatalogError> {
    let entry = AuditEntry {
        customer_id: None,
        action,
        resource_type: "saved_view",
        resource_id: Some(id.to_string()),
        old_values: old.map(|content| json!(content)),
        new_values: new.map(|content| json!(content)),
    };
    audit::insert(transaction, actor, &entry).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_however_they_are_wrapped() {
        let key = "sk_0123456789abcdefghijklmnopqrstuvwxyzA";
        let twice = "q=%2573k_0123456789abcdefghijklmnopqrstuvwxyzA";
        for secret in [
            &format!("q={key}"),
            &format!("status=trial&q=before+{key}"),
            key,
            "q=%73k_0123456789abcdefghijklmnopqrstuvwxyzA",
            twice,
            "token=abc",
            "filter[password]=x",
            "return=%2Fadmin%3Fapi_key%3D1",
            "to=https%3A%2F%2Fann%3Ahunter2%40example.org",
            "x-api-key=1",
        ] {
            assert!(holds_secret(secret, DEEPEST), "{secret}");
        }
        for harmless in [
            "",
            "status=trial&plan=pro&sort=-created_at",
            "api_key_id=0190a0a0-0000-7000-8000-00000000000a&endpoint=%2Fapi%2Fv1%2Fdeals%2F%7Bid%7D",
            "q=sk_8fJ2aB&columns=token,secret&created_at[gte]=2026-01-01T00%3A00%3A00Z",
            "token=&q=50%25",
        ] {
            assert!(!holds_secret(harmless, DEEPEST), "{harmless}");
        }
    }
}
