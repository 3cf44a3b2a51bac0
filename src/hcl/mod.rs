//! Reading and editing the HCL of Terraform files so that every byte which an edit is not about stays as it is.
//!
//! A small lexer finds items and their spans ([`Items`], [`elements`]); an edit is a replacement of bytes at such a
//! span, never a tree written back. hcl-edit and hcl-rs only judge and evaluate the slices that matter, because they
//! refuse some of what Terraform accepts (duplicate object keys, a byte-order mark, deep nesting).
//! The grammar is that of "HCL Native Syntax Specification"; the shape of added text is that of `terraform fmt`.

mod change;
mod edit;
mod error;
mod evaluate;
mod format;
mod functions;
mod items;
mod lexer;
mod list;
mod object;
mod path;
mod position;
mod sheet;
mod splice;
mod value;

pub use change::{Anchor, Around, Change, Keys, PathOrItem};
pub use edit::{Expressions, adds, change, in_block, lines_of, set, unset};
pub use error::{EditError, Mark, SyntaxError};
pub use evaluate::{Locals, Unknown};
pub use format::format;
pub use items::{Attribute, Block, Item, Items, items, label_text};
pub use lexer::{Kind, Lexer, Token};
pub use list::{ListItem, list_inside, list_items};
pub use object::{Element, elements, object_inside};
pub use path::{Path, PathError, Segment};
pub use position::{
    LineCounter, Position, indentation, line_end, line_of, line_start, newline_at, newline_of, position_of,
};
pub use splice::{Splice, splice, splice_aligned};
pub use value::{Assignment, AssignmentError, Value, ValueError, literal_string, quote};

/// A range of bytes in the text of a file.
pub type Span = std::ops::Range<usize>;

#[cfg(test)]
mod tests;
