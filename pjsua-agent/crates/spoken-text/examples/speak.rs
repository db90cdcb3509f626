//! Reads lines and prints what a voice would say: `cargo run -p spoken-text --example speak -- de`.

use std::io::BufRead;

fn main() -> std::io::Result<()> {
    let language = std::env::args().nth(1).unwrap_or_else(|| "en".to_string());
    let speakable = spoken_text::Speakable::for_language(&language);
    for line in std::io::stdin().lock().lines() {
        println!("{}", speakable.speak(&line?));
    }
    Ok(())
}
