//! What is printed of a run, and what the import has to reach.

use std::fmt;

use crate::{
    database::{Engine, Reading},
    process::Spent,
};

/// What one run took. Sums are for 100,000 products.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) rate: f64,
    wall: f64,
    pub(crate) cpu: f64,
    database_cpu: Option<f64>,
    written_mb: Option<f64>,
    size_mb: f64,
    pub(crate) peak_mib: f64,
}

/// A server's readings before and after a run.
pub(crate) type Readings = Option<(Reading, Reading)>;

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
impl Figures {
    pub(crate) fn new(products: usize, spent: &Spent, readings: Readings, size: u64) -> Self {
        let share = 100_000.0 / products as f64;
        let mb = |bytes: u64| bytes as f64 / 1e6 * share;
        let wall = spent.wall.as_secs_f64().max(0.001);
        let written = match readings {
            Some((before, after)) => Some(after.written_since(before)),
            None => spent.written,
        };
        Self {
            rate: products as f64 / wall,
            wall: wall * share,
            cpu: spent.cpu * share,
            database_cpu: readings.and_then(|(before, after)| after.cpu_since(before)).map(|cpu| cpu * share),
            written_mb: written.map(mb),
            size_mb: mb(size),
            peak_mib: spent.peak_mib,
        }
    }

    /// The median of each figure.
    pub(crate) fn median(rounds: &[Self]) -> Self {
        let known = |of: fn(&Self) -> Option<f64>| {
            let values: Vec<f64> = rounds.iter().filter_map(of).collect();
            (!values.is_empty()).then(|| median(values))
        };
        let of = |of: fn(&Self) -> f64| median(rounds.iter().map(of).collect());
        Self {
            rate: of(|f| f.rate),
            wall: of(|f| f.wall),
            cpu: of(|f| f.cpu),
            database_cpu: known(|f| f.database_cpu),
            written_mb: known(|f| f.written_mb),
            size_mb: of(|f| f.size_mb),
            peak_mib: of(|f| f.peak_mib),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) const HEAD: &str =
    "products/s    wall s  process CPU s  database CPU s   written MB   database MB  peak MiB";

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_unknown = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "not known".to_owned(), |value| format!("{value:.digits$}"))
        };
        write!(
            f,
            "{:10.0} {:9.2} {:14.2} {:>15} {:>12} {:13.0} {:9.1}",
            self.rate,
            self.wall,
            self.cpu,
            or_unknown(self.database_cpu, 2),
            or_unknown(self.written_mb, 0),
            self.size_mb,
            self.peak_mib
        )
    }
}

/// What the first import of a shop has to reach.
pub(crate) struct Aims {
    /// Its products per second, as a share of the independent loop's; at least.
    share: f64,
    /// Its CPU time, as a multiple of the loop's; at most.
    cpu: f64,
    /// Its memory in MiB, at most.
    peak_mib: f64,
}

impl Aims {
    const SQLITE: Self = Self { share: 0.4, cpu: 3.5, peak_mib: 45.0 };
    const POSTGRES: Self = Self { share: 0.6, cpu: 2.5, peak_mib: 45.0 };
    const POSTGRES_FROM_100_000: Self = Self { share: 0.5, ..Self::POSTGRES };

    pub(crate) fn of(engine: Engine, products: usize) -> Self {
        match engine {
            Engine::Sqlite => Self::SQLITE,
            Engine::Postgres if products < 100_000 => Self::POSTGRES,
            Engine::Postgres => Self::POSTGRES_FROM_100_000,
        }
    }

    /// Returns what an import misses, beside the loop.
    pub(crate) fn missed(&self, import: &Figures, independent: &Figures) -> Vec<String> {
        let (share, cpu) = (import.rate / independent.rate, import.cpu / independent.cpu.max(0.01));
        let checks = [
            (share < self.share, format!("{share:.2} of the loop's products/s, but at least {} is wanted", self.share)),
            (cpu > self.cpu, format!("{cpu:.2} times the loop's process CPU, but at most {} is wanted", self.cpu)),
            (
                import.peak_mib > self.peak_mib,
                format!("{:.1} MiB of memory, but at most {} is wanted", import.peak_mib, self.peak_mib),
            ),
        ];
        checks.into_iter().filter(|(is_missed, _)| *is_missed).map(|(_, words)| words).collect()
    }
}

/// How many times the loop's speed the shop gives to a caller that throws the bytes away: below it, the shop would be measured.
pub(crate) const SHOP_IS_FASTER: f64 = 2.0;
