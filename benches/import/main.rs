//! The import of a whole catalogue by the program as it is shipped, beside two others that read the same shop: a loop that shares nothing
//! with it (`independent`), and plain inserts into its own tables (`floor`).
//!
//!     cargo bench --bench import -- [PRODUCTS…] [--only sqlite|postgres] [--no-gates]        (default 10000)
//!
//! Every measurement is a process of its own on a fresh database, the three ways in turn, three rounds; medians are printed, and the
//! bench fails if the import misses its aims (`figures::Aims`). PostgreSQL is measured if STORE_SYNC_TEST_POSTGRES names a server (with
//! DATABASE in the place of the database's name), which has to wait for its disk. Nothing here is linked with the library.

#![expect(clippy::disallowed_methods, reason = "a measurement is about real time, and shares nothing with the program")]

mod database;
mod figures;
mod floor;
mod independent;
mod process;
mod program;
mod shop;

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, ExitCode, Stdio},
};

use tempfile::TempDir;
use tokio::runtime::Runtime;

use self::{
    database::{Database, Engine, SERVER, Server},
    figures::{Aims, Figures, HEAD, SHOP_IS_FASTER},
    floor::Owner,
    independent::Pages,
    shop::{Edition, IMAGES, KEY, VARIANTS, Visitor},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = Runtime::new().expect("a runtime");
    match words[..] {
        ["shop", products] => runtime.block_on(shop::serve(products.parse().expect("a number"))),
        ["reader", shop, products] => {
            let products = products.parse().expect("a number");
            Visitor::new(shop).and_then(|mut visitor| visitor.read_all(products)).expect("the shop is read");
        }
        ["loop", engine, url, shop] => runtime.block_on(run_loop(engine, url, shop)),
        ["floor", engine, url, shop, client, connection] => {
            let owner = Owner { client: client.to_owned(), connection: connection.to_owned() };
            runtime.block_on(run_floor(engine, url, shop, &owner));
        }
        _ => match Options::parse(&words) {
            Ok(options) => return compare(runtime, &options),
            Err(error) => {
                eprintln!(
                    "{error}\nusage: cargo bench --bench import -- [PRODUCTS…] [--only sqlite|postgres] [--no-gates]"
                );
                return ExitCode::from(2);
            }
        },
    }
    ExitCode::SUCCESS
}

async fn run_loop(engine: &str, url: &str, shop: &str) {
    let pages = Pages::open(shop, KEY);
    match Engine::parse(engine).expect("an engine") {
        Engine::Sqlite => independent::into_sqlite(url, pages).await,
        Engine::Postgres => independent::into_postgres(url, pages).await,
    }
    .expect("the loop writes");
}

async fn run_floor(engine: &str, url: &str, shop: &str, owner: &Owner) {
    let pages = Pages::open(shop, KEY);
    match Engine::parse(engine).expect("an engine") {
        Engine::Sqlite => floor::into_sqlite(url, owner, pages).await,
        Engine::Postgres => floor::into_postgres(url, owner, pages).await,
    }
    .expect("the floor writes");
}

/// What is measured.
struct Options {
    sizes: Vec<usize>,
    only: Option<Engine>,
    has_gates: bool,
}

impl Options {
    fn parse(words: &[&str]) -> Result<Self, String> {
        let mut options = Self { sizes: Vec::new(), only: None, has_gates: true };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--no-gates" => options.has_gates = false,
                "--only" => {
                    let name = words.next().copied().unwrap_or_default();
                    options.only =
                        Some(Engine::parse(name).ok_or(format!("--only takes sqlite or postgres, not '{name}'"))?);
                }
                _ => match word.parse() {
                    Ok(products) if products > 0 => options.sizes.push(products),
                    _ => return Err(format!("'{word}' is neither a number of products nor an option")),
                },
            }
        }
        if options.sizes.is_empty() {
            options.sizes.push(10_000);
        }
        Ok(options)
    }
}

/// A way to bring the catalogue into a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Loop,
    Floor,
    Import,
}

impl Way {
    const ALL: [Self; 3] = [Self::Loop, Self::Floor, Self::Import];

