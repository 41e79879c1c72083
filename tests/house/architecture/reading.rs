//! What a source file names: paths resolved to where they lead, strings, attributes, modules. Comments are never looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::{
    Attribute, Expr, ExprLit, ExprPath, Item, ItemExternCrate, ItemMod, ItemUse, Lit, Macro, Meta, Path, UseTree,
    VisRestricted, Visibility,
    spanned::Spanned,
    visit::{self, Visit},
};

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    /// Into our own library: `crate::`, `self::`, `super::`, or `standin::` from the command line.
    Library,
    /// Into the command line's own crate, which is one room.
    CommandLine,
    /// Into a crate of Cargo.toml, or `std`, `core`, `alloc`.
    Crate(String),
}

/// One thing that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub line: usize,
    pub root: Root,
    /// Behind the root, without it.
    pub segments: Vec<String>,
    /// Everything below is meant: `path::*`.
    pub glob: bool,
    /// Re-exported by this module: `pub use`.
    pub handed_on: bool,
    /// Inside a `#[cfg(test)] mod`: in no binary.
    pub tested: bool,
}

/// What stands in one file.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub named: Vec<Named>,
    /// String literals outside attributes and tests.
    pub strings: Vec<(usize, String)>,
    /// Attributes by their whole name; those inside `cfg_attr` too.
    pub attributes: Vec<(usize, String)>,
    /// Modules whose text is another file.
    pub modules: Vec<(usize, String)>,
    /// Macros by the last word of their path.
    pub macros: Vec<(usize, String)>,
    /// Items of a crate root that are not modules, by line.
    pub other_items: Vec<usize>,
}

/// Reads one file.
///
/// `module` is the file's own place in its crate's tree; `crates` are the names of other crates.
pub(super) fn read(
    source: &str,
    module: &[String],
    command_line: bool,
    crates: &BTreeSet<String>,
) -> syn::Result<Reading> {
    let file = syn::parse_file(source)?;
    let mut names = Scopes { module: module.to_vec(), bound: BTreeMap::new(), local: BTreeSet::new() };
    names.visit_file(&file);
    let mut reader = Reader {
        file: module.len(),
        module: module.to_vec(),
        own: if command_line { Root::CommandLine } else { Root::Library },
        crates,
        scopes: names,
        tested: false,
        reading: Reading::default(),
    };
    reader.visit_file(&file);
    let no_module = |item: &&Item| !matches!(item, Item::Mod(module) if module.content.is_none());
    reader.reading.other_items = file.items.iter().filter(no_module).map(|item| line(item.span())).collect();
    Ok(reader.reading)
}

fn line(span: Span) -> usize {
    span.start().line
}

/// A path as written, before it is resolved.
#[derive(Debug, Clone)]
struct Written {
    line: usize,
    leading_colon: bool,
    segments: Vec<String>,
    glob: bool,
    /// The name a `use` binds.
    binds: Option<String>,
}

impl Written {
    fn of(segments: Vec<String>, at: Span) -> Self {
        Self { line: line(at), leading_colon: false, segments, glob: false, binds: None }
    }
}

fn flatten(tree: &UseTree, before: &Written, into: &mut Vec<Written>) {
    let with = |segment: &syn::Ident| {
        let mut path = Written { line: line(segment.span()), ..before.clone() };
        // `use a::{self}` names `a`.
        if segment != "self" || before.segments.is_empty() {
            path.segments.push(segment.to_string());
        }
        path
    };
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &with(&path.ident), into),
        UseTree::Name(name) => {
            let path = with(&name.ident);
            into.push(Written { binds: path.segments.last().cloned(), ..path });
        }
        UseTree::Rename(rename) => {
            into.push(Written { binds: Some(rename.rename.to_string()), ..with(&rename.ident) });
        }
        UseTree::Glob(glob) => {
            into.push(Written { line: line(glob.star_token.spans[0]), glob: true, ..before.clone() });
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, into)),
    }
}

fn used(item: &ItemUse) -> Vec<Written> {
    let nothing =
        Written { leading_colon: item.leading_colon.is_some(), ..Written::of(Vec::new(), item.use_token.span) };
    let mut paths = Vec::new();
    flatten(&item.tree, &nothing, &mut paths);
    paths
}

