//! What a parsed template is made of. Lists and pipelines are held in tables, so that depth costs no stack.

use std::collections::BTreeMap;
use std::ops::Range;

use super::functions::Function;
use super::lex::Place;
use super::literal::Number;
use super::value::Text;

/// A list of nodes, by its place in the table.
pub(super) type ListId = usize;
/// A pipeline, by its place in the table.
pub(super) type PipeId = usize;
/// A variable's name, by its place in the table.
pub(super) type NameId = usize;

/// Parts of a template that others refer to.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub lists: Vec<Vec<Node>>,
    pub pipes: Vec<Pipeline>,
    /// How many names of variables there are.
    pub names: usize,
    pub defined: BTreeMap<Vec<u8>, ListId>,
    /// How deep parentheses nest.
    pub depth: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Where the text stands in the template.
    Text(Range<usize>, Place),
    Action(PipeId),
    If(PipeId, ListId, Option<ListId>),
    Range(PipeId, ListId, Option<ListId>),
    With(PipeId, ListId, Option<ListId>),
    Template(Vec<u8>, Option<PipeId>, Place),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Pipeline {
    pub declared: Vec<NameId>,
    pub commands: Vec<Command>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub(super) struct Command {
    pub words: Vec<Word>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub(super) struct Word {
    pub kind: WordKind,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub(super) enum WordKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text(Text),
    /// A function, and fields of what it gives.
    Function(&'static Function, Vec<String>),
    /// Fields of dot.
    Field(Vec<String>),
    /// A variable, and fields of it.
    Variable(NameId, Vec<String>),
    /// A parenthesis, and fields of it.
    Pipe(PipeId, Vec<String>),
}