    fn name(self) -> &'static str {
        match self {
            Self::Loop => "loop",
            Self::Floor => "floor",
            Self::Import => "import",
        }
    }

    /// The tables of its products, variants and pictures, and the column of the title.
    fn tables(self) -> [&'static str; 4] {
        match self {
            Self::Loop => ["shop_product", "shop_variant", "shop_image", "title"],
            Self::Floor | Self::Import => ["product", "product_variant", "product_image", "name"],
        }
    }

    /// The floor knows new rows only.
    fn runs(self) -> &'static [(&'static str, Edition)] {
        if self == Self::Floor { &RUNS[..1] } else { RUNS }
    }
}

/// The runs of a round, one after the other on the same database: what each is called, and what the shop has by then.
const RUNS: &[(&str, Edition)] = &[
    ("first", Edition::First),
    ("unchanged", Edition::First),
    ("1 % changed", Edition::Few),
    ("all changed", Edition::All),
];

const ROUNDS: usize = 3;

/// A shop that runs; ended when this is dropped.
struct Shop {
    process: Child,
    address: String,
    products: usize,
}

impl Shop {
    fn start(products: usize) -> Self {
        let mut process =
            own(&["shop", &products.to_string()]).stdout(Stdio::piped()).spawn().expect("the shop starts");
        let mut address = String::new();
        let words = process.stdout.take().expect("its words");
        BufReader::new(words).read_line(&mut address).expect("its address");
        Self { process, address: address.trim().to_owned(), products }
    }