/// First pass: which names a module binds by `use`, and which it declares. Scopes inside functions count for their whole module,
/// so a name may be bound twice; then it is read both ways.
struct Scopes {
    module: Vec<String>,
    bound: BTreeMap<(Vec<String>, String), Vec<Written>>,
    local: BTreeSet<(Vec<String>, String)>,
}

impl<'ast> Visit<'ast> for Scopes {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for path in used(item) {
            let Some(name) = path.binds.clone() else { continue };
            // `use url;` binds what the word means anyway.
            if path.segments != [name.clone()] {
                self.bound.entry((self.module.clone(), name)).or_default().push(path);
            }
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.local.insert((self.module.clone(), item.ident.to_string()));
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }
}

/// Second pass: everything named, resolved.
struct Reader<'a> {
    /// How deep in the tree the file itself stands.
    file: usize,
    module: Vec<String>,
    own: Root,
    crates: &'a BTreeSet<String>,
    scopes: Scopes,
    tested: bool,
    reading: Reading,
}

/// How many renamings in a row are followed: `use log::log` leads to itself, so there must be an end.
const RENAMES_MAX: usize = 8;

impl Reader<'_> {
    fn name(&mut self, path: &Written, from_use: bool, handed_on: bool) {
        for (root, segments) in self.resolve(path, from_use, RENAMES_MAX) {
            let (line, glob, tested) = (path.line, path.glob, self.tested);
            self.reading.named.push(Named { line, root, segments, glob, handed_on, tested });
        }
    }

    fn resolve(&self, path: &Written, from_use: bool, renames: usize) -> Vec<(Root, Vec<String>)> {
        let Some((first, rest)) = path.segments.split_first() else { return Vec::new() };
        // A single word is a crate only where a `use` says it: elsewhere it is a variable, a type or a helper attribute.
        let is_path = from_use || !rest.is_empty();
        match first.as_str() {
            _ if path.leading_colon => return vec![(Root::Crate(first.clone()), rest.to_vec())],
            "crate" => return vec![(self.own.clone(), rest.to_vec())],
            "self" | "super" => return vec![(self.own.clone(), upwards(&self.module, &path.segments))],
            "standin" if self.own == Root::CommandLine && is_path => return vec![(Root::Library, rest.to_vec())],
            _ => {}
        }
        // An inner module sees the names of the modules around it through `use super::*`.
        for depth in (self.file..=self.module.len()).rev() {
            let here = (self.module[..depth].to_vec(), first.clone());
            if let (Some(bound), Some(renames)) = (self.scopes.bound.get(&here), renames.checked_sub(1)) {
                let through = |alias: &Written| {
                    let segments = alias.segments.iter().chain(rest).cloned().collect();
                    self.resolve(&Written { segments, ..alias.clone() }, from_use, renames)
                };
                return bound.iter().flat_map(through).collect();
            }
            if self.scopes.local.contains(&here) {
                return vec![(self.own.clone(), [&here.0[..], &path.segments].concat())];
            }
        }
        if is_path && self.crates.contains(first) {
            return vec![(Root::Crate(first.clone()), rest.to_vec())];
        }
        Vec::new()
    }

    /// Best effort for macros: paths by their words and colons. Inside the braces of a path, each word at the start or behind a
    /// comma continues that path, which is `before`.
    fn scan(&mut self, tokens: TokenStream, before: &[String]) {
        let mut path = Written::of(before.to_vec(), Span::call_site());
        let mut continues = true;
        let mut colons = 0;
        for token in tokens {
            if !matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':') {
                continues |= colons == 2;
                colons = 0;
            }
            match token {
                TokenTree::Ident(word) => {
                    if !continues {
                        self.spelled(&mut path, before);
                    }
                    path.line = line(word.span());
                    path.segments.push(word.to_string());
                    continues = false;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Punct(punct) => {
                    self.spelled(&mut path, before);
                    continues = punct.as_char() == ',';
                    path.segments = if continues { before.to_vec() } else { Vec::new() };
                }
                TokenTree::Group(group) if continues && group.delimiter() == Delimiter::Brace => {
                    self.scan(group.stream(), &mem::take(&mut path.segments));
                    continues = false;
                }
                TokenTree::Group(group) => {
                    let allows = path.segments.last().is_some_and(|word| word == "allow");
                    self.reading.attributes.extend(allows.then(|| (path.line, "allow".to_owned())));
                    self.spelled(&mut path, before);
                    self.scan(group.stream(), &[]);
                }
                TokenTree::Literal(literal) => {
                    self.spelled(&mut path, before);
                    self.visit_lit(&Lit::new(literal));
                }
            }
        }
        self.spelled(&mut path, before);
    }

    /// The end of a path in a macro. What only repeats `before` was read by whoever gave it.
    fn spelled(&mut self, path: &mut Written, before: &[String]) {
        if path.segments.len() > before.len().max(1) {
            self.name(path, !before.is_empty(), false);
        }
        path.segments.clear();
    }
}

