//! Compiles the kernels of llama.cpp.

fn main() {
    ggml_kernels::build::compile("llama-cpp-sys-2", "llama.cpp/ggml");
}
