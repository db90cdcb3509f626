use super::{
    wire::{Message, fields},
    *,
};

/// An attribute of integers.
fn integers(name: &str, integers: &[u64]) -> Message {
    let mut attribute = Message::default();
    attribute.bytes(1, name.as_bytes());
    for integer in integers {
        attribute.number(8, *integer);
    }
    attribute.number(20, 7);
    attribute
}

fn node(operator: &str, inputs: &[&str], output: &str, attributes: &[Message]) -> Message {
    let mut node = Message::default();
    for input in inputs {
        node.bytes(1, input.as_bytes());
    }
    node.bytes(2, output.as_bytes()).bytes(4, operator.as_bytes());
    for attribute in attributes {
        node.bytes(5, &attribute.0);
    }
    node
}

fn conv(input: &str, output: &str, kernel: u64, dilation: u64) -> Message {
    let pad = (kernel - 1) * dilation / 2;
    let attributes =
        [integers("kernel_shape", &[kernel]), integers("dilations", &[dilation]), integers("pads", &[pad, pad])];
    node("Conv", &[input, &format!("{output}.weight")], output, &attributes)
}

/// Of four times as many samples.
fn up(input: &str, output: &str) -> Message {
    let attributes = [integers("kernel_shape", &[8]), integers("strides", &[4]), integers("pads", &[2, 2])];
    node("ConvTranspose", &[input, "up.weight", "up.bias"], output, &attributes)
}

/// input, scales → z → Conv → LeakyRelu → + speaker → ConvTranspose → a residual block → Tanh → output.
fn voice() -> Vec<Message> {
    vec![
        node("Gather", &["table", "sid"], "g", &[]),
        node("Mul", &["input", "scales"], "z", &[]),
        conv("z", "pre", 7, 1),
        conv("g", "cond", 1, 1),
        node("Add", &["pre", "cond"], "both", &[]),
        node("LeakyRelu", &["both"], "lit", &[]),
        up("lit", "long"),
        conv("long", "block", 5, 2),
        node("Add", &["block", "long"], "sum", &[]),
        node("Div", &["sum", "three"], "mean", &[]),
        node("Tanh", &["mean"], "output", &[]),
    ]
}

/// A voice with a flow before z: the mean and noise of the sentence, of which one channel is convolved and masked.
fn voice_with_flow() -> Vec<Message> {
    let flow = [
        node("Mul", &["input", "scales"], "average", &[]),
        node("Cast", &["input"], "mask", &[]),
        node("RandomNormalLike", &["average"], "noise", &[]),
        node("Mul", &["noise", "scales"], "spread", &[]),
        node("Add", &["average", "spread"], "noisy", &[]),
        node("Slice", &["noisy", "starts", "ends", "axes", "steps"], "half", &[]),
        conv("half", "near", 5, 1),
        node("Shape", &["near"], "shape", &[]),
        node("ConstantOfShape", &["shape"], "zeros", &[]),
        node("Add", &["near", "zeros"], "shifted", &[]),
        node("Mul", &["shifted", "mask"], "z", &[]),
    ];
    let voice = voice();
    voice[..1].iter().chain(&flow).chain(&voice[2..]).cloned().collect()
}

fn model(nodes: &[Message]) -> Vec<u8> {
    let named = |number: u64, name: &str| {
        let mut named = Message::default();
        named.bytes(number, name.as_bytes());
        named
    };
    let mut graph = Message::default();
    for node in nodes {
        graph.bytes(1, &node.0);
    }
    for weight in ["table", "pre.weight", "cond.weight", "up.weight", "up.bias", "block.weight", "three", "unused"] {
        graph.bytes(5, &named(8, weight).0);
    }
    let mut axes = named(8, "axes");
    axes.number(2, 7).bytes(9, &1_i64.to_le_bytes());
    graph.bytes(5, &axes.0);
    for input in ["input", "scales", "sid"] {
        graph.bytes(11, &named(1, input).0);
    }
    graph.bytes(12, &named(1, "output").0);
    let mut model = Message::default();
    model.number(1, 8).bytes(7, &graph.0).bytes(8, b"opset").bytes(14, b"metadata");
    model.0
}

/// Outputs of nodes, initializers, inputs and outputs of a model.
fn names(model: &[u8]) -> [Vec<String>; 4] {
    let graph = fields(model).unwrap().into_iter().find(|field| field.number == 7).unwrap().bytes();
    [(1, 2), (5, 8), (11, 1), (12, 1)].map(|(kind, name)| {
        let of_kind = fields(graph).unwrap().into_iter().filter(|field| field.number == kind);
        let name = |field: wire::Field<'_>| {
            let inner = fields(field.bytes()).unwrap();
            inner.iter().find(|inner| inner.number == name).unwrap().text().to_owned()
        };
        of_kind.map(name).collect()
    })
}

