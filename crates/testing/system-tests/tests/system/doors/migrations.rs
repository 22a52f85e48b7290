//! `sixty migrate`, by several at once.

use std::fs;

use futures_util::future::join_all;
use testkit::connect;

use super::installation::Installation;

pub(super) async fn story(installation: &Installation) {
    let at_once = join_all((0..5).map(|_| installation.program.run(&["migrate"]))).await;
    let mut applied = 0;
    for ended in at_once {
        let ended = ended.succeeded();
        applied += usize::from(ended.output.contains("migrations applied"));
        assert!(ended.output.contains("schema version"), "{ended:?}");
    }
    assert_eq!(applied, 1, "the migrations were applied by one of five");
    let admin = connect(&installation.admin_url).await;
    let modules = admin.query_one("select count(*) from admin_feature_modules", &[]).await.unwrap();
    assert_eq!(modules.get::<_, i64>(0), 10);
    let again = installation.program.clone().with("ADMIN_DATABASE_URL", &installation.admin_url);
    let again = again.with("ADMIN_DB_PORT", "1").run(&["migrate"]).await.succeeded();
    assert!(again.output.contains("up to date"), "the whole URL wins over the parts: {again:?}");

    let nobody = installation.program.clone().with("ADMIN_DB_PORT", testkit::free_port().to_string());
    let refused = nobody.run(&["migrate"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let wrong = installation.program.clone().with("ADMIN_DB_PASSWORD", "sesame-open").run(&["migrate"]).await;
    assert!(wrong.code == Some(1) && !wrong.errors.contains("sesame-open"), "{wrong:?}");
}

/// Who speaks to the admin database encrypted, and what is never sent in the clear.
pub(super) async fn are_encrypted_when_they_have_to_be(installation: &Installation) {
    let migrate = async |variables: &[(&'static str, &str)]| {
        // Nothing but these says how.
        let program = installation.program.clone().without("ADMIN_DB_TLS").without("DB_TLS");
        let told = variables.iter().fold(program, |program, (name, value)| program.with(name, *value));
        let template = variables.iter().any(|(name, _)| name.starts_with("DB_"));
        told.run(if template { &["migrate", "--template"][..] } else { &["migrate"] }).await
    };
    let folder = installation.stack.path();
    let authority = folder.join("database-authority.crt");
    fs::write(&authority, testkit::customer_database().await.ca_certificate()).unwrap();
    let authority = authority.to_string_lossy().into_owned();
    let other =
        postgres_server::certificate::CertificateAuthority::open(&folder.join("other-authority")).unwrap();
    let stranger = folder.join("stranger.crt");
    fs::write(&stranger, other.trusted().unwrap()).unwrap();
    let stranger = stranger.to_string_lossy().into_owned();

    for host in ["localhost", "127.0.0.1"] {
        migrate(&[("ADMIN_DB_HOST", host), ("ADMIN_DB_CA_FILE", &authority)]).await.succeeded();
        let template = [("ADMIN_DB_TLS", "plain"), ("DB_CA_FILE", &authority)];
        migrate(&template).await.succeeded();
    }
    let refused: [(&[(&'static str, &str)], &str); 6] = [
        (&[], "ADMIN_DB_TLS=plain"),
        (&[("ADMIN_DB_TLS", "plain"), ("DB_CA_FILE", &stranger)], "certificate"),
        (&[("ADMIN_DB_CA_FILE", &stranger)], "certificate"),
        (&[("ADMIN_DB_TLS", "verify-full")], "certificate"),
        (&[("ADMIN_DB_CA_FILE", "/nowhere.crt")], "ADMIN_DB_CA_FILE"),
        (&[("ADMIN_DB_HOST", "192.0.2.1"), ("ADMIN_DB_TLS", "plain")], "ADMIN_DB_TLS=verify-full"),
    ];
    for (variables, reason) in refused {
        let ended = migrate(variables).await;
        assert_eq!(ended.code, Some(1), "{variables:?}: {ended:?}");
        assert!(ended.errors.contains(reason), "{variables:?}: {ended:?}");
        assert!(!ended.errors.contains(testkit::PASSWORD), "{ended:?}");
    }
}
