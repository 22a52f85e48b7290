//! Who we are at AWS, where nobody has written it down: a container, a machine and a pod are given credentials that run out, by
//! servers that speak as theirs do.

use std::path::PathBuf;

use chrono::{SecondsFormat, TimeDelta, Utc};
use key_providers::ProviderError;
use key_providers::aws::{Aws, AwsConfig, ContainerToken, CredentialSource, read_secret};
use secrets::ExposeSecret as _;
use serde_json::json;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A stand-in for AWS that shows which key each call was signed with.
async fn signed_by(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let calls = requests.iter().filter(|request| request.headers.contains_key("x-amz-target"));
    calls
        .map(|call| {
            let authorization = call.headers["authorization"].to_str().unwrap();
            let credential = authorization.split_once("Credential=").unwrap().1;
            credential.split('/').next().unwrap().to_owned()
        })
        .collect()
}

/// Asks three times for a secret, with credentials of which the first run out in four minutes, and the others in an hour.
async fn asked_with(server: &MockServer, credentials: CredentialSource) -> Vec<String> {
    let secret = json!({ "SecretString": "s" });
    Mock::given(header("X-Amz-Target", "secretsmanager.GetSecretValue"))
        .respond_with(ResponseTemplate::new(200).set_body_json(secret))
        .mount(server)
        .await;
    let endpoint = Some(server.uri().parse().unwrap());
    let config = AwsConfig { region: "eu-central-1".to_owned(), endpoint, credentials };
    let aws = Aws::new(config).unwrap();
    for _ in 0..3 {
        assert_eq!(read_secret(&aws, "sixty", None).await.unwrap().expose_secret(), "s");
    }
    signed_by(server).await
}

/// Gives the first credentials once, and then the second.
async fn gives(
    server: &MockServer,
    matches: impl Fn(&Request) -> bool + Send + Sync + Clone + 'static,
    show: fn(&str, &str) -> String,
) {
    for (id, minutes, times) in [("AKIDFIRST", 4, 1), ("AKIDSECOND", 60, 100)] {
        let end = (Utc::now() + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
        Mock::given(matches.clone())
            .respond_with(ResponseTemplate::new(200).set_body_string(show(id, &end)))
            .up_to_n_times(times)
            .mount(server)
            .await;
    }
}

fn as_json(id: &str, end: &str) -> String {
    json!({ "AccessKeyId": id, "SecretAccessKey": "s", "Token": "t", "Expiration": end }).to_string()
}

#[tokio::test]
async fn a_containers_credentials_are_replaced_before_they_run_out() {
    let (server, folder) = (MockServer::start().await, testkit::home());
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "the-pods-token\n").unwrap();
    let is_asked = |request: &Request| {
        request.url.path() == "/credentials" && request.headers["authorization"] == "the-pods-token"
    };
    gives(&server, is_asked, as_json).await;
    let url = format!("{}/credentials", server.uri()).parse().unwrap();
    let source = CredentialSource::Container { url, token: ContainerToken::File(token_file) };
    assert_eq!(asked_with(&server, source).await, ["AKIDFIRST", "AKIDSECOND", "AKIDSECOND"]);
}

#[tokio::test]
async fn a_machines_credentials_are_replaced_before_they_run_out() {
    let server = MockServer::start().await;
    let answer = |text: &str| ResponseTemplate::new(200).set_body_string(text);
    Mock::given(method("PUT"))
        .and(path("/latest/api/token"))
        .respond_with(answer("ticket"))
        .mount(&server)
        .await;
    let roles = "/latest/meta-data/iam/security-credentials/";
    Mock::given(path(roles))
        .and(header("X-aws-ec2-metadata-token", "ticket"))
        .respond_with(answer("sixty-role"))
        .mount(&server)
        .await;
    let is_asked = |request: &Request| {
        request.url.path() == "/latest/meta-data/iam/security-credentials/sixty-role"
            && request.headers["x-aws-ec2-metadata-token"] == "ticket"
    };
    gives(&server, is_asked, as_json).await;
    let source = CredentialSource::Machine { url: server.uri().parse().unwrap() };
    assert_eq!(asked_with(&server, source).await, ["AKIDFIRST", "AKIDSECOND", "AKIDSECOND"]);
}

