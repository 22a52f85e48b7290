//! What it costs to verify a session token with the keys at hand: all that we look at, beside jsonwebtoken's bare
//! verification of the same token with the key in its hand. And what a token costs whose first request was verified: its
//! hash, by which it is remembered. All in one run, alternating; every token is checked to be taken, and a forged one to be
//! refused by both.

use std::hint::black_box;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use secrets::KeyHash;
use serde_json::{Value, json};
use session_tokens::SessionIssuer;
use testkit::TokenSigner;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// How much dearer ours may be.
const BAR: f64 = 1.3;

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn main() -> ExitCode {
    let outcome =
        tokio::runtime::Runtime::new().context("no runtime").and_then(|runtime| runtime.block_on(run()));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<bool> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let tokens = arguments.next().transpose().context("tokens")?.unwrap_or(20_000).max(1);
    let rounds = arguments.next().transpose().context("rounds")?.unwrap_or(7).max(1);
    let signer = TokenSigner::new("one");
    let claims = json!({
        "v": 2, "iat": 1, "sid": "sess_2abcdefghijklmnopqrstuvwxyz", "fva": [1, -1], "sts": "active",
        "fea": "o:deals,o:contacts", "o": { "id": "org_1", "rol": "admin", "slg": "acme", "per": "manage,read", "fpm": "3,2" }
    });
    let token = signer.token(&claims);
    let (issuer, bare) = (issuer(&signer).await?, Bare::new(&signer)?);
    let forged = TokenSigner::new("one").token(&claims);
    ensure!(issuer.verify_at_hand(&token).is_ok() && bare.verify(&token), "a good token is refused");
    ensure!(issuer.verify_at_hand(&forged).is_err() && !bare.verify(&forged), "a forged token is taken");

    let known = KeyHash::of(&token);
    let (mut ours, mut peers, mut remembered) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        peers.push(each(tokens, || bare.verify(&token))?);
        ours.push(each(tokens, || {
            issuer.verify_at_hand(&token).is_ok_and(|claims| claims.membership().is_ok())
        })?);
        remembered.push(each(tokens, || KeyHash::of(black_box(&token)) == known)?);
    }
    let ratios: Vec<f64> =
        ours.iter().zip(&peers).map(|(ours, bare)| ours.as_secs_f64() / bare.as_secs_f64()).collect();
    let ratio = median(ratios.clone());
    say(&format!("{} bytes, {tokens} verifications a round, {rounds} rounds, medians", token.len()));
    say(&format!("jsonwebtoken's bare verification   {:7.2} µs", micros(&peers)));
    say(&format!("ours with the keys at hand         {:7.2} µs", micros(&ours)));
    say(&format!("the hash of a token that is known  {:7.2} µs", micros(&remembered)));
    let (least, most) =
        (ratios.iter().copied().fold(f64::MAX, f64::min), ratios.iter().copied().fold(0.0, f64::max));
    say(&format!("ratio {ratio:.3} ({least:.3} to {most:.3}); at most {BAR}"));
    Ok(ratio <= BAR)
}

/// jsonwebtoken alone, with the key in its hand.
struct Bare {
    key: DecodingKey,
    validation: Validation,
}

impl Bare {
    fn new(signer: &TokenSigner) -> anyhow::Result<Self> {
        let set: JwkSet = serde_json::from_value(signer.key_set())?;
        let key = DecodingKey::from_jwk(set.keys.first().context("no key")?)?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&["https://clerk.test"]);
        validation.validate_nbf = true;
        Ok(Self { key, validation })
    }

    fn verify(&self, token: &str) -> bool {
        decode::<Value>(token, &self.key, &self.validation).is_ok()
    }
}

async fn issuer(signer: &TokenSigner) -> anyhow::Result<SessionIssuer> {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(ResponseTemplate::new(200).set_body_json(signer.key_set()))
        .mount(&server)
        .await;
    let parties = ["https://app.test".to_owned()];
    let issuer = SessionIssuer::open("https://clerk.test".to_owned(), server.uri().parse()?, parties, None)?;
    issuer.refresh().await?;
    Ok(issuer)
}

/// How long one takes, of so many that must all succeed.
fn each(count: u32, mut verify: impl FnMut() -> bool) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    for _ in 0..count {
        ensure!(black_box(verify()), "a good token is refused");
    }
    Ok(begun.elapsed() / count)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn micros(times: &[Duration]) -> f64 {
    median(times.iter().map(|time| time.as_secs_f64() * 1e6).collect())
}
