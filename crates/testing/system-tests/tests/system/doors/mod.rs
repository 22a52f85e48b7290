//! The doors that are used where databases and Redis exist already: `sixty migrate`, `sixty serve`, `sixty worker` and
//! `sixty doctor`, told by variables alone where everything is.

mod audit;
mod audit_streams;
mod doctor;
mod installation;
mod migrations;
mod servers;

use installation::Installation;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_work_against_what_exists_and_the_doctor_sees_what_does_not() {
    let installation = Installation::prepare().await;
    installation.refuses_without_its_secrets().await;
    migrations::story(&installation).await;
    installation.is_plain_only_when_asked().await;
    migrations::are_encrypted_when_they_have_to_be(&installation).await;
    audit::story(&installation).await;
    let running = servers::story(&installation).await;
    audit_streams::story(&installation).await;
    audit::anchored_story(&installation).await;
    doctor::story(&installation).await;
    running.stop().await;
}
