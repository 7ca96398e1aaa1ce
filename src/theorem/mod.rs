//! theorem
