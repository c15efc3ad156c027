//! The databases that are measured: each measurement has a fresh one.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::process::{self, ProcessState};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// As arguments name it.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "sqlite" => Some(Self::Sqlite),
            "postgres" => Some(Self::Postgres),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// A database of one measurement.
pub(crate) enum Database {
    Sqlite { file: PathBuf },
    Postgres { name: String, url: String },
}

impl Database {
    /// A file where the program has its own by default, below this folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let data = folder.join("data");
        std::fs::create_dir_all(&data).expect("a folder");
        Self::Sqlite { file: data.join("store-sync.db") }
    }

    /// As the driver takes it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite { file } => format!("sqlite:{}?mode=rwc", file.display()),
            Self::Postgres { url, .. } => url.clone(),
        }
    }

    /// The number that this statement finds.
    pub(crate) async fn number(&self, sql: String) -> i64 {
        let (url, sql) = (self.url(), AssertSqlSafe(sql));
        match self {
            Self::Sqlite { .. } => {
                let mut connection = SqliteConnection::connect(&url).await.expect("the file opens");
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a number")
            }
            Self::Postgres { .. } => {
                let mut connection = PgConnection::connect(&url).await.expect("the database opens");
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a number")
            }
        }
    }

    /// Its bytes on disk.
    pub(crate) async fn size(&self) -> u64 {
        match self {
            Self::Sqlite { file } => {
                let size = |ending: &str| {
                    let mut name = file.as_os_str().to_owned();
                    name.push(ending);
                    std::fs::metadata(PathBuf::from(name)).map_or(0, |found| found.len())
                };
                size("") + size("-wal")
            }
            Self::Postgres { .. } => {
                let size = self.number("SELECT pg_database_size(current_database())".to_owned()).await;
                u64::try_from(size).expect("a size")
            }
        }
    }
}

/// Refuses a driver whose default would not wait for the disk.
pub(crate) async fn sqlite_durability() -> Result<String, String> {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("SQLite opens");
    let level: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut connection).await.expect("a level");
    if level < 2 {
        return Err(format!("SQLite's synchronous is {level} by default: only 2 (FULL) and more are compared"));
    }
    Ok("synchronous FULL".to_owned())
}

/// A PostgreSQL server.
pub(crate) struct Server {
    pattern: String,
    admin: PgConnection,
    /// Its first process, if it runs on this machine.
    postmaster: Option<u32>,
    made: u32,
}

/// What a server had done by a moment.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    cpu: Option<f64>,
    wal: i64,
}

/// The environment's address of a server, with DATABASE in the place of the database's name.
pub(crate) const SERVER: &str = "STORE_SYNC_TEST_POSTGRES";

impl Server {
    /// Connects to the server that the environment names, if it names one.
    pub(crate) async fn open() -> Option<Self> {
        let pattern = std::env::var(SERVER).ok()?;
        let mut admin = PgConnection::connect(&pattern.replace("DATABASE", "postgres"))
            .await
            .unwrap_or_else(|error| panic!("the server of {SERVER} does not answer: {error}"));
        let backend: i32 =
            sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut admin).await.expect("a process id");
        // A number of another machine may be that of any process here.
        let postmaster = ProcessState::read(&backend.to_string())
            .filter(|state| state.name.starts_with("postgres"))
            .map(|state| state.parent)
            .filter(|id| ProcessState::read(&id.to_string()).is_some_and(|state| state.name.starts_with("postgres")));
        Some(Self { pattern, admin, postmaster, made: 0 })
    }

    /// Says how safe a commit is; refuses a server that does not wait for its disk.
    pub(crate) async fn durability(&mut self) -> Result<String, String> {
        let mut values = Vec::new();
        for name in ["server_version", "fsync", "synchronous_commit", "full_page_writes"] {
            let sql = AssertSqlSafe(format!("SHOW {name}"));
            let value: String = sqlx::query_scalar(sql).fetch_one(&mut self.admin).await.expect("a setting");
            if value == "off" && name != "full_page_writes" {
                return Err(format!(
                    "{name} is off at the server of {SERVER}: a commit does not wait for the disk there, which no shop's \
                     data should rely on. Start it with -c {name}=on (tests/run starts its own without, which is for tests)"
                ));
            }
            values.push(format!("{name} {value}"));
        }
        Ok(values.join(", "))
    }

    pub(crate) async fn create(&mut self) -> Database {
        self.made += 1;
        let name = format!("bench_{}_{}", std::process::id(), self.made);
        self.run(format!("CREATE DATABASE {name}")).await;
        Database::Postgres { url: self.pattern.replace("DATABASE", &name), name }
    }

    pub(crate) async fn remove(&mut self, database: &Database) {
        if let Database::Postgres { name, .. } = database {
            self.run(format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    async fn run(&mut self, sql: String) {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut self.admin).await.expect("the server does it");
    }

    pub(crate) async fn reading(&mut self) -> Reading {
        let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint";
        let wal = sqlx::query_scalar(sql).fetch_one(&mut self.admin).await.expect("a place in the log");
        Reading { cpu: self.postmaster.and_then(process::family_cpu), wal }
    }
}

impl Reading {
    /// Seconds of CPU time since `before`, of all of the server's processes.
    pub(crate) fn cpu_since(self, before: Self) -> Option<f64> {
        Some(self.cpu? - before.cpu?)
    }

    /// Bytes of its log since `before`.
    pub(crate) fn written_since(self, before: Self) -> u64 {
        u64::try_from(self.wal - before.wal).expect("a log grows")
    }
}
