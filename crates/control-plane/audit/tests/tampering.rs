//! Whatever somebody does to one row by SQL, verification names the place: random changes, against a real PostgreSQL.

use audit::{Anchors, verify};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

const A: &str = "00000000-0000-7000-8000-00000000000a";
const LENGTH: i64 = 40;
/// A longer run with SIXTY_TEST_FULL=1.
const CASES: [usize; 2] = [150, 3_000];

#[derive(Debug, Clone)]
enum Tampering {
    Change { row: i64, assignment: String, is_rehashed: bool },
    Delete { row: i64 },
    Swap { row: i64, other: i64 },
    Insert { row: i64, place: i64, is_rehashed: bool },
}

impl Tampering {
    /// The statements, and the first place that isn't as it was written.
    fn sql(&self) -> (String, i64) {
        let at = |row: i64| format!("chain_id = '{A}' and chain_sequence = {row}");
        let rehash = |row: i64| {
            format!("update admin_audit_logs log set row_hash = admin_audit_row_hash(log) where {};", at(row))
        };
        match self {
            Self::Change { row, assignment, is_rehashed } => {
                let change = format!("update admin_audit_logs set {assignment} where {};", at(*row));
                (if *is_rehashed { change + &rehash(*row) } else { change }, *row)
            }
            Self::Delete { row } => (format!("delete from admin_audit_logs where {}", at(*row)), *row),
            Self::Swap { row, other } => {
                let place = |from: i64, to: i64| {
                    format!("update admin_audit_logs set chain_sequence = {to} where {};", at(from))
                };
                (place(*row, -1) + &place(*other, *row) + &place(-1, *other), *row.min(other))
            }
            Self::Insert { row, place, is_rehashed } => {
                // Room for it: what comes behind moves on.
                let moved = format!(
                    "update admin_audit_logs set chain_sequence = -chain_sequence - 1
                     where chain_id = '{A}' and chain_sequence >= {place};
                     create temporary table slipped as select * from admin_audit_logs
                     where chain_id = '{A}' and abs(chain_sequence + (chain_sequence < 0)::int) = {row};
                     update slipped set id = admin_uuidv7(), chain_sequence = {place};
                     insert into admin_audit_logs table slipped; drop table slipped;
                     update admin_audit_logs set chain_sequence = -chain_sequence
                     where chain_id = '{A}' and chain_sequence < 0;"
                );
                (if *is_rehashed { moved + &rehash(*place) } else { moved }, *place)
            }
        }
    }
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let row = || 1..=LENGTH;
    let assignment = prop_oneof![
        "[a-z0-9 ]{0,12}".prop_map(|text| format!("resource_id = 'x{text}'")),
        "[a-z0-9 ]{0,12}".prop_map(|text| format!("user_agent = 'x{text}'")),
        "[a-z]{1,8}".prop_map(|text| format!("admin_user_id = 'x{text}'")),
        Just("admin_user_id = null".to_owned()),
        Just("action = 'customer_deleted'".to_owned()),
        any::<u16>().prop_map(|number| format!("new_values = '{{\"m\": {number}}}'")),
        Just("old_values = '[]'".to_owned()),
        (1..100_000_i32)
            .prop_map(|span| format!("created_at = created_at + {span} * interval '1 microsecond'")),
        any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("ip_address = '10.{a}.{b}.{c}/{}'", 8 + d % 24)),
    ];
    prop_oneof![
        4 => (row(), assignment, any::<bool>())
            .prop_map(|(row, assignment, is_rehashed)| Tampering::Change { row, assignment, is_rehashed }),
        1 => row().prop_map(|row| Tampering::Delete { row }),
        1 => (row(), row()).prop_filter("two rows", |(row, other)| row != other)
            .prop_map(|(row, other)| Tampering::Swap { row, other }),
        2 => (row(), 1..=LENGTH + 1, any::<bool>())
            .prop_map(|(row, place, is_rehashed)| Tampering::Insert { row, place, is_rehashed }),
    ]
}

#[tokio::test]
async fn one_row_that_is_changed_removed_moved_or_slipped_in_is_named_every_time() {
    let database = testkit::admin_database().await;
    let client = database.connect().await;
    let sql = format!(
        "insert into admin_audit_logs (customer_id, admin_user_id, action, resource_type, resource_id, new_values, ip_address,
             user_agent)
         select customer, 'ann', 'customer_updated', 'customer', 'r' || n, jsonb_build_object('n', n), '192.0.2.7', 'curl'
         from generate_series(1, {LENGTH}) n, (values ('{A}'::uuid), (null)) given (customer) order by n"
    );
    client.batch_execute(&sql).await.unwrap();
    let mut superuser = testkit::connect(&database.superuser_url()).await;
    superuser.batch_execute("set session_replication_role = replica").await.unwrap();
    superuser.batch_execute("create temporary table kept as table admin_audit_logs").await.unwrap();

    #[expect(clippy::disallowed_methods, reason = "how much is tested is no configuration of the product")]
    let is_full = std::env::var_os("SIXTY_TEST_FULL").is_some_and(|value| value == "1");
    let mut runner = TestRunner::default();
    for _ in 0..CASES[usize::from(is_full)] {
        let tampering = tampering().new_tree(&mut runner).unwrap().current();
        let (sql, place) = tampering.sql();
        superuser.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{tampering:?}: {error:?}"));
        let report = verify(&mut superuser, Anchors::default()).await.unwrap();
        assert_eq!(report.findings.len(), 1, "{tampering:?}: {:?}", report.findings);
        let found = &report.findings[0];
        assert_eq!(found.chain.to_string(), A, "{tampering:?}");
        // A row that was hashed anew is right by itself, and wrong for the next one or the head.
        assert!((place..=place + 1).contains(&found.sequence), "{tampering:?}: {found:?}");
        let restore = "delete from admin_audit_logs; insert into admin_audit_logs table kept";
        superuser.batch_execute(restore).await.unwrap();
    }
}
