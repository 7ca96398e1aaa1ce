//! normalisation
