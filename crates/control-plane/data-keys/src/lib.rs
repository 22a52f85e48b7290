//! Data keys in the admin database: which one seals and opens what, and how keys are rotated while everybody is served.
//!
//! A master key wraps data keys and nothing else. Rotating it ([`RotateMasterKey`]) wraps every data key anew, one row
//! after the other; no secret changes. Rotating a data key ([`RotateDataKey`]) makes a new version and seals every secret
//! of its customer anew; until the last one is done, both versions open.
//!
//! What is kept where: the intent is a row of `admin_key_rotations`, and how far it is can be read off the rows that it
//! changes. A worker that dies leaves nothing half done, and the next one goes on.

pub mod backup_keys;
mod error;
mod jobs;
mod master_rotation;
mod open;
mod reseal;
mod superseded;

pub use error::DataKeyError;
pub use jobs::{KeyTidy, RotateDataKey, RotateMasterKey};
pub use master_rotation::rewrap_all;
pub use open::{
    OpenedKey, active_master_key, for_sealed, new_customer_key, newest, platform_seal, platform_seal_for,
};
pub use reseal::reseal_all;
pub use superseded::remove_superseded;
