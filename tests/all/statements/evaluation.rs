//! Evaluates expressions to the texts that they can be.

use std::collections::BTreeMap;

use syn::{
    Arm, Block, Expr, ExprCall, ExprMatch, File, ItemConst, ItemFn, ItemMacro, Lit, Macro, Pat, PatIdent, Path,
    PathSegment, Stmt, Token, punctuated::Punctuated, visit::Visit,
};

use super::macros::Rules;
use crate::support::Engine;

/// A text and where it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub(super) sql: String,
    pub(super) line: usize,
    /// The only engine that it is for.
    pub(super) engine: Option<Engine>,
    /// Line and column of the literals in it.
    pub(super) literals: Vec<(usize, usize)>,
}

/// One of the values that an expression can have.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Text),
    /// A tuple or an array, each part with its possible values.
    Parts(Vec<Vec<Value>>),
    /// Put together at run time, which sqlx makes visible as `AssertSqlSafe`.
    AtRunTime,
    Unknown(String),
}

impl Value {
    fn at(self, line: usize) -> Self {
        match self {
            Self::Text(text) => Self::Text(Text { line, ..text }),
            Self::Parts(parts) => Self::Parts(each(parts, |value| value.at(line))),
            other => other,
        }
    }

    fn only(self, engine: Option<Engine>) -> Self {
        match self {
            Self::Text(text) => Self::Text(Text { engine: text.engine.or(engine), ..text }),
            Self::Parts(parts) => Self::Parts(each(parts, |value| value.only(engine))),
            other => other,
        }
    }
}

fn each(parts: Vec<Vec<Value>>, change: impl Fn(Value) -> Value) -> Vec<Vec<Value>> {
    parts.into_iter().map(|values| values.into_iter().map(&change).collect()).collect()
}

/// What the expressions of a file may use.
#[derive(Default)]
pub(super) struct Items<'f> {
    macros: BTreeMap<String, Rules>,
    constants: BTreeMap<String, &'f Expr>,
    /// Functions that are one `match`: they choose among their arguments.
    choices: BTreeMap<String, (Vec<&'f Pat>, &'f Expr)>,
}

impl<'f> Items<'f> {
    pub(super) fn of(file: &'f File) -> Self {
        let mut items = Self::default();
        items.visit_file(file);
        items
    }

    /// The same, and the macros of another file.
    pub(super) fn with_macros_of(mut self, shared: &File) -> Self {
        for (name, rules) in Items::of(shared).macros {
            self.macros.entry(name).or_insert(rules);
        }
        self
    }
}

impl<'ast> Visit<'ast> for Items<'ast> {
    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        if let Some(name) = &item.ident {
            let twice = self.macros.insert(name.to_string(), Rules::parse(item.mac.tokens.clone()));
            assert!(twice.is_none(), "one file has two macros {name}: name them apart");
        }
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        self.constants.insert(item.ident.to_string(), &item.expr);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if let [Stmt::Expr(expr @ Expr::Match(_), None)] = item.block.stmts.as_slice() {
            let typed = item.sig.inputs.iter().filter_map(|input| match input {
                syn::FnArg::Typed(typed) => Some(&*typed.pat),
                syn::FnArg::Receiver(_) => None,
            });
            self.choices.insert(item.sig.ident.to_string(), (typed.collect(), expr));
        }
        syn::visit::visit_item_fn(self, item);
    }
}

/// The engine that a pattern or a signature names, if it names one.
pub(super) fn engine_in(visit: impl FnOnce(&mut Engines)) -> Option<Engine> {
    let mut engines = Engines::default();
    visit(&mut engines);
    match (engines.sqlite, engines.postgres) {
        (true, false) => Some(Engine::Sqlite),
        (false, true) => Some(Engine::Postgres),
        _ => None,
    }
}

#[derive(Default)]
pub(super) struct Engines {
    sqlite: bool,
    postgres: bool,
}

