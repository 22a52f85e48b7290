//! Every use case asks for its right before it has a connection: here there is no admin database to connect to, so that whoever
//! comes past the question learns that it is away, and whoever doesn't learns what they may not.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails at once")]

use std::collections::BTreeSet;
use std::path::Path;

use async_trait::async_trait;
use catalog::saved_views::Content;
use catalog::{Catalog, CatalogConfig, PageRequest};
use customers::{Actor, ControlPlane, Right, UseCaseError};
use domain::operator::{Credential, Role};
use domain::{ApiKeyId, Forbidden, Rights};
use identity::impersonation::{CustomerLog, ImpersonationRequest, LogError, Note};
use identity::operators::{NewOperatorRequest, OperatorChanges};
use identity::passkeys::{NewPasskeyAnswer, RelyingParty};
use identity::saved_views::SavedViewChanges;
use identity::tokens::TokenRequest;
use identity::{Identity, SignInError};
use secrets::MasterKey;
use uuid::Uuid;

/// What a use case asks of whoever asks for it.
#[derive(Debug, Clone, Copy)]
enum Need {
    Right(Right),
    /// That it is about their own account, in a session of theirs.
    Own,
    /// Both.
    OwnWith(Right),
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Forbidden(Right),
    NotSignedIn,
    /// They came as far as the admin database.
    Away,
    Other(String),
}

trait Answer {
    fn outcome(self) -> Outcome;
}

impl<T: std::fmt::Debug> Answer for Result<T, UseCaseError> {
    fn outcome(self) -> Outcome {
        match self {
            Err(UseCaseError::Forbidden(Forbidden(right))) => Outcome::Forbidden(right),
            Err(UseCaseError::NotSignedIn(_)) => Outcome::NotSignedIn,
            Err(UseCaseError::Unavailable(_)) => Outcome::Away,
            other => Outcome::Other(format!("{other:?}")),
        }
    }
}

impl<T: std::fmt::Debug> Answer for Result<T, SignInError> {
    fn outcome(self) -> Outcome {
        match self {
            Err(SignInError::UseCase(error)) => Err::<(), _>(error).outcome(),
            other => Outcome::Other(format!("{other:?}")),
        }
    }
}

/// Nobody comes as far as to be told of.
struct NoLog;

#[async_trait]
impl CustomerLog for NoLog {
    async fn write(&self, _note: &Note<'_>) -> Result<(), LogError> {
        Err(LogError::Away("nobody listens".into()))
    }
}

/// Every use case, tried by whoever this is.
async fn tried(identity: &Identity, actor: &Actor) -> Vec<(&'static str, Need, Outcome)> {
    use Need::{Own, OwnWith};
    let (id, key) = (Uuid::nil(), ApiKeyId::generate());
    let (read, write) = (Need::Right(Right::OperatorsRead), Need::Right(Right::OperatorsWrite));
    let operator = NewOperatorRequest {
        email: "ann@example.org".to_owned(),
        name: "Ann".to_owned(),
        roles: vec!["support".to_owned()],
    };
    let token = TokenRequest {
        name: "t".to_owned(),
        permissions: actor.rights().iter().take(1).map(|right| right.as_str().to_owned()).collect(),
        expires_at: None,
    };
    let view =
        Content { page: "customers".to_owned(), name: "V".to_owned(), query: String::new(), shared: false };
    let asks = |write| ImpersonationRequest { reason: "ticket 7".to_owned(), minutes: None, write };
    let passkey = NewPasskeyAnswer { name: "Laptop", credential: &serde_json::Value::Null };
    let code = "123456".into();
    let (password, other) = ("quarry lantern fjord".into(), "mittens quarry lantern fjord".into());
    vec![
        ("operators", read, identity.operators(actor, &PageRequest::default()).await.outcome()),
        ("operator", read, identity.operator(actor, id).await.outcome()),
        ("create_operator", write, identity.create_operator(actor, &operator).await.outcome()),
        (
            "update_operator",
            write,
            identity.update_operator(actor, id, &OperatorChanges::default(), None).await.outcome(),
        ),
        ("reset_password", write, identity.reset_password(actor, id).await.outcome()),
        ("reset_second_factor", write, identity.reset_second_factor(actor, id).await.outcome()),
        ("sign_out_everywhere", write, identity.sign_out_everywhere(actor, id).await.outcome()),
        (
            "impersonate",
            OwnWith(Right::CustomersImpersonate),
            identity.impersonate(actor, "acme", &asks(false), &NoLog).await.outcome(),
        ),
        (
            "impersonations",
            Need::Right(Right::AuditRead),
            identity.impersonations(actor, "acme", &PageRequest::default()).await.outcome(),
        ),
        ("end_impersonation", Own, identity.end_impersonation(actor, "acme", key, &NoLog).await.outcome()),
        ("own_impersonations", Own, identity.own_impersonations(actor, None).await.outcome()),
        ("own_sessions", Own, identity.own_sessions(actor).await.outcome()),
        ("end_own_session", Own, identity.end_own_session(actor, id).await.outcome()),
        ("change_password", Own, identity.change_password(actor, &password, &other).await.outcome()),
        ("new_recovery_codes", Own, identity.new_recovery_codes(actor).await.outcome()),
        ("own_passkeys", Own, identity.own_passkeys(actor).await.outcome()),
        ("ask_for_passkey", Own, identity.ask_for_passkey(actor, Some(&password)).await.outcome()),
        ("add_passkey", Own, identity.add_passkey(actor, &passkey).await.outcome()),
        ("rename_passkey", Own, identity.rename_passkey(actor, id, "Laptop").await.outcome()),
        ("remove_passkey", Own, identity.remove_passkey(actor, id, Some(&password)).await.outcome()),
        (
            "ask_for_authenticator",
            Own,
            identity.ask_for_authenticator(actor, Some(&password)).await.outcome(),
        ),
        ("confirm_authenticator", Own, identity.confirm_authenticator(actor, &code).await.outcome()),
        ("remove_authenticator", Own, identity.remove_authenticator(actor, Some(&password)).await.outcome()),
        ("sessions_of", write, identity.sessions_of(actor, id).await.outcome()),
        ("end_session_of", write, identity.end_session_of(actor, id, id).await.outcome()),
        ("tokens_of", write, identity.tokens_of(actor, id, &PageRequest::default()).await.outcome()),
        ("revoke_token_of", write, identity.revoke_token_of(actor, id, id).await.outcome()),
        ("create_token", Own, identity.create_token(actor, &token).await.outcome()),
        ("own_tokens", Own, identity.own_tokens(actor, &PageRequest::default()).await.outcome()),
        ("revoke_own_token", Own, identity.revoke_own_token(actor, id).await.outcome()),
        ("saved_views", Own, identity.saved_views(actor, None).await.outcome()),
        ("saved_view", Own, identity.saved_view(actor, id).await.outcome()),
        ("create_saved_view", Own, identity.create_saved_view(actor, view).await.outcome()),
        (
            "update_saved_view",
            Own,
            identity.update_saved_view(actor, id, SavedViewChanges::default()).await.outcome(),
        ),
        ("delete_saved_view", Own, identity.delete_saved_view(actor, id).await.outcome()),
    ]
}