fn refused(nodes: &[Message]) -> String {
    split(&model(nodes)).map(|parts| parts.vocoder.takes).unwrap_err().to_string()
}

#[test]
fn each_half_gets_the_nodes_weights_and_inputs_that_it_needs() {
    let parts = split(&model(&voice())).unwrap();
    assert_eq!(parts.vocoder.takes, ["z"]);
    assert_eq!(names(&parts.front), [vec!["z"], vec![], vec!["input", "scales"], vec!["z"]]);
    let [nodes, weights, inputs, outputs] = names(&parts.vocoder.model);
    assert_eq!(nodes, ["g", "pre", "cond", "both", "lit", "long", "block", "sum", "mean", "output"]);
    assert_eq!(weights, ["table", "pre.weight", "cond.weight", "up.weight", "up.bias", "block.weight", "three"]);
    assert_eq!((inputs, outputs), (vec!["sid".to_owned(), "z".to_owned()], vec!["output".to_owned()]));
}

#[test]
fn a_flow_is_a_part_of_its_own_and_takes_the_mask_as_well() {
    let parts = split(&model(&voice_with_flow())).unwrap();
    let flow = parts.flow.unwrap();
    assert_eq!(flow.takes, ["noisy", "mask"]);
    assert_eq!((flow.context, flow.frame_samples), (Context { before: 2, behind: 2 }, 1));
    let [nodes, weights, inputs, outputs] = names(&flow.model);
    assert_eq!(nodes, ["half", "near", "shape", "zeros", "shifted", "z"]);
    assert_eq!((weights, inputs, outputs), (vec!["axes".to_owned()], flow.takes.clone(), vec!["z".to_owned()]));
    let [nodes, _, _, outputs] = names(&parts.front);
    assert_eq!((nodes.len(), outputs), (5, flow.takes));
    assert_eq!(parts.vocoder.takes, ["z"]);
}

#[test]
fn a_flow_that_may_look_at_the_whole_sentence_stays_with_the_front() {
    for (at, other) in [
        (6, node("MatMul", &["half", "half"], "near", &[])),
        (5, node("Slice", &["noisy", "starts", "ends", "unknown", "steps"], "half", &[])),
        (10, node("Mul", &["shifted", "shape"], "z", &[])),
    ] {
        let mut nodes = voice_with_flow();
        nodes[at + 1] = other;
        let parts = split(&model(&nodes)).unwrap();
        assert!(parts.flow.is_none(), "node {at}");
        assert_eq!((names(&parts.front)[3].clone(), parts.vocoder.takes), (vec!["z".to_owned()], vec!["z".to_owned()]));
    }
}

#[test]
fn what_surrounds_the_graph_goes_to_both_halves() {
    let parts = split(&model(&voice())).unwrap();
    for half in [&parts.front, &parts.vocoder.model] {
        let fields = fields(half).unwrap();
        let raw = |number| fields.iter().find(|field| field.number == number).unwrap().bytes();
        assert_eq!((raw(8), raw(14)), (&b"opset"[..], &b"metadata"[..]));
    }
}

#[test]
fn the_context_is_that_of_the_kernels_in_whole_frames() {
    let parts = split(&model(&voice())).unwrap();
    // conv_pre: 3 frames. Upsampling: (8 - 1 - 2) / 4 samples before, 2 / 4 behind. The block: 4 of 4 samples a frame.
    assert_eq!(parts.vocoder.context, Context { before: 6, behind: 5 });
    assert_eq!(parts.vocoder.frame_samples, 4);
}

#[test]
fn a_vocoder_that_may_look_at_the_whole_sentence_stays_in_one_piece() {
    let mut nodes = voice();
    nodes[9] = node("InstanceNormalization", &["sum", "scale", "shift"], "mean", &[]);
    assert!(refused(&nodes).contains("InstanceNormalization"));
    let mut nodes = voice();
    nodes[7] = node("Conv", &["long", "block.weight"], "block", &[]);
    assert!(refused(&nodes).contains("Conv"), "a convolution of unknown size");
}

#[test]
fn a_vocoder_that_reads_more_than_the_latent_sequence_stays_in_one_piece() {
    let mut nodes = voice();
    nodes[9] = node("Div", &["sum", "scales"], "mean", &[]);
    assert!(refused(&nodes).contains("scales"));
}

#[test]
fn a_model_without_a_vocoder_stays_in_one_piece() {
    assert!(refused(&voice()[..2]).contains("no vocoder"));
    let mut nodes = voice();
    nodes.remove(2);
    assert!(refused(&nodes).contains("no vocoder"), "nothing is convolved before the upsampling");
    assert_eq!(
        split(b"no model").map(|parts| parts.vocoder.takes).unwrap_err().to_string(),
        wire::Malformed.to_string()
    );
}
