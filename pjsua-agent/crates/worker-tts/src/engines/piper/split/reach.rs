//! How far a convolutional graph looks round each of its input's frames. Pure.

use std::collections::HashMap;

use super::{
    Unsplittable,
    graph::{Graph, Needs, Node},
    wire::Malformed,
};

/// Operators that look at one moment only.
const POINTWISE: [&str; 17] = [
    "Add",
    "Cast",
    "Clip",
    "Div",
    "Elu",
    "Exp",
    "Identity",
    "LeakyRelu",
    "Mul",
    "Neg",
    "Pow",
    "Relu",
    "Sigmoid",
    "Sin",
    "Sub",
    "Tanh",
    "Unsqueeze",
];
/// The axis between one sentence and time.
const CHANNELS: i64 = 1;

/// What a tensor knows of the graph's input, in the input's frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Frames before the one that it belongs to.
    pub before: f64,
    /// Frames behind it.
    pub behind: f64,
    /// Its samples of one frame.
    pub samples: usize,
}

/// The reach of `output` over `inputs`, by the kernel sizes, dilations and strides of the convolutions between.
///
/// # Errors
///
/// When a node between is no convolution that keeps or multiplies the length, and does not look at one moment only.
pub fn reach<'model>(
    graph: &Graph<'model>,
    needs: &Needs<'model>,
    inputs: &[&'model str],
    output: &str,
) -> Result<Reach, Unsplittable> {
    let moment = Reach { before: 0.0, behind: 0.0, samples: 1 };
    let mut known: HashMap<&str, Reach> = inputs.iter().map(|input| (*input, moment)).collect();
    let mut shapes: HashMap<&str, Reach> = HashMap::new();
    for node in graph.nodes_of(needs) {
        let heard: Vec<Reach> = node.inputs.iter().filter_map(|name| known.get(name)).copied().collect();
        let measured = node.inputs.iter().find_map(|name| shapes.get(name)).copied();
        let Some(first) = heard.first().copied().or(measured) else { continue };
        let is_alone = heard.len() == 1 && known.contains_key(node.inputs[0]);
        let reach = match node.operator {
            // A tensor as long as another, but the same at all its moments.
            "ConstantOfShape" => measured,
            _ if measured.is_some() => None,
            "Conv" if is_alone => convolved(node, first)?,
            "ConvTranspose" if is_alone => transposed(node, first)?,
            "Shape" => Some(widest(&heard)),
            "Slice" | "Split" | "Concat" if is_of_channels(graph, node)? => Some(widest(&heard)),
            operator if POINTWISE.contains(&operator) => Some(widest(&heard)),
            _ => None,
        }
        .filter(|_| heard.iter().all(|reach| reach.samples == first.samples))
        .ok_or_else(|| Unsplittable::Operator(node.operator.to_owned()))?;
        let names = if node.operator == "Shape" { &mut shapes } else { &mut known };
        names.extend(node.outputs.iter().map(|output| (*output, reach)));
    }
    known.get(output).copied().ok_or(Unsplittable::NoVocoder)
}

/// Whether a node takes channels apart or together, and leaves time alone.
fn is_of_channels(graph: &Graph<'_>, node: &Node<'_>) -> Result<bool, Malformed> {
    let axes = match (node.operator, node.inputs.get(3)) {
        ("Slice", Some(axes)) => graph.integers(axes)?,
        _ => node.integers("axis")?,
    };
    Ok(axes.is_some_and(|axes| axes == [CHANNELS]))
}

fn widest(reaches: &[Reach]) -> Reach {
    let wider = |a: Reach, b: &Reach| Reach { before: a.before.max(b.before), behind: a.behind.max(b.behind), ..a };
    reaches.iter().fold(reaches[0], wider)
}

/// Output *t* of a convolution comes from the inputs *t* − pad to *t* − pad + (kernel − 1) · dilation.
fn convolved(node: &Node<'_>, of: Reach) -> Result<Option<Reach>, Unsplittable> {
    let Some(window) = Window::read(node)? else { return Ok(None) };
    let keeps_length = window.stride == 1 && window.pad_before + window.pad_behind == window.span;
    let samples = of.samples as f64;
    Ok(keeps_length.then(|| Reach {
        before: of.before + window.pad_before as f64 / samples,
        behind: of.behind + window.pad_behind as f64 / samples,
        ..of
    }))
}

/// Output *t* of a transposed one comes from the inputs (*t* + pad − (kernel − 1) · dilation) / stride to
/// (*t* + pad) / stride.
fn transposed(node: &Node<'_>, of: Reach) -> Result<Option<Reach>, Unsplittable> {
    let Some(window) = Window::read(node)? else { return Ok(None) };
    let multiplies = window.span + 1 + window.output_padding == window.stride + window.pad_before + window.pad_behind;
    let samples = of.samples * usize::try_from(window.stride).unwrap_or(1);
    Ok(multiplies.then(|| Reach {
        before: of.before + (window.span - window.pad_before).max(0) as f64 / samples as f64,
        behind: of.behind + window.pad_before.max(0) as f64 / samples as f64,
        samples,
    }))
}

/// The attributes of a convolution along time.
struct Window {
    /// (kernel − 1) · dilation.
    span: i64,
    stride: i64,
    pad_before: i64,
    pad_behind: i64,
    output_padding: i64,
}

impl Window {
    /// Nothing when the convolution has other dimensions than time, or leaves its padding to be found out.
    fn read(node: &Node<'_>) -> Result<Option<Self>, Unsplittable> {
        let integers = |name, default: &[i64]| node.integers(name).map(|found| found.unwrap_or(default.to_vec()));
        let [kernel, dilation, stride, pads, output_padding] = [
            integers("kernel_shape", &[])?,
            integers("dilations", &[1])?,
            integers("strides", &[1])?,
            integers("pads", &[0, 0])?,
            integers("output_padding", &[0])?,
        ];
        let is_explicit = node.text("auto_pad")?.is_none_or(|auto| auto == "NOTSET");
        let (&[kernel], &[dilation], &[stride], &[pad_before, pad_behind], &[output_padding]) =
            (&kernel[..], &dilation[..], &stride[..], &pads[..], &output_padding[..])
        else {
            return Ok(None);
        };
        let is_sane = kernel > 0 && dilation > 0 && stride > 0 && is_explicit;
        Ok(is_sane.then(|| Self {
            span: kernel.saturating_sub(1).saturating_mul(dilation),
            stride,
            pad_before,
            pad_behind,
            output_padding,
        }))
    }
}
