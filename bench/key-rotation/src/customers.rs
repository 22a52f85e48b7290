//! Customers as a sign-up writes them down: a row, a data key, and a password that is sealed under it.

use anyhow::{Context as _, ensure};
use catalog::credentials::{self, Credential};
use catalog::customers::{self as rows, NewCustomer};
use catalog::{Catalog, CatalogConfig, Client};
use chrono::Utc;
use domain::customer::Lifecycle;
use domain::{CustomerId, CustomerSlug, Plan};
use secrets::{ExposeSecret as _, KeyRing, LocalKeys, MasterKey, SealContext, SecretString};
use std::sync::Arc;
use system_tests::Stack;
use uuid::Uuid;

/// The role whose password is sealed.
const ROLE: &str = "readonly";

/// Writes so many.
pub(crate) async fn write(stack: &Stack, count: usize) -> anyhow::Result<()> {
    let (client, ring) = (client(stack).await?, ring(stack)?);
    for number in 0..count {
        let slug = format!("written-{number}");
        let name = CustomerSlug::parse(&slug).context("a slug")?;
        let new = NewCustomer {
            lifecycle: Lifecycle::Ready,
            ..NewCustomer::on_trial(name, slug.clone(), Plan::Starter, Utc::now())
        };
        rows::insert(&client, &new).await?;
        let wrapped = data_keys::new_customer_key(&client, &ring, new.id).await?;
        catalog::data_keys::insert(&client, new.id, &wrapped.0).await?;
        let key = data_keys::newest(&client, &ring, Some(new.id)).await?;
        let id = Uuid::now_v7();
        let credential = Credential {
            id,
            customer_id: new.id,
            role: ROLE.to_owned(),
            username: format!("{slug}_{ROLE}"),
            password_encrypted: key.seal(place(id, new.id), &password(&slug))?,
        };
        credentials::insert_if_absent(&client, &credential).await?;
    }
    Ok(())
}

/// Opens every password with what the file of master keys holds now.
pub(crate) async fn check(stack: &Stack) -> anyhow::Result<()> {
    let (client, ring) = (client(stack).await?, ring(stack)?);
    let sql =
        "select credential.id, credential.customer_id, credential.password_encrypted, customer.company_domain
               from admin_database_credentials credential
               join admin_customers customer on customer.id = credential.customer_id
               where customer.company_domain like 'written-%'";
    for row in client.query(sql, &[]).await? {
        let (id, customer): (Uuid, Uuid) = (row.get(0), row.get(1));
        let (sealed, slug): (String, String) = (row.get(2), row.get(3));
        let key = data_keys::for_sealed(&client, &ring, Some(CustomerId(customer)), &sealed).await?;
        let opened = key.open(place(id, CustomerId(customer)), &sealed)?;
        ensure!(
            opened.expose_secret() == password(&slug).expose_secret(),
            "the password of {slug} is another one"
        );
    }
    Ok(())
}

fn password(slug: &str) -> SecretString {
    SecretString::from(format!("password of {slug}"))
}

fn place(row: Uuid, customer: CustomerId) -> SealContext<'static> {
    SealContext { table: "admin_database_credentials", column: "password_encrypted", row, customer }
}

async fn client(stack: &Stack) -> anyhow::Result<Client> {
    Ok(Catalog::connect(&CatalogConfig::new(stack.admin_url().into()))?.client().await?)
}

/// What every process of the installation has.
fn ring(stack: &Stack) -> anyhow::Result<KeyRing> {
    let text = std::fs::read_to_string(stack.path().join("master-key"))?;
    let keys = MasterKey::parse_all(&text.into())?;
    Ok(KeyRing::new(vec![Arc::new(LocalKeys::new(keys))]))
}
