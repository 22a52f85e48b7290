//! An installation whose databases and Redis are somebody else's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use system_tests::{Api, Program, Stack, StackPlan};
use testkit::{AdminDatabase, CustomerDatabase, Redis};

/// The programs, told by variables where everything is. Only the secrets and the instances are in the home.
pub(super) struct Installation {
    pub(super) program: Program,
    pub(super) admin_url: String,
    pub(super) operator: Api,
    pub(super) stack: Stack,
    server: AdminDatabase,
    _template: CustomerDatabase,
    _redis: Redis,
}

/// The database that begins empty.
const DATABASE: &str = "doors";

impl Installation {
    pub(super) async fn prepare() -> Self {
        let stack = Stack::prepare(StackPlan::default()).await;
        let (server, template, redis) =
            tokio::join!(testkit::admin_database(), testkit::customer_database(), testkit::redis());
        let superuser = testkit::connect(&server.superuser_url()).await;
        superuser.batch_execute(&format!("create database {DATABASE} owner admin_user")).await.unwrap();
        let admin_url = server.url().replace(&format!("/{}", server.name()), &format!("/{DATABASE}"));
        fs::create_dir(stack.path()).unwrap();
        fs::set_permissions(stack.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let token = format!("op_{}", "T0ken".repeat(8));
        let program = stack
            .program
            .clone()
            .in_the_clear()
            .with("ADMIN_DB_HOST", "127.0.0.1")
            .with("ADMIN_DB_PORT", server.port().to_string())
            .with("ADMIN_DB_USER", "admin_user")
            .with("ADMIN_DB_PASSWORD", testkit::PASSWORD)
            .with("ADMIN_DB_NAME", DATABASE)
            .with("DATABASE_URL", template.owner_url())
            .with("REDIS_HOST", "127.0.0.1")
            .with("REDIS_PORT", redis.port().to_string())
            .with("REDIS_PASSWORD", "dev_password")
            .with("SIXTY_AUDIT_ANCHOR_SECONDS", "1")
            .with("SIXTY_OPERATOR_TOKEN", &token);
        let operator = Api::new(stack.ports.server).with_token(&token);
        Self { program, admin_url, operator, stack, server, _template: template, _redis: redis }
    }

    /// A URL of a database on the same server that nobody has migrated.
    pub(super) async fn empty_database(&self) -> String {
        let superuser = testkit::connect(&self.server.superuser_url()).await;
        superuser.batch_execute("create database unmigrated owner admin_user").await.unwrap();
        self.admin_url.replace(DATABASE, "unmigrated")
    }

    /// Lets nobody into that database, and throws out who is in it; or lets them in again.
    pub(super) async fn let_into_the_empty_database(&self, is_open: bool) {
        let superuser = testkit::connect(&self.server.superuser_url()).await;
        superuser
            .batch_execute(&format!(
                "alter database unmigrated allow_connections {is_open};
                 select pg_terminate_backend(pid) from pg_stat_activity where datname = 'unmigrated'"
            ))
            .await
            .unwrap();
    }

    pub(super) fn master_key_file(&self) -> PathBuf {
        self.stack.path().join("master-key")
    }

    /// Neither the server nor the worker begins without the master key; with it in the wrong hands they don't either.
    pub(super) async fn refuses_without_its_secrets(&self) {
        let file = self.master_key_file();
        for door in ["serve", "worker"] {
            let refused = self.program.run(&[door]).await;
            assert_eq!(refused.code, Some(1), "{refused:?}");
            assert!(refused.message().contains("SIXTY_MASTER_KEY_FILE"), "{refused:?}");
        }
        fs::write(&file, "0123456789abcdef".repeat(4)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = self.program.run(&["serve"]).await;
        assert!(
            refused.message().contains("others can read") && refused.message().contains("chmod 600"),
            "{refused:?}"
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();

        let without = self.program.clone().with("SIXTY_OPERATOR_TOKEN", "op_short").run(&["serve"]).await;
        assert!(without.message().contains("SIXTY_OPERATOR_TOKEN"), "{without:?}");
        assert!(!without.errors.contains("op_short"), "a token is repeated: {without:?}");
    }

    /// Nothing goes in the clear, and nobody is served in the clear, unless the variable in question says so.
    pub(super) async fn is_plain_only_when_asked(&self) {
        let doors: [(&str, &[&str]); 7] = [
            ("SIXTY_TLS", &["serve"]),
            ("ADMIN_DB_TLS", &["serve"]),
            ("ADMIN_DB_TLS", &["worker"]),
            ("ADMIN_DB_TLS", &["migrate"]),
            ("REDIS_TLS", &["serve"]),
            ("REDIS_TLS", &["worker"]),
            ("DB_TLS", &["migrate", "--template"]),
        ];
        for (variable, door) in doors {
            let refused = self.program.clone().without(variable).run(door).await;
            assert_eq!(refused.code, Some(1), "{door:?} without {variable}: {refused:?}");
            assert!(refused.errors.contains(&format!("{variable}=plain")), "{refused:?}");
        }
    }
}
