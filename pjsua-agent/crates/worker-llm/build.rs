//! Compiles the kernels of llama.cpp.

fn main() {
    #[cfg(feature = "llama")]
    ggml_kernels::build::compile("llama-cpp-sys-2", "llama.cpp/ggml");
}
