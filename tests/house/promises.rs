//! The house's promises to its operator, by their numbers, where no file of a call or room shows them already.

mod inputs;
mod limits;
mod observe;
mod passwords;
mod rest;
mod tenants;
mod tokens;
mod unsafety;
