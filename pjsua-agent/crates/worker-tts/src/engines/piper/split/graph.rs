//! The names in an ONNX model: who computes which tensor from which. Pure; numbers of fields are those of `onnx.proto`.

use std::collections::{HashMap, HashSet};

use super::{
    Unsplittable,
    wire::{self, Field, Malformed, Message, Value},
};

/// `ModelProto.graph`.
const MODEL_GRAPH: u64 = 7;
const GRAPH_NODE: u64 = 1;
const GRAPH_NAME: u64 = 2;
const GRAPH_INITIALIZER: u64 = 5;
const GRAPH_INPUT: u64 = 11;
const GRAPH_OUTPUT: u64 = 12;
const GRAPH_SPARSE_INITIALIZER: u64 = 15;
/// `TensorProto.DataType.FLOAT`.
const FLOAT: u64 = 1;
const INT64: u64 = 7;

/// A model whose parts can be named, and copied unread.
pub struct Graph<'model> {
    /// All of `ModelProto` but the graph.
    model: Vec<&'model [u8]>,
    name: &'model [u8],
    /// Each after those whose outputs it reads, as ONNX demands.
    pub nodes: Vec<Node<'model>>,
    initializers: Vec<Named<'model>>,
    inputs: Vec<Named<'model>>,
    outputs: Vec<Named<'model>>,
    /// The node that computes a tensor.
    makers: HashMap<&'model str, usize>,
}

struct Named<'model> {
    name: &'model str,
    raw: &'model [u8],
}

/// A `NodeProto`.
pub struct Node<'model> {
    /// `Conv`, `Add`, …
    pub operator: &'model str,
    /// Absent ones are empty.
    pub inputs: Vec<&'model str>,
    pub outputs: Vec<&'model str>,
    attributes: Vec<&'model [u8]>,
    /// Tensors that graphs within its attributes read.
    captured: Vec<&'model str>,
    raw: &'model [u8],
}

/// What a graph of some outputs needs.
pub struct Needs<'model> {
    nodes: HashSet<usize>,
    /// Initializers and graph inputs.
    given: HashSet<&'model str>,
}

impl<'model> Graph<'model> {
    /// Reads a `ModelProto`.
    ///
    /// # Errors
    ///
    /// When it is none, or keeps weights in a form that is not read here.
    pub fn read(bytes: &'model [u8]) -> Result<Self, Unsplittable> {
        let fields = wire::fields(bytes)?;
        let is_graph = |field: &&Field<'_>| field.number == MODEL_GRAPH;
        let inner = fields.iter().find(is_graph).ok_or(Malformed)?.bytes();
        let mut graph = Self {
            model: fields.iter().filter(|field| !is_graph(field)).map(|field| field.raw).collect(),
            name: &[],
            nodes: Vec::new(),
            initializers: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            makers: HashMap::new(),
        };
        for field in wire::fields(inner)? {
            let named =
                |name| -> Result<_, Malformed> { Ok(Named { name: text(field.bytes(), name)?, raw: field.raw }) };
            match field.number {
                GRAPH_NODE => graph.nodes.push(Node::read(field)?),
                GRAPH_NAME => graph.name = field.raw,
                GRAPH_INITIALIZER => graph.initializers.push(named(8)?),
                GRAPH_INPUT => graph.inputs.push(named(1)?),
                GRAPH_OUTPUT => graph.outputs.push(named(1)?),
                GRAPH_SPARSE_INITIALIZER => return Err(Unsplittable::Form("sparse weights")),
                // Shapes of tensors, which ONNX Runtime finds by itself, and documentation.
                _ => {}
            }
        }
        for (at, node) in graph.nodes.iter().enumerate() {
            graph.makers.extend(node.outputs.iter().map(|output| (*output, at)));
        }
        Ok(graph)
    }

