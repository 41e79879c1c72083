//! Tells cargo what the binary is made of beside `src/`: a file that comes to the console, or leaves it, is a reason to build anew.

fn main() {
    println!("cargo::rerun-if-changed=static/console");
}
