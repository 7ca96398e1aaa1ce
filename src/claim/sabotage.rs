//! Wrong implementations.
