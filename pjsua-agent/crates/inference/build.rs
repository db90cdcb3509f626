//! Generates the protocol's types, clients and servers with `protoc`.

fn main() -> std::io::Result<()> {
    tonic_prost_build::configure().compile_protos(&["proto/inference.proto"], &["proto"])
}
