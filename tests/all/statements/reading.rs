//! Finds in the sources every place that runs a statement, and reads the statement there.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    Arm, Block, Expr, ExprCall, ExprForLoop, ExprMethodCall, ImplItemFn, ItemFn, ItemMacro, LitStr, Local, Macro,
    Signature, Token, Type,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    visit::Visit,
};

use super::evaluation::{Evaluator, Items, Text, Value, engine_in};
use crate::support::Engine;

/// The file whose macros every file of the room may use.
const SHARED: &str = include_str!("../../../src/db/mod.rs");

/// Where a statement is run: the file, the line of its text, and the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) function: String,
}

/// A statement that is known before the program runs.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) place: Place,
    /// The only engine that it is for.
    pub(super) engine: Option<Engine>,
    pub(super) sql: String,
    /// How many values are bound to it; `None` where the text itself counts them.
    pub(super) binds: Option<usize>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) statements: Vec<Statement>,
    /// Statements that the source itself marks as put together at run time.
    pub(super) at_run_time: Vec<Place>,
    /// Statements whose text is not known here, and why.
    pub(super) unread: Vec<(Place, String)>,
    /// Literals that look like a statement, and are in none that was read.
    pub(super) left_over: Vec<Place>,
}

impl Reading {
    /// Reads one file. `helpers` are functions whose arguments are parts of statements.
    pub(super) fn add(&mut self, file: &str, code: &str, helpers: &[&str]) {
        let parsed = syn::parse_file(code).unwrap_or_else(|error| panic!("{file}: {error}"));
        let shared = syn::parse_file(SHARED).expect("the room's own file");
        let items = Items::of(&parsed).with_macros_of(&shared);
        let mut reader = Reader {
            file,
            helpers,
            values: Evaluator::new(&items),
            function: String::new(),
            engine: None,
            binds: 0,
            literals: BTreeSet::new(),
            reading: self,
        };
        reader.visit_file(&parsed);
        let known = reader.literals;
        let tokens: TokenStream = code.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
        for (line, column) in statements_in(tokens) {
            if !known.contains(&(line, column)) {
                self.left_over.push(Place { file: file.to_owned(), line, function: String::new() });
            }
        }
    }
}

/// Returns line and column of the literals that look like a statement.
fn statements_in(tokens: TokenStream) -> Vec<(usize, usize)> {
    let of = |token: TokenTree| match token {
        TokenTree::Group(group) => statements_in(group.stream()),
        TokenTree::Literal(literal) => {
            let start = literal.span().start();
            let text = syn::parse2::<LitStr>(TokenTree::Literal(literal).into()).map(|text| text.value());
            let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
            let looks_like_one = |text: String| {
                text.split_whitespace().count() > 2 && verbs.iter().any(|verb| text.starts_with(&format!("{verb} ")))
            };
            if text.is_ok_and(looks_like_one) { vec![(start.line, start.column)] } else { Vec::new() }
        }
        _ => Vec::new(),
    };
    tokens.into_iter().flat_map(of).collect()
}

/// The functions of sqlx that take a statement.
const RUN: &[&str] = &["query", "query_as", "query_scalar", "raw_sql"];

struct Reader<'r> {
    file: &'r str,
    helpers: &'r [&'r str],
    values: Evaluator<'r>,
    /// The function and the engine of the present place.
    function: String,
    engine: Option<Engine>,
    /// How many values the calls around it bind.
    binds: usize,
    /// The literals of the statements that were read.
    literals: BTreeSet<(usize, usize)>,
    reading: &'r mut Reading,
}

impl Reader<'_> {
    fn place(&self, line: usize) -> Place {
        Place { file: self.file.to_owned(), line, function: self.function.clone() }
    }

    fn function(&mut self, signature: &Signature, block: &Block) {
        let values = self.values.fresh();
        let values = std::mem::replace(&mut self.values, values);
        let function = std::mem::replace(&mut self.function, signature.ident.to_string());
        let engine = std::mem::replace(&mut self.engine, engine_in(|engines| engines.visit_signature(signature)));
        self.visit_block(block);
        (self.values, self.function, self.engine) = (values, function, engine);
    }

    /// Notes the statement that `sql` is.
    fn note(&mut self, name: &Ident, sql: &Expr, binds: Option<usize>) {
        for value in self.values.evaluate(sql) {
            match value {
                Value::Text(text) => self.note_text(text, binds),
                Value::AtRunTime => self.reading.at_run_time.push(self.place(line(name))),
                Value::Unknown(why) => self.note_unread(name, why),
                Value::Parts(_) => self.note_unread(name, "several texts".to_owned()),
            }
        }
    }

    fn note_text(&mut self, text: Text, binds: Option<usize>) {
        self.literals.extend(text.literals);
        let engine = text.engine.or(self.engine);
        self.reading.statements.push(Statement { place: self.place(text.line), engine, sql: text.sql, binds });
    }

    fn note_unread(&mut self, name: &Ident, why: String) {
        self.reading.unread.push((self.place(line(name)), why));
    }

    /// `all!(tx, Row, SQL, binds…)` and its kin.
    fn run_macro(&mut self, name: &Ident, call: &Macro, typed: bool) {
        match call.parse_body_with(|input: ParseStream<'_>| arguments(input, typed)) {
            Ok((sql, binds)) => self.note(name, &sql, Some(binds)),
            Err(error) => self.note_unread(name, error.to_string()),
        }
    }

    /// Parts of statements that helpers put together.
    fn hand_over(&mut self, call: &ExprCall) {
        for argument in &call.args {
            let texts = self.values.elements(argument).into_iter();
            let texts = texts.filter_map(|value| if let Value::Text(text) = value { Some(text) } else { None });
            self.literals.extend(texts.flat_map(|text| text.literals));
        }
    }
}

