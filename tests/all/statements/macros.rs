//! `macro_rules!` as far as the texts need it: parameters are literals or names, and repetitions do not nest.

use std::collections::BTreeMap;

use proc_macro2::{Group, TokenStream, TokenTree};

/// What stands for a parameter: one token, or those of a repetition.
type Parameters = BTreeMap<String, Vec<TokenTree>>;

/// The rules of one macro: what a call looks like, and what it becomes.
pub(super) struct Rules(Vec<(Vec<TokenTree>, Vec<TokenTree>)>);

impl Rules {
    pub(super) fn parse(body: TokenStream) -> Self {
        let groups = body.into_iter().filter_map(|token| if let TokenTree::Group(g) = token { Some(g) } else { None });
        let groups: Vec<Vec<TokenTree>> = groups.map(|group| tokens(&group)).collect();
        Self(groups.chunks_exact(2).map(|rule| (rule[0].clone(), rule[1].clone())).collect())
    }

    /// Returns what a call becomes; `None` if it fits no rule.
    pub(super) fn expand(&self, call: TokenStream) -> Option<TokenStream> {
        let call: Vec<TokenTree> = call.into_iter().collect();
        self.0.iter().find_map(|(pattern, body)| {
            let mut parameters = Parameters::new();
            let length = matches(pattern, &call, &mut parameters)?;
            (length == call.len()).then(|| transcribe(body, &parameters, 0))
        })
    }
}

fn tokens(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn is(token: &TokenTree, wanted: &[char]) -> bool {
    matches!(token, TokenTree::Punct(punct) if wanted.contains(&punct.as_char()))
}

/// Splits what follows `$(…)`: the separator, if there is one, and the tokens behind the repetition.
fn repetition(rest: &[TokenTree]) -> (Option<&TokenTree>, &[TokenTree]) {
    match rest {
        [times, rest @ ..] if is(times, &['*', '+', '?']) => (None, rest),
        [separator, _, rest @ ..] => (Some(separator), rest),
        _ => (None, &[]),
    }
}

/// Returns how many tokens of a call the pattern takes; `None` if it does not fit.
fn matches(pattern: &[TokenTree], call: &[TokenTree], parameters: &mut Parameters) -> Option<usize> {
    let (mut pattern, mut at) = (pattern, 0);
    loop {
        pattern = match pattern {
            [] => return Some(at),
            [dollar, TokenTree::Ident(name), _, TokenTree::Ident(_), rest @ ..] if is(dollar, &['$']) => {
                let literal =
                    call.get(at).filter(|token| matches!(token, TokenTree::Literal(_) | TokenTree::Ident(_)))?;
                parameters.entry(name.to_string()).or_default().push(literal.clone());
                at += 1;
                rest
            }
            [dollar, TokenTree::Group(repeated), rest @ ..] if is(dollar, &['$']) => {
                let (separator, rest) = repetition(rest);
                at += matches_repeatedly(&tokens(repeated), separator, &call[at..], parameters);
                rest
            }
            [TokenTree::Group(inner), rest @ ..] => {
                let Some(TokenTree::Group(group)) = call.get(at) else { return None };
                let group = tokens(group);
                if matches(&tokens(inner), &group, parameters)? != group.len() {
                    return None;
                }
                at += 1;
                rest
            }
            [token, rest @ ..] => {
                call.get(at).filter(|other| other.to_string() == token.to_string())?;
                at += 1;
                rest
            }
        };
    }
}

fn matches_repeatedly(
    pattern: &[TokenTree],
    separator: Option<&TokenTree>,
    call: &[TokenTree],
    parameters: &mut Parameters,
) -> usize {
    let mut at = 0;
    while let Some(length) = matches(pattern, &call[at..], parameters) {
        at += length;
        match (separator, call.get(at)) {
            (Some(separator), Some(next)) if separator.to_string() == next.to_string() => at += 1,
            (None, Some(_)) => {}
            _ => break,
        }
    }
    at
}

/// Writes a rule's body with the parameters in place, within a repetition those of its `turn`.
fn transcribe(body: &[TokenTree], parameters: &Parameters, turn: usize) -> TokenStream {
    let (mut body, mut written) = (body, TokenStream::new());
    loop {
        body = match body {
            [] => return written,
            [dollar, TokenTree::Ident(name), rest @ ..] if is(dollar, &['$']) => {
                let literals = parameters.get(&name.to_string()).map_or(&[][..], Vec::as_slice);
                written.extend(literals.get(turn).or(literals.first()).cloned());
                rest
            }
            [dollar, TokenTree::Group(repeated), rest @ ..] if is(dollar, &['$']) => {
                let (separator, rest) = repetition(rest);
                let repeated = tokens(repeated);
                for turn in 0..turns(&repeated, parameters) {
                    written.extend(separator.filter(|_| turn > 0).cloned());
                    written.extend(transcribe(&repeated, parameters, turn));
                }
                rest
            }
            [TokenTree::Group(group), rest @ ..] => {
                let inner = transcribe(&tokens(group), parameters, turn);
                written.extend([TokenTree::Group(Group::new(group.delimiter(), inner))]);
                rest
            }
            [token, rest @ ..] => {
                written.extend([token.clone()]);
                rest
            }
        };
    }
}

fn turns(repeated: &[TokenTree], parameters: &Parameters) -> usize {
    let named = repeated.iter().filter_map(|token| parameters.get(&token.to_string()));
    named.map(Vec::len).max().unwrap_or(0)
}
