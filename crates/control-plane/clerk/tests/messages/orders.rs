//! Any history of changes, in any order and each as often as one likes, ends in the same state.

use serde_json::{Value, json};

use crate::done::is_full;
use crate::house::{BEGINNING, House, member, organization, user};

/// Numbers that are the same for the same seed, so that a failure can be had again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for index in (1..things.len()).rev() {
            things.swap(index, self.below(index + 1));
        }
    }
}

/// A history: two organizations, three people, and what becomes of them. Several changes may be of one millisecond. `{}` is
/// where a run writes its own number, so that all of them can be told in one house.
fn history(dice: &mut Dice) -> Vec<Value> {
    let (organizations, people) = (["org_{}_1", "org_{}_2"], ["user_{}_1", "user_{}_2", "user_{}_3"]);
    let roles = ["org:admin", "org:member", "org:billing"];
    let deleted = |kind: &str, id: &str, at: i64| json!({ "type": format!("{kind}.deleted"), "timestamp": BEGINNING + at * 1000, "data": { "id": id } });
    let mut at = 0;
    let mut told: Vec<Value> = people.iter().map(|id| user("created", id, "Ada", 0)).collect();
    told.extend(organizations.iter().map(|id| organization("created", id, "Acme", 0)));
    for _ in 0..14 {
        at += i64::try_from(dice.below(3)).unwrap();
        let (group, person, role) = (dice.one(&organizations), dice.one(&people), dice.one(&roles));
        told.push(match dice.below(12) {
            0 => deleted("user", person, at),
            1 => deleted("organization", group, at),
            2 => user("updated", person, dice.one(&["Bob", "Eve", "Dan"]), at),
            3 => organization("updated", group, dice.one(&["Globex", "Initech", "Hooli"]), at),
            4 | 5 => member("deleted", (group, person), role, at),
            6..=8 => member("created", (group, person), role, at),
            _ => member("updated", (group, person), role, at),
        });
    }
    told
}

/// Tells a history under the number of a run, each message as often as it stands there, and what is known afterwards: of what
/// has ended, only that it has.
async fn told(house: &House, messages: &[(usize, Value)], run: usize) -> String {
    for (place, (number, message)) in messages.iter().enumerate() {
        let text = message.to_string().replace("{}", &run.to_string());
        let message: Value = serde_json::from_str(&text).unwrap();
        // The same message again, by the same id or by another one.
        let id = if place % 2 == 0 {
            format!("msg_{run}_{number}")
        } else {
            format!("msg_{run}_{number}_{place}")
        };
        house.send(&id, &message).await.unwrap();
        if place % 3 == 0 {
            house.work().await;
        }
    }
    house.work().await;
    let sql = format!(
        "select concat_ws(E'\\n',
            (select string_agg(clerk_org_id || ' ' || case when deleted_at is null then name || ' ' || slug else 'gone' end, E'\\n'
                order by clerk_org_id) from admin_clerk_organizations where clerk_org_id like 'org_{run}_%'),
            (select string_agg(clerk_user_id || ' ' || case when deleted_at is null then email || ' ' || name else 'gone' end, E'\\n'
                order by clerk_user_id) from admin_clerk_users where clerk_user_id like 'user_{run}_%'),
            (select string_agg(clerk_org_id || ' ' || clerk_user_id || ' ' || role, E'\\n' order by clerk_org_id, clerk_user_id)
                from admin_clerk_memberships where clerk_org_id like 'org_{run}_%' and removed_at is null),
            (select string_agg(customer.clerk_org_id || ' is ' || company_name, E'\\n' order by customer.clerk_org_id)
                from admin_customers customer join admin_clerk_organizations organization using (clerk_org_id)
                where clerk_org_id like 'org_{run}_%' and organization.deleted_at is null))"
    );
    let known: String = house.value(&sql).await;
    known.replace(&format!("_{run}_"), "_")
}

#[tokio::test]
async fn any_order_of_any_history_and_any_number_of_repetitions_end_in_the_same_state() {
    let house = House::new().await;
    let (histories, orders) = if is_full() { (60, 6) } else { (6, 3) };
    let mut run = 100;
    for seed in 1..=histories {
        let mut dice = Dice(0x2545_f491_4f6c_dd1d ^ (seed * 0x9e37_79b9));
        let history: Vec<(usize, Value)> = history(&mut dice).into_iter().enumerate().collect();
        run += 1;
        let wanted = told(&house, &history, run).await;
        assert!(wanted.lines().count() >= 5, "{wanted}");
        for _ in 0..orders {
            let mut messages = history.clone();
            for _ in 0..dice.below(8) {
                messages.push(history[dice.below(history.len())].clone());
            }
            dice.shuffle(&mut messages);
            run += 1;
            let order: Vec<_> = messages.iter().map(|(number, _)| number).collect();
            assert_eq!(
                told(&house, &messages, run).await,
                wanted,
                "seed {seed}, order {order:?}, of {history:#?}"
            );
        }
    }
}
