//! What a resource is: the one description from which validation, SQL, filters, routes and documentation derive.

/// A kind of thing that the customer API lists, reads, creates, changes and deletes.
#[derive(Debug)]
pub struct ResourceSpec {
    /// The path's segment under `/api/v1/`: plural, kebab-case.
    pub path: &'static str,
    /// The table, which is the resource's name in permissions too.
    pub table: &'static str,
    /// The name of the object's schema in the API's description.
    pub schema: &'static str,
    /// What one of them is called in a sentence.
    pub noun: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// The feature module that it belongs to.
    pub module: &'static str,
    /// The columns, in the order of the representation.
    pub columns: &'static [Column],
    /// What to say when a constraint over several columns is broken.
    pub constraints: &'static [(&'static str, &'static str)],
    /// What else happens when one is created.
    pub after_create: AfterCreate,
    /// What stands in the way of deleting one.
    pub before_delete: BeforeDelete,
}

/// What else happens in the transaction that creates a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterCreate {
    /// Nothing.
    Nothing,
    /// The smart task templates that match the activity create their follow-up tasks.
    SmartTasks,
}

/// What is asked in the transaction that deletes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeforeDelete {
    /// Nothing.
    Nothing,
    /// Whether another row would be left: a customer without an organization could do nothing any more.
    KeepOne,
}

/// A column of a resource.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The name in SQL and in JSON.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means, for people.
    pub description: &'static str,
    /// Whether a new object must have it.
    pub required: bool,
    /// Whether it can be null.
    pub nullable: bool,
    /// Whether only the database sets it.
    pub read_only: bool,
    /// Whether lists can be filtered by it.
    pub filterable: bool,
    /// Whether lists can be sorted by it.
    pub sortable: bool,
    /// Whether the text search looks into it.
    pub searchable: bool,
    /// Which of its values need a further module.
    pub gate: Gate,
}

/// Which values of a column need a further feature module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// None.
    Open,
    /// These values of an enumeration.
    Values {
        /// The module's key.
        module: &'static str,
        /// The values.
        values: &'static [&'static str],
    },
    /// Every value but null and false.
    Set {
        /// The module's key.
        module: &'static str,
    },
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text of at most so many characters.
    Text(usize),
    /// An e-mail address. Compared without regard to case.
    Email,
    /// An absolute `http` or `https` URL.
    Url,
    /// A time zone's name, such as `Europe/Vienna`.
    TimeZone,
    /// A currency's three-letter code.
    Currency,
    /// One of these.
    Enum(&'static [&'static str]),
    /// The row's own id or its organization's.
    Id,
    /// The id of a row of this table in the same organization.
    Reference(&'static str),
    /// An amount of money: never negative, two decimal places, at most so many digits before the point.
    Money(u32),
    /// A whole number within these bounds.
    Integer(i64, i64),
    /// True or false.
    Bool,
    /// A moment.
    Timestamp,
    /// A day.
    Date,
    /// A JSON object.
    Object,
    /// A JSON array.
    Array,
    /// A JSON object or array.
    ObjectOrArray,
}

impl Kind {
    /// Whether lists can be filtered by a range of it.
    #[must_use]
    pub const fn is_ordered(self) -> bool {
        matches!(self, Self::Money(_) | Self::Integer(..) | Self::Timestamp | Self::Date)
    }

    /// Whether it is free JSON.
    #[must_use]
    pub const fn is_json(self) -> bool {
        matches!(self, Self::Object | Self::Array | Self::ObjectOrArray)
    }
}

impl Column {
    /// A column that may be missing and may be null.
    pub(crate) const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            description,
            required: false,
            nullable: true,
            read_only: false,
            filterable: false,
            sortable: false,
            searchable: false,
            gate: Gate::Open,
        }
    }

    /// A column that a new object must have.
    pub(crate) const fn required(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self { required: true, nullable: false, ..Self::optional(name, kind, description) }
    }

    /// A column that may be missing, because the database has a default for it, but can't be null.
    pub(crate) const fn defaulted(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self { nullable: false, ..Self::optional(name, kind, description) }
    }

    /// A column that only the database sets.
    pub(crate) const fn computed(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self { nullable: false, read_only: true, ..Self::optional(name, kind, description) }
    }

    pub(crate) const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    pub(crate) const fn filterable(self) -> Self {
        Self { filterable: true, ..self }
    }

    pub(crate) const fn sortable(self) -> Self {
        Self { sortable: true, ..self }
    }

    pub(crate) const fn searchable(self) -> Self {
        Self { searchable: true, ..self }
    }

    pub(crate) const fn gated(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }
}

impl ResourceSpec {
    /// The column with this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns that a client can set.
    pub fn writable(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().filter(|column| !column.read_only)
    }

    /// The columns that the text search looks into.
    pub fn searchable(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().filter(|column| column.searchable)
    }
}