#[tokio::test]
async fn a_pods_role_is_taken_with_its_token_and_taken_anew_before_it_runs_out() {
    let (server, folder) = (MockServer::start().await, testkit::home());
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "eyJ.service.account\n").unwrap();
    let is_asked = |request: &Request| {
        let form: std::collections::HashMap<_, _> =
            url::form_urlencoded::parse(&request.body).into_owned().collect();
        form.get("Action").is_some_and(|action| action == "AssumeRoleWithWebIdentity")
            && form["RoleArn"] == "arn:aws:iam::1:role/sixty"
            && form["WebIdentityToken"] == "eyJ.service.account"
    };
    let as_xml = |id: &str, end: &str| {
        format!(
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
             <SessionToken>t</SessionToken><SecretAccessKey>s</SecretAccessKey><Expiration>{end}</Expiration>
             <AccessKeyId>{id}</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>
             </AssumeRoleWithWebIdentityResponse>"
        )
    };
    gives(&server, is_asked, as_xml).await;
    let url = server.uri().parse().unwrap();
    let source =
        CredentialSource::WebIdentity { url, token_file, role_arn: "arn:aws:iam::1:role/sixty".to_owned() };
    assert_eq!(asked_with(&server, source).await, ["AKIDFIRST", "AKIDSECOND", "AKIDSECOND"]);
}

/// One call at AWS with these credentials, which nobody gives.
async fn refused(server: &MockServer, credentials: CredentialSource) -> ProviderError {
    let endpoint = Some(server.uri().parse().unwrap());
    let config = AwsConfig { region: "eu-central-1".to_owned(), endpoint, credentials };
    read_secret(&Aws::new(config).unwrap(), "sixty", None).await.unwrap_err()
}

#[tokio::test]
async fn a_token_in_the_environment_is_shown_and_one_that_changed_in_its_file_too() {
    let (server, folder) = (MockServer::start().await, testkit::home());
    let is_asked =
        |request: &Request| request.headers.get("authorization").is_some_and(|shown| shown == "in-the-clear");
    gives(&server, is_asked, as_json).await;
    let url: url::Url = format!("{}/credentials", server.uri()).parse().unwrap();
    let source = CredentialSource::Container { url, token: ContainerToken::Text("in-the-clear\n".into()) };
    assert_eq!(asked_with(&server, source).await, ["AKIDFIRST", "AKIDSECOND", "AKIDSECOND"]);

    // A pod's token is replaced every day: what counts is what the file says when somebody asks.
    let server = MockServer::start().await;
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "of-yesterday").unwrap();
    let end = (Utc::now() + TimeDelta::minutes(4)).to_rfc3339_opts(SecondsFormat::Secs, true);
    for (token, id) in [("of-yesterday", "AKIDFIRST"), ("of-today", "AKIDSECOND")] {
        Mock::given(header("authorization", token))
            .respond_with(ResponseTemplate::new(200).set_body_string(as_json(id, &end)))
            .mount(&server)
            .await;
    }
    Mock::given(header("X-Amz-Target", "secretsmanager.GetSecretValue"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "SecretString": "s" })))
        .mount(&server)
        .await;
    let url = format!("{}/credentials", server.uri()).parse().unwrap();
    let credentials = CredentialSource::Container { url, token: ContainerToken::File(token_file.clone()) };
    let endpoint = Some(server.uri().parse().unwrap());
    let aws = Aws::new(AwsConfig { region: "eu-central-1".to_owned(), endpoint, credentials }).unwrap();
    read_secret(&aws, "sixty", None).await.unwrap();
    std::fs::write(&token_file, "of-today").unwrap();
    read_secret(&aws, "sixty", None).await.unwrap();
    assert_eq!(signed_by(&server).await, ["AKIDFIRST", "AKIDSECOND"]);
}