    fn change(&self, edition: Edition) {
        Visitor::new(&self.address).and_then(|mut visitor| visitor.change(edition)).expect("the shop changes");
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// This program in another role.
fn own(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A fresh database, and a folder beside which the program is configured.
struct Place {
    folder: TempDir,
    database: Database,
}

/// What measures.
struct Bench {
    runtime: Runtime,
    server: Option<Server>,
}

fn compare(runtime: Runtime, options: &Options) -> ExitCode {
    let server = runtime.block_on(Server::open());
    let mut bench = Bench { runtime, server };
    let engines = match bench.engines(options.only) {
        Ok(engines) => engines,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    println!("Files are in {}.", env!("CARGO_TARGET_TMPDIR"));
    let mut missed = Vec::new();
    for products in &options.sizes {
        let shop = Shop::start(*products);
        for engine in &engines {
            missed.extend(bench.measure_all(*engine, &shop));
        }
    }
    for words in &missed {
        println!("missed: {words}");
    }
    if missed.is_empty() || !options.has_gates { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Bench {
    /// The engines that can be measured; prints how safe a commit is on each.
    fn engines(&mut self, only: Option<Engine>) -> Result<Vec<Engine>, String> {
        let mut engines = Vec::new();
        if only != Some(Engine::Postgres) {
            println!("{}: {}", Engine::Sqlite, self.runtime.block_on(database::sqlite_durability())?);
            engines.push(Engine::Sqlite);
        }
        if only != Some(Engine::Sqlite) {
            match &mut self.server {
                Some(server) => {
                    println!("{}: {}", Engine::Postgres, self.runtime.block_on(server.durability())?);
                    engines.push(Engine::Postgres);
                }
                None if only.is_some() => return Err(format!("{SERVER} names no server")),
                None => println!("{}: not measured, because {SERVER} names no server", Engine::Postgres),
            }
        }
        Ok(engines)
    }

    /// Measures every way on one engine, prints the medians, and returns what was missed.
    fn measure_all(&mut self, engine: Engine, shop: &Shop) -> Vec<String> {
        println!("\n{engine}, {} products (sums for 100,000; medians of {ROUNDS} rounds)", shop.products);
        println!("{:8} {:12} {HEAD}", "", "");
        shop.change(Edition::First);
        let read = process::run(&mut own(&["reader", &shop.address, &shop.products.to_string()]));
        let read = Figures::new(shop.products, &read, None, 0);
        println!("{:8} {:12} {:10.0}", "reader", "", read.rate);
        let mut rounds: Vec<Vec<Vec<Figures>>> = vec![Vec::new(); Way::ALL.len()];
        for _ in 0..ROUNDS {
            for (way, done) in Way::ALL.into_iter().zip(&mut rounds) {
                done.push(self.round(engine, way, shop));
            }
        }
        let mut firsts = Vec::new();
        for (way, done) in Way::ALL.into_iter().zip(&rounds) {
            for (at, (run, _)) in way.runs().iter().enumerate() {
                let median = Figures::median(&done.iter().map(|round| round[at]).collect::<Vec<_>>());
                println!("{:8} {run:12} {median}", way.name());
                if at == 0 {
                    firsts.push(median);
                }
            }
        }
        judge(engine, shop.products, &read, &firsts)
    }

    /// One way on a fresh database, run after run.
    fn round(&mut self, engine: Engine, way: Way, shop: &Shop) -> Vec<Figures> {
        let place = self.place(engine);
        let (folder, url) = (place.folder.path(), place.database.url());
        shop.change(Edition::First);
        let owner = (way != Way::Loop).then(|| program::connect(folder, &place.database, &shop.address));
        let mut present = Edition::First;
        let mut done = Vec::new();
        for (_, edition) in way.runs() {
            if *edition != present {
                shop.change(*edition);
                present = *edition;
            }
            let mut command = match (way, &owner) {
                (Way::Import, Some(owner)) => program::command(folder, &["sync", &owner.connection, "--full"]),
                (_, Some(owner)) => {
                    own(&["floor", engine.name(), &url, &shop.address, &owner.client, &owner.connection])
                }
                (_, None) => own(&["loop", engine.name(), &url, &shop.address]),
            };
            done.push(self.measured(&mut command, &place.database, shop.products));
            self.check(way, &place.database, shop.products, *edition);
        }
        if let Some(server) = &mut self.server {
            self.runtime.block_on(server.remove(&place.database));
        }
        done
    }

    fn place(&mut self, engine: Engine) -> Place {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let folder = tempfile::Builder::new().prefix("import-bench-").tempdir_in(folder).expect("a folder");
        let database = match (engine, &mut self.server) {
            (Engine::Postgres, Some(server)) => self.runtime.block_on(server.create()),
            _ => Database::in_folder(folder.path()),
        };
        Place { folder, database }
    }

    fn measured(&mut self, command: &mut Command, database: &Database, products: usize) -> Figures {
        let Self { runtime, server } = self;
        let server = server.as_mut().filter(|_| matches!(database, Database::Postgres { .. }));
        let (spent, readings) = match server {
            Some(server) => {
                let before = runtime.block_on(server.reading());
                let spent = process::run(command);
                (spent, Some((before, runtime.block_on(server.reading()))))
            }
            None => (process::run(command), None),
        };
        Figures::new(products, &spent, readings, runtime.block_on(database.size()))
    }

    /// Whoever writes less than the whole catalogue is no measure.
    fn check(&self, way: Way, database: &Database, products: usize, edition: Edition) {
        let [product, variant, image, title] = way.tables();
        let (newest, revision) = edition.newest(products);
        let questions = [
            (format!("SELECT count(*) FROM {product}"), products),
            (format!("SELECT count(*) FROM {variant}"), products * VARIANTS),
            (format!("SELECT count(*) FROM {image}"), products * IMAGES),
            (format!("SELECT count(*) FROM {product} WHERE {title} LIKE '%, edition {revision}'"), newest),
        ];
        for (sql, expected) in questions {
            let found = self.runtime.block_on(database.number(sql.clone()));
            assert_eq!(usize::try_from(found), Ok(expected), "the {} has not written everything: {sql}", way.name());
        }
    }
}

/// Prints how the ways compare on their first run, and returns what was missed. `firsts` are in the order of `Way::ALL`.
fn judge(engine: Engine, products: usize, read: &Figures, firsts: &[Figures]) -> Vec<String> {
    let [independent, floor, import] = firsts else { unreachable!("each way has run") };
    let ratio = |name: &str, a: &Figures, b: &Figures| {
        println!("{name}: products/s {:.2}, process CPU {:.2}", a.rate / b.rate, a.cpu / b.cpu.max(0.01));
    };
    ratio("import / loop", import, independent);
    ratio("floor / loop", floor, independent);
    ratio("import / floor", import, floor);
    let mut missed = Aims::of(engine, products).missed(import, independent);
    let spare = read.rate / independent.rate;
    println!("reader / loop: products/s {spare:.1}");
    if spare < SHOP_IS_FASTER {
        missed.push(format!("the shop gives only {spare:.1} times what the loop takes: it is measured too"));
    }
    missed.into_iter().map(|words| format!("{engine}, {products} products: {words}")).collect()
}
