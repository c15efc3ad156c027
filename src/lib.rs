//! placeholder
pub mod config;
pub mod connect;
pub mod db;
pub mod model;
pub mod outside;
pub mod provider;
pub mod tools;
pub mod vault;
