//! claim

pub mod record;
