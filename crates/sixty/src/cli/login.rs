//! `sixty login`, `logout` and `whoami`.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::client::{Client, read};
use super::exit::Failure;
use super::output::Output;
use super::signed_in::{self, SignedIn};
use super::{Access, EXIT_CODES, Globals, Session, address, browser_login, prompt};

/// How often a person may try a code before the command gives up.
const CODE_ATTEMPTS: u32 = 3;

/// A terminal shows no passkey.
const ONLY_PASSKEYS: &str = "Your second factor is a passkey, which only a browser can show. Here a recovery code does, once; \
     in the dashboard, under Settings, Your account, you can make new ones, add an authenticator app, or make an API token for \
     SIXTY_OPERATOR_TOKEN.";

/// `sixty login`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct LoginArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    /// Your email address; it is asked for when it isn't given, and so are password and code. A program answers by lines
    /// on standard input
    #[arg(conflicts_with = "browser")]
    email: Option<String>,
    /// Sign in with the browser, at the OpenID provider of the server
    #[arg(long)]
    browser: bool,
}

/// `sixty logout`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct LogoutArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
}

/// `sixty whoami`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct WhoamiArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
}

/// The session as the server tells of it.
#[derive(Debug, Deserialize)]
struct Begun {
    email: String,
    next: Option<String>,
    #[serde(default)]
    second_factors: Vec<String>,
    expires_at: chrono::DateTime<chrono::Utc>,
    token: SecretString,
    #[serde(default)]
    recovery_codes: Vec<SecretString>,
}

#[derive(Debug, Deserialize)]
struct Authenticator {
    secret: SecretString,
    url: SecretString,
}

#[derive(Debug, Deserialize)]
struct Who {
    credential: String,
    email: Option<String>,
    name: Option<String>,
    roles: Vec<String>,
    permissions: Vec<String>,
}

/// A sign-in under way.
struct SignIn {
    url: Url,
    output: Output,
    /// The password that was shown.
    password: SecretString,
}

pub(super) async fn run(args: LoginArgs, access: &Access, mut output: Output) -> Result<(), Failure> {
    let url = address(Some(&args.globals), access)?;
    if args.browser {
        let answer = browser_login::sign_in(&url, &mut output).await?;
        let sign_in = SignIn { url, output, password: SecretString::default() };
        return sign_in.finish(&answer, access).await;
    }
    let email = match args.email {
        Some(email) => email,
        None => prompt::ask(&mut output, "Email address")?,
    };
    let password = prompt::ask_secret(&mut output, "Password")?;
    let client = Client::with_token(url.clone(), None)?;
    let body = json!({ "email": email, "password": password.expose_secret() });
    let answer = client.send(Method::POST, &["session"], Some(&body)).await?;
    SignIn { url, output, password }.finish(&answer, access).await
}

impl SignIn {
    /// Does the steps that are left, and keeps the session for the commands of this machine.
    async fn finish(mut self, answer: &Value, access: &Access) -> Result<(), Failure> {
        let begun = self.complete(read(answer)?).await?;
        signed_in::keep(access, &SignedIn { url: self.url, token: begun.token })?;
        if self.output.is_json() {
            let told = json!({ "email": begun.email, "expires_at": begun.expires_at });
            return Ok(self.output.document(&told)?);
        }
        Ok(self.output.line(&format!(
            "Signed in as {} until {}, or after an hour without a command.",
            begun.email,
            super::time::short(Some(begun.expires_at))
        ))?)
    }

    /// Does one step after the other, until nothing is left to be done.
    async fn complete(&mut self, mut begun: Begun) -> Result<Begun, Failure> {
        while let Some(step) = begun.next.take() {
            let client = Client::with_token(self.url.clone(), Some(begun.token.clone()))?;
            match step.as_str() {
                "set_up_authenticator" => {
                    self.show_authenticator(&client).await?;
                    begun = self.show_code(&client, "Code that the app shows").await?;
                    self.show_recovery_codes(&begun.recovery_codes)?;
                }
                "show_code" => {
                    let what = match begun.second_factors.iter().any(|factor| factor == "authenticator") {
                        true => "Code of your authenticator app, or a recovery code",
                        false => {
                            self.output.note(ONLY_PASSKEYS)?;
                            "Recovery code"
                        }
                    };
                    begun = self.show_code(&client, what).await?;
                }
                "change_password" => self.change_password(&client).await?,
                other => {
                    return Err(Failure::Unexpected(format!(
                        "the server asks for a step that this version doesn't know: {other}"
                    )));
                }
            }
        }
        Ok(begun)
    }

