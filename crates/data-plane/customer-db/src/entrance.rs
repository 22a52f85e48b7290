//! How a transaction enters an organization.

/// By its id, or as the customer's first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entrance {
    Named,
    First,
}

impl Entrance {
    /// The statement that sets the organization for the transaction, if the customer has it: one statement both checks
    /// and sets, so that a deleted organization is never served and nothing has to be remembered about organizations.
    pub(crate) fn entering(self) -> &'static str {
        match self {
            Self::Named => "select set_config('app.org_id', id::text, true) from organizations where id = $1",
            Self::First => {
                "select set_config('app.org_id', id::text, true) \
                 from (select id from organizations order by created_at, id limit 1) as oldest"
            }
        }
    }

    /// A whole transaction that reads, as one statement: PostgreSQL gives a statement outside of any transaction one of
    /// its own, and what `set_config` sets for the transaction ends with it. It saves the messages of `begin`, entering
    /// and `commit`, which cost more than most reads.
    ///
    /// It answers no row when the customer has no such organization, else the statement's rows with a last column that
    /// is true, or, if there are none, one row in which it is null.
    ///
    /// Why the organization is set before anything is read: the inner statement refers to what entering answers, so it
    /// can only be run for a row of it (lateral); `offset 0` keeps PostgreSQL from taking the two apart and joining
    /// their parts in another order. The organization that row-level security asks for is a sub-select of its own,
    /// which is computed when the first row is looked at. And if PostgreSQL ever did otherwise, it would fail to the
    /// safe side: until the organization is set it is null, and no row is seen. There is no way to another
    /// organization's rows, because this statement's transaction never holds another one's id.
    pub(crate) fn reading(self, sql: &str, parameters: usize) -> String {
        let organization = match self {
            Self::Named => format!("organizations where id = ${}", parameters + 1),
            Self::First => {
                "(select id from organizations order by created_at, id limit 1) as oldest".to_owned()
            }
        };
        format!(
            "select read.* from \
             (select set_config('app.org_id', id::text, true) is not null as entered from {organization}) as door \
             left join lateral \
             (select statement.*, true as present from ({sql}\n) as statement where door.entered offset 0) as read \
             on true"
        )
    }
}
