# Read by CMake when it configures llama.cpp (.cargo/config.toml): its library of command-line helpers takes as long to
# compile as the rest, and llama-cpp-2 asks for it whatever features are chosen.
set(LLAMA_BUILD_COMMON OFF)