    async fn show_authenticator(&mut self, client: &Client) -> Result<(), Failure> {
        let answer = client.send(Method::POST, &["session", "authenticator"], None).await?;
        let app: Authenticator = read(&answer)?;
        self.output.note("Your account has no second factor yet. Add it to your authenticator app:")?;
        if prompt::is_person()
            && let Ok(code) = QrCode::new(app.url.expose_secret())
        {
            self.output.note(&code.render::<Dense1x2>().quiet_zone(true).build())?;
        }
        self.output.note(&format!("Secret: {}", app.secret.expose_secret()))?;
        self.output.note(&format!("URL: {}", app.url.expose_secret()))?;
        Ok(())
    }

    /// A person may mistype a code, and gets another try.
    async fn show_code(&mut self, client: &Client, what: &str) -> Result<Begun, Failure> {
        let attempts = if prompt::is_person() { CODE_ATTEMPTS } else { 1 };
        let mut attempt = 1;
        loop {
            let code = prompt::ask_secret(&mut self.output, what)?;
            let body = json!({ "code": code.expose_secret() });
            match client.send(Method::POST, &["session", "code"], Some(&body)).await {
                Ok(answer) => return read(&answer),
                Err(Failure::Refused(refusal)) if refusal.status == 401 && attempt < attempts => {
                    attempt += 1;
                    self.output.note("That code is wrong, or was used before. Take the next one.")?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    fn show_recovery_codes(&mut self, codes: &[SecretString]) -> Result<(), Failure> {
        if codes.is_empty() {
            return Ok(());
        }
        self.output.note(
            "Recovery codes, for when you lose the device. Each works once. They are shown here and never again:",
        )?;
        for code in codes {
            self.output.note(&format!("  {}", code.expose_secret()))?;
        }
        Ok(())
    }

    async fn change_password(&mut self, client: &Client) -> Result<(), Failure> {
        self.output
            .note("Somebody else knows your password. Choose another one, of at least 12 characters.")?;
        loop {
            let new = prompt::ask_secret(&mut self.output, "New password")?;
            if prompt::is_person() {
                let again = prompt::ask_secret(&mut self.output, "The same again")?;
                if again.expose_secret() != new.expose_secret() {
                    self.output.note("The two are not the same.")?;
                    continue;
                }
            }
            let body =
                json!({ "password": self.password.expose_secret(), "new_password": new.expose_secret() });
            match client.send(Method::PUT, &["session", "password"], Some(&body)).await {
                Ok(_) => return Ok(()),
                Err(failure @ Failure::Refused(_)) if failure.code() == 2 && prompt::is_person() => {
                    failure.show(self.output.clone());
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}

pub(super) async fn log_out(access: &Access, output: &mut Output) -> Result<(), Failure> {
    let Some(signed_in) = signed_in::read(access)? else {
        return Ok(output.note("Nobody is signed in.")?);
    };
    let client = Client::with_token(signed_in.url, Some(signed_in.token))?;
    let ended = client.send(Method::DELETE, &["session"], None).await;
    // One that has ended already is what was wanted.
    match ended {
        Err(Failure::Refused(refusal)) if refusal.status == 401 => {}
        Err(failure) => return Err(failure),
        Ok(_) => {}
    }
    signed_in::forget(access)?;
    Ok(output.line("Signed out.")?)
}

pub(super) async fn who(session: &mut Session) -> Result<(), Failure> {
    let answer: Value = session.client.get(&["session"], &[]).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let who: Who = read(&answer)?;
    let credential = match who.credential.as_str() {
        "bootstrap" => "the token of the configuration, which has no account".to_owned(),
        other => other.to_owned(),
    };
    Ok(session.output.details(&[
        ("signed in as", who.email),
        ("name", who.name),
        ("credential", Some(credential)),
        ("roles", (!who.roles.is_empty()).then(|| who.roles.join(" "))),
        ("permissions", Some(who.permissions.join(" "))),
    ])?)
}
