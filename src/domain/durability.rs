//! When a write counts as done.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Once it is on the disk: it survives the loss of power.
    Full,
    /// Once the operating system has it: it survives the end of this process. A loss of power can undo the writes since the last
    /// checkpoint; the database stays consistent.
    Normal,
}
