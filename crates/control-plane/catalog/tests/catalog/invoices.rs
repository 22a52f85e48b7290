//! `catalog::invoices`.

use catalog::invoices::{self, LineItem, NewInvoice};
use domain::{CustomerId, InvoiceStatus};
use rust_decimal::Decimal;

use crate::setup;

fn invoice(customer_id: CustomerId, number: &str) -> NewInvoice {
    let cents = |cents| Decimal::new(cents, 2);
    NewInvoice {
        customer_id,
        invoice_number: number.to_owned(),
        invoice_date: "2026-11-01".parse().unwrap(),
        due_date: Some("2026-11-15".parse().unwrap()),
        subtotal: cents(2999),
        tax: cents(570),
        total: cents(3569),
        currency: "USD".to_owned(),
        status: InvoiceStatus::Draft,
        billing_period_start: Some("2026-10-01".parse().unwrap()),
        billing_period_end: Some("2026-10-31".parse().unwrap()),
        line_items: vec![LineItem {
            module: "advanced_pipeline".to_owned(),
            quantity: Decimal::ONE,
            unit_price: cents(2999),
            total: cents(2999),
        }],
    }
}

#[tokio::test]
async fn an_invoice_reads_back_and_is_paid_once() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let new = invoice(acme, "2026-1");
    let written = invoices::insert(&client, &new).await.unwrap();
    assert_eq!(written.content, new);
    assert_eq!(invoices::by_number(&client, "2026-1").await.unwrap(), Some(written.clone()));
    let error = invoices::insert(&client, &new).await.unwrap_err();
    assert!(error.conflicts_with("admin_subscription_invoices_invoice_number_key"), "{error:?}");

    let paid = invoices::set_status(&client, written.id, InvoiceStatus::Paid).await.unwrap().unwrap();
    assert!(paid.paid_at.is_some());
    let again = invoices::set_status(&client, written.id, InvoiceStatus::Paid).await.unwrap().unwrap();
    assert_eq!(again.paid_at, paid.paid_at);
    assert_eq!(invoices::of_customer(&client, acme).await.unwrap(), [again]);
}

#[tokio::test]
async fn a_customer_with_an_invoice_stays_for_the_books() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    invoices::insert(&client, &invoice(acme, "2026-1")).await.unwrap();
    let error = catalog::customers::delete_row(&client, acme).await.unwrap_err();
    assert!(error.conflicts_with("admin_subscription_invoices_customer_id_fkey"), "{error:?}");
}

#[tokio::test]
async fn line_items_that_an_older_client_wrote_with_json_numbers_are_read() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    client
        .execute(
            r#"insert into admin_subscription_invoices (customer_id, invoice_number, line_items)
               values ($1, 'old', '[{"module": "crm_core", "quantity": 2, "unit_price": 29.99, "total": 59.98}]')"#,
            &[&acme.uuid()],
        )
        .await
        .unwrap();
    let read = invoices::by_number(&client, "old").await.unwrap().unwrap();
    assert_eq!(read.content.line_items[0].total, Decimal::new(5998, 2));
}