    /// The node that computes `tensor`.
    pub fn maker(&self, tensor: &str) -> Option<&Node<'model>> {
        self.makers.get(tensor).map(|at| &self.nodes[*at])
    }

    /// The graph's first output.
    pub fn output(&self) -> Option<&'model str> {
        self.outputs.first().map(|output| output.name)
    }

    /// Whether `tensor` is given to the graph by who runs it.
    pub fn is_input(&self, tensor: &str) -> bool {
        self.inputs.iter().any(|input| input.name == tensor)
            && !self.initializers.iter().any(|initializer| initializer.name == tensor)
    }

    /// What it takes to compute `outputs`, when `cuts` are given.
    pub fn needs(&self, outputs: &[&'model str], cuts: &[&str]) -> Needs<'model> {
        let mut needs = Needs { nodes: HashSet::new(), given: HashSet::new() };
        let mut open = outputs.to_vec();
        while let Some(tensor) = open.pop() {
            if cuts.contains(&tensor) {
                continue;
            }
            match self.makers.get(tensor) {
                Some(at) if needs.nodes.insert(*at) => {
                    open.extend(self.nodes[*at].inputs.iter().chain(&self.nodes[*at].captured));
                }
                Some(_) => {}
                None => {
                    needs.given.insert(tensor);
                }
            }
        }
        needs
    }

    /// The integers of a tensor that is written in the model; nothing when it is computed or holds something else.
    ///
    /// # Errors
    ///
    /// When it is broken.
    pub fn integers(&self, tensor: &str) -> Result<Option<Vec<i64>>, Malformed> {
        let initializer = self.initializers.iter().find(|initializer| initializer.name == tensor);
        let constant = self.maker(tensor).filter(|node| node.operator == "Constant");
        let fields = match (initializer, constant) {
            (Some(initializer), _) => wire::fields(wire::fields(initializer.raw)?[0].bytes())?,
            (None, Some(node)) => wire::fields(node.tensor("value")?)?,
            (None, None) => return Ok(None),
        };
        let is_int64 = |field: &Field<'_>| field.number == 2 && matches!(field.value, Value::Number(INT64));
        if !fields.iter().any(is_int64) {
            return Ok(None);
        }
        let mut integers = Vec::new();
        for field in fields {
            match field.number {
                7 => integers.extend(field.integers()?),
                9 => integers.extend(field.bytes().as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes))),
                _ => {}
            }
        }
        Ok(Some(integers))
    }

    /// The graph inputs among the needs.
    pub fn inputs_of<'needs>(&'needs self, needs: &'needs Needs<'model>) -> impl Iterator<Item = &'model str> {
        needs.given.iter().copied().filter(|given| self.is_input(given))
    }

    /// The nodes among the needs, in their order.
    pub fn nodes_of<'needs>(&'needs self, needs: &'needs Needs<'model>) -> impl Iterator<Item = &'needs Node<'model>> {
        self.nodes.iter().enumerate().filter(|(at, _)| needs.nodes.contains(at)).map(|(_, node)| node)
    }

    /// A model of the needs, with `given` among its inputs. Its outputs are `made`, or else the graph's own.
    pub fn write(&self, needs: &Needs<'model>, given: &[&str], made: &[&str]) -> Vec<u8> {
        let is_needed = |named: &&Named<'model>| needs.given.contains(named.name);
        let mut graph = Message::default();
        self.nodes_of(needs).for_each(|node| graph.raw(node.raw));
        graph.raw(self.name);
        self.initializers.iter().filter(is_needed).for_each(|tensor| graph.raw(tensor.raw));
        self.inputs.iter().filter(is_needed).for_each(|input| graph.raw(input.raw));
        for name in given {
            graph.bytes(GRAPH_INPUT, &float_tensor(name).0);
        }
        for name in made {
            graph.bytes(GRAPH_OUTPUT, &float_tensor(name).0);
        }
        self.outputs.iter().take(1).filter(|_| made.is_empty()).for_each(|output| graph.raw(output.raw));
        let mut model = Message::default();
        self.model.iter().for_each(|field| model.raw(field));
        model.bytes(MODEL_GRAPH, &graph.0);
        model.0
    }
}

impl<'model> Node<'model> {
    fn read(node: Field<'model>) -> Result<Self, Malformed> {
        let mut read = Self {
            operator: "",
            inputs: Vec::new(),
            outputs: Vec::new(),
            attributes: Vec::new(),
            captured: Vec::new(),
            raw: node.raw,
        };
        for field in wire::fields(node.bytes())? {
            match field.number {
                1 => read.inputs.push(field.text()),
                2 => read.outputs.push(field.text()),
                4 => read.operator = field.text(),
                5 => {
                    read.attributes.push(field.bytes());
                    captured(field.bytes(), &mut read.captured)?;
                }
                _ => {}
            }
        }
        read.outputs.retain(|output| !output.is_empty());
        Ok(read)
    }

    /// The integers of an attribute.
    ///
    /// # Errors
    ///
    /// When the node is broken.
    pub fn integers(&self, name: &str) -> Result<Option<Vec<i64>>, Malformed> {
        let Some(attribute) = self.attribute(name)? else { return Ok(None) };
        let mut integers = Vec::new();
        for field in wire::fields(attribute)?.iter().filter(|field| matches!(field.number, 3 | 8)) {
            integers.extend(field.integers()?);
        }
        Ok(Some(integers))
    }

    /// The text of an attribute.
    ///
    /// # Errors
    ///
    /// When the node is broken.
    pub fn text(&self, name: &str) -> Result<Option<&'model str>, Malformed> {
        self.attribute(name)?.map(|attribute| text(attribute, 4)).transpose()
    }

    /// The `TensorProto` of an attribute; empty when there is none.
    fn tensor(&self, name: &str) -> Result<&'model [u8], Malformed> {
        let Some(attribute) = self.attribute(name)? else { return Ok(&[]) };
        Ok(wire::fields(attribute)?.iter().find(|field| field.number == 5).map_or(&[], Field::bytes))
    }

    fn attribute(&self, name: &str) -> Result<Option<&'model [u8]>, Malformed> {
        for attribute in &self.attributes {
            if text(attribute, 1)? == name {
                return Ok(Some(attribute));
            }
        }
        Ok(None)
    }
}

/// Names that the graphs within an attribute read. Those that they make themselves are among them; outside nobody has them.
fn captured<'model>(attribute: &'model [u8], names: &mut Vec<&'model str>) -> Result<(), Malformed> {
    for graph in wire::fields(attribute)?.iter().filter(|field| matches!(field.number, 6 | 11)) {
        for field in wire::fields(graph.bytes())? {
            match field.number {
                GRAPH_NODE => {
                    let node = Node::read(field)?;
                    names.extend(node.inputs.iter().chain(&node.captured));
                }
                GRAPH_OUTPUT => names.push(text(field.bytes(), 1)?),
                _ => {}
            }
        }
    }
    Ok(())
}

fn text(message: &[u8], number: u64) -> Result<&str, Malformed> {
    let fields = wire::fields(message)?;
    let is_text = |field: &&Field<'_>| field.number == number && matches!(field.value, Value::Bytes(_));
    Ok(fields.iter().find(is_text).map_or("", Field::text))
}

/// `ValueInfoProto` of a tensor of any shape.
fn float_tensor(name: &str) -> Message {
    let (mut tensor, mut kind, mut value) = <(Message, Message, Message)>::default();
    tensor.number(1, FLOAT);
    kind.bytes(1, &tensor.0);
    value.bytes(1, name.as_bytes()).bytes(2, &kind.0);
    value
}