/// Over an admin database that isn't there.
fn identity() -> Identity {
    let url = "postgresql://nobody@127.0.0.1:1/nothing".to_owned();
    let catalog = Catalog::connect(&CatalogConfig::new(url.into())).unwrap();
    let key = MasterKey::generate();
    let here = RelyingParty::at(&"http://localhost:3000".parse().unwrap());
    Identity::new(ControlPlane::new(catalog.clone(), key.clone()), catalog, key).with_passkeys(here)
}

#[tokio::test]
async fn every_use_case_asks_every_role_for_its_right_before_it_has_a_connection() {
    let identity = identity();
    for role in Role::ALL {
        let rights = role.rights();
        let actor = Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), rights);
        for (name, need, outcome) in tried(&identity, &actor).await {
            let expected = match need {
                Need::Right(right) | Need::OwnWith(right) if !rights.has(right) => Outcome::Forbidden(right),
                _ => Outcome::Away,
            };
            assert_eq!(outcome, expected, "{role} on {name}");
        }
        let writing = ImpersonationRequest { reason: "ticket 7".to_owned(), minutes: None, write: true };
        let expected = [Right::CustomersImpersonate, Right::CustomersImpersonateWrite]
            .into_iter()
            .find(|right| !rights.has(*right))
            .map_or(Outcome::Away, Outcome::Forbidden);
        let outcome = identity.impersonate(&actor, "acme", &writing, &NoLog).await.outcome();
        assert_eq!(outcome, expected, "{role} writing in a customer's place");
    }
}

/// However much it may: what is one's own is done in one's own session.
#[tokio::test]
async fn no_token_and_no_configuration_does_what_is_somebodys_own() {
    let identity = identity();
    let token = Actor::operator(Uuid::now_v7(), Credential::Token(Uuid::nil()), Rights::ALL);
    for actor in [token, Actor::bootstrap()] {
        for (name, need, outcome) in tried(&identity, &actor).await {
            let expected = match need {
                Need::Right(_) => Outcome::Away,
                Need::Own | Need::OwnWith(_) => Outcome::NotSignedIn,
            };
            assert_eq!(outcome, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn no_use_case_is_missing_in_the_table() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = testkit::use_cases(&sources);
    // What somebody may do, and what their own account is: asked for them, before they have a right.
    for of_everybody in ["account", "rights_now"] {
        assert!(found.remove(of_everybody), "{of_everybody}");
    }
    let table: BTreeSet<_> =
        tried(&identity(), &Actor::bootstrap()).await.into_iter().map(|(name, ..)| name.to_owned()).collect();
    assert_eq!(found, table, "add it to the table: which right does it ask for?");
}
