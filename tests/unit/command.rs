//! Tests of `src/command/mod.rs`.

#[test]
fn the_definition_of_the_command_line_is_consistent() {
    super::standin().debug_assert();
}