/// Credentials are fetched ahead of their end so that an agent may be away for a moment.
#[tokio::test]
async fn what_is_held_is_used_to_its_end_when_there_is_nothing_new_and_no_longer() {
    for (seconds, is_used_on) in [(200, true), (-1, false)] {
        let server = MockServer::start().await;
        let end = (Utc::now() + TimeDelta::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Secs, true);
        Mock::given(path("/credentials"))
            .respond_with(ResponseTemplate::new(200).set_body_string(as_json("AKIDFIRST", &end)))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        Mock::given(path("/credentials")).respond_with(ResponseTemplate::new(500)).mount(&server).await;
        Mock::given(header("X-Amz-Target", "secretsmanager.GetSecretValue"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "SecretString": "s" })))
            .mount(&server)
            .await;
        let url = format!("{}/credentials", server.uri()).parse().unwrap();
        let credentials = CredentialSource::Container { url, token: ContainerToken::None };
        let endpoint = Some(server.uri().parse().unwrap());
        let aws = Aws::new(AwsConfig { region: "eu-central-1".to_owned(), endpoint, credentials }).unwrap();
        read_secret(&aws, "sixty", None).await.unwrap();
        for _ in 0..3 {
            let read = read_secret(&aws, "sixty", None).await;
            assert_eq!(read.is_ok(), is_used_on, "{read:?}");
            if let Err(error) = read {
                assert!(
                    matches!(&error, ProviderError::Away(said) if said.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI")),
                    "{error}"
                );
            }
        }
        // An agent that is away isn't asked with every call.
        let asked = server.received_requests().await.unwrap();
        let asked = asked.iter().filter(|request| request.url.path() == "/credentials").count();
        assert_eq!(asked, if is_used_on { 2 } else { 4 });
    }
}

#[tokio::test]
async fn an_error_names_the_setting_and_repeats_no_token() {
    let folder = testkit::home();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "the-pods-token").unwrap();
    let nowhere = PathBuf::from("/nowhere/token");
    let role_arn = "arn:aws:iam::1:role/sixty".to_owned();
    let at = |server: &MockServer| -> url::Url { format!("{}/credentials", server.uri()).parse().unwrap() };
    for (status, is_away) in [(403, false), (404, false), (500, true), (200, false)] {
        let server = MockServer::start().await;
        // An answer that repeats what was asked, as some do.
        Mock::given(wiremock::matchers::any())
            .respond_with(ResponseTemplate::new(status).set_body_string("{\"said\": \"the-pods-token\"}"))
            .mount(&server)
            .await;
        let url = at(&server);
        for (source, settings) in [
            (
                CredentialSource::Container {
                    url: url.clone(),
                    token: ContainerToken::File(token_file.clone()),
                },
                &["AWS_CONTAINER_CREDENTIALS_FULL_URI"][..],
            ),
            (
                CredentialSource::WebIdentity {
                    url: url.clone(),
                    token_file: token_file.clone(),
                    role_arn: role_arn.clone(),
                },
                &["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"],
            ),
            (CredentialSource::Machine { url: url.clone() }, &["role of this machine", "AWS_ACCESS_KEY_ID"]),
        ] {
            let error = refused(&server, source).await;
            let said = error.to_string();
            assert!(settings.iter().all(|setting| said.contains(setting)), "{status}: {said}");
            assert!(!said.contains("the-pods-token"), "{said}");
            assert_eq!(matches!(error, ProviderError::Away(_)), is_away, "{status}: {said}");
        }
    }
    // A file that isn't there, and a machine that has no role.
    let server = MockServer::start().await;
    let missing = CredentialSource::WebIdentity { url: at(&server), token_file: nowhere, role_arn };
    let said = refused(&server, missing).await.to_string();
    assert!(said.contains("AWS_WEB_IDENTITY_TOKEN_FILE") && said.contains("/nowhere/token"), "{said}");
    Mock::given(wiremock::matchers::any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let said = refused(&server, CredentialSource::Machine { url: at(&server) }).await.to_string();
    assert!(said.contains("it has none"), "{said}");
    // Version 1 of the metadata service, which anybody who can make the server ask an address could read, is never asked.
    let without_ticket = server.received_requests().await.unwrap();
    let without_ticket = without_ticket.iter().filter(|request| request.method == "GET");
    assert!(without_ticket.clone().count() > 0);
    assert!(without_ticket.clone().all(|request| request.headers.contains_key("x-aws-ec2-metadata-token")));
}