fn line(name: &Ident) -> usize {
    name.span().start().line
}

/// The statement and the number of values in `tx, Row, SQL, binds…`.
fn arguments(input: ParseStream<'_>, typed: bool) -> syn::Result<(Expr, usize)> {
    input.parse::<Expr>()?;
    input.parse::<Token![,]>()?;
    if typed {
        input.parse::<Type>()?;
        input.parse::<Token![,]>()?;
    }
    let sql = input.parse()?;
    if input.is_empty() {
        return Ok((sql, 0));
    }
    input.parse::<Token![,]>()?;
    Ok((sql, Punctuated::<Expr, Token![,]>::parse_terminated(input)?.len()))
}

/// The body of `with!(tx, c, cached => body)`.
fn body_of_with(input: ParseStream<'_>) -> syn::Result<Expr> {
    input.parse::<Expr>()?;
    for _ in 0..2 {
        input.parse::<Token![,]>()?;
        input.parse::<Ident>()?;
    }
    input.parse::<Token![=>]>()?;
    input.parse()
}

impl<'ast> Visit<'ast> for Reader<'_> {
    /// What a macro of ours becomes is read where it is called.
    fn visit_item_macro(&mut self, _: &'ast ItemMacro) {}

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let engine = self.engine;
        self.values.enter();
        syn::visit::visit_block(self, block);
        self.values.leave();
        self.engine = engine;
    }

    fn visit_local(&mut self, local: &'ast Local) {
        syn::visit::visit_local(self, local);
        let Some(init) = &local.init else { return };
        // `let Db::Sqlite { .. } = db else { … }`: the rest of the block is for one engine.
        let chosen = init.diverge.as_ref().and_then(|_| engine_in(|engines| engines.visit_pat(&local.pat)));
        self.engine = chosen.or(self.engine);
        let values = self.values.evaluate(&init.expr);
        self.values.bind(&local.pat, values);
    }

    fn visit_expr_for_loop(&mut self, repeated: &'ast ExprForLoop) {
        self.visit_expr(&repeated.expr);
        let elements = self.values.elements(&repeated.expr);
        self.values.enter();
        self.values.bind(&repeated.pat, elements);
        self.visit_block(&repeated.body);
        self.values.leave();
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        let chosen = engine_in(|engines| engines.visit_pat(&arm.pat)).or(self.engine);
        let engine = std::mem::replace(&mut self.engine, chosen);
        syn::visit::visit_arm(self, arm);
        self.engine = engine;
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let bound = usize::from(call.method == "bind");
        self.binds += bound;
        self.visit_expr(&call.receiver);
        self.binds -= bound;
        let around = std::mem::take(&mut self.binds);
        call.args.iter().for_each(|argument| self.visit_expr(argument));
        self.binds = around;
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let (Expr::Path(path), Some(first)) = (&*call.func, call.args.first()) {
            let names: Vec<&Ident> = path.path.segments.iter().map(|segment| &segment.ident).collect();
            match names.as_slice() {
                [library, name] if *library == "sqlx" && RUN.iter().any(|run| *name == run) => {
                    self.note(name, first, Some(self.binds));
                }
                [.., name] if self.helpers.iter().any(|helper| *name == helper) => self.hand_over(call),
                _ => {}
            }
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let Some(name) = call.path.segments.last().map(|segment| segment.ident.clone()) else { return };
        match name.to_string().as_str() {
            "all" | "maybe" | "scalar" => self.run_macro(&name, call, true),
            "execute" => self.run_macro(&name, call, false),
            "with" => match call.parse_body_with(body_of_with) {
                Ok(body) => Visit::visit_expr(self, &body),
                Err(error) => self.note_unread(&name, error.to_string()),
            },
            // Arguments of `vec!`, `format!` and the like may run statements too.
            _ => {
                let arguments = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(call.tokens.clone());
                arguments.iter().flatten().for_each(|argument| Visit::visit_expr(self, argument));
            }
        }
    }
}
