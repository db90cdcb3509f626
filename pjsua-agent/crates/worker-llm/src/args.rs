//! The command line of an engine.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Which engine, and how.
#[derive(Args)]
pub struct EngineArgs {
    /// What answers
    #[arg(long, value_enum, default_value_t = EngineName::Rules)]
    pub engine: EngineName,
    /// llama: the GGUF file
    #[arg(long, value_name = "FILE", required_if_eq("engine", "llama"))]
    pub model: Option<PathBuf>,
    /// llama: tokens of a call's prompt and reply together, at most
    #[arg(long, value_name = "TOKENS", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    pub context: u32,
    /// llama: calls answered at once; more wait
    #[arg(long, value_name = "CALLS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub capacity: u32,
    /// llama: CPU threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=512))]
    pub threads: Option<u32>,
    /// llama: tokens of a reply when the daemon names no bound
    #[arg(long, value_name = "TOKENS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_tokens: u32,
    /// llama: the instructions to compute with, as far as the processor has them: baseline, avx2, avx512 (x86-64), dotprod,
    /// i8mm (arm64) [default: the best]
    #[arg(long, value_name = "NAME")]
    pub kernels: Option<String>,
    /// llama: layers of the model to compute on the GPU, for a worker built with `--features cuda` or `vulkan` [default: all
    /// where there is a GPU, otherwise 0]
    #[arg(long, value_name = "N")]
    pub gpu_layers: Option<u32>,
    /// llama: the only GPU to use, from 0 [default: several cards share the layers]
    #[arg(long, value_name = "NUMBER")]
    pub gpu: Option<u32>,
    /// llama: the numbers that the cache of conversations is made of. q8_0 takes half the memory, and computes prompts of a
    /// thousand tokens slower by a third
    #[arg(long, value_enum, default_value_t = KvCache::F16)]
    pub kv_cache: KvCache,
}

/// The engines.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Keyword and slot rules of the agent's file
    Rules,
    /// Any GGUF model, by llama.cpp
    Llama,
}

/// The numbers that the cache is made of.
///
/// Measured with Qwen2.5 0.5B on two cores of a Xeon with AVX-512, a cache of 4 × 4,096 tokens: 8 bits take 102 MiB, 16 bits 192.
/// In conversations of 200 tokens neither is faster (18 tokens/s of four calls, 13 of one); a prompt of 1,000 tokens takes 10 to
/// 12 s instead of 8. Of nine greedy replies one was worded differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KvCache {
    /// 16 bits each
    F16,
    /// 8.5 bits each
    #[value(name = "q8_0")]
    Q8_0,
}
