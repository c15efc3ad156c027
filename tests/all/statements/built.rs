//! Statements of variable length: what `build!` pushes, where everything that repeats is there once.

use std::collections::BTreeMap;

use syn::{Block, Expr, ExprClosure, ExprMethodCall, Local, Pat, Stmt};

use super::evaluation::{Evaluator, Text, last_name};

/// Returns the text that a closure pushes, or what in it is not known.
pub(super) fn text(values: &Evaluator<'_>, fill: &ExprClosure) -> Result<Text, String> {
    let name = fill.inputs.first().and_then(self::name).ok_or("a closure without a name for its builder")?;
    let mut builder = Builder { values, name, lists: BTreeMap::new(), text: Text::default(), binds: 0 };
    builder.run(&fill.body)?;
    Ok(builder.text)
}

fn name(pattern: &Pat) -> Option<String> {
    if let Pat::Ident(name) = pattern { Some(name.ident.to_string()) } else { None }
}

struct Builder<'v> {
    values: &'v Evaluator<'v>,
    /// The name of the builder.
    name: String,
    /// Lists under way: the separator, and whether something stands in it.
    lists: BTreeMap<String, (String, bool)>,
    text: Text,
    binds: usize,
}

impl Builder<'_> {
    fn run(&mut self, expr: &Expr) -> Result<(), String> {
        match expr {
            Expr::Block(block) => self.block(&block.block),
            Expr::ForLoop(repeated) => self.block(&repeated.body),
            Expr::MethodCall(call) => self.call(call).map(drop),
            _ => Err("something that is no push".to_owned()),
        }
    }

    fn block(&mut self, block: &Block) -> Result<(), String> {
        for statement in &block.stmts {
            match statement {
                Stmt::Expr(expr, _) => self.run(expr)?,
                Stmt::Local(local) => self.local(local)?,
                Stmt::Item(_) | Stmt::Macro(_) => return Err("something that is no push".to_owned()),
            }
        }
        Ok(())
    }

    /// `let mut list = q.separated(", ")` begins a list; other variables are values to bind.
    fn local(&mut self, local: &Local) -> Result<(), String> {
        let Some(init) = &local.init else { return Ok(()) };
        let Expr::MethodCall(call) = &*init.expr else { return Ok(()) };
        if let (true, Some(list), Some(separator)) = (call.method == "separated", name(&local.pat), call.args.first()) {
            self.lists.insert(list, (self.values.text(separator)?.sql, false));
        }
        Ok(())
    }

    /// Runs a chain of pushes; returns the name of what they are pushed to.
    fn call(&mut self, call: &ExprMethodCall) -> Result<String, String> {
        let to = match &*call.receiver {
            Expr::MethodCall(before) => self.call(before)?,
            Expr::Path(path) => last_name(&path.path),
            _ => return Err("a call on something else".to_owned()),
        };
        if let Some((separator, begun)) = self.lists.get_mut(&to) {
            self.text.sql += if std::mem::replace(begun, true) { separator.as_str() } else { "" };
        } else if to != self.name {
            return Err(format!("a call on {to}"));
        }
        match (call.method.to_string().as_str(), call.args.first(), call.args.last()) {
            ("push", Some(part), _) => self.push(part)?,
            ("push_bind", ..) => self.push_bind(),
            ("push_values", _, Some(Expr::Closure(row))) => self.push_values(row)?,
            (other, ..) => return Err(format!("a call of {other}")),
        }
        Ok(to)
    }

    fn push(&mut self, part: &Expr) -> Result<(), String> {
        let part = self.values.text(part)?;
        self.text.sql += &part.sql;
        self.text.literals.extend(part.literals);
        Ok(())
    }

    fn push_bind(&mut self) {
        self.binds += 1;
        self.text.sql += &format!("${}", self.binds);
    }

    fn push_values(&mut self, row: &ExprClosure) -> Result<(), String> {
        let list = row.inputs.first().and_then(name).ok_or("a row without a name")?;
        self.lists.insert(list.clone(), (", ".to_owned(), false));
        self.text.sql += "VALUES (";
        self.run(&row.body)?;
        self.text.sql += ")";
        self.lists.remove(&list);
        Ok(())
    }
}
