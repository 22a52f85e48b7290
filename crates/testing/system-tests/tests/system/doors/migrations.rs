//! `sixty migrate`, by several at once.

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
