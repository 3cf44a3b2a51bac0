//! Changes to files, as values that can be shown before they are made.

/// A change to one file. Paths are relative to the Terraform root and have `/` between their parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The file gets another text.
    Write {
        /// Which file.
        path: String,
        /// What it holds now; if it holds something else when it is written, nothing may be written.
        before: String,
        /// What it will hold.
        after: String,
    },
    /// A file is made where there is none.
    Create {
        /// Which file.
        path: String,
        /// What it will hold; where it leads to when it is a symbolic link.
        bytes: Vec<u8>,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is removed.
    Delete {
        /// Which file.
        path: String,
        /// What it holds now; if it holds something else when it is removed, nothing may be changed.
        before: Vec<u8>,
    },
}

impl Edit {
    /// What the file will hold, where that is text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Write { after, .. } => Some(after),
            Self::Create { bytes, .. } => std::str::from_utf8(bytes).ok(),
            Self::Delete { .. } => None,
        }
    }

    /// The file that it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::Write { path, .. } | Self::Create { path, .. } | Self::Delete { path, .. } => path,
        }
    }
}