/// `self::` and `super::` from a module.
fn upwards(module: &[String], segments: &[String]) -> Vec<String> {
    let mut place = module.to_vec();
    let mut rest = segments;
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "self" => {}
            "super" => drop(place.pop()),
            _ => break,
        }
        rest = after;
    }
    place.extend_from_slice(rest);
    place
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<Path>().is_ok_and(|path| path.is_ident("test"))
}

/// Where the unit tests of a module stand that need its private items.
pub(super) const UNIT_TESTS: &str = "tests/unit/";

/// Whether this is the `#[path]` of `mod tests` that leads to the one file for this module.
fn is_path_of_unit_tests(attribute: &Attribute, module: &[String]) -> bool {
    let (Meta::NameValue(pair), Some((last, around))) = (&attribute.meta, module.split_last()) else { return false };
    let Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) = &pair.value else { return false };
    let path = path.value();
    let below = path.trim_start_matches("../").strip_prefix(UNIT_TESTS);
    pair.path.is_ident("path") && last == "tests" && below == Some(&format!("{}.rs", around.join("/")))
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.content.is_none() {
            self.reading.modules.push((line(item.ident.span()), item.ident.to_string()));
        }
        let tested = self.tested;
        self.tested |= item.attrs.iter().any(is_cfg_test);
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
        self.tested = tested;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let handed_on = !matches!(item.vis, Visibility::Inherited);
        for path in used(item) {
            self.name(&path, true, handed_on);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        let path = Written::of(vec![item.ident.to_string()], item.ident.span());
        self.name(&Written { leading_colon: true, ..path }, true, true);
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        // `<[u8; 32]>::try_from`: what follows the type belongs to the type.
        match &path.qself {
            Some(qself) if qself.position == 0 => {
                self.visit_qself(qself);
                path.path.segments.iter().for_each(|segment| self.visit_path_segment(segment));
            }
            Some(_) | None => visit::visit_expr_path(self, path),
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let written = Written { leading_colon: path.leading_colon.is_some(), ..Written::of(segments, path.span()) };
        self.name(&written, false, false);
        visit::visit_path(self, path);
    }

    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {
        // `pub(crate)` and `pub(in crate::store)` can only name what encloses them.
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        if let Some(last) = item.path.segments.last() {
            self.reading.macros.push((line(last.ident.span()), last.ident.to_string()));
        }
        visit::visit_macro(self, item);
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        // Of macros, and of syntax newer than the parser.
        self.scan(tokens.clone(), &[]);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let path = attribute.path();
        if let Some(name) = path.segments.last()
            && !(self.tested && is_path_of_unit_tests(attribute, &self.module))
        {
            // Whole: a library's attribute `utoipa::path` is not the language's own `path`.
            let words: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.reading.attributes.push((line(name.ident.span()), words.join("::")));
        }
        self.visit_path(path);
        if let Meta::List(list) = &attribute.meta {
            let strings = self.reading.strings.len();
            self.scan(list.tokens.clone(), &[]);
            self.reading.strings.truncate(strings); // help texts and renamings are no statements
        }
    }

    fn visit_lit(&mut self, literal: &'ast Lit) {
        if let Lit::Str(text) = literal
            && !self.tested
        {
            self.reading.strings.push((line(text.span()), text.value()));
        }
    }
}