impl<'ast> Visit<'ast> for Engines {
    fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
        let name = segment.ident.to_string();
        self.sqlite |= name.starts_with("Sqlite");
        self.postgres |= name == "Postgres" || ["PgPool", "PgConnection"].contains(&name.as_str());
        syn::visit::visit_path_segment(self, segment);
    }
}

pub(super) fn last_name(path: &Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// Evaluates the expressions of a file, with the variables that are in scope.
pub(super) struct Evaluator<'a> {
    items: &'a Items<'a>,
    scopes: Vec<BTreeMap<String, Vec<Value>>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(items: &'a Items<'a>) -> Self {
        Self { items, scopes: vec![BTreeMap::new()] }
    }

    /// The same file, without any variable.
    pub(super) fn fresh(&self) -> Self {
        Self::new(self.items)
    }

    pub(super) fn enter(&mut self) {
        self.scopes.push(BTreeMap::new());
    }

    pub(super) fn leave(&mut self) {
        self.scopes.pop();
    }

    /// Gives the names in a pattern their parts of the values.
    pub(super) fn bind(&mut self, pattern: &Pat, values: Vec<Value>) {
        match pattern {
            Pat::Ident(name) => self.set(name, values),
            Pat::Type(typed) => self.bind(&typed.pat, values),
            Pat::Tuple(tuple) => self.bind_parts(&tuple.elems, &values),
            Pat::Slice(slice) => self.bind_parts(&slice.elems, &values),
            other => Hidden(self).visit_pat(other),
        }
    }

    fn bind_parts(&mut self, patterns: &Punctuated<Pat, Token![,]>, values: &[Value]) {
        for (at, pattern) in patterns.iter().enumerate() {
            let part = values.iter().flat_map(|value| match value {
                Value::Parts(parts) if parts.len() == patterns.len() => parts[at].clone(),
                _ => vec![Value::Unknown("a part of something unknown".to_owned())],
            });
            self.bind(pattern, part.collect());
        }
    }

    fn set(&mut self, name: &PatIdent, values: Vec<Value>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.ident.to_string(), values);
        }
    }

    /// Returns the elements of arrays: what a loop over them sees.
    pub(super) fn elements(&self, expr: &Expr) -> Vec<Value> {
        let of = |value| if let Value::Parts(parts) = value { parts.concat() } else { vec![value] };
        self.evaluate(expr).into_iter().flat_map(of).collect()
    }

    /// Returns every value that an expression can have.
    pub(super) fn evaluate(&self, expr: &Expr) -> Vec<Value> {
        match expr {
            Expr::Lit(literal) => vec![of_literal(&literal.lit)],
            Expr::Macro(call) => self.of_macro(&call.mac),
            Expr::Path(path) => self.of_name(&last_name(&path.path)),
            Expr::Reference(inner) => self.evaluate(&inner.expr),
            Expr::Paren(inner) => self.evaluate(&inner.expr),
            Expr::Group(inner) => self.evaluate(&inner.expr),
            Expr::Array(array) => vec![self.of_parts(&array.elems)],
            Expr::Tuple(tuple) => vec![self.of_parts(&tuple.elems)],
            Expr::Match(choice) => self.of_match(choice),
            Expr::Block(block) => self.of_block(&block.block),
            Expr::If(choice) => {
                let otherwise = choice.else_branch.as_ref().map(|(_, otherwise)| self.evaluate(otherwise));
                [self.of_block(&choice.then_branch), otherwise.unwrap_or_default()].concat()
            }
            Expr::Call(call) => self.of_call(call),
            _ => vec![Value::Unknown("an expression that is not evaluated here".to_owned())],
        }
    }

    /// Returns the one text that an expression is.
    pub(super) fn text(&self, expr: &Expr) -> Result<Text, String> {
        let mut values = self.evaluate(expr);
        match (values.pop(), values.is_empty()) {
            (Some(Value::Text(text)), true) => Ok(text),
            (Some(Value::Unknown(what)), _) => Err(what),
            _ => Err("not one text".to_owned()),
        }
    }

    fn of_name(&self, name: &str) -> Vec<Value> {
        let variable = self.scopes.iter().rev().find_map(|scope| scope.get(name).cloned());
        let constant = || self.items.constants.get(name).map(|constant| self.fresh().evaluate(constant));
        variable.or_else(constant).unwrap_or_else(|| vec![Value::Unknown(format!("`{name}` has no known value"))])
    }

    fn of_parts(&self, parts: &Punctuated<Expr, Token![,]>) -> Value {
        Value::Parts(parts.iter().map(|part| self.evaluate(part)).collect())
    }

    fn of_match(&self, choice: &ExprMatch) -> Vec<Value> {
        let arm = |arm: &Arm| {
            let engine = engine_in(|engines| engines.visit_pat(&arm.pat));
            self.evaluate(&arm.body).into_iter().map(move |value| value.only(engine)).collect::<Vec<_>>()
        };
        choice.arms.iter().flat_map(arm).collect()
    }

    fn of_block(&self, block: &Block) -> Vec<Value> {
        match block.stmts.as_slice() {
            [Stmt::Expr(expr, None)] => self.evaluate(expr),
            _ => vec![Value::Unknown("a block of several statements".to_owned())],
        }
    }

    fn of_call(&self, call: &ExprCall) -> Vec<Value> {
        let Expr::Path(path) = &*call.func else { return vec![Value::Unknown("a call".to_owned())] };
        let name = last_name(&path.path);
        if name == "AssertSqlSafe" {
            return vec![Value::AtRunTime];
        }
        let Some((parameters, body)) = self.items.choices.get(&name) else {
            return vec![Value::Unknown(format!("a call of {name}"))];
        };
        let mut within = self.fresh();
        for (parameter, argument) in parameters.iter().zip(&call.args) {
            within.bind(parameter, self.evaluate(argument));
        }
        within.evaluate(body)
    }

    fn of_macro(&self, call: &Macro) -> Vec<Value> {
        let name = last_name(&call.path);
        let line = call.path.segments.last().map_or(0, |segment| segment.ident.span().start().line);
        let values = if name == "concat" {
            vec![self.of_concat(call, line).map_or_else(Value::Unknown, Value::Text)]
        } else {
            let expanded = self.items.macros.get(&name).and_then(|rules| rules.expand(call.tokens.clone()));
            let expanded = expanded.and_then(|tokens| syn::parse2::<Expr>(tokens).ok());
            expanded.map_or_else(|| vec![Value::Unknown(format!("a call of {name}!"))], |expr| self.evaluate(&expr))
        };
        values.into_iter().map(|value| value.at(line)).collect()
    }

    fn of_concat(&self, call: &Macro, line: usize) -> Result<Text, String> {
        let parts = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        let mut whole = Text { line, ..Text::default() };
        for part in &parts.map_err(|error| error.to_string())? {
            let text = self.text(part)?;
            whole.sql += &text.sql;
            whole.literals.extend(text.literals);
        }
        Ok(whole)
    }
}

fn of_literal(literal: &Lit) -> Value {
    let (sql, start) = match literal {
        Lit::Str(text) => (text.value(), text.span().start()),
        Lit::Int(number) => (number.base10_digits().to_owned(), number.span().start()),
        _ => return Value::Unknown("a literal that is no text".to_owned()),
    };
    Value::Text(Text { sql, line: start.line, engine: None, literals: vec![(start.line, start.column)] })
}

/// Names in patterns that are not taken apart hide what had the name before.
struct Hidden<'e, 'a>(&'e mut Evaluator<'a>);

impl<'ast> Visit<'ast> for Hidden<'_, '_> {
    fn visit_pat_ident(&mut self, name: &'ast PatIdent) {
        self.0.set(name, vec![Value::Unknown(format!("`{}` is a part of something", name.ident))]);
    }
}
