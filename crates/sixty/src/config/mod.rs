//! Configuration: the only place that reads the environment. A struct per concern; each default is written where it
//! is compiled in.

mod access;
mod acme;
mod admin_database;
mod admin_roles;
mod audit;
mod certificates;
mod clerk;
mod core_dumps;
mod encryption;
mod home;
mod instance_network;
mod logging;
mod openid;
mod ports;
mod postgres;
mod redis;
mod secret_files;
mod server;
mod stores;
mod template_database;

pub(crate) use access::access;
pub(crate) use admin_database::AdminDatabaseArgs;
pub(crate) use admin_roles::{AdminRoleArgs, RoleLogin};
pub(crate) use audit::AnchorArgs;
pub(crate) use certificates::CertificateArgs;
pub(crate) use clerk::{ClerkServerArgs, ClerkWorkerArgs};
pub(crate) use core_dumps::CoreDumpArgs;
pub(crate) use home::HomeArgs;
pub(crate) use logging::{LogArgs, LogFormatArg};
pub(crate) use openid::OpenIdArgs;
pub(crate) use ports::PortRange;
pub(crate) use postgres::PostgresArgs;
pub(crate) use redis::RedisArgs;
pub(crate) use secret_files::{
    MasterKeyArgs, OperatorTokenArgs, add_master_key, ensure_master_key, ensure_operator_token,
    read_operator_token, read_private, write_private,
};
pub(crate) use server::{CertificateSource, ServerArgs};
pub(crate) use stores::StoreArgs;
pub(crate) use template_database::TemplateDatabaseArgs;
