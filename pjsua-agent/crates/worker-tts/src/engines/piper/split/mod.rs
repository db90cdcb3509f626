//! Cuts a Piper voice in two, in memory: what turns phonemes into a latent sequence, and the vocoder that turns this into
//! samples. The vocoder is convolutional (HiFi-GAN, arXiv 2010.05646): it can be run over a part of the sequence, and
//! hears no farther round it than its kernels reach. Pure.

mod graph;
mod reach;
mod wire;

use graph::{Graph, Node};

/// The speaker of a voice with several. It is the same for all of a sentence.
const SPEAKER: &str = "sid";

/// A voice in two models.
pub struct Parts {
    /// Makes the tensor `latent`, of 1 × channels × frames.
    pub front: Vec<u8>,
    /// Makes the samples from `latent`, and from `sid` where it asks for it.
    pub vocoder: Vec<u8>,
    /// The name of the tensor between.
    pub latent: String,
    /// Frames before and behind a stretch of the sequence that its samples depend on.
    pub context: Context,
    /// Samples of a frame.
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
    /// It is no model.
    #[error(transparent)]
    Malformed(#[from] wire::Malformed),
    /// A form that is not read here.
    #[error("it holds {0}")]
    Form(&'static str),
    /// No convolution before the first transposed one.
    #[error("it has no vocoder of the kind of HiFi-GAN")]
    NoDecoder,
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
    let output = graph.output().ok_or(Unsplittable::NoDecoder)?;
    let latent = entry(&graph)?;
    let vocoder = graph.needs(output, Some(latent));
    if let Some(other) = graph.inputs_of(&vocoder).find(|input| *input != SPEAKER) {
        return Err(Unsplittable::Reads(other.to_owned()));
    }
    let reach = reach::reach(graph.nodes_of(&vocoder), latent, output)?;
    if reach.samples < 2 {
        return Err(Unsplittable::NoDecoder);
    }
    Ok(Parts {
        front: graph.write(&graph.needs(latent, None), latent),
        vocoder: graph.write(&vocoder, latent),
        latent: latent.to_owned(),
        context: Context { before: reach.before.ceil() as usize, behind: reach.behind.ceil() as usize },
        frame_samples: reach.samples,
    })
}

/// What the vocoder's first convolution reads. It is known by what follows, the first transposed convolution of the model,
/// and not by its name, which is the exporter's affair.
fn entry<'model>(graph: &Graph<'model>) -> Result<&'model str, Unsplittable> {
    let first = graph.nodes.iter().find(|node| node.operator == "ConvTranspose").ok_or(Unsplittable::NoDecoder)?;
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
        _ => Err(Unsplittable::NoDecoder),
    }
}

fn is_of_sentence(graph: &Graph<'_>, conv: &Node<'_>) -> bool {
    graph.inputs_of(&graph.needs(conv.inputs[0], None)).any(|input| input != SPEAKER)
}

#[cfg(test)]
mod tests;
