//! The catalogue without the shop's API, for the simulator.

use serde_json::{Map, Value};

use super::{CatalogueError, SandboxOptions, catalogue::ProductStore};
use crate::model::Time;

/// A catalogue without a shop server.
pub struct Shelf(ProductStore);

impl Shelf {
    /// Generated products, or those of a file, by `options`.
    pub fn new(options: &SandboxOptions, now: Time) -> Result<Self, CatalogueError> {
        ProductStore::open(options, now).map(Self)
    }

    /// The product numbers, ascending.
    pub fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.ids()
    }

    /// One product as JSON; `None` if it does not exist.
    pub fn get(&self, id: u64) -> Option<Value> {
        self.0.get(id)
    }

    /// The time of a product's last change.
    pub fn changed_at(&self, id: u64) -> Time {
        self.0.changed_at(id)
    }

    /// Changes members of a product; `false` if it does not exist.
    pub fn edit(&mut self, id: u64, changes: Map<String, Value>, now: Time) -> bool {
        self.0.edit(id, changes, now)
    }

    /// Deletes a product; `false` if it does not exist.
    pub fn delete(&mut self, id: u64) -> bool {
        self.0.delete(id)
    }
}
