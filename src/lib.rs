//! placeholder
pub mod model;
pub mod outside;
