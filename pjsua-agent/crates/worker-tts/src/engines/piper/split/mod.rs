//! Cuts a Piper voice (VITS, arXiv 2106.06103) in three, in memory: what turns phonemes into a sequence of frames, the
//! flow that turns these into other frames, and the vocoder (HiFi-GAN, arXiv 2010.05646) that turns those into samples.
//! Flow and vocoder are convolutional: they can be run over a part of the sequence, and hear no farther round it than
//! their kernels reach. Pure.

mod graph;
mod reach;
mod wire;

use std::collections::HashSet;

use graph::{Graph, Node};

/// The speaker of a voice with several. It is the same for all of a sentence.
const SPEAKER: &str = "sid";

/// A voice in parts.
pub struct Parts {
    /// Makes what the next part takes.
    pub front: Vec<u8>,
    /// Makes what the vocoder takes; nothing when that is left to the front.
    pub flow: Option<Part>,
    /// Makes the samples.
    pub vocoder: Part,
}

/// A model that can be run over a part of a sequence. Where it asks for `sid`, it takes the speaker besides.
pub struct Part {
    /// An ONNX file.
    pub model: Vec<u8>,
    /// Names of the sequences that it takes, each of 1 × channels × frames.
    pub takes: Vec<String>,
    /// What it hears round the frames that it makes.
    pub context: Context,
    /// What it makes of a frame: frames or samples.
    pub frame_samples: usize,
}

/// Frames that are heard besides those that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Before.
    pub before: usize,
    /// Behind.
    pub behind: usize,
}

/// Why a model stays in one piece.
#[derive(Debug, thiserror::Error)]
pub enum Unsplittable {
    /// The bytes are no model.
    #[error(transparent)]
    Malformed(#[from] wire::Malformed),
    /// A form that is not read here.
    #[error("it holds {0}")]
    Form(&'static str),
    /// No convolution before the first transposed one.
    #[error("it has no vocoder of the kind of HiFi-GAN")]
    NoVocoder,
    /// An operator that may look at the whole sequence.
    #[error("its vocoder uses {0} in a way that may depend on the whole sentence")]
    Operator(String),
    /// Something besides the latent sequence and the speaker.
    #[error("its vocoder reads {0:?}")]
    Reads(String),
}

/// Splits the `.onnx` of a voice.
///
/// # Errors
///
/// When it has no vocoder that can be run on its own over a part of a sentence.
pub fn split(model: &[u8]) -> Result<Parts, Unsplittable> {
    let graph = Graph::read(model)?;
    let output = graph.output().ok_or(Unsplittable::NoVocoder)?;
    let latent = entry(&graph)?;
    let vocoder = part(&graph, &[latent], output, &[])?;
    if vocoder.frame_samples < 2 {
        return Err(Unsplittable::NoVocoder);
    }
    let takes = sequences_of_flow(&graph, latent);
    let flow = takes.as_deref().and_then(|takes| part(&graph, takes, latent, &[latent]).ok());
    let made = takes.filter(|_| flow.is_some()).unwrap_or(vec![latent]);
    Ok(Parts { front: graph.write(&graph.needs(&made, &[]), &[], &made), flow, vocoder })
}

fn part<'model>(
    graph: &Graph<'model>,
    takes: &[&'model str],
    makes: &'model str,
    outputs: &[&str],
) -> Result<Part, Unsplittable> {
    let needs = graph.needs(&[makes], takes);
    if let Some(other) = graph.inputs_of(&needs).find(|input| *input != SPEAKER) {
        return Err(Unsplittable::Reads(other.to_owned()));
    }
    let reach = reach::reach(graph, &needs, takes, makes)?;
    Ok(Part {
        model: graph.write(&needs, takes, outputs),
        takes: takes.iter().map(|name| (*name).to_owned()).collect(),
        context: Context { before: reach.before.ceil() as usize, behind: reach.behind.ceil() as usize },
        frame_samples: reach.samples,
    })
}

/// What the vocoder's first convolution reads. It is known by what follows, the first transposed convolution of the model,
/// and not by its name, which is the exporter's affair.
fn entry<'model>(graph: &Graph<'model>) -> Result<&'model str, Unsplittable> {
    let first = graph.nodes.iter().find(|node| node.operator == "ConvTranspose").ok_or(Unsplittable::NoVocoder)?;
    let mut open: Vec<&str> = first.inputs.iter().copied().take(1).collect();
    let mut entries = Vec::new();
    while let Some(tensor) = open.pop() {
        let Some(node) = graph.maker(tensor) else { continue };
        match node.operator {
            "LeakyRelu" | "Add" => open.extend(&node.inputs),
            // The speaker's embedding is added by a convolution too, but one over a single moment.
            "Conv" if is_of_sentence(graph, node) => entries.push(node.inputs[0]),
            _ => {}
        }
    }
    match entries[..] {
        [entry] if !graph.is_input(entry) => Ok(entry),
        _ => Err(Unsplittable::NoVocoder),
    }
}

fn is_of_sentence(graph: &Graph<'_>, conv: &Node<'_>) -> bool {
    depends_on_sentence(graph, conv.inputs[0])
}

fn depends_on_sentence<'model>(graph: &Graph<'model>, tensor: &'model str) -> bool {
    graph.inputs_of(&graph.needs(&[tensor], &[])).any(|input| input != SPEAKER)
}

/// What the flow before `latent` takes: the noisy sequence, which is the sum of a mean and the model's last random numbers
/// times their spread; and what is computed of the sentence besides, the mask.
fn sequences_of_flow<'model>(graph: &Graph<'model>, latent: &'model str) -> Option<Vec<&'model str>> {
    let noise = graph.nodes.iter().rfind(|node| node.operator == "RandomNormalLike")?;
    let mut noisy = *noise.outputs.first()?;
    loop {
        let reader = graph.nodes.iter().find(|node| node.inputs.contains(&noisy))?;
        noisy = reader.outputs.first()?;
        match reader.operator {
            "Mul" => {}
            "Add" => break,
            _ => return None,
        }
    }
    let mut takes = vec![noisy];
    let mut of_noisy = HashSet::from([noisy]);
    for node in graph.nodes_of(&graph.needs(&[latent], &[noisy])) {
        if node.inputs.iter().any(|input| of_noisy.contains(input)) {
            of_noisy.extend(&node.outputs);
            let is_other = |input: &&str| !of_noisy.contains(*input) && depends_on_sentence(graph, input);
            takes.extend(node.inputs.iter().copied().filter(|input| is_other(input)));
        }
    }
    takes.sort_unstable();
    takes.dedup();
    takes.sort_by_key(|name| *name != noisy);
    of_noisy.contains(latent).then_some(takes)
}

#[cfg(test)]
mod tests;
