//! The catalogue by itself, for shops that speak another way.

use serde_json::{Map, Value};

use super::{CatalogueError, SandboxOptions, catalogue::ProductStore};
use crate::model::Time;

/// Products without a shop around them.
pub struct Shelf(ProductStore);

impl Shelf {
    /// Products that are made up or read, as `options` say.
    pub fn new(options: &SandboxOptions, now: Time) -> Result<Self, CatalogueError> {
        ProductStore::open(options, now).map(Self)
    }

    /// Their numbers, rising.
    pub fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.ids()
    }

    /// One of them as JSON.
    pub fn get(&self, id: u64) -> Option<Value> {
        self.0.get(id)
    }

    /// When it changed last.
    pub fn changed_at(&self, id: u64) -> Time {
        self.0.changed_at(id)
    }

    /// Changes some members; false where it is not there.
    pub fn edit(&mut self, id: u64, given: Map<String, Value>, now: Time) -> bool {
        self.0.edit(id, given, now)
    }

    /// Takes it away; false where it is not there.
    pub fn delete(&mut self, id: u64) -> bool {
        self.0.delete(id)
    }
}
