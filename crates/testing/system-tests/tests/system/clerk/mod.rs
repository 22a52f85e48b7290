//! Customers who come by Clerk: from the first message of the webhook to the last, with a real OpenID provider; and operators
//! for whom the same provider vouches.

mod browser;
mod house;
mod story;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use system_tests::{OpenIdProvider, Stack, StackPlan};
use testkit::WebhookSigner;
use wiremock::MockServer;

use house::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizations_become_customers_and_their_members_users() {
    let provider = OpenIdProvider::start().await;
    let api = MockServer::start().await;
    let signer = WebhookSigner::new(b"the key of the endpoint in this test");
    let secrets = testkit::home();
    let file = |name: &str, text: &str| {
        let path = secrets.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let variables = vec![
        ("SIXTY_CLERK_ISSUER", provider.url.clone()),
        ("SIXTY_CLERK_JWKS_URL", format!("{}/jwks", provider.url)),
        ("SIXTY_CLERK_AUTHORIZED_PARTIES", "https://crm.example.com".to_owned()),
        ("SIXTY_CLERK_WEBHOOK_SECRETS_FILE", file("webhook", &signer.secret())),
        ("SIXTY_CLERK_SECRET_KEY_FILE", file("key", house::BACKEND_KEY)),
        ("SIXTY_CLERK_API_URL", format!("{}/v1", api.uri())),
        ("SIXTY_CLERK_PLAN", "pro".to_owned()),
        ("SIXTY_OPENID_ISSUER", provider.url.clone()),
        ("SIXTY_OPENID_CLIENT_ID", "sixty".to_owned()),
    ];
    let mut stack = Stack::prepare(StackPlan { variables, ..StackPlan::default() }).await;
    let public_url = format!("http://localhost:{}", stack.ports.server);
    stack.program = stack.program.clone().with("SIXTY_PUBLIC_URL", public_url);
    stack.start_again().await;
    let mut house = House { stack, provider, signer, api };
    story::people_come(&mut house).await;
    story::nobody_sees_another_organization(&mut house).await;
    story::keys_change_and_the_provider_goes_away(&mut house).await;
    browser::an_operator_signs_in(&mut house).await;
    story::people_go(&mut house).await;
    story::operators_look_at_it(&house).await;
    story::an_organization_goes(&mut house).await;
    story::no_secret_is_left_behind(&mut house).await;
}
