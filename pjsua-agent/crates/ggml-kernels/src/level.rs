//! The instruction sets that kernels are compiled for.

/// An instruction set above the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// What it is called on the command line, in logs, and within symbols.
    pub name: &'static str,
    /// `CARGO_CFG_TARGET_ARCH`.
    pub arch: &'static str,
    /// What the compiler is told.
    pub flags: &'static [&'static str],
    /// What ggml's sources are told, besides.
    pub defines: &'static [&'static str],
}

/// The name of what ggml's own crates compile: x86-64-v2, or the architecture's first version.
pub const BASELINE: &str = "baseline";

/// The better first.
pub const LEVELS: &[Level] = &[
    // Intel from Ice Lake and Cascade Lake, AMD from Zen 4. AVX-512 without VNNI is left to avx2: those processors lower
    // their clock for it.
    Level {
        name: "avx512",
        arch: "x86_64",
        flags: &[
            "-msse4.2",
            "-mavx",
            "-mavx2",
            "-mfma",
            "-mf16c",
            "-mbmi2",
            "-mavx512f",
            "-mavx512cd",
            "-mavx512vl",
            "-mavx512dq",
            "-mavx512bw",
            "-mavx512vnni",
        ],
        defines: &[
            "GGML_SSE42",
            "GGML_AVX",
            "GGML_AVX2",
            "GGML_FMA",
            "GGML_F16C",
            "GGML_BMI2",
            "GGML_AVX512",
            "GGML_AVX512_VNNI",
        ],
    },
    // x86-64-v3: Intel from Haswell, AMD from Zen.
    Level {
        name: "avx2",
        arch: "x86_64",
        flags: &["-msse4.2", "-mavx", "-mavx2", "-mfma", "-mf16c", "-mbmi2"],
        defines: &["GGML_SSE42", "GGML_AVX", "GGML_AVX2", "GGML_FMA", "GGML_F16C", "GGML_BMI2"],
    },
    // Neoverse N2 and V1, Apple's.
    Level { name: "i8mm", arch: "aarch64", flags: &["-march=armv8.2-a+dotprod+fp16+i8mm"], defines: &[] },
    // Cortex-A76 (Raspberry Pi 5), Neoverse N1.
    Level { name: "dotprod", arch: "aarch64", flags: &["-march=armv8.2-a+dotprod+fp16"], defines: &[] },
];

impl Level {
    /// Those of an architecture, the better first.
    pub fn of(arch: &str) -> impl Iterator<Item = &'static Level> {
        LEVELS.iter().filter(move |level| level.arch == arch)
    }
}
